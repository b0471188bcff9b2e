"""Ever finer grids of interpolated bands, each with a sum over its nodes and one between its tetrahedra."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.stats import t as student

from .._warnings import tell_long
from ._band_search import BandSearch, Task
from ._nodes import NodeStates, resolvable
from ._resolution import CellSums, over_cells
from ._sharp import between_tetrahedra
from ._tetrahedra import Tetrahedra

_GRIDS = (24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Intervals per axis of successive grids; those above 256 are for chains and layers"""
_SHARP = 400.0
"""K: above, sums over the nodes of affordable grids converge, and no tetrahedra are needed"""
_FITTED = 4
"""Smallest number of grids for an extrapolation"""
_CONFIDENCE = 0.97
"""Probability that the error of an extrapolation is smaller than stated, if the scatter is normal"""


class GridSearch(NamedTuple):
    """The best averages of each pair so far."""

    values: np.ndarray
    """(q, s, r)"""
    errors: np.ndarray
    improved: np.ndarray
    """(s,) whether a grid gave them"""
    sharp: np.ndarray
    """(s,) whether they are those between tetrahedra"""
    solves: np.ndarray
    """(2,) diagonalisations spent, of H and of small matrices"""
    grid: Tetrahedra | None = None
    """the finest so far"""

    def improves(self, task: Task, errors: np.ndarray) -> np.ndarray:
        """The pairs whose steering errors are smaller than those so far, (s,)."""
        largest, before = (task.tolerance.of(part).max(axis=(0, 2)) for part in (errors, self.errors))
        return largest < before

    def keep(self, task: Task, values: np.ndarray, errors: np.ndarray, pairs: np.ndarray, sharp: bool) -> "GridSearch":
        """The search with the new averages of those `pairs` whose errors became smaller."""
        better = pairs & self.improves(task, errors)
        at = better[:, None]
        return self._replace(
            values=np.where(at, values, self.values),
            errors=np.where(at, errors, self.errors),
            improved=self.improved | better,
            sharp=np.where(better, sharp, self.sharp),
        )


def refine_grids(
    task: Task, bands: BandSearch, band_errors: np.ndarray, values: np.ndarray, errors: np.ndarray
) -> GridSearch:
    """Finer grids, until every error is within tolerance or the budget is spent.

    `band_errors` come from the interpolation; `values` and `errors` are the averages so far, (q, s, r) each.

    A sum over nodes converges faster than any power where k_BT is resolved. Its error is its last step, or twice that
    for interpolated bands. Two grids that are both too coarse can agree by chance. So the error is at least a quarter
    of the step before, and a tenth (a fifth for interpolated bands) of the distance to half as many points per axis.
    What it does not resolve is added (`over_cells`). The sum between tetrahedra is taken instead if its error is
    smaller; that is at least half of the distance to the sum over cells, which sees small pockets.
    """
    bloch, tolerance = task.blochs[0], task.tolerance
    filled, weight, region = bands.group.filled(bloch), bands.weight(task), bands.group.region
    rest = np.stack([np.append(each.rest, 0.0) for each in bands.bands], axis=-1)[:, None]
    cold, sharpened = (np.asarray(task.temperature) == 0)[:, None], np.asarray(task.temperature) < _SHARP
    none = np.zeros(len(task.mu), bool)
    search = GridSearch(values, errors, none, none, bands.solves)
    previous, step, between, caution, seconds = values, errors, {}, 2 if bands.group.trial else 1, 0.0
    for n in _GRIDS:
        allowed = np.asarray(tolerance.allowed(search.values))
        unresolved = np.any(
            (tolerance.of(search.errors) > allowed) & (tolerance.of(band_errors) < allowed), axis=(0, 2)
        )
        price = len(task.blochs) * (n + 3) ** sum(bloch.periodic) / len(bloch.operations)
        if not unresolved.any() or search.solves @ [1, weight] + price * weight > task.budget:
            break
        grid = task.grid(n, region)
        _tell_long(task, bands, grid, n, seconds)
        begun = time.monotonic()
        states, spent = bands.at_nodes(task, grid, task.mu, task.temperature)
        seconds = (time.monotonic() - begun) / grid.n_nodes
        search = search._replace(grid=grid, solves=search.solves + spent)
        fine, coarse = np.stack([np.asarray(each.sums) for each in states], axis=-1)
        embedded, fine = np.abs(fine - coarse), fine + rest
        step, before = np.abs(fine - previous), step
        errors = np.max([caution * step, before / 4, caution * embedded / 10], axis=0) + band_errors
        errors = np.where(cold, np.inf, errors)
        smaller = np.flatnonzero(unresolved & search.improves(task, errors))
        errors[:, smaller] += _cells(task, grid, states, smaller).unresolved
        search, previous = search.keep(task, fine, errors, unresolved, sharp=False), fine
        unresolved &= tolerance.missed(fine, errors) & sharpened
        if unresolved.any():
            pairs = tuple(jnp.asarray(np.asarray(part)[unresolved]) for part in (task.mu, task.temperature))
            sums = [between_tetrahedra(each, grid, 0, filled, *pairs) for each in states]
            value, thermal = np.moveaxis(np.array(sums), 0, -1)
            between[n] = np.full(fine.shape, np.nan)
            between[n][:, unresolved] = value
            if len(between) >= _FITTED:
                values, errors = extrapolate(between)
                values, errors = values + rest, errors + band_errors
                errors[:, unresolved] += thermal
                smaller = np.flatnonzero(unresolved & search.improves(task, errors))
                by_cells = fine[:, smaller] + _cells(task, grid, states, smaller).correction
                errors[:, smaller] = np.maximum(errors[:, smaller], np.abs(values[:, smaller] - by_cells) / 2)
                search = search.keep(task, values, errors, unresolved, sharp=True)
    return search


