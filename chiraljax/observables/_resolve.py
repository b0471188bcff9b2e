"""The search for the cheapest rule that is accurate enough at low temperature."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from scipy.stats import t as student

from .._types import Array
from .._units import BOLTZMANN, HBAR_EV_PS
from ..brillouin import Tetrahedra
from ..crystal import magnetic_operations
from ..electrons import Electrons, trial_orbitals
from ._band_edges import conduction_edge, valence_edge
from ._fermi_surface import FermiSurface, between_tetrahedra
from ._interpolation import BandGroup, Levels, deviation, interpolate, levels
from ._refine import Estimate
from ._region import grid

_GRIDS = (24, 32, 48, 64, 96, 128, 192, 256)
"""Intervals an axis of successive grids."""
_SHARP = 400.0
"""K: above, sums over the nodes of affordable grids converge, and no tetrahedra are looked at."""
_PROBED = 48
"""Intervals an axis of the grid on which the effect of the interpolation's error is looked at."""
_FITTED = 4
"""Grids that an extrapolation needs at least."""
_CONFIDENCE = 0.97
"""Probability that the error of an extrapolation is smaller than stated, were the scatter normal."""
_COARSEST, _FINEST = 12, 48
"""Points an axis of the meshes of interpolation."""
_CLEAR = 22.0
"""k_BT between μ and the states taken as all filled or all empty: e⁻²² of them are not."""
_COLD = 10.0
"""K: what an error of the energies does to a moment at a lower temperature is taken from this one."""
_OVERLAP = 0.05
"""Smallest overlap of the trial orbitals with a group of bands that is interpolated."""


def resolve(
    electrons: Electrons,
    axis: np.ndarray,
    mu: Array,
    temperature: Array,
    rotation: Array,
    first: Estimate,
    tolerance: Callable,
    rtol: float,
    budget: int,
) -> Estimate:
    """Take the pairs whose error in `first` is too large to interpolated bands and finer grids.

    Arguments: pairs μ (eV, absolute) and T (s,); Ω (r,), or Ω_i (r, sites), about `axis`; a first estimate (s, r)
    from a sum over points; `tolerance(moment)` and the `rtol` in it; the diagonalisations that may be spent, one of
    an m×m matrix counting (m/n)² of one of H. On each grid the sum over its nodes, which converges faster than any
    power where k_BT is resolved, competes with that between its tetrahedra.
    """
    table = np.array(jnp.stack(first[:3]))
    wrong = np.any(table[2] > np.asarray(tolerance(table[0])), axis=1)
    cost, parts, method = np.array([first.eigensolves, 0]), [], [(-1, False)] * len(wrong)
    region, left = first.quadrature.region, budget - first.eigensolves
    for states, pairs in carrying_groups(electrons, mu, temperature, rotation, wrong):
        search = _Search(electrons, axis, mu[pairs], temperature[pairs], rotation, table[:, pairs])
        search.group_bands(states, region)
        search.interpolate(3 * rtol * BOLTZMANN * max(float(jnp.min(temperature[pairs])), _COLD), left)
        search.probe(tolerance, left)
        search.refine(tolerance, left)
        table[:, pairs] = search.table
        cost, left = cost + search.cost, left - int(search.cost @ [1, search.weight])
        for pair in np.flatnonzero(search.improved):
            method[pairs[pair]] = (len(parts), bool(search.sharp[pair]))
        if search.improved.any():
            parts.append((search.group, search.grid))
    rule = FermiSurface(first.quadrature, tuple(parts), tuple(method)) if parts else first.quadrature
    moment, carriers, error = jnp.asarray(table)
    return Estimate(moment, carriers, error, int(cost[0]), rule, int(cost[1]))


