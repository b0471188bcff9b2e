"""The soft mode of the paper, from force constants."""

import dataclasses

import numpy as np

from ..chain import Chain
from ..lattice import Lattice
from ..materials import Material
from ..phonon import Motion, Phonon
from ..pulse import AbstractPulse

TIMES = np.linspace(0, 10, 2001)
"""ps; times of Fig. 2"""


def soft_mode(material: Material, lattice: Lattice) -> Phonon:
    """The pair of modes of `lattice` that light turns, with sites, frequency, damping and ε∞ of `material`.

    Raises `InputError` for a material without a phonon.
    """
    measured = Chain.of(material).driven
    return lattice.phonon(
        damping=measured.damping,
        frequency=measured.frequency,
        dielectric_constant=float(measured.dielectric_constant),
        crystal=material.crystal,
    )


def driven(material: Material, lattice: Lattice, pulse: AbstractPulse) -> Motion:
    """The motion of the soft mode at `TIMES`, with Z̃ of `material`; raises as `soft_mode`."""
    phonon = soft_mode(material, lattice)
    charge = Chain.of(material).driven.mode_effective_charge
    return dataclasses.replace(phonon, mode_effective_charge=charge).drive(pulse, TIMES)
