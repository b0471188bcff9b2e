"""The edges of the gap."""

from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._door import door
from .._errors import check
from .._parallel import one_thread
from .._result import AbstractResult, quantity
from .._tracing import is_traced
from .._types import Array, Scalar, Vector3
from ..brillouin import sample
from ..electrons import Electrons
from ._extremum import (
    STENCILS,
    STEPS,
    axes_of,
    heights_of,
    improve,
    levels_of,
    local_minima,
    lowest_point,
    mesh_of,
    start,
    stencils,
    useful,
)

_DEGENERATE = 1e-8
"""eV: levels closer than this are one."""
_ROUNDOFF = 1e-14
"""Error of an eigenvalue relative to the norm of H"""
_SAME = 1e-9
"""Fractional distance from the border of the zone within which k is on it"""
_CANDIDATES = 6
"""How many local minima are refined under `jit`"""


class BandEdge(AbstractResult):
    """An extremum of a band over the zone."""

    energy: Scalar = quantity("eV", error="error")
    """eV"""
    k: Vector3 = quantity("1", ("component",), meaning="fractional")
    """fractional, between −½ and ½"""
    error: Scalar = quantity("eV")
    """eV: how much the band changes within the last radius of the search, and roundoff"""


@door
def conduction_edge(electrons: Electrons) -> BandEdge:
    """The lowest energy of the first empty band without rotation.

    The band is sampled on a uniform mesh along the shortest reciprocal vectors, with at least 12 points per axis and
    four times as many as determine H. All its local minima that may lead to the edge are refined side by side (under
    `jit` the lowest six), by quadratic fits within a radius that shrinks until the band changes by less than 10⁻⁸ eV.
    The error does not cover a valley that no point of the mesh shows. Equal electrons are searched once. The
    derivative of the energy is that at fixed k (envelope theorem), averaged over the degenerate levels.

    Raises:
        InputError: if every state is filled.
    """
    check(
        electrons.filling < electrons.size,
        "filling",
        f"must leave a state empty, but all {electrons.size} are filled",
    )
    return _edge(electrons, electrons.filling, +1)


@door
def valence_edge(electrons: Electrons) -> BandEdge:
    """The highest energy of the last filled band without rotation; see `conduction_edge`.

    Raises:
        InputError: if no state is filled.
    """
    check(electrons.filling > 0, "filling", "must be positive for a valence edge, but no state is filled")
    return _edge(electrons, electrons.filling - 1, -1)


def _edge(electrons: Electrons, band: int, sign: int) -> BandEdge:
    fixed = jax.lax.stop_gradient(electrons)
    with one_thread():
        k, error = _traced(fixed, band, sign) if is_traced(fixed) else _known(fixed, band, sign)
        return BandEdge(*jax.block_until_ready((_level(electrons, k, band), k, jnp.asarray(error))))


@lru_cache(maxsize=32)
def _known(electrons: Electrons, band: int, sign: int) -> tuple[Array, float]:
    """k (3,) and the error of the energy, once for equal electrons."""
    axes = axes_of(electrons)
    spins = 1 if electrons.has_spin_orbit else 2
    matrices = np.asarray(electrons.hoppings()[1])[:, ::spins, ::spins]
    x, error = lowest_point(heights_of(axes.cells, matrices, band // spins, sign), mesh_of(axes))
    return jnp.asarray(folded(x @ axes.basis, np)), error + _ROUNDOFF * float(np.abs(matrices).sum(axis=(0, 2)).max())


def folded(k: Any, xp: Any) -> Any:
    """k between −½ and ½."""
    return k - xp.ceil(k - 0.5 - _SAME)


@eqx.filter_jit
def _level(electrons, k, band):
    levels = electrons.energies(k)
    group = (jnp.abs(jax.lax.stop_gradient(levels - levels[band])) < _DEGENERATE).astype(float)
    return jnp.sum(levels * group) / jnp.sum(group)


@eqx.filter_jit
def _traced(electrons, band, sign):
    """The same under `jit`, where the number of candidates is fixed."""
    axes = axes_of(electrons)
    mesh, basis = mesh_of(axes), axes.basis.astype(float)
    spins = 1 if electrons.has_spin_orbit else 2
    levels = spins * np.array(levels_of(band // spins, sign, electrons.size // spins))

    def height(x):
        return sign * electrons.energies(x @ basis)[..., levels]

    pairs = sign * sample(_levels, electrons, mesh.points @ axes.basis, 64 * electrons.size**2)[:, levels]
    below, spread = local_minima(mesh, pairs[:, 0], jnp)
    order = jnp.argsort(jnp.asarray(jnp.where(below, pairs[:, 0], jnp.inf)))[:_CANDIDATES]
    state = start(mesh, pairs, spread, order, jnp)
    if not mesh.shape:
        return jnp.zeros(3), state.spread[0]
    offsets, fits = (jnp.asarray(np.stack(parts)) for parts in zip(*stencils(len(mesh.shape)), strict=True))

    def step(number, state):
        return improve(height, state, offsets[number % STENCILS], fits[number % STENCILS], jnp)

    _, state = jax.lax.while_loop(
        lambda loop: (loop[0] < STEPS) & jnp.any(useful(loop[1], jnp)),
        lambda loop: (loop[0] + 1, step(*loop)),
        (0, state),
    )
    best = jnp.argmin(state.lowest)
    return folded(state.x[best] @ basis, jnp), state.spread[best]


def _levels(electrons, k):
    return electrons.energies(k)