def _tell_long(task: Task, bands: BandSearch, grid: Tetrahedra, n: int, seconds: float) -> None:
    """Warn of a grid that will take minutes, at the `seconds` per node of the grid before."""
    size, count = bands.group.size, len(task.blochs) * grid.n_nodes
    tell_long(
        seconds * grid.n_nodes,
        f"{count:,} diagonalisations of {size}×{size} matrices, on a grid of {n} intervals per axis, and longer if that"
        f" does not meet rtol = {task.tolerance.rtol:g}; a larger rtol, a lower budget or a rule (Accuracy) takes less",
    )


def _cells(task: Task, grid: Tetrahedra, states: Sequence[NodeStates], pairs: np.ndarray) -> CellSums:
    """`over_cells` of each member of the batch for some pairs, (q, p, r)."""
    at = np.asarray(task.mu)[pairs], np.asarray(resolvable(task.temperature))[pairs]
    number, weights = grid.number, grid.weights[grid.number, 0]
    sums = [
        over_cells(grid.mesh, np.asarray(each.energies)[number], np.asarray(each.values)[:, number], weights, *at)
        for each in states
    ]
    return CellSums(*(np.stack(part, axis=-1) for part in zip(*sums, strict=True)))


def extrapolate(sums: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums on grids with n intervals, by n, extrapolated to n = ∞, and Student's error of the fit.

    The error of linear interpolation is c/n² for smooth bands; band crossings and small pockets add scatter.
    S(n) = S + c/n² is fitted with weights n⁴, so that the finest grids dominate.
    """
    n = np.array(list(sums), float)
    values = np.array(list(sums.values())).reshape(len(n), -1)
    weight = ((n / n.max()) ** 2)[:, None]
    basis = weight * np.stack([np.ones_like(n), (n / n.max()) ** -2], axis=-1)
    solution = np.linalg.pinv(basis)
    fitted = solution @ (weight * values)
    scatter = np.sum((weight * values - basis @ fitted) ** 2, axis=0) / (len(n) - 2)
    spread = np.sqrt(scatter * np.sum(solution[0] ** 2)) * student(len(n) - 2).ppf((1 + _CONFIDENCE) / 2)
    shape = next(iter(sums.values())).shape
    return fitted[0].reshape(shape), spread.reshape(shape)
