"""What a sum over points can miss: the Fermi surface between the nodes of its mesh."""

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from .._parallel import side_by_side
from .._types import Float
from ..units import BOLTZMANN
from ._mesh import Mesh

_PER_AXIS = 4
"""Points per axis of a cell at which its bands are sampled"""
_REACH = 40.0
"""k_BT from μ beyond which a state is full or empty"""
_NEGLIGIBLE = 1e-9
"""Damping below which a cell is resolved"""
_BLOCK = 2**14
"""States that are sampled together"""
_NODES = 2**14
"""Nodes whose steps to their neighbours are held at a time; the neighbours of smaller meshes are kept"""
_MANY, _LADDER = 24, 1.2
"""Number of pairs from which they share levels and temperatures, and the ratio of these temperatures"""
_SMALLEST = 1e-9
"""eV: smaller distances and k_BT count as this one"""

_PAIRS = tuple(combinations(range(3), 2))
_UNIT = np.eye(3, dtype=int)
OFFSETS = np.array(
    [0 * _UNIT[0]]
    + [sign * unit for unit in _UNIT for sign in (1, -1)]
    + [a * _UNIT[i] + b * _UNIT[j] for i, j in _PAIRS for a in (1, -1) for b in (1, -1)]
)
"""(19, 3) a node and its neighbours along the axes and the diagonals of the faces"""
_AXES = 7
"""the first of them: those along the axes"""


class CellSums(NamedTuple):
    """How much a sum over nodes changes if each state is averaged over its cell."""

    correction: Float[np.ndarray, "q s"]
    """to be added to the sum over nodes"""
    unresolved: Float[np.ndarray, "q s"]
    """error of the sum over nodes where k_BT is below the distance of levels at neighbouring nodes"""


def over_cells(
    mesh: Mesh,
    energies: Float[np.ndarray, "K m"],
    values: Float[np.ndarray, "a K m"],
    weights: Float[np.ndarray, " K"],
    mu: Float[np.ndarray, " s"],
    temperature: Float[np.ndarray, " s"],
) -> CellSums:
    """The difference d_k = Σ_n A_nk (f̄_nk − f_nk) of the mean occupation of a cell and that at its node, summed.

    In the cell around each node the bands are the parabolas through it and its 18 nearest neighbours, and A is
    constant. The correction of Σ_k w_k Σ_n A_nk f_nk is Σ_k w_k d_k.

    The sum over nodes damps the error of a cell by X/sinh X, X = 2π²k_BT/δ, where δ is the largest distance of
    the level to those at the neighbours along the axes: the Fourier transform of −f', as in quantum oscillations
    (Lifshitz and Kosevich, Sov. Phys. JETP 2, 636 (1956)). With d_nk multiplied by X/sinh X, the error of the
    sum is |Σ_k w_k d_k| + (Σ_k (w_k d_k)²)^½: the cells add up, or are independent.

    Args:
        mesh: of the nodes.
        energies: eV.
        values: expectation values of a operators.
        weights: sum 1.
        mu: eV, absolute.
        temperature: K, zero or positive.

    Returns:
        the `CellSums` of the a operators and of the carriers.
    """
    largest, total = np.empty_like(energies), np.empty_like(energies)
    for start in range(0, len(energies), _NODES):
        part = np.arange(start, min(start + _NODES, len(energies)))
        around = _neighbours(mesh, part, slice(1, _AXES))
        steps = np.abs(energies[around] - energies[part, None]).reshape(len(part), 3, 2, -1).max(axis=2)
        largest[part], total[part] = steps.max(axis=1), steps.sum(axis=1)

    def of_pair(pair):
        level, thermal = pair
        damping = _damping(thermal, largest)
        node, band = np.nonzero((np.abs(energies - level) < 2 * total + _REACH * thermal) & (damping > _NEGLIGIBLE))
        change = np.empty(len(node))
        for start in range(0, len(node), _BLOCK):
            part = slice(start, start + _BLOCK)
            change[part] = _change(mesh, energies, node[part], band[part], level, thermal, largest)
        missed = change * weights[node] * np.concatenate([values[:, node, band], np.ones((1, len(node)))])
        damped = missed * damping[node, band]
        cells = np.stack([np.bincount(node, row, len(energies)) for row in damped])
        return np.stack([missed.sum(axis=1), np.abs(cells.sum(axis=1)) + np.sqrt(np.sum(cells**2, axis=1))])

    level, thermal, pair = _representatives(mu, BOLTZMANN * temperature)
    sums = np.zeros((2, len(values) + 1, len(level)))
    if len(level):
        sums = np.stack(side_by_side(of_pair, list(zip(level, thermal, strict=True)), alone=False), axis=-1)
    return CellSums(*sums[..., pair])


