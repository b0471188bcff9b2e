"""Effective masses at the edges of the gap."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.constants as const

from .._errors import check
from .._types import Array, ArrayLike, Float
from ..electrons import Electrons
from ._band_edges import conduction_edge, valence_edge

_HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20
"""ħ²/m_e in eV Å²"""
_STEP = 5e-3
"""1/Å"""
_DEGENERATE = 1e-6
"""eV"""


def effective_masses(
    electrons: Electrons, direction: ArrayLike = (1.0, 0.0, 0.0), edge: str = "conduction"
) -> Float[Array, " g"]:
    """m*/m_e = (ħ²/m_e)/(d²E/dk²) along a Cartesian `direction`, of each of the g levels that meet at the edge.

    Ascending in energy beside the edge; negative where a band bends down. Second differences of steps 0.005 and
    0.0025 1/Å, extrapolated: relative error about 10⁻⁷. Differentiable in the parameters, at a fixed k of the edge.
    Raises `InputError` for a direction of no length and an unknown edge.
    """
    check(edge in {"conduction", "valence"}, f"edge must be conduction or valence, but got {edge!r}")
    along = np.asarray(direction, dtype=float)
    check(along.shape == (3,) and np.linalg.norm(along) > 0, f"direction must be a vector of 3, but got {direction}")
    fixed = jax.lax.stop_gradient(electrons)
    found = conduction_edge(fixed) if edge == "conduction" else valence_edge(fixed)
    levels = np.asarray(fixed.energies(found.k))
    group = np.flatnonzero(np.abs(levels - float(found.energy)) < _DEGENERATE)
    unit = along / np.linalg.norm(along) @ np.linalg.inv(electrons.crystal.reciprocal)
    steps = _STEP * np.array([0.0, 1.0, -1.0, 0.5, -0.5])
    energies = electrons.energies(found.k + steps[:, None] * unit)[:, group[0] : group[-1] + 1]
    whole = (energies[1] + energies[2] - 2 * energies[0]) / _STEP**2
    half = (energies[3] + energies[4] - 2 * energies[0]) / (_STEP / 2) ** 2
    return _HBAR2_OVER_MASS / ((4 * half - whole) / 3)


def gap(electrons: Electrons) -> Float[Array, ""]:
    """Energy (eV) from the valence to the conduction edge; differentiable in the parameters."""
    return jnp.asarray(conduction_edge(electrons).energy - valence_edge(electrons).energy)
