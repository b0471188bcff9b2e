"""Ever finer grids of interpolated bands, each with a sum over its nodes and one between its tetrahedra."""

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from ._band_search import BandSearch, Task
from ._sharp import between_tetrahedra
from ._tetrahedra import Tetrahedra

_GRIDS = (24, 32, 48, 64, 96, 128, 192, 256)
"""Intervals per axis of successive grids."""
_SHARP = 400.0
"""K: above, sums over the nodes of affordable grids converge, and no tetrahedra are looked at."""
_FITTED = 4
"""Grids that an extrapolation needs at least."""
_CONFIDENCE = 0.97
"""Probability that the error of an extrapolation is smaller than stated, were the scatter normal."""


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

    def keep(self, task: Task, values: np.ndarray, errors: np.ndarray, pairs: np.ndarray, sharp: bool) -> "GridSearch":
        """With those of the pairs that are better known now."""
        largest, before = (task.tolerance.of(part).max(axis=(0, 2)) for part in (errors, self.errors))
        better = pairs & (largest < before)
        at = better[:, None]
        return self._replace(
            values=np.where(at, values, self.values),
            errors=np.where(at, errors, self.errors),
            improved=self.improved | better,
            sharp=np.where(better, sharp, self.sharp),
        )


def refine_grids(
    task: Task, bands: BandSearch, doubt: np.ndarray, values: np.ndarray, errors: np.ndarray
) -> GridSearch:
    """Finer grids, until every error is within tolerance or the budget is spent.

    Arguments: the error that the interpolation makes, and the averages so far with their errors, (q, s, r) each. A sum
    over nodes converges faster than any power where k_BT is resolved. Its error is its last step, twice that where
    nodes are cheap. Two grids that are both too coarse agree by chance: the step before counts with a quarter, the
    distance to half as many points per axis with a tenth or a fifth. It competes with the sum between tetrahedra.
    """
    one, tolerance = task.blochs[0], task.tolerance
    filled, weight, region = bands.group.filled(one), bands.weight(task), bands.group.region
    rest = np.stack([np.append(each.rest, 0.0) for each in bands.bands], axis=-1)[:, None]
    cold, sharpened = (np.asarray(task.temperature) == 0)[:, None], np.asarray(task.temperature) < _SHARP
    none = np.zeros(len(task.mu), bool)
    search = GridSearch(values, errors, none, none, bands.solves)
    previous, step, between, caution = values, errors, {}, 2 if bands.group.trial else 1
    for n in _GRIDS:
        wanted = np.asarray(tolerance.allowed(search.values))
        unresolved = np.any((tolerance.of(search.errors) > wanted) & (tolerance.of(doubt) < wanted), axis=(0, 2))
        price = len(task.blochs) * (n + 3) ** sum(one.periodic) / len(one.operations)
        if not unresolved.any() or search.solves @ [1, weight] + price * weight > task.budget:
            break
        grid = task.grid(n, region)
        states, spent = bands.at_nodes(task, grid, task.mu, task.temperature)
        search = search._replace(grid=grid, solves=search.solves + spent)
        fine, coarse = np.stack([each.sums for each in states], axis=-1)
        embedded, fine = np.abs(fine - coarse), fine + rest
        step, before = np.abs(fine - previous), step
        errors = np.max([caution * step, before / 4, caution * embedded / 10], axis=0) + doubt
        errors = np.where(cold, np.inf, errors)
        search, previous = search.keep(task, fine, errors, unresolved, False), fine
        unresolved &= tolerance.missed(fine, errors) & sharpened
        if unresolved.any():
            pairs = task.mu[unresolved], task.temperature[unresolved]
            sums = [between_tetrahedra(each, grid, 0, filled, *pairs) for each in states]
            value, thermal = np.moveaxis(np.array(sums), 0, -1)
            between[n] = np.full(fine.shape, np.nan)
            between[n][:, unresolved] = value
            if len(between) >= _FITTED:
                values, errors = extrapolate(between)
                errors[:, unresolved] += thermal
                search = search.keep(task, values + rest, errors + doubt, unresolved, True)
    return search


def extrapolate(sums: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums on grids with n intervals extrapolated to n = ∞, with Student's error of the fit.

    Linear interpolation errs by c/n² where bands are smooth; what their crossings and the shape of a small pocket
    add scatters around it. S(n) = S + c/n² is fitted with weights n⁴, so that a few of the finest grids count.
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
