"""The lowest point of a band over the zone: a mesh, its local minima, and their refinement side by side.

The functions with an argument `xp` are the same for NumPy, where the parameters are known, and for JAX under `jit`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .._parallel import side_by_side
from .._types import Complex, Float
from ..brillouin import frozen
from ..crystal import magnetic_operations
from ..electrons import Electrons

_INTERVALS = 12
"""Smallest number of mesh points per axis"""
_PER_HARMONIC = 4
"""Mesh points per axis for each point of the mesh that determines the Fourier series of H"""
_EQUAL = 1e-9
"""eV: points of the mesh that differ by less are equal, so that a flat band has one local minimum"""
_CONVERGED = 1e-8
"""eV: largest change of the band within the last radius"""
_NOISE = 1e-11
"""eV: a smaller descent may be roundoff"""
_FLAT = 1e-6
"""Curvatures below this part of the change of the band are zero"""
_SHRINK, _GROW = 0.25, 2.0
"""Factors of the radius, if the minimum is inside it and if it may be outside"""
_INSIDE = 0.99
"""Largest length of a step that is inside the radius"""
_WIDTHS = 0.5 ** np.arange(24)
"""Values of t in the model of a cone, relative to the largest √D"""
STEPS = 100
_CHUNK = 256
"""k-points that one thread diagonalises at a time"""
STENCILS = 8

Height = Callable[[Any], Any]
"""The band and the level below it (..., 2) in eV at components (..., d) of k, both upside down for a maximum"""


class Axes(NamedTuple):
    """The components of k that H depends on, along the shortest reciprocal vectors."""

    basis: np.ndarray
    """(d, 3) integers: x of the search is the fractional k-point x @ basis"""
    cells: np.ndarray
    """(R, d) integers: H(x) = Σ_R e^{2πi x·R} H(R)"""
    operations: np.ndarray
    """(g, d, d) integers that keep the spectrum, on columns x"""


class Mesh(NamedTuple):
    """A uniform mesh that the operations map onto itself."""

    shape: tuple[int, ...]
    points: np.ndarray
    """(K, d), one point of each star"""
    neighbours: np.ndarray
    """(3ᵈ − 1, K) the stars of the points around it"""
    beside: np.ndarray
    """(3ᵈ − 1,) which of these are a step along one axis"""
    before: np.ndarray
    """(3ᵈ − 1, K) which come later in the mesh"""


class Refined(NamedTuple):
    """Candidates for the lowest point, and what is known around them."""

    x: Any
    """(s, d)"""
    lowest: Any
    """(s,) eV"""
    touching: Any
    """(s,) eV: the next lower level, which may touch the band"""
    radius: Any
    """(s,)"""
    spread: Any
    """(s,) eV: the largest change within the radius last tried"""


class Stencil(NamedTuple):
    """Directions around a point, and the quadratic function through the differences of a band along them."""

    offsets: np.ndarray
    """(p, d), of length 1 at most"""
    fit: np.ndarray
    """(p, d + d²): differences → gradient and Hessian, by least squares"""


def axes_of(electrons: Electrons) -> Axes:
    """A basis of k in which the mesh of a skewed cell has its neighbours beside it."""
    periodic = np.flatnonzero(electrons.periodic)
    reciprocal = np.linalg.pinv(electrons.crystal.vectors[periodic]).T
    turn = shortest(reciprocal)
    basis = np.zeros((len(periodic), 3), int)
    basis[:, periodic] = turn
    inside = magnetic_operations(electrons.crystal, electrons.operations)[:, periodic[:, None], periodic]
    inside = inside[np.abs(np.abs(np.linalg.det(inside)) - 1) < 1e-6]
    operations = np.rint(np.linalg.inv(turn.T) @ inside @ turn.T).astype(int)
    return Axes(basis, electrons.cells @ basis.T, operations)


def shortest(vectors: Float[np.ndarray, "d c"]) -> np.ndarray:
    """Integers (d, d) with determinant ±1 whose product with d ≤ 3 vectors is reduced as by Minkowski.

    Semaev, Lecture Notes in Computer Science 2146, 181 (2001): no vector becomes shorter by any sum of the others.
    """
    d = len(vectors)
    turn, shorter = np.eye(d, dtype=int), d > 1
    while shorter:
        shorter = False
        for i in range(d):
            now = turn @ vectors
            others = [j for j in range(d) if j != i]
            nearest = [np.rint(now[i] @ now[j] / (now[j] @ now[j])) for j in others]
            signs = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(others)), axis=-1).reshape(-1, len(others))
            trials = np.concatenate([signs, np.diag(nearest)])
            lengths = np.linalg.norm(now[i] - trials @ now[others], axis=1)
            if lengths.min() < np.linalg.norm(now[i]) * (1 - 1e-9):
                turn[i] -= trials[np.argmin(lengths)].astype(int) @ turn[others]
                shorter = True
    return turn


def mesh_of(axes: Axes) -> Mesh:
    """At least 12 points per axis and four times those that determine H; axes that are exchanged have equally many."""
    needed = _PER_HARMONIC * (2 * np.abs(axes.cells).max(axis=0, initial=0) + 1)
    points = np.maximum(_INTERVALS, needed)
    linked = np.any(axes.operations != 0, axis=0)
    linked = np.linalg.matrix_power(np.array(linked | linked.T, int), max(1, len(points))) > 0
    points = np.array([points[row].max() for row in linked], int)
    return _mesh(tuple(points.tolist()), frozen(axes.operations))


@lru_cache(maxsize=32)
def _mesh(shape: tuple[int, ...], group: tuple) -> Mesh:
    d, counts = len(shape), np.array(shape, int)
    index = np.argwhere(np.ones(shape))
    weight = np.append(np.cumprod(counts[:0:-1])[::-1], 1)[:d]
    lowest = np.arange(len(index))
    for operation in np.array(group, int).reshape(len(group), d, d):
        lowest = np.minimum(lowest, (index @ operation.T) % counts @ weight)
    first, star = np.unique(lowest, return_inverse=True)
    shifts = np.argwhere(np.ones([3] * d)) - 1
    shifts = shifts[np.any(shifts != 0, axis=1)]
    around = (index[first] + shifts[:, None]) % counts @ weight
    beside = np.abs(shifts).sum(axis=1) == 1
    return Mesh(shape, index[first] / counts, star[around], beside, first < around)


def local_minima(mesh: Mesh, heights: Any, xp: Any) -> tuple[Any, Any]:
    """Which points (K,) of the mesh are below those beside them, and the largest change to a neighbour, eV.

    Of equal points the first one counts.
    """
    heights = xp.round(heights / _EQUAL) * _EQUAL
    others = heights[mesh.neighbours]
    below = (heights < others) | ((heights == others) & mesh.before)
    return xp.all(below[mesh.beside], axis=0), xp.max(xp.abs(others - heights), axis=0, initial=0.0)


@lru_cache(maxsize=8)
def stencils(d: int) -> tuple[Stencil, ...]:
    """3ᵈ − 1 directions each, turned differently so that no descent along a valley or a cone is missed."""
    corners = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * d, indexing="ij"), axis=-1).reshape(-1, d)
    corners = corners[np.any(corners != 0, axis=1)] / np.sqrt(max(d, 1))
    rng, turned = np.random.default_rng(0), []
    for number in range(STENCILS):
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0] if number else np.eye(d)
        offsets = corners @ turn
        row, column = np.triu_indices(d)
        design = np.concatenate([offsets, offsets[:, row] * offsets[:, column] / np.where(row == column, 2, 1)], axis=1)
        fit = np.linalg.pinv(design).T
        place = np.zeros((d, d), int)
        place[row, column] = place[column, row] = d + np.arange(len(row))
        turned.append(Stencil(offsets, fit[:, [*range(d), *place.ravel()]]))
    return tuple(turned)


def improve(height: Height, state: Refined, offsets: Any, fit: Any, xp: Any) -> Refined:
    """One step of every candidate, to the best of a stencil and of the minima of two models of the band E.

    One is quadratic in E. The other holds for a cone too: with the level L that may touch E from below, the mean m of
    both and D = (E − L)²/4 are quadratic, and E = m + √D = min over t of m + D/2t + t/2. The radius shrinks if the best
    point is inside it, and grows otherwise.
    """
    around = state.x[:, None] + state.radius[:, None, None] * offsets
    pairs = height(around)
    energy, touching = pairs[..., 0], pairs[..., 1]
    changes = energy - state.lowest[:, None]
    spread = xp.max(xp.abs(changes), axis=1)
    flat = _NOISE + _FLAT * spread[:, None]
    smooth = newton(changes @ fit, flat, xp)

    mean = ((changes + touching - state.touching[:, None]) / 2) @ fit
    apart = (state.lowest - state.touching)[:, None] ** 2 / 4
    squares = (energy - touching) ** 2 / 4
    square = (squares - apart) @ fit
    widths = xp.sqrt(xp.max(squares, axis=1))[:, None] * _WIDTHS + _NOISE
    steps = newton(mean[:, None] + square[:, None] / (2 * widths[..., None]), flat[:, None], xp)
    modelled = quadratic(mean, steps, xp) + xp.sqrt(xp.maximum(apart + quadratic(square, steps, xp), 0.0))
    cone = xp.take_along_axis(steps, xp.argmin(modelled, axis=1)[:, None, None], axis=1)

    trials = xp.concatenate([smooth[:, None], cone], axis=1)
    points = state.x[:, None] + state.radius[:, None, None] * trials
    points = xp.concatenate([state.x[:, None], points, around], axis=1)
    pairs = xp.concatenate(
        [xp.stack([state.lowest, state.touching], axis=-1)[:, None], height(points[:, 1:3]), pairs], axis=1
    )
    best = xp.argmin(xp.concatenate([pairs[:, :1, 0] - _NOISE, pairs[:, 1:, 0]], axis=1), axis=1)
    length = xp.concatenate([xp.zeros((len(best), 1)), xp.linalg.norm(trials, axis=2)], axis=1)
    length = xp.concatenate([length, xp.ones(around.shape[:2])], axis=1)
    inside = xp.take_along_axis(length, best[:, None], axis=1)[:, 0] < _INSIDE
    chosen = xp.take_along_axis(pairs, best[:, None, None], axis=1)[:, 0]
    return Refined(
        xp.take_along_axis(points, best[:, None, None], axis=1)[:, 0],
        chosen[:, 0],
        chosen[:, 1],
        state.radius * xp.where(inside, _SHRINK, _GROW),
        spread,
    )


def newton(model: Any, flat: Any, xp: Any) -> Any:
    """The step (..., d), of length 1 at most, to the minimum of the quadratic function with `model` (..., d + d²).

    Along a direction in which the function bends down, it leads to the border; along a flat one it is zero.
    """
    d = dimension(model)
    curvature, principal = xp.linalg.eigh(model[..., d:].reshape(*model.shape[:-1], d, d))
    slope = xp.einsum("...ij,...i->...j", principal, model[..., :d])
    downhill = xp.where(curvature < -flat, xp.where(slope > 0, 1.0, -1.0), 0.0)
    step = xp.where(curvature > flat, slope / xp.maximum(curvature, flat), downhill)
    step = -xp.einsum("...ij,...j->...i", principal, step)
    return step / xp.maximum(xp.linalg.norm(step, axis=-1, keepdims=True), 1.0)


def quadratic(model: Any, steps: Any, xp: Any) -> Any:
    """The quadratic functions with `model` (s, d + d²) at steps (s, t, d), from zero at the centre."""
    d = dimension(model)
    hessian = model[:, d:].reshape(-1, d, d)
    return xp.einsum("si,sti->st", model[:, :d], steps) + xp.einsum("sij,sti,stj->st", hessian, steps, steps) / 2


def dimension(model: Any) -> int:
    """d of a gradient and a Hessian in one axis of length d + d²."""
    return int(model.shape[-1] ** 0.5)


def useful(state: Refined, xp: Any) -> Any:
    """Which candidates (s,) may still become lower than the best one."""
    return (state.lowest - state.spread < xp.min(state.lowest)) & (state.spread > _CONVERGED)


def lowest_point(heights: Height, mesh: Mesh) -> tuple[np.ndarray, float]:
    """x (d,) of the lowest point and the error of its height, eV.

    Every local minimum of the mesh that may lead to it is refined; a candidate is dropped once another one is lower
    than it can become.
    """
    pairs = heights(mesh.points)
    values = pairs[:, 0]
    below, spread = local_minima(mesh, values, np)
    chosen = below & (values - spread <= values.min() + _EQUAL)
    state = start(mesh, pairs, spread, np.flatnonzero(chosen), np)
    for step in range(STEPS if mesh.shape else 0):
        kept = useful(state, np)
        if not kept.any():
            break
        kept[np.argmin(state.lowest)] = True
        stencil = stencils(len(mesh.shape))[step % STENCILS]
        state = improve(heights, Refined(*(part[kept] for part in state)), stencil.offsets, stencil.fit, np)
    best = np.argmin(state.lowest)
    return state.x[best], float(state.spread[best])


def start(mesh: Mesh, pairs: Any, spread: Any, chosen: Any, xp: Any) -> Refined:
    """Candidates at chosen points of the mesh."""
    radius = xp.full(len(chosen), 1 / max(mesh.shape, default=1))
    return Refined(xp.asarray(mesh.points)[chosen], pairs[chosen, 0], pairs[chosen, 1], radius, spread[chosen])


def levels_of(band: int, sign: int, size: int) -> list[int]:
    """The band and the level that may touch it from below, or from above for a maximum; twice the band without one."""
    return [band, min(max(band - sign, 0), size - 1)]


def heights_of(cells: np.ndarray, matrices: Complex[np.ndarray, "R n n"], band: int, sign: int) -> Height:
    """From H(R) (R, n, n) in eV; `sign` is −1 for a maximum."""
    size = matrices.shape[-1]
    flat, chosen = matrices.reshape(len(cells), size**2), levels_of(band, sign, size)

    def solve(x):
        hamiltonian = (np.exp(2j * np.pi * (x @ cells.T)) @ flat).reshape(-1, size, size)
        return sign * np.linalg.eigvalsh(hamiltonian)[:, chosen]

    def heights(x):
        points = x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])
        chunks = [points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK)]
        return np.concatenate(side_by_side(solve, chunks, alone=False)).reshape(*x.shape[:-1], 2)

    return heights