def _neighbours(mesh: Mesh, which: np.ndarray, offsets: slice) -> np.ndarray:
    """The numbers of the nodes at some of the `OFFSETS` from the nodes `which` (c,): (c, o)."""
    if len(mesh.index) > _NODES:
        return mesh.neighbours(which, OFFSETS[offsets])
    return _all_neighbours(mesh)[which, offsets]


@lru_cache(maxsize=8)
def _all_neighbours(mesh: Mesh) -> np.ndarray:
    return mesh.neighbours(np.arange(len(mesh.index)), OFFSETS)


def _representatives(mu: np.ndarray, thermal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (μ, k_BT), fewer than those given if these are many, and the number of that of each given pair.

    Many share one within k_BT/4 that is colder by less than a fifth, which damps less.
    """
    if len(mu) < _MANY:
        return mu, thermal, np.arange(len(mu))
    rung = np.floor(np.log(np.maximum(thermal, _SMALLEST)) / np.log(_LADDER))
    colder = _LADDER**rung
    both, pair = np.unique(np.stack([np.round(2 * mu / colder), rung]), axis=1, return_inverse=True)
    thermal = _LADDER ** both[1]
    return both[0] * thermal / 2, thermal, pair.ravel()


def _damping(thermal: float, step: np.ndarray) -> np.ndarray:
    """X/sinh X."""
    x = np.clip(2 * np.pi**2 * thermal / np.maximum(step, _SMALLEST), 1e-3, 700)
    return x / np.sinh(x)


def _change(mesh, energies, node, band, level, thermal, largest) -> np.ndarray:
    """f̄ − f of states, f̄ from samples of the cell, each over its part of the energies of the cell."""
    if len(node) == 0:
        return np.zeros(0)
    nodes, back = np.unique(node, return_inverse=True)
    around = _neighbours(mesh, nodes, slice(None))[back]
    sampled = energies[around, band[:, None]] @ PARABOLA.T - level
    width = largest[node, band][:, None] / _PER_AXIS
    here = energies[node, band][:, None] - level
    return averaged(sampled, width, thermal).mean(axis=1) - averaged(here, 0.0, thermal)[:, 0]


def averaged(distance: np.ndarray, width: np.ndarray | float, thermal: float) -> np.ndarray:
    """The Fermi function averaged over energies within ±width/2 of `distance` (eV from μ)."""
    width, thermal = np.maximum(width, _SMALLEST), max(thermal, _SMALLEST)
    return np.clip(
        (_log_filled(distance - width / 2, thermal) - _log_filled(distance + width / 2, thermal)) * thermal / width,
        0,
        1,
    )


def _log_filled(distance: np.ndarray, thermal: float) -> np.ndarray:
    """ln(1 + e^(−distance/k_BT))."""
    x = distance / -thermal
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _parabola() -> tuple[np.ndarray, np.ndarray]:
    """The parabola through a node and its neighbours at the points of a cell, (64, 19), and its changes over a part of
    the cell along each axis, (3, 64, 19)."""
    at = (np.arange(_PER_AXIS) + 0.5) / _PER_AXIS - 0.5
    x = np.stack(np.meshgrid(at, at, at, indexing="ij"), axis=-1).reshape(-1, 3)

    def of(offset):
        return np.flatnonzero(np.all(OFFSETS == offset, axis=1))[0]

    matrix, slopes = np.zeros((len(x), len(OFFSETS))), np.zeros((3, len(x), len(OFFSETS)))
    matrix[:, 0] = 1 - np.sum(x**2, axis=1)
    for i, unit in enumerate(_UNIT):
        slopes[i, :, 0] = -2 * x[:, i]
        for sign in (1, -1):
            matrix[:, of(sign * unit)] = (sign * x[:, i] + x[:, i] ** 2) / 2
            slopes[i, :, of(sign * unit)] = sign / 2 + x[:, i]
    for i, j in _PAIRS:
        for a in (1, -1):
            for b in (1, -1):
                diagonal = of(a * _UNIT[i] + b * _UNIT[j])
                matrix[:, diagonal] = a * b * x[:, i] * x[:, j] / 4
                slopes[i, :, diagonal] = a * b * x[:, j] / 4
                slopes[j, :, diagonal] = a * b * x[:, i] / 4
    return matrix, slopes / _PER_AXIS


PARABOLA, SLOPES = _parabola()
