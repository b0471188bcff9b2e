"""Rotation that the spins feel apart from the orbitals."""

from typing import ClassVar

import jax.numpy as jnp

from ..._parameter import parameter
from ..._types import Array, Float, Operator, Scalar
from ...units import HBAR_EV_PS
from .._structure import Structure
from ._base import AbstractTerm


class SpinRotation(AbstractTerm):
    """w Σ_i ħΩ_i·S_i, in addition to the ħΩ_i·J_i of the shells.

    With rotation weights 0 of all shells, the spins alone feel the rotation: the spin–rotation coupling of a free
    electron, of which the paper's Ω·J is the form for an atom. Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023).
    """

    name: ClassVar[str] = "spin-rotation"

    weight: Scalar = parameter(unit="1", help="w, −1 for the rotating frame", default=1.0)

    def matrix(self, structure: Structure, rotations: Float[Array, "sites 3"]) -> Operator:
        site, _ = structure.owners
        energies = self.weight * HBAR_EV_PS * rotations[site]
        return jnp.sum(energies.T[:, :, None].astype(complex) * structure.spin / 2, axis=0)
