"""Sums over a grid of tetrahedra, for integrands with a sharp Fermi surface."""

import math
from functools import lru_cache
from itertools import permutations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._parallel import side_by_side
from .._tracing import array_namespace, is_differentiated, is_traced
from .._types import Array, Float
from ._mesh import Mesh, frozen, representatives, signed_permutations, stars

_WARP = 0.8
"""α of the map k = u − α sin(2πu)/2π. With Richardson's extrapolation 0.8 and 0.9 resolve Fermi surfaces from 10 meV to
0.5 eV above the edge of KTaO₃; 0.6 does not resolve the smallest."""
_SLAB = 2**16
"""Tetrahedra per thread on the host"""
_CHUNK = 2048
"""Tetrahedra cut by a Fermi surface that are summed together"""
_CORNERS = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
_TETRAHEDRA = np.array([np.cumsum([0, *np.array([4, 2, 1])[list(p)]]) for p in permutations(range(3))])
"""The six tetrahedra around a diagonal of a cell (Kuhn), as numbers of its `_CORNERS`"""


class Tetrahedra(eqx.Module):
    """A grid, the tetrahedra between its nodes and between every second one, and the trapezoidal weights of the nodes.

    The nodes are lines of a tensor product: number l·len(z) + m is (x[lines[l, 0]], y[lines[l, 1]], z[m]). So a Fourier
    series can be summed over one component at a time.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    """fractional"""
    lines: np.ndarray
    """(L, 2)"""
    corners: tuple[np.ndarray, ...]
    """(tetrahedra, 4) numbers of nodes: between neighbours, and between every second node"""
    volumes: tuple[np.ndarray, ...]
    """(tetrahedra,), sum 1"""
    weights: np.ndarray
    """(nodes, 2), of the trapezoidal rule with every node and with every second one per axis; sum 1"""
    number: np.ndarray
    """(n_nodes,) of the nodes that no symmetry relates"""
    mesh: Mesh
    """these nodes as integer points"""

    @property
    def n_nodes(self) -> int:
        """How many nodes no symmetry relates."""
        return len(self.number)


def tetrahedra(n: int, operations=None, periodic=(True, True, True), half_width: float | None = None) -> Tetrahedra:
    """The tetrahedra of a grid with `n` intervals per axis.

    If the symmetry allows, the nodes over the zone are drawn towards the planes k_i = 0, as in `zone`.

    Args:
        n: a multiple of 4.
        operations: (g, 3, 3) integer matrices on k under which the integrand is invariant; one node and one cell per
            star are kept.
        periodic: whether H depends on each component of k.
        half_width: of the cube |k_i| ≤ `half_width`; None for the zone.

    Raises:
        InputError: for another n.
    """
    check(n >= 4 and n % 4 == 0, "n", f"must be a multiple of 4, but got {n}")
    return _tetrahedra(n, frozen(operations), tuple(bool(p) for p in periodic), half_width)


@lru_cache(maxsize=8)
def _tetrahedra(n: int, group: tuple, periodic: tuple, half_width: float | None) -> Tetrahedra:
    # Positions are integers, 2i (zone, period 2n) or 2i − n (cube), so that centres of cells are integers as well.
    signed = np.array([operation for operation in group if signed_permutations((operation,))])
    if half_width is None:
        modulus, first, on_nodes = 2 * n, 0, np.array(group)
    else:
        modulus, first, on_nodes = None, -n, signed
    warp = _WARP if signed_permutations(group) else 0.0

    start = np.where(periodic, first, 0)
    shape = tuple(n + 1 if moves else 1 for moves in periodic)

    def place(at):
        return half_width * at / n if half_width else at / (2 * n) - warp * np.sin(np.pi * at / n) / (2 * np.pi)

    def density(at):
        return np.where(np.abs(at) == n, 0.5, 1.0) if half_width else 1 - warp * np.cos(np.pi * at / n)

    nodes, volumes = [], []
    for spacing in (2, 4):
        step = np.where(periodic, spacing, 0)
        axes = [first + half + np.arange(0, 2 * n, spacing) if half else np.zeros(1, int) for half in step // 2]
        centres, count = stars(axes, signed, modulus)
        origin = centres - step // 2
        edges = np.where(periodic, place(origin + step) - place(origin), 1.0)
        nodes.append(np.ravel_multi_index(np.moveaxis((origin[:, None] + _CORNERS * step - start) // 2, -1, 0), shape))
        volumes.append(np.repeat(count * edges.prod(axis=1), 6))

    points, index = _unique(np.concatenate(nodes).ravel(), math.prod(shape))
    points = 2 * np.stack(np.unravel_index(points, shape), axis=-1) + start
    kept, members = representatives(points, on_nodes, modulus)
    _, first_of_star, back = np.unique(kept, axis=0, return_index=True, return_inverse=True)
    reduced = kept[first_of_star]
    lines, line = np.unique(reduced[:, :2], axis=0, return_inverse=True)
    x, at_x = np.unique(lines[:, 0], return_inverse=True)
    y, at_y = np.unique(lines[:, 1], return_inverse=True)
    z, at_z = np.unique(reduced[:, 2], return_inverse=True)
    number = line.ravel() * len(z) + at_z.ravel()
    cells = np.split(number[back.ravel()][index].reshape(-1, 8), np.cumsum([len(v) // 6 for v in volumes])[:-1])
    weights = np.zeros((len(lines) * len(z), 2))
    weights[number, 0] = members[first_of_star] * np.where(periodic, density(reduced), 1.0).prod(axis=1)
    second = np.all((reduced - start) % 4 == 0, axis=1)
    weights[number, 1] = np.where(second, weights[number, 0], 0)
    return Tetrahedra(
        x=place(x),
        y=place(y),
        z=place(z),
        lines=np.stack([at_x.ravel(), at_y.ravel()], axis=-1),
        corners=tuple(cell[:, _TETRAHEDRA].reshape(-1, 4) for cell in cells),
        volumes=tuple(volume / volume.sum() for volume in volumes),
        weights=weights / weights.sum(axis=0),
        number=number,
        mesh=Mesh(reduced // 2, frozen(on_nodes), n if modulus else None),
    )


def _unique(numbers: np.ndarray, end: int) -> tuple[np.ndarray, np.ndarray]:
    """As `numpy.unique` with `return_inverse`, without sorting."""
    present = np.zeros(end, bool)
    present[numbers] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[numbers]


def occupied(
    energies: Float[Array, "N m"],
    values: Float[Array, "a N m"],
    corners: np.ndarray,
    volumes: np.ndarray,
    levels: Float[Array, "s q"],
    weights: np.ndarray,
) -> Float[Array, "s w a"]:
    """Σ_q w_q ∫ Σ_n A_n(k) θ(x_q − E_n(k)) over tetrahedra in which E_n and A_n are linear, exactly.

    In one tetrahedron the states below x fill the cone from the lowest corner, up to three tetrahedra, or all but the
    cone from the highest corner. Blöchl, Jepsen and Andersen, Phys. Rev. B 49, 16223 (1994).

    A node below every level counts with the volume around it. Only tetrahedra with corners on both sides of a level, or
    between levels, need a correction. Under `jit`, where these are not known, all tetrahedra are evaluated.

    Args:
        energies: E_n at the nodes, eV.
        values: A_n at the nodes.
        corners: (t, 4) numbers of nodes.
        volumes: (t,).
        levels: x_q of s averages, eV.
        weights: w sets of w_q, (q, w), each of sum 1.
    """
    xp = array_namespace((energies, values, levels))
    lowest = jax.lax.stop_gradient(xp.min(levels, axis=1))
    around = np.bincount(corners.ravel(), np.repeat(volumes / 4, 4), len(energies))

    def below(level):
        return jnp.einsum("i,aim,im->a", around, values, (energies <= level).astype(float))

    if is_traced((energies, values, levels)):
        nodes = jax.lax.map(below, lowest)
        every = _corrections(energies, values, jnp.asarray(corners), jnp.asarray(volumes), levels, weights)
        return nodes[:, None] + every
    alone = is_differentiated((energies, values, levels))
    on_host, lowest = np.asarray(jax.lax.stop_gradient(energies)), np.asarray(lowest)
    highest = np.asarray(jax.lax.stop_gradient(xp.max(levels, axis=1)))
    e, a = (energies, values) if alone else (on_host, np.asarray(values))
    levels = xp.asarray(levels)
    nodes = jnp.stack([below(level) for level in lowest]) if alone else _below_levels(on_host, values, around, lowest)
    sides = [_sides(on_host, lowest[s : s + 32], highest[s : s + 32]) for s in range(0, len(levels), 32)]

    def slab(start):
        corner, volume = corners[start : start + _SLAB], volumes[start : start + _SLAB]
        common = [np.bitwise_and.reduce(side[corner], axis=1) for side in sides]
        sums = []
        for s, level in enumerate(levels):
            cut, band = np.nonzero((common[s // 32] >> np.uint64(2 * (s % 32))) & np.uint64(3) == 0)
            total = xp.zeros((weights.shape[1], len(values)))
            for i in range(0, len(cut), _CHUNK):
                count = min(_CHUNK, len(cut) - i)
                part = np.pad(cut[i : i + count], (0, _CHUNK - count))
                at = (corner[part].T, np.pad(band[i : i + count], (0, _CHUNK - count)))
                counted = volume[part] * (np.arange(_CHUNK) < count)
                total = total + xp.asarray(_correction(e[at], a[:, *at], counted, level, weights))
            sums.append(total)
        return xp.stack(sums)

    parts = side_by_side(slab, range(0, len(volumes), _SLAB), alone)
    return jnp.asarray(xp.asarray(nodes)[:, None] + sum(parts))


def _below_levels(energies: np.ndarray, values: Array, around: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The sums over nodes below each of the levels, from one pass: (s, a)."""
    order = np.argsort(levels)
    first = np.searchsorted(levels[order], energies.ravel())
    parts = [
        np.bincount(first, (around[:, None] * value).ravel(), len(levels) + 1)[:-1] for value in np.asarray(values)
    ]
    return np.cumsum(parts, axis=1).T[np.argsort(order)]


