"""From bands to the parameters of a Slater–Koster model."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx

from .._checks import check_positive
from .._errors import check
from .._types import Array, Float
from ..electrons import Electrons
from ._bands import Bands
from ._levels import OFFSET, Levels
from ._search import CANDIDATES, Minimum, OnStep, Problem, problem, search
from ._signs import nearest_signs, sign_symmetries
from ._space import Bounds, Priors, Space, Tie, space
from ._starts import starting_points
from ._statistics import Direction, covariance, residual_scale, weak_directions
from ._target import Match, Target, default_targets, match

_EDGE = 0.3
"""eV above the conduction edge that count as near it"""


@dataclasses.dataclass(frozen=True, eq=False)
class BandFit:
    """A fitted model, and how far it can be trusted."""

    electrons: Electrons
    """the model with the fitted parameters; its energies are the bands' own minus their reference and `offset`"""
    offset: float
    """eV to add to the model's energies; zero where the on-site energies take it up"""
    free: tuple[str, ...]
    """names of the parameters that were varied"""
    covariance: np.ndarray
    """(F, F) eV², of the free parameters"""
    directions: list[Direction]
    """combinations that the bands determine badly or not at all, the worst first"""
    at_bounds: list[str]
    """free parameters that ended at the edge of their bounds"""
    signs: list[tuple[str, ...]]
    """parameters whose common sign no energy depends on; that of the model given to the fit was kept"""
    rms: dict[str, float]
    """eV, by target, each energy by its weight"""
    largest: dict[str, tuple[float, int, int]]
    """largest error by target among energies of at least half weight: eV, k-point, level"""
    edge: tuple[float, float] | None
    """rms and largest error (eV) of levels up to 0.3 eV above the conduction edge, if they are targets"""
    loss: float
    """eV², the sum of the targets' weighted mean squares"""
    losses: np.ndarray
    """of the local minima found, ascending"""
    converged: bool
    """whether the solver met its tolerance from the best start"""
    bands: Bands
    targets: tuple[Target, ...]
    match: Match
    residuals: np.ndarray
    """(K, m) eV, model minus bands, in the columns of `match`"""
    _space: Space

    @property
    def parameters(self) -> dict[str, float]:
        """All parameters, eV."""
        return {name: float(value) for name, value in self.electrons.parameters.items()}

    @property
    def standard_errors(self) -> dict[str, float]:
        """eV, of the free parameters."""
        return dict(zip(self.free, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def correlation(self) -> np.ndarray:
        """(F, F), of the free parameters."""
        deviation = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(deviation, deviation)

    @property
    def report(self) -> str:
        """Everything above in words."""
        from ._report import report

        return report(self)

    def uncertainty(self, function: Callable[[Electrons], Array]) -> tuple[np.ndarray, np.ndarray]:
        """Value and standard error of a differentiable function of the model, to first order: √(g C gᵀ).

        For a moment pass a fixed rule: `lambda electrons: magnetization(electrons, …, quadrature=rule).moment`.
        """
        y = jnp.asarray([{**self.parameters, OFFSET: self.offset}[name] for name in self.free])

        def of(y):
            values = self._space.matrix @ y + self._space.base
            named = {name: value for name, value in zip(self._space.names, values, strict=True) if name != OFFSET}
            return jnp.asarray(function(self.electrons.with_parameters(named)))

        slopes = np.asarray(jax.jacrev(of)(y))
        variance = np.einsum("...f,fg,...g->...", slopes, self.covariance, slopes)
        return np.asarray(of(y)), np.asarray(np.sqrt(np.maximum(variance, 0)))


def fit_bands(
    electrons: Electrons,
    bands: Bands,
    *,
    targets: Sequence[Target] | None = None,
    fixed: Sequence[str] = (),
    ties: Mapping[str, Tie] | None = None,
    bounds: Bounds | None = None,
    priors: Priors | None = None,
    noise: float = 0.1,
    start: str = "uniform",
    restarts: int = 64,
    seed: int = 0,
    solver: Any = None,
    on_step: OnStep = lambda done, total, best: None,
) -> BandFit:
    """Slater–Koster parameters whose levels meet `bands` in the least-squares sense, with their uncertainty.

    From many random starts: each is moved to where the first two moments of the levels are those of the bands, the
    best of 32 times as many as `restarts` are refined on 24 k-points; the best minima are shaken with noise while that
    finds better ones, and then fitted to all k-points.
    The loss is the sum over targets of weight times mean square error, eV².

    Arguments:

    - `electrons`: the model; its parameters are not used but for those that are fixed, for signs that no energy
      depends on, and with `start="noise"`.
    - `targets`: which bands its levels are to meet; `default_targets` unless given.
    - `fixed`: names of parameters that keep their values; `ties`: name → name, or (name, factor), of a free one.
    - `bounds`: name → (low, high), eV. Unless given ±5 about zero, and ±10 about the centre of the targets for
      on-site energies; ξ from 0 to 5.
    - `priors`: name → (value, width), eV: ridge terms, each as strong as one energy with the error `noise` (eV).
    - `start`: `"uniform"` in the bounds, `"harrison"` (his rule, spread by a factor of two) or `"noise"` about the
      model's own parameters; `restarts`, `seed`.
    - `solver`: of optimistix: a least-squares solver or a minimiser, `optimistix.LevenbergMarquardt` unless
      given; `optimistix.LBFGS` and `optimistix.OptaxMinimiser` serve as well.
    - `on_step`: called with the searches done, their total and the best loss.

    Spinless bands are fitted with half-size matrices; ξ then keeps its value. The energy zero is that of
    `bands.reference`; it is fitted as an `offset` where the on-site energies cannot take it up.
    Raises `InputError` for what does not fit together. A search that does not converge returns the best it found with
    `converged` false.
    """
    check_positive("noise", noise)
    check(restarts >= 1, "restarts", f"must be at least 1, but got {restarts}")
    check(
        electrons.has_spin_orbit or not bands.spin_orbit,
        "electrons",
        "must have a spin–orbit term (spin_orbit of a shell) to be fitted to bands with spin–orbit coupling",
    )
    model = electrons if bands.spin_orbit else electrons.without_spin_orbit()
    targets = tuple(default_targets(electrons, bands) if targets is None else targets)
    matched = match(electrons, bands, targets)
    levels = Levels(model, bands.k)
    unknown = [name for name in fixed if name not in electrons.parameters]
    check(not unknown, "fixed", f"must name parameters among {list(electrons.parameters)}, but got {unknown}")
    varied = space(
        model,
        levels.names,
        matched.energies,
        [name for name in fixed if name in model.parameters],
        ties or {},
        bounds or {},
        priors or {},
    )
    check(
        matched.energies.size >= len(varied.free),
        "targets",
        f"must hold at least as many energies as there are free parameters, {len(varied.free)},"
        f" but hold {matched.energies.size}",
    )
    whole = problem(levels, varied, matched, noise)
    coarse = optx.LevenbergMarquardt(rtol=1e-4, atol=1e-4) if solver is None else solver
    solver = optx.LevenbergMarquardt(rtol=1e-10, atol=1e-10) if solver is None else solver
    candidates = restarts if start == "noise" else CANDIDATES * restarts
    starts = starting_points(start, candidates, model, varied, seed)
    gauge, hidden = _symmetries(electrons, varied, bands.spin_orbit)
    found = search(whole, starts, restarts, coarse, solver, start != "noise", hidden, seed, on_step)
    return _result(electrons, bands, targets, matched, whole, found, gauge)


def _symmetries(electrons: Electrons, varied: Space, spin_orbit: bool):
    """Sign changes of free parameters that no energy sees, and those that only spin–orbit coupling shows."""

    def of(model: Electrons):
        found = sign_symmetries(Levels(model, np.random.default_rng(0).uniform(size=(2, 3))))
        untouched = set(varied.free) - {
            name for name, weight in zip(varied.free, np.asarray(varied.prior_weight), strict=True) if weight > 0
        }
        alone = untouched - {
            name for row, name in zip(np.asarray(varied.matrix).T, varied.free, strict=True) if (row != 0).sum() > 1
        }
        return [symmetry for symmetry in found if set(symmetry) <= alone]

    bare = of(electrons.without_spin_orbit())
    if not spin_orbit:
        return bare, []
    gauge = of(electrons)
    return gauge, [symmetry for symmetry in bare if symmetry not in gauge]


def _result(electrons, bands, targets, matched: Match, whole: Problem, found: Minimum, gauge) -> BandFit:
    varied = whole.space
    values = np.asarray(varied.values(found.x[0]))
    given = np.array([float(electrons.parameters.get(name, 0.0)) for name in varied.names])
    values = nearest_signs(values, varied.names, gauge, given)
    energies, slopes = whole.levels.with_slopes(jnp.asarray(values))
    energies = np.asarray(energies)[:, matched.levels]
    slopes = np.asarray(slopes)[:, matched.levels] @ np.asarray(varied.matrix)
    residuals = energies - matched.energies
    variance, count = residual_scale(whole, residuals, len(varied.free), 2 if bands.spin_orbit else 1)
    spread = covariance(whole, slopes, variance, count)
    named = dict(zip(varied.names, values.tolist(), strict=True))
    offset = named.pop(OFFSET)
    model = electrons.with_parameters(named)
    return BandFit(
        electrons=model,
        offset=offset,
        free=varied.free,
        covariance=spread,
        directions=weak_directions(whole.levels.electrons, whole, spread, values),
        at_bounds=varied.at_bounds(found.x[0]),
        signs=gauge,
        rms=rms_by_target(matched, residuals),
        largest=_largest(matched, residuals),
        edge=_edge(electrons, bands, matched, residuals),
        loss=float(found.loss[0]),
        losses=np.asarray(found.loss),
        converged=bool(found.converged[0]),
        bands=bands,
        targets=targets,
        match=matched,
        residuals=residuals,
        _space=varied,
    )


def rms_by_target(matched: Match, residuals: Float[np.ndarray, "K m"]) -> dict[str, float]:
    """√(Σ w r²/Σ w) of each target, eV."""
    return {
        name: float(np.sqrt((matched.weights * residuals**2)[:, part].sum() / matched.weights[:, part].sum()))
        for name, part in matched.groups
    }


def _largest(matched: Match, residuals: np.ndarray) -> dict[str, tuple[float, int, int]]:
    found = {}
    for name, part in matched.groups:
        weights = matched.weights[:, part]
        errors = np.where(weights >= 0.5 * weights.max(), np.abs(residuals[:, part]), -1.0)
        row, column = np.unravel_index(int(np.argmax(errors)), errors.shape)
        level = int(matched.levels[part][column])
        found[name] = (float(residuals[row, part.start + column]), int(row), level)
    return found


def _edge(electrons, bands: Bands, matched: Match, residuals: np.ndarray) -> tuple[float, float] | None:
    filled = electrons.filling // (1 if bands.spin_orbit else 2)
    empty = matched.levels >= filled
    if not np.any(matched.levels == filled):
        return None
    energies, errors = matched.energies[:, empty], residuals[:, empty]
    near = errors[energies <= energies.min() + _EDGE]
    return float(np.sqrt(np.mean(near**2))), float(np.abs(near).max())