def carrying_groups(
    electrons: Electrons, mu: Array, temperature: Array, rotation: Array, wrong: np.ndarray
) -> list[tuple[tuple[int, int], np.ndarray]]:
    """The bands that carry the wrong pairs: those above the gap or below it, where the others are filled or empty."""
    if not wrong.any():
        return []
    size, filling = electrons.size, electrons.filling
    low = float(valence_edge(electrons).energy) if filling > 0 else -np.inf
    high = float(conduction_edge(electrons).energy) if filling < size else np.inf
    clear = _CLEAR * BOLTZMANN * np.asarray(temperature) + 3 * HBAR_EV_PS * np.max(np.abs(np.asarray(rotation)))
    level = np.asarray(mu)
    above, below = (level - low > clear) & (low < high), (high - level > clear) & (low < high)
    choices = (((filling, size), above), ((0, filling), below & ~above), ((0, size), ~above & ~below))
    return [(states, np.flatnonzero(wrong & chosen)) for states, chosen in choices if np.any(wrong & chosen)]


class _Search:
    """The state of a search for one group of bands."""

    def __init__(self, electrons: Electrons, axis: np.ndarray, mu: Array, temperature: Array, rotation: Array, table):
        self.electrons, self.axis, self.mu, self.temperature, self.rotation = electrons, axis, mu, temperature, rotation
        self.operations = magnetic_operations(electrons.crystal, electrons.operations, axis)
        self.table, self.doubt, self.cost = table, np.zeros_like(table[0]), np.zeros(2, int)
        self.improved, self.sharp = np.zeros(len(mu), bool), np.zeros(len(mu), bool)

    def group_bands(self, states: tuple[int, int], region: str):
        """Start with all bands, of which H itself is a finite series, and with a coarse mesh for these in reserve."""
        self.group, self.deviation = (
            BandGroup((0, self.electrons.size), (), self.electrons.harmonics, region),
            (0.0, 0.0),
        )
        self.finer = None
        if states != self.group.states:
            self.finer = BandGroup(states, trial_orbitals(self.electrons, states), self._mesh(_COARSEST), region)

    def interpolate(self, precision: float, budget: int):
        """Finer meshes until the energies are interpolated to `precision` (eV)."""
        electrons, speeds = self.electrons, np.abs(np.asarray(self.rotation)).reshape(len(self.rotation), -1)
        fastest = int(np.argmax(speeds.max(axis=1)))
        known = {}
        while self.finer and not (self.group.trial and self.deviation[0] < precision):
            if self.cost[0] + len(self.rotation) * self.finer.solves(electrons, self.axis) > budget:
                break
            bands = interpolate(electrons, self.finer, self.axis, self.rotation[fastest])
            self.cost += [self.finer.solves(electrons, self.axis), 0]
            if bands.overlap < _OVERLAP:
                break
            known = {fastest: bands}
            self.group = self.finer
            self.deviation = deviation(electrons, self.group, bands, self.axis, self.rotation[fastest])
            n = _next_mesh(max(self.group.mesh), self.deviation[0], precision)
            self.finer = dataclasses.replace(self.group, mesh=self._mesh(n)) if n <= _FINEST else None
        self.bands = [
            known.get(r) or interpolate(electrons, self.group, self.axis, omega)
            for r, omega in enumerate(self.rotation)
        ]
        self.cost += [(len(self.rotation) - len(known)) * self.group.solves(electrons, self.axis), 0]
        self.weight = (self.group.size / electrons.size) ** 2

    def _mesh(self, n: int) -> tuple[int, int, int]:
        x, y, z = (n if count > 1 else 1 for count in self.electrons.harmonics)
        return x, y, z

    def probe(self, tolerance: Callable, budget: int):
        """What the error of the interpolated energies does to the moments; a finer mesh if that is too much."""
        if not self.group.trial:
            return
        count, warm = len(self.mu), jnp.maximum(self.temperature, _COLD)
        rule = grid(_PROBED, self.operations, self.electrons.periodic, self.group.region)
        heat = jnp.concatenate([warm, warm])
        while True:
            energy, splitting = self.deviation
            found = self._levels(rule, jnp.concatenate([self.mu, self.mu + energy]), heat)
            moment, carriers = np.moveaxis(np.array([one.sums[0] for one in found]), 0, -1)
            steps = [np.abs(part[count:] - part[:count]) for part in (moment, carriers)]
            self.doubt = steps[0] + (splitting / (2 * energy) if energy > 0 else 0.0) * steps[1]
            self.doubt += np.array([one.rest_error for one in self.bands])
            excess = 2 * np.max(self.doubt / np.asarray(tolerance(moment[:count])))
            if excess <= 1 or not self.finer:
                return
            before = self.group
            self.interpolate(energy / excess, budget)
            if self.group is before:
                return

    def refine(self, tolerance: Callable, budget: int):
        """Finer grids, until every error is within tolerance or the budget is spent.

        The error of a sum over nodes is its last step, twice that where nodes are cheap. Two grids that are both too
        coarse agree by chance: the step before counts with a quarter, the distance to half as many points an axis
        with a tenth or a fifth.
        """
        electrons, dimensions = self.electrons, sum(self.electrons.periodic)
        filled, rest = self.group.filled(electrons), np.array([one.rest for one in self.bands])
        previous, step, between, caution = self.table[0], self.table[2], {}, 2 if self.group.trial else 1
        for n in _GRIDS:
            wanted = np.asarray(tolerance(self.table[0]))
            unresolved = np.any((self.table[2] > wanted) & (self.doubt < wanted), axis=1)
            price = len(self.rotation) * (n + 3) ** dimensions / len(self.operations)
            if not unresolved.any() or self.cost @ [1, self.weight] + price * self.weight > budget:
                break
            self.grid = finer = grid(n, self.operations, electrons.periodic, self.group.region)
            found = self._levels(finer, self.mu, self.temperature)
            fine, coarse = np.moveaxis(np.array([one.sums for one in found]), 0, -1)
            (moment, carriers), (embedded, _) = fine, np.abs(fine - coarse)
            moment = moment + rest
            step, before = np.abs(moment - previous), step
            error = np.max([caution * step, before / 4, caution * embedded / 10], axis=0) + self.doubt
            error = np.where(np.asarray(self.temperature)[:, None] > 0, error, np.inf)
            self._keep(np.stack([moment, carriers, error]), unresolved, False)
            previous = moment
            unresolved &= np.any(error > np.asarray(tolerance(moment)), axis=1) & (
                np.asarray(self.temperature) < _SHARP
            )
            if unresolved.any():
                pairs = self.mu[unresolved], self.temperature[unresolved]
                sums = [between_tetrahedra(one, finer, 0, filled, *pairs) for one in found]
                value, thermal = np.moveaxis(np.array(sums), 0, -1)
                between[n] = np.full((2, *moment.shape), np.nan)
                between[n][:, unresolved] = value
                if len(between) >= _FITTED:
                    (moment, carriers), (error, _) = _extrapolate(between)
                    error[unresolved] += thermal[0]
                    self._keep(np.stack([moment + rest, carriers, error + self.doubt]), unresolved, True)

    def _levels(self, rule: Tetrahedra, mu: Array, temperature: Array) -> list[Levels]:
        self.cost += np.array([0, 1] if self.group.trial else [1, 0]) * len(self.rotation) * rule.n_nodes
        filled = self.group.filled(self.electrons)
        return [levels(one.series, rule, filled, mu, temperature) for one in self.bands]

    def _keep(self, table: np.ndarray, pairs: np.ndarray, sharp: bool):
        """Take over the pairs that this table knows better."""
        better = pairs & (table[2].max(axis=1) < self.table[2].max(axis=1))
        self.table[:, better] = table[:, better]
        self.sharp[better], self.improved[better] = sharp, True


def _extrapolate(sums: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
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


def _next_mesh(n: int, deviation: float, precision: float) -> int:
    """The next mesh to try, from a deviation that falls exponentially from some eV, with a margin of 15 %."""
    width = 5.0
    needed = 1.15 * n * np.log(width / precision) / np.log(width / min(deviation, width / 2))
    return max(n + 4, int(np.ceil(needed / 4)) * 4)
