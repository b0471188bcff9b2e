"""Electric fields E(t) outside the crystal, one family of pulses a file."""

from ._base import AbstractPulse as AbstractPulse
from ._base import SumPulse as SumPulse
from ._gaussian import GaussianPulse as GaussianPulse
from ._sampled import SampledPulse as SampledPulse
