"""The result of a fit of bands."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._result import AbstractResult, derived, quantity
from .._types import Array, Float
from ..electrons import Electrons
from ._bands import Bands
from ._comparison import EdgeComparison
from ._exchanges import Exchange
from ._levels import OFFSET
from ._space import Space
from ._statistics import Direction
from ._target import Match, Target

_CORRELATED = 0.95


class BandFit(AbstractResult):
    """A fitted model and its uncertainty."""

    electrons: Electrons
    """the model with the fitted parameters; its energies are those of the bands minus their reference and `offset`"""
    free: tuple[str, ...] = eqx.field(static=True)
    """names of the parameters that were varied"""
    directions: tuple[Direction, ...]
    """combinations that the bands determine badly or not at all, the worst first"""
    at_bounds: tuple[str, ...] = eqx.field(static=True)
    """free parameters that ended at the edge of their bounds"""
    signs: tuple[tuple[str, ...], ...] = eqx.field(static=True)
    """parameters whose common sign changes no energy; the signs of the initial model were kept"""
    exchanges: tuple[Exchange, ...] = eqx.field(static=True)
    """shells of different atoms that can be exchanged without a change of any energy, and what decided"""
    misfit: float | None
    """mean share of a level in other shells than the projections of the bands say; None without projections"""
    largest: dict[str, tuple[float, int, int]]
    """largest error by target among energies with at least half of the largest weight: eV, k-point, level"""
    edge: tuple[float, float] | None
    """rms and largest error (eV) of levels up to 0.3 eV above the conduction edge, if they are targets"""
    comparison: EdgeComparison
    """gap, edges and their k, masses and spin–orbit splitting of the bands and of the model, and what is wrong"""
    converged: bool
    """whether the solver met its tolerance from the best start"""
    bands: Bands
    targets: tuple[Target, ...]
    match: Match
    _space: Space
    offset: float = quantity("eV")
    """to add to the model's energies; zero if the on-site energies include it"""
    covariance: Float[np.ndarray, "F F"] = quantity("eV^2", ("free", "free_too"))
    """of the free parameters"""
    rms: dict[str, float] = quantity("eV", ("target",))
    """by target, each energy by its weight"""
    loss: float = quantity("eV^2")
    """the sum of the targets' weighted mean squares"""
    losses: Float[np.ndarray, " S"] = quantity("eV^2", ("search",))
    """of the local minima of the last searches; ascending, unless projections rank them otherwise"""
    residuals: Float[np.ndarray, "K m"] = quantity("eV", ("point", "level"))
    """model minus bands, in the columns of `match`"""

    @property
    def status(self) -> str:
        ended = "converged" if self.converged else "not converged"
        return f"{ended}, but its edges are not those of the bands" if self.comparison.another else ended

    @property
    @derived("eV", ("parameter",))
    def parameters(self) -> dict[str, float]:
        """All parameters."""
        return {name: float(value) for name, value in self.electrons.parameters.items()}

    @property
    @derived("eV", ("free",))
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the free parameters."""
        return dict(zip(self.free, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def correlation(self) -> Float[np.ndarray, "F F"]:
        """Correlation of the free parameters."""
        deviation = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(deviation, deviation)

    def uncertainty(self, function: Callable[[Electrons], Array]) -> tuple[np.ndarray, np.ndarray]:
        """Value and standard error √(g C gᵀ), to first order, of a differentiable `function` of the model.

        A moment needs a fixed rule: `lambda electrons: magnetization(electrons, …, accuracy=fixed).moment` with
        `fixed = Accuracy(rule=rule)`.
        """
        y = jnp.asarray([{**self.parameters, OFFSET: self.offset}[name] for name in self.free])

        def function_of(y):
            values = self._space.matrix @ y + self._space.base
            named = {name: value for name, value in zip(self._space.names, values, strict=True) if name != OFFSET}
            return jnp.asarray(function(self.electrons.with_parameters(named)))

        slopes = np.asarray(jax.jacrev(function_of)(y))
        variance = np.einsum("...f,fg,...g->...", slopes, self.covariance, slopes)
        return np.asarray(function_of(y)), np.asarray(np.sqrt(np.maximum(variance, 0)))

    @property
    def report(self) -> str:
        """What is wrong, model error, edges, parameters with their standard errors, and badly determined directions."""
        bands = self.bands
        kind = "with" if bands.spin_orbit else "without"
        wrong = self.comparison.heading
        lines = [
            *([wrong] if wrong else []),
            f"Fit to {len(bands)} k-points, {kind} spin–orbit coupling: {bands.source or 'no source given'}",
            f"{'converged' if self.converged else 'NOT CONVERGED, the best found'} · loss {self.loss:.6g} eV²"
            f" · the same loss from {_count_of_best(self.losses)} of {len(self.losses)} last searches",
            "",
            "Model error, eV (an error of the model, not of the solver)",
            *_errors(self),
            *_weighted(self),
            "",
            *self.comparison.table,
            "",
            "Parameters, eV (standard errors take the residuals as independent: lower bounds)",
            *_parameters(self),
        ]
        pairs = _correlated(self)
        if pairs:
            lines += ["", f"Correlations above {_CORRELATED:g} in magnitude", *pairs]
        if self.at_bounds:
            lines += ["", "At the edge of their bounds, so neither free nor determined: " + ", ".join(self.at_bounds)]
        if self.directions:
            lines += ["", "What the bands determine badly", *_directions(self)]
        if self.signs:
            choices = "; ".join(" and ".join(names) for names in self.signs)
            lines += ["", f"Signs that no energy depends on, kept as in the model given: {choices}"]
        if self.exchanges:
            lines += ["", "Atoms that no energy distinguishes", *(f"  {exchange}" for exchange in self.exchanges)]
        return "\n".join(lines) + "\n"

    def __repr__(self) -> str:
        wrong = self.comparison.heading
        return "\n".join([super().__repr__(), *([f"  {wrong}"] if wrong else []), *_parameters(self)])

    def _attributes(self) -> dict[str, str]:
        return {"source": self.bands.source}


def _weighted(fit: BandFit) -> list[str]:
    """The targets in which energies near an edge count more."""
    return [
        f"  {target.name}: energies near {target.edge:.3f} eV count {1 + target.edge_weight:g} times"
        for target in fit.targets
        if target.edge is not None and target.edge_weight
    ]


def _errors(fit: BandFit) -> list[str]:
    rows = []
    for name, value in fit.rms.items():
        error, row, level = fit.largest[name]
        k = ", ".join(f"{x:.3f}" for x in fit.bands.k[row])
        rows.append(f"  {name:<14} rms {value:.4f}   largest {error:+.3f} (level {level} at k = {k})")
    if fit.edge is not None:
        where = "where the bands are up to 0.3 eV above their edge; both from the energy zero of the bands"
        rows.append(f"  {'edge':<14} rms {fit.edge[0]:.4f}   largest {fit.edge[1]:.3f} ({where})")
    if fit.misfit is not None:
        rows.append(f"  {'character':<14} {fit.misfit:.1%} of the levels in other shells than in the bands")
    return rows


def _parameters(fit: BandFit) -> list[str]:
    errors = fit.standard_errors
    rows = []
    for name, value in fit.parameters.items():
        note = f"± {errors[name]:.5f}" if name in errors else "tied or fixed"
        if name.endswith(".xi") and not fit.bands.spin_orbit:
            note = "not fitted: the bands have no spin–orbit coupling"
        rows.append(f"  {name:<20} {value:10.5f}  {note}")
    if "offset" in errors:
        rows.append(f"  {'energy zero':<20} {fit.offset:10.5f}  ± {errors['offset']:.5f}")
    return rows


def _correlated(fit: BandFit) -> list[str]:
    table = fit.correlation
    pairs = [(i, j) for i in range(len(table)) for j in range(i) if abs(table[i, j]) > _CORRELATED]
    return [f"  {fit.free[j]}, {fit.free[i]}: {table[i, j]:+.3f}" for i, j in pairs]


def _directions(fit: BandFit) -> list[str]:
    rows = []
    for direction in fit.directions:
        parts = " ".join(f"{value:+.2f} {name}" for name, value in direction.components.items())
        kind = "weakly" if direction.determined else "not"
        rows += [f"  {kind} determined (± {direction.error:.3g} eV): {parts}", f"    {direction.advice}"]
    return rows


def _count_of_best(losses: np.ndarray) -> int:
    return int(np.sum(np.abs(losses - losses[0]) <= losses[0] * 1e-4 + 1e-18))
