"""The moment as a function of the angular velocity, from a few values of it."""

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite, check_positive
from .._errors import InputError, check
from .._result import quantity
from .._tracing import is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..electrons import Electrons
from ._interpolant import AbstractInterpolant, RotationInterpolant
from ._magnetization import Magnetization, magnetization
from ._site_interpolant import SiteInterpolant

MOST_NODES = 54
"""Nodes at most."""
_SMALL = 8
"""Diagonalisations of interpolated bands that count as one of H."""
_MARGIN = 2
"""The largest deviation in units of that at these rotations: in one of twenty random trajectories it is larger."""


class MagnetizationCurve(AbstractSum):
    """M(Ω), or M({Ω_i}), on the grid mu.shape + temperature.shape, or the common shape if they are paired."""

    interpolant: AbstractInterpolant
    resolved: Bool[Array, ""]
    """whether the interpolation alone is, however accurate the k-sum is"""
    coefficients: Float[Array, "*grid n"] = quantity("mu_B/cell", ("mu", "temperature", "node"), error="error")
    """of the functions `interpolant.basis`"""
    error: Float[Array, "*grid"] = quantity("mu_B/cell", ("mu", "temperature"))
    """estimated absolute error, of the k-sum and of the interpolation together"""
    carriers: Float[Array, "*grid"] = quantity("1/cell", ("mu", "temperature"))
    """electrons minus holes at Ω = 0: time reversal makes them even in Ω, the nodes are interpolated so"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: Bool[Array, ""]
    """whether the k-sum at each node, and the interpolation for the largest |M|, are within the tolerance"""
    rule: Quadrature | FermiSurface
    """the last rule used; `Accuracy(rule=…)` repeats the calculation under `jit` or for a gradient"""

    def __call__(self, rotation: ArrayLike) -> Float[Array, "..."]:
        """M (μ_B per cell) at Ω (...) or Ω_i (..., sites) in rad/ps: grid + (...).

        Worthless where Ω is larger than what the curve was made for; `interpolant.clipped` cuts it off there.
        """
        return jnp.tensordot(self.coefficients, self.interpolant.basis(real(rotation)), axes=1)

    @property
    def slope(self) -> Float[Array, "*grid"]:
        """dM/dΩ at Ω = 0, μ_B ps/rad per cell: the linear `susceptibility` along the axis.

        **Raises:** `InputError` for a curve of rotations per site.
        """
        degree = 2 * np.arange(self.coefficients.shape[-1]) + 1
        return self.coefficients @ (degree * (-1.0) ** (degree // 2)) / self._fastest

    def crossover(self, fraction: float = 0.1) -> Float[Array, "*grid"]:
        """The smallest Ω (rad/ps) at which M differs from its linear part by more than `fraction` of that part.

        Infinite where none does up to the largest Ω of the curve.

        **Raises:** `InputError` for a fraction that is not positive, and for a curve of rotations per site.
        """
        check_positive("fraction", fraction)
        rotation = self._fastest * jnp.linspace(0, 1, 1001)[1:]
        linear = self.slope[..., None] * rotation
        off = jnp.abs(self(rotation) - linear) > fraction * jnp.abs(linear)
        return jnp.where(jnp.any(off, axis=-1), rotation[jnp.argmax(off, axis=-1)], jnp.inf)

    @property
    def _fastest(self) -> Float[Array, ""]:
        if not isinstance(self.interpolant, RotationInterpolant):
            raise InputError("interpolant", "must be of one rotation of all sites, but each site has its own")
        return self.interpolant.fastest


def magnetization_curve(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike | AbstractInterpolant,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    paired: bool = False,
    per_site: bool = False,
    accuracy: Accuracy = Accuracy(),
    most: int = MOST_NODES,
) -> MagnetizationCurve:
    """M as a function of Ω up to the largest |Ω| of `rotation`, at the cost of a few values of Ω.

    Time reversal makes M odd in Ω. It is evaluated at `accuracy.nodes` Chebyshev nodes in 0 < Ω < max|Ω| and
    interpolated by the odd polynomial through them; the error of that is its last two coefficients. M bends where ħΩ
    passes k_BT and the splitting of the levels at μ: if the error is above the tolerance, three times as many nodes
    are taken, the first among them, up to `most`; not with a given rule or under `jit`.

    With `per_site`, `rotation` (..., sites) are trajectories of the sites: M({Ω_i}) is interpolated in their principal
    patterns, see `SiteInterpolant`. Patterns that reach no further than rtol/10 of the first are left out unless a
    gradient is taken. To the error is added twice the largest deviation from M itself at four of the rotations, far
    from the first pattern and from one another.

    **Arguments:** `rotation` in rad/ps, any shape, or an interpolant of its own; the others as in `magnetization`.

    **Raises:** `InputError` as `magnetization` does.
    """
    if isinstance(rotation, AbstractInterpolant):
        interpolant = rotation
    else:
        interpolant = interpolant_of(electrons, real(rotation), per_site, accuracy)
    checks = interpolant.checks
    held = 0 if checks is None else len(checks)

    def at(points: Array, budget: int) -> Magnetization:
        return magnetization(
            electrons,
            mu=mu,
            temperature=temperature,
            rotation=points if checks is None else jnp.concatenate([points, checks]),
            axis=axis,
            paired=paired,
            per_site=checks is not None,
            accuracy=accuracy.with_budget(budget),
        )

    result = at(interpolant.points, accuracy.budget)
    moment, carriers, error = (_split(part, held)[0] for part in (result.moment, result.carriers, result.error))
    eigensolves, small, converged = result.eigensolves, result.interpolated, result.converged
    while True:
        coefficients = interpolant.coefficients(moment)
        seen, direct, truth = jax.lax.stop_gradient((coefficients, moment, _split(result.moment, held)[1]))
        missing = interpolant.tail(seen)
        off, largest = missing, jnp.max(jnp.abs(direct), axis=-1)
        if checks is not None:
            there = jnp.tensordot(seen, interpolant.basis(checks), axes=1)
            off = off + _MARGIN * jnp.max(jnp.abs(there - truth), axis=-1)
            largest = jnp.maximum(largest, jnp.max(jnp.abs(truth), axis=-1))
        wanted = accuracy.atol + accuracy.rtol * largest
        enough = jnp.all(off <= wanted)
        fixed = accuracy.rule is not None and checks is None
        if fixed or is_traced(enough) or enough or 3 * interpolant.nodes > most:
            break
        spent = int(eigensolves) + int(small) // _SMALL
        finer = interpolant.with_nodes(3 * interpolant.nodes)
        kept = interpolant.known_in(finer)
        if not jnp.any(missing > wanted) or accuracy.budget < 3 * spent:
            break
        more = at(finer.points[~kept], accuracy.budget - spent)
        pieces = ((more.moment, moment), (more.carriers, carriers), (more.error, error))
        moment, carriers, error = (_merged(kept, _split(new, held)[0], old) for new, old in pieces)
        interpolant, result = finer, more
        eigensolves, small = eigensolves + more.eigensolves, small + more.interpolated
        converged &= more.converged
    return MagnetizationCurve(
        coefficients=coefficients,
        interpolant=interpolant,
        error=jnp.max(error, axis=-1) + off,
        carriers=interpolant.at_rest(carriers),
        mu=real(mu),
        temperature=real(temperature),
        eigensolves=eigensolves,
        interpolated=small,
        converged=converged & enough,
        resolved=enough,
        rule=result.rule,
    )


def interpolant_of(
    electrons: Electrons, rotation: Float[Array, "..."], per_site: bool, accuracy: Accuracy, *, every: bool = False
) -> AbstractInterpolant:
    """That of all |Ω| up to the largest of `rotation` (...), or near trajectories (..., sites) in rad/ps.

    With `every` no pattern is left out, as a gradient in Ω_i needs.

    **Raises:** `InputError` for rotations per site of another shape.
    """
    check_finite("rotation", rotation)
    if not per_site:
        fastest = jnp.max(jnp.abs(jax.lax.stop_gradient(rotation)))
        return RotationInterpolant(fastest=jnp.where(fastest > 0, fastest, 1.0), nodes=accuracy.nodes)
    sites = len(electrons.crystal.species)
    check(
        rotation.ndim >= 2 and rotation.shape[-1] == sites,
        "rotation",
        f"must have shape (times, {sites}), for the sites, but got {rotation.shape}",
    )
    carrying = np.unique([site for site, _, _ in electrons.orbitals])
    least = 0.0 if every or is_differentiated(rotation) else accuracy.rtol / 10
    return SiteInterpolant.along(rotation.reshape(-1, sites), carrying, accuracy.nodes, least)


def _split(values: Array, held: int) -> tuple[Array, Array]:
    """Values at the points, and at the checks behind them."""
    count = values.shape[-1] - held
    return values[..., :count], values[..., count:]


def _merged(kept: np.ndarray, new: Array, old: Array) -> Array:
    """Values at all points of a finer interpolant; none is kept of one that has other points."""
    if not kept.any():
        return new
    return jnp.zeros((*new.shape[:-1], len(kept))).at[..., ~kept].set(new).at[..., kept].set(old)
