"""Thermal sums over many states for many pairs (μ, T), at the cost of a few pairs: from a spectral function."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from .._parallel import side_by_side
from .._tracing import is_differentiated
from .._types import Array, ArrayLike, Float
from ..units import BOLTZMANN

_MANY = 24
"""Number of pairs from which one spectral function is cheaper than a sum over the states for each"""
_COLDEST = 1.0
"""K: lower temperatures would need too fine a spectral function"""
_POINTS = 8
"""Energies of the grid on which one state is distributed"""
_PER_KT = 8
"""Smallest number of spacings of the grid in k_BT"""
_REACH = 40.0
"""k_BT from μ, and from the lowest state, beyond which f is 1 or 0"""
_BLOCK = 128
"""Pairs that are summed together"""

_NODES = np.arange(_POINTS) - (_POINTS - 1) / 2
_LAGRANGE = np.linalg.inv(np.vander(_NODES, increasing=True).T)
"""[j, r]: the coefficient of tʳ in the Lagrange polynomial of node j, t from the middle of the nodes, in spacings"""


def are_many(arguments, temperature: ArrayLike) -> np.ndarray:
    """(s,) the pairs for `thermal_sums`: none if they are few, or if `arguments` are traced or differentiated."""
    if is_differentiated((arguments, temperature)):
        return np.zeros(np.shape(temperature), bool)
    warm = np.asarray(temperature) >= _COLDEST
    return warm & (warm.sum() >= _MANY)


def state_sums(
    filled: int,
    energies: Float[np.ndarray, "N m"],
    values: Float[np.ndarray, "a N m"],
    weights: np.ndarray,
    mu: np.ndarray,
    temperature: np.ndarray,
) -> np.ndarray:
    """`thermal_sums` of pairs at any T ≥ 0: those that are few, or too cold for it, each from all states."""
    many = are_many((energies, mu), temperature)
    sums = np.zeros((weights.shape[1], len(values) + 1, len(mu)))
    if many.any():
        sums[..., many] = thermal_sums(filled, energies, values, weights, mu[many], temperature[many])
    for pair in np.flatnonzero(~many):
        distance, thermal = energies - mu[pair], BOLTZMANN * temperature[pair]
        occupation = expit(-distance / thermal) if thermal > 0 else np.heaviside(-distance, 0.5)
        holes = expit(distance / thermal) if thermal > 0 else np.heaviside(distance, 0.5)
        carriers = occupation[:, filled:].sum(axis=1) - holes[:, :filled].sum(axis=1)
        sums[:, :-1, pair] = weights.T @ np.einsum("aNm,Nm->Na", values, occupation)
        sums[:, -1, pair] = weights.T @ carriers
    return sums


def thermal_sums(
    filled: int,
    energies: Float[ArrayLike, "N m"],
    values: Float[ArrayLike, "a N m"],
    weights: np.ndarray,
    mu: Array | np.ndarray,
    temperature: Array | np.ndarray,
) -> np.ndarray:
    """Σ_i w_i Σ_n A_in f(E_in), and the carriers, of many pairs (μ, T), on the host.

    Each state is distributed on 8 energies of a grid with spacing h ≤ k_BT/8, with the weights of Lagrange's
    interpolation at its energy. This replaces f(E) by the polynomial of degree 7 through its neighbours. The sums of a
    pair run over the grid within ±40 k_BT of μ. A sequence of grids, each twice as coarse and made from the one before
    in the same way, has a suitable one for every T. The error of f is at most (1·3·5·7/2⁴)² h⁸ |f⁽⁸⁾|/8! with
    |f⁽⁸⁾| < 6.5 f/(k_BT)⁸, f within 4h: **below 7·10⁻¹⁰ f**, also where f is exponentially small. Carriers are as
    accurate, since f is that of electrons above the gap and of holes below it.

    Args:
        filled: number of bands that are filled in the undoped crystal.
        energies: E of m bands at N points, eV.
        values: expectation values of a operators.
        weights: r sets, (N, r).
        mu: (s,) eV, absolute.
        temperature: (s,) K, at least 1 K.

    Returns:
        (r, a + 1, s), the carriers last.
    """
    energies, values = np.asarray(energies), np.asarray(values)
    used = np.any(weights != 0, axis=1)
    energies, values, weights = energies[used], values[:, used], weights[used]
    centre, thermal = np.asarray(mu), BOLTZMANN * np.asarray(temperature)
    above, below = slice(filled, None), slice(None, filled)
    electrons = _sums(energies[:, above], values[..., above], weights, centre, thermal)
    holes = _sums(-energies[:, below], values[..., below], weights, -centre, thermal)
    full = np.pad((values[..., below].sum(axis=2) @ weights).T, ((0, 0), (0, 1)))
    return full[..., None] + electrons - holes


def _sums(energies: np.ndarray, values: np.ndarray, weights: np.ndarray, mu: np.ndarray, thermal: np.ndarray):
    """Σ w A f of each A and Σ w f (r, a + 1, s)."""
    shape = (weights.shape[1], len(values) + 1, len(mu))
    sums, blocks = np.zeros((shape[0] * shape[1], len(mu))), []
    if energies.size == 0:
        return sums.reshape(shape)
    bottom = energies.min()
    for grid in _ladder(energies, values, weights, mu, thermal):
        fitting = np.flatnonzero(np.floor(np.log2(thermal / (_PER_KT * grid.spacing) * (1 + 1e-9))) == 0)
        region = np.floor(mu[fitting] / (_REACH * _PER_KT * grid.spacing))
        for own in np.unique(region):
            pairs = fitting[region == own]
            blocks += [(grid, part) for part in np.array_split(pairs, -(-len(pairs) // _BLOCK))]

    def of_block(block):
        grid, pairs = block
        return _on_grid(grid, bottom, mu[pairs], thermal[pairs])

    for (_, pairs), part in zip(blocks, side_by_side(of_block, blocks, alone=False), strict=True):
        sums[:, pairs] = part
    return sums.reshape(shape)


class _Grid(NamedTuple):
    """Weighted states on the energies first + i·spacing (eV)."""

    first: float
    spacing: float
    density: np.ndarray
    """(r(a + 1), bins): Σ w A of each A and Σ w, for each set of weights"""


def _ladder(energies, values, weights, mu, thermal) -> Iterator[_Grid]:
    """The grid for the lowest temperature, and ever coarser ones up to that for the highest."""
    low = np.min(mu - _REACH * thermal)
    high = np.max(np.maximum(mu, energies.min()) + _REACH * thermal)
    index = np.nonzero(energies <= high)
    at, point = np.maximum(energies[index], low), index[0]
    spacing = thermal.min() / _PER_KT
    place = (at - at.min()) / spacing if len(at) else at
    cell = place.astype(int)
    offset, count = place - cell - 0.5, int(cell.max(initial=0)) + 1
    rows = []
    for weight in weights.T:
        own = weight[point]
        for amount in (*(own * value[index] for value in values), own):
            used = np.flatnonzero(own) if np.count_nonzero(own) < len(own) / 2 else slice(None)
            rows.append(_distributed(cell[used], offset[used], amount[used], count))
    grid = _Grid(at.min(initial=high) - (_POINTS // 2 - 1) * spacing, spacing, np.array(rows))
    yield grid
    while 2 * grid.spacing * _PER_KT <= thermal.max() * (1 + 1e-9):
        grid = _coarser(grid)
        yield grid


def _distributed(cell: np.ndarray, offset: np.ndarray, amount: np.ndarray, count: int) -> np.ndarray:
    """Amounts in cells of a grid, `offset` from their middles, distributed on its energies."""
    moments = np.empty((_POINTS, count))
    for power in moments:
        power[:] = np.bincount(cell, amount, count)
        amount = amount * offset
    return _summed(_LAGRANGE @ moments)


def _coarser(grid: _Grid) -> _Grid:
    """Every second energy; states at the other energies, in the middle of a cell, are distributed on these."""
    density = np.pad(grid.density, ((0, 0), (0, grid.density.shape[1] % 2)))
    even, odd = density[:, ::2], density[:, 1::2]
    coarse = np.stack([_summed(np.outer(_LAGRANGE[:, 0], row)) for row in odd])
    before = _POINTS // 2 - 1
    coarse[:, before : before + even.shape[1]] += even
    return _Grid(grid.first - before * 2 * grid.spacing, 2 * grid.spacing, coarse)


def _summed(parts: np.ndarray) -> np.ndarray:
    """The contributions (points, cells) of each cell to the energies around it, summed."""
    points, cells = parts.shape
    total = np.zeros(cells + points - 1)
    for j, part in enumerate(parts):
        total[j : j + cells] += part
    return total


def _on_grid(grid: _Grid, bottom: float, mu: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Sums (r(a + 1), s) for neighbouring pairs; all states below their reach are filled."""
    low, high = np.min(mu - _REACH * thermal), np.max(np.maximum(mu, bottom) + _REACH * thermal)
    start, stop = (int(np.clip((end - grid.first) // grid.spacing, 0, grid.density.shape[1])) for end in (low, high))
    energies = grid.first + grid.spacing * np.arange(start, stop)
    occupation = energies - mu[:, None]
    occupation /= thermal[:, None]
    np.minimum(occupation, 700.0, out=occupation)
    np.exp(occupation, out=occupation)
    occupation += 1
    np.reciprocal(occupation, out=occupation)
    below = grid.density[:, :start].sum(axis=1)
    return below[:, None] + grid.density[:, start:stop] @ occupation.T
