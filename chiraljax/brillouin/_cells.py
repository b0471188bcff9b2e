"""The number of electrons in cells of k that are divided where the Fermi surface is."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import root_scalar

from .._types import Float
from ._mesh import frozen, representatives, stars
from ._resolution import OFFSETS, PARABOLA, SLOPES, averaged

_BASE = 24
"""Cells per axis of the zone, to begin with"""
_PARTS = np.array(list(product((-1, 0, 1), repeat=3)))
"""A cell is divided into 3 along each axis, so that its node is the node of one part"""
_REACH = 30.0
"""k_BT from μ beyond which a state is full or empty: the number of carriers is 10⁻¹⁰ per cell at least"""
_RESOLVED = 0.1
"""Change of a level over a cell, in k_BT, below which its occupation is that at the node"""
_WINDOW = 4.0
"""k_BT by which μ may move before the states near it are found anew"""
_DOUBT = 2.0
"""A cell may err by as much as this many average ones of its size, since the error of its own parts may cancel"""
_DEEPEST = 12
"""Divisions at most: cells of 10⁻⁷ of the zone per axis"""


class Root(NamedTuple):
    """μ at which electrons − holes is a given number."""

    mu: float
    """eV, absolute"""
    error: float
    """of the carriers, per cell of the crystal"""
    slope: float
    """∂n/∂μ, 1/eV"""
    both: float
    """electrons and holes together, per cell of the crystal"""


class Levels:
    """E_n on meshes of the zone, (…, m) eV; one point of each star is diagonalised, once.

    Args:
        energies: function of fractional k (K, 3).
        operations: on k, that keep the spectrum, (g, 3, 3) integers.
        periodic: whether H depends on each component of k.
    """

    def __init__(self, energies: Callable[[np.ndarray], np.ndarray], operations, periodic: tuple[bool, ...]) -> None:
        self._energies, self._known = energies, {}
        self.group, self.periodic = np.array(frozen(operations)), np.array(periodic)
        self.solves = 0

    def __call__(self, points: np.ndarray, modulus: int) -> Float[np.ndarray, "... m"]:
        """The levels at integer points (…, 3) of the mesh with `modulus` points per axis."""
        kept, _ = representatives(points.reshape(-1, 3) % modulus, self.group, modulus)
        code = (kept[:, 0] * modulus + kept[:, 1]) * modulus + kept[:, 2]
        codes, levels = self._known.get(modulus, (np.zeros(0, int), None))
        new, first = np.unique(code, return_index=True)
        fresh = ~np.isin(new, codes)
        if fresh.any():
            found = self._energies(kept[first[fresh]] / modulus)
            self.solves += len(found)
            codes = np.concatenate([codes, new[fresh]])
            levels = found if levels is None else np.concatenate([levels, found])
            order = np.argsort(codes)
            codes, levels = codes[order], levels[order]
            self._known[modulus] = codes, levels
        return levels[np.searchsorted(codes, code)].reshape(*points.shape[:-1], -1)

    def around(self, points: np.ndarray, modulus: int) -> Float[np.ndarray, "c 19 m"]:
        """The levels at points (c, 3) and their 18 nearest neighbours."""
        return self(points[:, None] + OFFSETS * self.periodic, modulus)


class _Cells(NamedTuple):
    """Cells of one size, disjoint."""

    modulus: int
    node: np.ndarray
    """(c, 3) integer points"""
    weight: np.ndarray
    """(c,) parts of the zone, those of equivalent cells together"""
    energies: np.ndarray
    """(c, m)"""
    reach: np.ndarray
    """(c, m) eV: bound of the distance of the levels of the cell from that at its node"""
    suspected: np.ndarray
    """(c,) error of the carriers in the cell; ∞ before it was compared with that of its parts"""

    def of(self, which: np.ndarray) -> "_Cells":
        return _Cells(self.modulus, *(field[which] for field in self[1:]))

    def crossed(self, mu: float, thermal: float) -> np.ndarray:
        """(c,) which cells have a level near μ that changes by more than k_BT resolves."""
        close = np.abs(self.energies - mu) < self.reach / 2 + _REACH / 2 * thermal
        return np.any(close & (self.reach > _RESOLVED * thermal), axis=1)


class _States(NamedTuple):
    """States near μ: electrons in the bands above the gap, holes in those below it."""

    cell: np.ndarray
    """(p,) the number of the cell"""
    sign: np.ndarray
    """(p,) 1 for electrons, −1 for holes"""
    levels: np.ndarray
    """(p, x) eV, at x points of the cell"""
    widths: np.ndarray
    """(p, x) eV, or one number: of the energies of the part of the cell around each point"""

    def number(self, mu: float, thermal: float) -> np.ndarray:
        """(p,) electrons or holes."""
        return averaged(self.sign[:, None] * (self.levels - mu), self.widths, thermal).mean(axis=1)


class _Occupation(NamedTuple):
    """Electrons and holes of cells, for μ in a window."""

    weight: np.ndarray
    filled: np.ndarray
    """(c, 2) electrons and holes in states that are far from μ"""
    near: tuple[_States, ...]

    def numbers(self, mu: float, thermal: float) -> np.ndarray:
        """(c, 2) electrons and holes of each cell, with the weight of the cell."""
        total = self.filled.copy()
        for states in self.near:
            number = states.number(mu, thermal)
            for column, sign in enumerate((1, -1)):
                own = states.sign == sign
                total[:, column] += np.bincount(states.cell[own], number[own], len(total))
        return total * self.weight[:, None]


def chemical_root(
    levels: Levels, filling: int, doping: float, thermal: float, start: float, rtol: float, budget: int
) -> Root:
    """μ at which electrons − holes = `doping`, from cells that are divided until the number is known within `rtol`.

    In a cell the bands are parabolas through its node and the 18 nearest neighbours. The Fermi function is averaged
    over 4³ parts of the cell, and in each over energies with the variance that the slope of the band gives. Cells that
    a level with a width of some k_BT crosses are divided into 27. That changes their carriers by d. The error left is
    a quarter of |Σd| + (Σd²)^½ of the last division, and the sum of the |d|/9 of cells that are not divided further,
    where |d| counts as twice the mean of its division at least. The factors are judged by the tests and by integrals
    along radii in KTaO₃, not proved.

    Args:
        levels: E_n(k).
        filling: number of states that are filled in the undoped crystal.
        doping: per cell of the crystal.
        thermal: k_BT, eV.
        start: eV, near μ.
        rtol: of the doping, or of electrons and holes together if these are more.
        budget: diagonalisations; the last division may exceed it.
    """
    tree, left = [_base(levels)], 0.0
    while True:
        start, occupations = _root(levels, tree, filling, doping, thermal, start)
        numbers = [each.numbers(start, thermal) for each in occupations]
        both = float(sum(number.sum() for number in numbers))
        allowed = rtol * max(abs(doping), both)
        crossed = [cells.crossed(start, thermal) for cells in tree]
        suspected = np.concatenate([np.where(c, cells.suspected, 0.0) for c, cells in zip(crossed, tree, strict=True)])
        limit = _limit(suspected, allowed / 2)
        error = left + float(suspected.sum())
        if error > allowed and not np.any(suspected > limit):
            limit = 0.0
        if error <= allowed or not np.any(suspected > limit) or levels.solves > budget or len(tree) > _DEEPEST:
            high, low = (_excess(occupations, doping, start + s * thermal / 4, thermal) for s in (1, -1))
            return Root(start, error if np.isfinite(error) else abs(doping) + both, 2 * (high - low) / thermal, both)
        divided, change = [], []
        for cells, cut, number in zip(tree, crossed, numbers, strict=True):
            chosen = cut & (cells.suspected > limit)
            divided.append(cells.of(~chosen))
            if chosen.any():
                parts, changes = _parts(levels, cells.of(chosen), number[chosen], filling, start, thermal)
                divided.append(parts)
                change.append(changes)
        tree, change = _merged(divided), np.concatenate(change)
        left = (abs(change.sum()) + float(np.sqrt(np.sum(change**2)))) / 4


def _base(levels: Levels) -> _Cells:
    axes = [np.arange(_BASE) if moves else np.zeros(1, int) for moves in levels.periodic]
    node, count = stars(axes, levels.group, _BASE)
    stencil = levels.around(node, _BASE)
    weight = count / float(_BASE) ** levels.periodic.sum()
    return _Cells(_BASE, node, weight, stencil[:, 0], 2 * _span(stencil), np.full(len(node), np.inf))


def _span(stencil: np.ndarray) -> np.ndarray:
    """Sum over the axes of the largest step of each level to a neighbour along the axis, (c, m)."""
    steps = np.abs(stencil[:, 1:7] - stencil[:, :1])
    return steps.reshape(len(stencil), 3, 2, -1).max(axis=2).sum(axis=1)


def _occupation(levels: Levels, cells: _Cells, filling: int, mu: float, margin: float, thermal: float) -> _Occupation:
    """The occupation of cells for chemical potentials within `margin` (eV) of μ."""
    resolved = cells.reach < _RESOLVED * thermal
    near = np.abs(cells.energies - mu) < cells.reach + _REACH * thermal + margin
    full = ~near & (cells.energies < mu)
    filled = np.stack([full[:, filling:].sum(axis=1), (~near & ~full)[:, :filling].sum(axis=1)], axis=-1).astype(float)

    def sign(band):
        return np.where(band >= filling, 1, -1)

    cell, band = np.nonzero(near & resolved)
    states = [_States(cell, sign(band), cells.energies[cell, band, None], np.zeros((1, 1)))]
    cell, band = np.nonzero(near & ~resolved)
    if len(cell):
        own, back = np.unique(cell, return_inverse=True)
        stencil = levels.around(cells.node[own], cells.modulus)[back, :, band]
        widths = np.sqrt(sum((stencil @ slope.T) ** 2 for slope in SLOPES))
        states.append(_States(cell, sign(band), stencil @ PARABOLA.T, widths))
    return _Occupation(cells.weight, filled, tuple(states))


def _excess(occupations: list[_Occupation], doping: float, mu: float, thermal: float) -> float:
    electrons, holes = np.sum([each.numbers(mu, thermal).sum(axis=0) for each in occupations], axis=0)
    return float(electrons - holes - doping)


def _root(
    levels: Levels, tree: list[_Cells], filling: int, doping: float, thermal: float, start: float
) -> tuple[float, list[_Occupation]]:
    """μ, and the occupation of the cells around it."""
    margin = _WINDOW * thermal
    while True:
        occupations = [_occupation(levels, cells, filling, start, margin, thermal) for cells in tree]

        def excess(mu: float, known=occupations) -> float:
            return _excess(known, doping, mu, thermal)

        low, high = start - margin, start + margin
        if excess(low) > 0:
            start, margin = low, 2 * margin
        elif excess(high) < 0:
            start, margin = high, 2 * margin
        else:
            return root_scalar(excess, bracket=(low, high), xtol=1e-5 * thermal).root, occupations


def _limit(suspected: np.ndarray, allowed: float) -> float:
    """The largest error of a cell that is not divided: those up to it add up to `allowed` at most."""
    ordered = np.sort(suspected[np.isfinite(suspected)])
    within = ordered[np.cumsum(ordered) <= allowed]
    return float(within[-1]) if len(within) else 0.0


def _merged(tree: list[_Cells]) -> list[_Cells]:
    """Those of one size together."""
    sizes = sorted({cells.modulus for cells in tree})
    same = [[cells[1:] for cells in tree if cells.modulus == size] for size in sizes]
    return [_Cells(n, *map(np.concatenate, zip(*group, strict=True))) for n, group in zip(sizes, same, strict=True)]


def _parts(
    levels: Levels, cells: _Cells, numbers: np.ndarray, filling: int, mu: float, thermal: float
) -> tuple[_Cells, np.ndarray]:
    """The parts of the cells, one of each star, and the change of the carriers in each cell, (c,)."""
    offsets, modulus = np.unique(_PARTS * levels.periodic, axis=0), 3 * cells.modulus
    points = ((3 * cells.node[:, None] + offsets) % modulus).reshape(-1, 3)
    owner = np.repeat(np.arange(len(cells.node)), len(offsets))
    kept, _ = representatives(points, levels.group, modulus)
    node, first, back = np.unique(kept, axis=0, return_index=True, return_inverse=True)
    back, share = back.ravel(), cells.weight[owner] / len(offsets)
    energies, reach = levels(node, modulus), cells.reach[owner[first]] / 2
    near = np.any(np.abs(energies - mu) < reach + _REACH * thermal, axis=1)
    reach[near] = np.minimum(reach[near], 2 * _span(levels.around(node[near], modulus)))
    parts = _Cells(modulus, node, np.bincount(back, share), energies, reach, np.zeros(len(node)))
    electrons, holes = _occupation(levels, parts, filling, mu, 0.0, thermal).numbers(mu, thermal).T
    after = np.bincount(owner, ((electrons - holes) / parts.weight)[back] * share)
    change = after - numbers @ [1, -1]
    crossed = parts.crossed(mu, thermal)[back]
    likely = np.maximum(np.abs(change), np.abs(change).mean() * _DOUBT)
    each = likely / 9 / np.maximum(np.bincount(owner, crossed), 1)
    return parts._replace(suspected=np.bincount(back, each[owner] * crossed)), change
