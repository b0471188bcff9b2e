"""Degenerate pairs of phonon modes, their driven motion and that of each atom."""

from ._base import AbstractPhonon as AbstractPhonon
from ._motion import Motion as Motion
from ._phonon import Phonon as Phonon
