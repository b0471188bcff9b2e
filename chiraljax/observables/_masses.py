"""Effective masses at the edges of the gap."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy.constants as const

from .._door import door
from .._errors import InputError, check
from .._tracing import concrete
from .._types import Array, ArrayLike, Float
from ..electrons import Electrons
from ._band_edges import conduction_edge, valence_edge

_HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20
"""ħ²/m_e in eV Å²"""
_STEP = 5e-3
"""1/Å"""
_DEGENERATE = 1e-6
"""eV"""


@door
def effective_masses(
    electrons: Electrons,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    edge: str = "conduction",
    count: int | None = None,
) -> Float[Array, " g"]:
    """m*/m_e = (ħ²/m_e)/(d²E/dk²) of the g levels at an edge of the gap.

    From second differences of steps 0.005 and 0.0025 1/Å, extrapolated: relative error about 10⁻⁷. Differentiable in
    the parameters, at a fixed k of the edge.

    Args:
        direction: Cartesian, (3,).
        edge: "conduction" or "valence".
        count: g, needed under `jit`; unless given, the number of levels that meet at the edge.

    Returns:
        (g,), ascending in energy beside the edge; negative where a band bends down.

    Raises:
        InputError: for a direction of no length, an unknown edge, and under `jit` without `count`.
    """
    check(edge in {"conduction", "valence"}, "edge", f"must be conduction or valence, but got {edge!r}")
    vector = np.asarray(direction, dtype=float)
    check(
        vector.shape == (3,) and np.linalg.norm(vector) > 0, "direction", f"must be a vector of 3, but got {direction}"
    )
    fixed = jax.lax.stop_gradient(electrons)
    extremum = conduction_edge(fixed) if edge == "conduction" else valence_edge(fixed)
    if count is None:
        levels = concrete(fixed.energies(extremum.k) - extremum.energy)
        if levels is None:
            raise InputError("count of levels", "must be given under jit, where those that meet are not known")
        count = int(np.sum(np.abs(levels) < _DEGENERATE))
    first = electrons.filling if edge == "conduction" else electrons.filling - count
    check(
        count > 0 and 0 <= first and first + count <= electrons.size,
        "count",
        f"must be positive and within the levels, but got {count}",
    )
    unit = vector / np.linalg.norm(vector) @ np.linalg.inv(electrons.crystal.reciprocal)
    steps = _STEP * np.array([0.0, 1.0, -1.0, 0.5, -0.5])
    energies = electrons.energies(extremum.k + steps[:, None] * unit)[:, first : first + count]
    whole = (energies[1] + energies[2] - 2 * energies[0]) / _STEP**2
    half = (energies[3] + energies[4] - 2 * energies[0]) / (_STEP / 2) ** 2
    return _HBAR2_OVER_MASS / ((4 * half - whole) / 3)


@door
def gap(electrons: Electrons) -> Float[Array, ""]:
    """Energy (eV) from the valence to the conduction edge; differentiable in the parameters."""
    return jnp.asarray(conduction_edge(electrons).energy - valence_edge(electrons).energy)
