"""Which bands are interpolated, and on how fine a mesh."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from .._types import Array
from ._bloch import AbstractBloch
from ._estimate import Tolerance
from ._interpolation import BandGroup, BandSeries, deviation, interpolate
from ._nodes import NodeStates, at_nodes
from ._region import region_grid
from ._tetrahedra import Tetrahedra

_PROBED, _PROBED_WARM, _WARM = 48, 24, 300.0
"""Intervals per axis of the grid on which the effect of the interpolation's error is estimated, and from which K on"""
_COARSEST, _FINEST = 12, 48
"""Points per axis of the meshes of interpolation"""
_SERIES = 1.25e9
"""Bytes of the series of a group, above which all bands are taken, whose series is short"""
_OVERLAP = 0.05
"""Smallest overlap of the trial orbitals with a group of bands that is interpolated"""


class Task(NamedTuple):
    """Averages of a batch for pairs (s,), wanted within a tolerance and a budget."""

    blochs: Sequence[AbstractBloch]
    mu: Array
    temperature: Array
    tolerance: Tolerance
    budget: int

    def grid(self, n: int, region: str) -> Tetrahedra:
        """The grid with n intervals per axis."""
        return region_grid(n, self.blochs[0].operations, self.blochs[0].periodic, region)


class BandSearch(NamedTuple):
    """A group of bands on its mesh, interpolated for each member of the batch."""

    group: BandGroup
    finer: BandGroup | None
    """the mesh to try next, if there is one"""
    solves: np.ndarray
    """(2,) diagonalisations spent, of H and of small matrices"""
    deviation: tuple[float, float] = (0.0, 0.0)
    """see the function of that name; zero if H itself is the series"""
    bands: tuple[BandSeries, ...] = ()
    probed: tuple[Tetrahedra, list[NodeStates]] | None = None
    """a grid whose states are known, with sums for the pairs of the task and others after them"""

    def weight(self, task: Task) -> float:
        """The diagonalisations of H that one of a small matrix counts as."""
        return (self.group.size / task.blochs[0].size) ** 2

    def at_nodes(
        self, task: Task, grid: Tetrahedra, mu: Array, temperature: Array
    ) -> tuple[list[NodeStates], np.ndarray]:
        """The states of each member on a grid, and the diagonalisations spent on them, (2,) as `solves`."""
        if self.probed is not None and self.probed[0] is grid:
            return [states._replace(sums=states.sums[..., : len(mu)]) for states in self.probed[1]], np.zeros(2, int)
        filled = self.group.filled(task.blochs[0])
        spent = np.array([0, 1] if self.group.trial else [1, 0]) * len(task.blochs) * grid.n_nodes
        return [at_nodes(bands.series, grid, filled, mu, temperature) for bands in self.bands], spent


def start_bands(task: Task, states: tuple[int, int], region: str) -> BandSearch:
    """All bands, for which H itself is a finite series, and a coarse mesh for the bands `states` to try next."""
    bloch, finer = task.blochs[0], None
    if states != (0, bloch.size):
        finer = BandGroup(states, bloch.trial_orbitals(states), _mesh(bloch, _COARSEST), region)
    return BandSearch(BandGroup((0, bloch.size), (), bloch.harmonics, region), finer, np.zeros(2, int))


def interpolate_bands(task: Task, search: BandSearch, precision: float) -> BandSearch:
    """Finer meshes until the energies are interpolated to `precision` (eV), tested for the largest perturbation.

    Where the mesh for that would not fit into the memory, H itself is the series of all bands.
    """
    blochs, series = task.blochs, {}
    largest = int(np.argmax([bloch.shift for bloch in blochs]))
    group, finer, solves, error, *_ = search
    while finer and not (group.trial and error[0] < precision):
        price = finer.solves(blochs[0])
        if solves[0] + len(blochs) * price > task.budget:
            break
        bands = interpolate(blochs[largest], finer)
        solves = solves + np.array([price, 0])
        if bands.overlap < _OVERLAP:
            break
        series, group = {largest: bands}, finer
        error = deviation(blochs[largest], group, bands)
        n = _next_size(max(group.mesh), error[0], precision)
        fits = n <= _FINEST and _bytes(group, blochs[0], n) <= _SERIES
        finer = dataclasses.replace(group, mesh=_mesh(blochs[0], n)) if fits else None
        if n <= _FINEST and not fits and error[0] >= precision:
            series, group, error = {}, start_bands(task, (0, blochs[0].size), group.region).group, (0.0, 0.0)
            break
    all_series = tuple(series.get(r) or interpolate(bloch, group) for r, bloch in enumerate(blochs))
    solves = solves + np.array([(len(blochs) - len(series)) * group.solves(blochs[0]), 0])
    return BandSearch(group, finer, solves, error, all_series)


def probe_bands(task: Task, search: BandSearch, coldest: float) -> tuple[BandSearch, np.ndarray]:
    """The errors of the averages (q, s, r) from that of the interpolated energies; a finer mesh if they are too large.

    All energies are shifted by their largest error. For an operator the error of the distance of neighbouring levels
    is added: the number of states that it moves across μ, each with the bound of the operator. Temperatures below
    `coldest` (K) are replaced by it.
    """
    count, blochs = len(task.mu), task.blochs
    errors = np.zeros((blochs[0].count + 1, count, len(blochs)))
    if not search.group.trial:
        return search, errors
    mu, warm = np.asarray(task.mu), np.maximum(task.temperature, coldest)
    is_warm = np.all(np.asarray(task.temperature) >= _WARM)
    grid = task.grid(_PROBED_WARM if is_warm else _PROBED, search.group.region)
    twice = jnp.asarray(np.concatenate([warm, warm]))
    while True:
        energy, splitting = search.deviation
        levels = jnp.asarray(np.concatenate([mu, mu + energy]))
        states, spent = search.at_nodes(task, grid, levels, twice)
        search = search._replace(solves=search.solves + spent, probed=(grid, states) if is_warm else None)
        values = np.stack([np.asarray(each.sums)[0] for each in states], axis=-1)
        errors = np.abs(values[:, count:] - values[:, :count])
        split = splitting / (2 * energy) if energy > 0 else 0.0
        errors[:-1] += split * blochs[0].bounds[:, None, None] * errors[-1]
        errors[:-1] += np.stack([bands.rest_error for bands in search.bands], axis=-1)[:, None]
        excess = 2 * np.max(task.tolerance.of(errors) / np.asarray(task.tolerance.allowed(values[:, :count])))
        if excess <= 1 or not search.finer:
            return search, errors
        before, search = search, interpolate_bands(task, search, energy / excess)
        if search.group is before.group:
            return before._replace(solves=search.solves), errors


def _bytes(group: BandGroup, bloch: AbstractBloch, n: int) -> int:
    """Of the series of a group on a mesh of n points per axis."""
    return 16 * int(np.prod(_mesh(bloch, n))) * (1 + bloch.count) * group.size**2


def _mesh(bloch: AbstractBloch, n: int) -> tuple[int, int, int]:
    x, y, z = (n if count > 1 else 1 for count in bloch.harmonics)
    return x, y, z


def _next_size(n: int, deviation: float, precision: float) -> int:
    """The next mesh to try, for a deviation that falls exponentially from `width`, with a margin of 15 %."""
    width = 5.0
    needed = 1.15 * n * np.log(width / precision) / np.log(width / min(deviation, width / 2))
    return max(n + 4, int(np.ceil(needed / 4)) * 4)
