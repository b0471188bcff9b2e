"""Interpolated bands at the nodes of a grid, and thermal sums over them."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._parallel import side_by_side
from .._tracing import array_namespace, is_differentiated, is_traced
from .._types import Array, Float
from ..electrons import expectations
from ._fourier import FourierSeries, on_plane
from ._spectral import are_many, thermal_sums
from ._tetrahedra import Tetrahedra
from ._thermal import spectrum

_LINES, _POINTS = 8, 17
"""Nodes diagonalised together: lines of one plane, and points along each (an axis of 16 intervals has 17)."""
_MEMORY, _FEWEST = 2**28, 4
"""Bytes that the series on planes may take at a time, and the fewest planes."""


class NodeStates(NamedTuple):
    """Energies and expectation values at the nodes of a grid, and thermal sums over its nodes."""

    energies: Float[Array, "N m"]
    """eV"""
    values: Float[Array, "a N m"]
    """⟨A⟩ of each operator"""
    sums: Float[Array, "2 q s"]
    """of the operators and the carriers, by the trapezoidal rule with all nodes, then with every second"""


def at_nodes(series: FourierSeries, grid: Tetrahedra, filled: int, mu: Array, temperature: Array) -> NodeStates:
    """Diagonalise the series at every node of a grid.

    Lines of one plane x = const are evaluated in arrays of one shape, so that another grid compiles nothing new. The
    thermal sums of a pair at T = 0, which no grid resolves, are those at 1 K. Sums for many pairs come from the
    spectral function.

    Args:
        series: of H (eV) and the operators, as in `BandSeries`.
        filled: number of bands that are filled in the undoped crystal.
        mu: (s,) eV, absolute.
        temperature: (s,) K.
    """
    temperature = resolvable(temperature)
    many = are_many((series, mu), temperature)
    few = np.flatnonzero(~many)
    blocks, node, used = _blocks(grid)

    if is_traced((series, mu, temperature)):
        planes = jax.vmap(series.plane)(jnp.asarray(grid.x))
        step = jax.checkpoint(lambda i, *rest: _nodes(filled, planes[i], *rest, mu, temperature))
        energies, values, sums = jax.lax.map(lambda block: step(*block), jax.tree.map(jnp.asarray, blocks))
    else:
        alone = is_differentiated((series, mu, temperature))
        pairs = mu, temperature
        if len(few) < len(mu):
            pairs = tuple(np.asarray(part)[few] for part in pairs)

        def block(number):
            i, y, z, weight = (part[number] for part in blocks)
            plane = planes[i - first]
            if many.all():
                return jax.block_until_ready(_states(plane, y, z))
            return jax.block_until_ready(_nodes(filled, plane, y, z, weight, *pairs))

        held = max(_FEWEST, _MEMORY // (series.coefficients.nbytes // len(series.coefficients)))
        parts = []
        for first in range(0, len(grid.x), held):
            planes = side_by_side(lambda x: _plane(series, x), grid.x[first : first + held], alone)
            own = np.flatnonzero((blocks[0] >= first) & (blocks[0] < first + held))
            parts += side_by_side(block, own, alone) if len(own) else []
        xp = array_namespace(parts)
        energies, values, *sums = (xp.stack(part) for part in zip(*parts, strict=True))
        sums = sums[0] if sums else np.zeros((1, 2, values.shape[3] + 1, 0))
    position = np.zeros(len(grid.weights), int)
    position[node[used]] = np.flatnonzero(used)
    count, m = values.shape[-2:]
    energies = energies.reshape(-1, m)[position]
    xp = array_namespace((energies, values, sums))
    values = xp.moveaxis(values.reshape(-1, count, m)[position], 1, 0)
    sums = sums.sum(axis=0)
    if many.any():
        spectral = thermal_sums(
            filled, energies, values, grid.weights, *(np.asarray(p)[many] for p in (mu, temperature))
        )
        table = np.zeros((2, count + 1, len(mu)))
        table[..., few], table[..., many] = sums, spectral
        sums = table
    return NodeStates(*map(jnp.asarray, (energies, values, sums)))


def resolvable(temperature: Array) -> Array:
    """The temperature (K) of a sum over nodes, 1 K for zero."""
    xp = array_namespace(temperature)
    heat = xp.asarray(temperature)
    return jnp.asarray(xp.where(heat > 0, heat, 1.0))


def _blocks(grid: Tetrahedra) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """The nodes in blocks of one shape: plane (B,), y (B, l), z (B, p) and weights (B, l, p, 2).

    Then the number of each node (B, l, p), and which are nodes at all.
    """
    n_z = len(grid.z)
    z = np.pad(np.arange(n_z), (0, -n_z % _POINTS), constant_values=-1).reshape(-1, _POINTS)
    of_plane = [np.flatnonzero(grid.lines[:, 0] == i) for i in range(len(grid.x))]
    padded = [np.pad(own, (0, -len(own) % _LINES), constant_values=-1).reshape(-1, _LINES) for own in of_plane]
    plane = np.repeat(np.arange(len(padded)), [len(own) * len(z) for own in padded])
    lines = np.repeat(np.concatenate(padded), len(z), axis=0)
    z = np.tile(z, (len(lines) // len(z), 1))
    used = (lines[:, :, None] >= 0) & (z[:, None, :] >= 0)
    node = np.where(used, lines[:, :, None] * n_z + z[:, None, :], 0)
    return (plane, grid.y[grid.lines[lines, 1]], grid.z[z], grid.weights[node] * used[..., None]), node, used


@jax.jit
def _plane(series, x):
    return series.plane(x)


@jax.jit
def _states(plane, y, z):
    """Energies (l, z, m) and ⟨A⟩ (l, z, a, m) on a block of lines."""
    both = on_plane(plane, y, z)
    return expectations(both[..., 0, :, :], both[..., 1:, :, :])


@partial(jax.jit, static_argnums=0)
def _nodes(filled, plane, y, z, weights, mu, temperature):
    """On a block of lines: energies (l, z, m), ⟨A⟩ (l, z, a, m) and weighted thermal sums (2, q, s)."""
    both = on_plane(plane, y, z)
    states = spectrum(filled, both[..., 0, :, :], both[..., 1:, :, :], mu, temperature)
    sums = jnp.concatenate([states.traces, states.carriers[..., None, :]], axis=-2)
    return states.energies, states.values, jnp.einsum("lzw,lzqs->wqs", weights, sums)
