"""Electric fields E(t) outside the crystal, one family of pulses per file."""

from ._base import AbstractPulse as AbstractPulse
from ._base import SumPulse as SumPulse
from ._fourier import FourierPulse as FourierPulse
from ._gaussian import GaussianPulse as GaussianPulse
from ._modal import AbstractModalPulse as AbstractModalPulse
from ._sampled import SampledPulse as SampledPulse
from ._shaped import ShapedPulse as ShapedPulse
from ._spline import SplinePulse as SplinePulse