def _sides(energies: np.ndarray, lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Two bits for each of up to 32 intervals: 1 below it, 2 above it, 0 inside; corners of one side share a bit."""
    bits = np.zeros(energies.shape, np.uint64)
    for s, (low, high) in enumerate(zip(lowest, highest, strict=True)):
        side = (energies <= low) + 2 * (energies > high)
        bits |= side.astype(np.uint64) << np.uint64(2 * s)
    return bits


def _corrections(energies, values, corners, volumes, levels, weights):
    """`_correction` of all tetrahedra, (s, w, a), in a loop."""
    size = min(_CHUNK // energies.shape[1], len(volumes))
    padding = -len(volumes) % size
    corners = jnp.pad(corners, ((0, padding), (0, 0))).reshape(-1, size, 4)
    volumes = jnp.pad(volumes, (0, padding)).reshape(-1, size)

    @jax.checkpoint
    def add(level, part):
        corner, volume = part
        return _correction(
            jnp.moveaxis(energies[corner], 1, 0).reshape(4, -1),
            jnp.moveaxis(values[:, corner], 2, 1).reshape(len(values), 4, -1),
            jnp.repeat(volume, energies.shape[1]),
            level,
            weights,
        )

    return jax.lax.map(lambda level: jax.lax.map(lambda part: add(level, part), (corners, volumes)).sum(axis=0), levels)


@jax.jit
def _correction(energies: Array, values: Array, volumes: Array, levels: Array, weights: Array) -> Array:
    """The exact sum (w, a) over tetrahedra minus that over their corners below all levels.

    Energies are (4, t), values (a, 4, t), volumes (t,), levels (q,), weights (q, w).
    """
    e: list[Array] = [corner[:, None] for corner in energies]
    a = [values[:, i, :, None] for i in range(4)]
    first, *others = (jnp.where(e[i] <= jnp.min(levels), a[i], 0.0) for i in range(4))
    counted = sum(others, first)
    for i, j in ((0, 1), (2, 3), (0, 2), (1, 3), (1, 2)):
        ordered = e[i] <= e[j]
        e[i], e[j] = jnp.where(ordered, e[i], e[j]), jnp.where(ordered, e[j], e[i])
        a[i], a[j] = jnp.where(ordered, a[i], a[j]), jnp.where(ordered, a[j], a[i])

    def part(i: int, j: int) -> Array:
        """Fraction of edge ij below the level."""
        distance = e[j] - e[i]
        return jnp.where(distance > 0, (levels - e[i]) / jnp.where(distance > 0, distance, 1.0), 0.0)

    def at(i, j, along) -> Array:
        """The value there."""
        return a[i] + along * (a[j] - a[i])

    t12, t13, t14, t23, t24, t34 = part(0, 1), part(0, 2), part(0, 3), part(1, 2), part(1, 3), part(2, 3)
    a12, a13, a14 = at(0, 1, t12), at(0, 2, t13), at(0, 3, t14)
    a23, a24, a34 = at(1, 2, t23), at(1, 3, t24), at(2, 3, t34)
    full = a[0] + a[1] + a[2] + a[3]
    lowest = t12 * t13 * t14 * (a[0] + a12 + a13 + a14)
    middle = (
        t13 * t14 * (a[0] + a[1] + a13 + a14)
        + t14 * t23 * (1 - t13) * (a[1] + a13 + a14 + a23)
        + t23 * t24 * (1 - t14) * (a[1] + a23 + a24 + a14)
    )
    highest = full - (1 - t14) * (1 - t24) * (1 - t34) * (a[3] + a14 + a24 + a34)
    below = jnp.where(levels > e[3], full, highest)
    for corner, less in ((e[2], middle), (e[1], lowest), (e[0], jnp.zeros_like(full))):
        below = jnp.where(levels <= corner, less, below)
    return jnp.einsum("t,atq,qw->wa", volumes / 4, below - counted, weights)
