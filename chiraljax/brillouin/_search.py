"""The search for the cheapest rule that is accurate enough."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from .._types import Array
from .._units import BOLTZMANN
from ._band_search import Task, interpolate_bands, probe_bands, start_bands
from ._bloch import AbstractBloch
from ._estimate import Estimate, Tolerance, refine
from ._fermi_surface import FermiSurface, evaluate
from ._grid_search import refine_grids
from ._region import region_rules

_FIRST_POINTS = 24
"""Points per axis up to which a smooth integrand is looked for; 16 where bands can be interpolated."""
_CLEAR = 22.0
"""k_BT between μ and the states taken as all filled or all empty: e⁻²² of them are not."""
_COLD = 10.0
"""K: what an error of the energies does to an average at a lower temperature is taken from this one."""


def search(
    blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, tolerance: Tolerance, region: str, budget: int
) -> Estimate:
    """The averages of a batch for the pairs (s,), and a rule that is accurate enough, unless the budget is spent.

    Over points where that is smooth; the pairs whose errors are too large then go to interpolated bands and finer
    grids. Of the budget, the diagonalisation of an m×m matrix takes (m/n)² of that of H.
    """
    one = blochs[0]

    def enough(estimate: Estimate) -> bool:
        wrong = tolerance.missed(estimate.values, estimate.errors)
        groups = carrying_groups(blochs, mu, temperature, wrong)
        return all(states != (0, one.size) for states, _ in groups)

    first = refine(
        lambda rule: evaluate(blochs, mu, temperature, rule),
        region_rules(one.operations, one.periodic, region, _FIRST_POINTS),
        enough,
        budget,
    )
    wrong = tolerance.missed(first.values, first.errors)
    if not wrong.any():
        return first
    values, errors = np.array(first.values), np.array(first.errors)
    solves, parts, method = np.array([first.eigensolves, 0]), [], [(-1, False)] * len(wrong)
    left = budget - first.eigensolves
    for states, pairs in carrying_groups(blochs, mu, temperature, wrong):
        task = Task(blochs, mu[pairs], temperature[pairs], tolerance, left)
        precision = 3 * tolerance.rtol * BOLTZMANN * max(float(jnp.min(task.temperature)), _COLD)
        bands = interpolate_bands(task, start_bands(task, states, region), precision)
        bands, doubt = probe_bands(task, bands, _COLD)
        grids = refine_grids(task, bands, doubt, values[:, pairs], errors[:, pairs])
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
    """The bands that carry the wrong pairs: those above the gap or below it, where the others are filled or empty."""
    if not wrong.any():
        return []
    size, filled, (low, high) = blochs[0].size, blochs[0].filled, blochs[0].edges
    clear = _CLEAR * BOLTZMANN * np.asarray(temperature) + max(bloch.shift for bloch in blochs)
    level = np.asarray(mu)
    above, below = (level - low > clear) & (low < high), (high - level > clear) & (low < high)
    choices = (((filled, size), above), ((0, filled), below & ~above), ((0, size), ~above & ~below))
    return [(states, np.flatnonzero(wrong & chosen)) for states, chosen in choices if np.any(wrong & chosen)]
