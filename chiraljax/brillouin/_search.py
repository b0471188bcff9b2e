"""The search for the cheapest rule that is accurate enough."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from .._types import Array
from ..units import BOLTZMANN
from ._band_search import Task, interpolate_bands, probe_bands, start_bands
from ._bloch import AbstractBloch
from ._estimate import Estimate, Tolerance, refine
from ._fermi_surface import FermiSurface
from ._grid_search import refine_grids
from ._points import over_points, resolved
from ._region import region_rules

_FIRST_POINTS = 24
"""Largest number of points per axis in the sums over points; fewer if bands can be interpolated"""
_CLEAR = 22.0
"""k_BT between μ and the states taken as all filled or all empty: the error is e⁻²²"""
_COLD = 10.0
"""K: lower temperatures are replaced by this one to estimate the effect of an error of the energies"""


def search(
    blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, tolerance: Tolerance, region: str, budget: int
) -> Estimate:
    """The averages of a batch for the pairs (s,), and a rule that is accurate enough, unless the budget is spent.

    Sums over points come first; pairs whose errors are still too large then go to interpolated bands on finer grids.
    The diagonalisation of an m×m matrix takes (m/n)² of the budget that one of H takes.
    """
    bloch = blochs[0]

    def enough(estimate: Estimate) -> bool:
        wrong = tolerance.missed(estimate.values, estimate.errors)
        groups = carrying_groups(blochs, mu, temperature, wrong)
        return all(states != (0, bloch.size) for states, _ in groups)

    def with_missed(estimate: Estimate) -> Estimate:
        accepted = np.flatnonzero(~tolerance.missed(estimate.values, estimate.errors))
        return resolved(estimate, mu, temperature, accepted)

    first = refine(
        lambda rule: over_points(blochs, mu, temperature, rule),
        region_rules(bloch.operations, bloch.periodic, region, _FIRST_POINTS),
        with_missed,
        enough,
        budget,
    )
    wrong = tolerance.missed(first.values, first.errors)
    if not wrong.any():
        return first._replace(states=None)
    first = resolved(first, mu, temperature, np.flatnonzero(wrong))
    values, errors = np.array(first.values), np.array(first.errors)
    solves, parts, method = np.array([first.eigensolves, 0]), [], [(-1, False)] * len(wrong)
    left = budget - first.eigensolves
    for states, pairs in carrying_groups(blochs, mu, temperature, wrong):
        levels, heat = (jnp.asarray(np.asarray(part)[pairs]) for part in (mu, temperature))
        task = Task(blochs, levels, heat, tolerance, left)
        precision = 3 * tolerance.rtol * BOLTZMANN * max(float(np.min(task.temperature)), _COLD)
        bands = interpolate_bands(task, start_bands(task, states, region), precision)
        bands, band_errors = probe_bands(task, bands, _COLD)
        grids = refine_grids(task, bands, band_errors, values[:, pairs], errors[:, pairs])
        values[:, pairs], errors[:, pairs] = grids.values, grids.errors
        solves, left = solves + grids.solves, left - int(grids.solves @ [1, bands.weight(task)])
        for pair in np.flatnonzero(grids.improved):
            method[pairs[pair]] = (len(parts), bool(grids.sharp[pair]))
        if grids.improved.any():
            parts.append((bands.group, grids.grid))
    rule = FermiSurface(first.rule, tuple(parts), tuple(method)) if parts else first.rule
    return Estimate(jnp.asarray(values), jnp.asarray(errors), int(solves[0]), rule, int(solves[1]))


def carrying_groups(
    blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, wrong: np.ndarray
) -> list[tuple[tuple[int, int], np.ndarray]]:
    """Ranges of bands, each with the `wrong` pairs for which all other bands are filled or empty.

    The bands are those above the gap, those below it, or all.
    """
    if not wrong.any():
        return []
    size, filled, (low, high) = blochs[0].size, blochs[0].filled, blochs[0].edges
    clear = _CLEAR * BOLTZMANN * np.asarray(temperature) + max(bloch.shift for bloch in blochs)
    level = np.asarray(mu)
    above, below = (level - low > clear) & (low < high), (high - level > clear) & (low < high)
    choices = (((filled, size), above), ((0, filled), below & ~above), ((0, size), ~above & ~below))
    return [(states, np.flatnonzero(wrong & chosen)) for states, chosen in choices if np.any(wrong & chosen)]
