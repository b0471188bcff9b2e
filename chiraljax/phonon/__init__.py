"""Phonon modes, their driven motion and that of each atom."""

from ._base import AbstractModes as AbstractModes
from ._base import Oscillators as Oscillators
from ._dielectric import dielectric_function as dielectric_function
from ._dielectric import transmission as transmission
from ._dielectric import transmitted as transmitted
from ._driven import AbstractPhonon as AbstractPhonon
from ._motion import Motion as Motion
from ._normal_modes import NormalModes as NormalModes
from ._phonon import Phonon as Phonon
from ._thermal import thermal_square as thermal_square
from ._thermal import thermal_state as thermal_state
