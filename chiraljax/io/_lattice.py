"""A model for other tight-binding codes: H(R) of orbitals or of spin-orbitals."""

from typing import NamedTuple

import numpy as np

from .._checks import check_finite
from .._types import ArrayLike, Complex, Float, Int
from ..electrons import Electrons


class LatticeModel(NamedTuple):
    """H(R) as NumPy arrays, with the positions of the basis functions."""

    cells: Int[np.ndarray, "R 3"]
    matrices: Complex[np.ndarray, "R m m"]
    """⟨0a|H|Rb⟩, eV"""
    positions: Float[np.ndarray, "orbitals 3"]
    """fractional; one per orbital, also where the basis is one of spin-orbitals"""
    spinful: bool
    """whether m counts spin-orbitals, the spin running fastest"""


def lattice_model(electrons: Electrons, rotation: ArrayLike) -> LatticeModel:
    """The model for other codes; spinless unless it has spin–orbit coupling or rotates (Ω in rad/ps).

    Raises `InputError` for a Hamiltonian that is not finite.
    """
    cells, matrices = map(np.asarray, electrons.hoppings(rotation))
    check_finite("H(R)", matrices)
    spinful = electrons.has_spin_orbit or bool(np.any(np.asarray(rotation)))
    positions = np.array([electrons.crystal.positions[site] for site, _, _ in electrons.orbitals])
    return LatticeModel(cells, matrices if spinful else matrices[:, ::2, ::2], positions, spinful)
