"""Phonon modes, their driven motion and that of each atom."""

from ._adaptive import AdaptiveSteps as AdaptiveSteps
from ._automatic import AutomaticSteps as AutomaticSteps
from ._base import AbstractModes as AbstractModes
from ._base import Oscillators as Oscillators
from ._bath import HeatBath as HeatBath
from ._cut import check_first as check_first
from ._cut import cut_at_first as cut_at_first
from ._cut import default_times as default_times
from ._cut import extent as extent
from ._cut import warn_of_last as warn_of_last
from ._dielectric import dielectric_function as dielectric_function
from ._dielectric import transmission as transmission
from ._dielectric import transmitted as transmitted
from ._fixed import FixedSteps as FixedSteps
from ._improbable import improbable_frequencies as improbable_frequencies
from ._improbable import improbable_pulse as improbable_pulse
from ._motion import Motion as Motion
from ._phonon import Phonon as Phonon
from ._steps import AbstractSteps as AbstractSteps
from ._temperatures import TemperatureTable as TemperatureTable
from ._thermal import thermal_square as thermal_square
from ._thermal import thermal_state as thermal_state
