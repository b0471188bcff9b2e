"""The moment as a function of the angular velocity, from a few values of it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite, check_positive
from .._door import door
from .._errors import InputError, check
from .._result import quantity
from .._tracing import is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from .._warnings import silent, tell
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..electrons import Electrons
from ._filling import Filling
from ._improbable import improbable_filling
from ._interpolant import AbstractInterpolant, RotationInterpolant
from ._magnetization import Magnetization, magnetization
from ._site_interpolant import SiteInterpolant

MOST_NODES = 81
"""Largest number of nodes"""
_SMALL = 8
"""Diagonalisations of interpolated bands that count as one of H"""
_MARGIN = 2
"""Largest deviation over that at the checks; one of twenty random trajectories exceeds it"""


class MagnetizationCurve(AbstractSum):
    """M(Ω), or M({Ω_i}), on the grid mu.shape + temperature.shape, or the common shape if they are paired."""

    interpolant: AbstractInterpolant
    resolved: Bool[Array, ""]
    """whether the error of the interpolation alone is within the tolerance"""
    coefficients: Float[Array, "*grid n"] = quantity("mu_B/cell", ("mu", "temperature", "node"), error="error")
    """of the functions `interpolant.basis`"""
    error: Float[Array, "*grid"] = quantity("mu_B/cell", ("mu", "temperature"))
    """estimated absolute error of k-sum and interpolation together"""
    carriers: Float[Array, "*grid"] = quantity("1/cell", ("mu", "temperature"))
    """electrons minus holes at Ω = 0, by interpolation: time reversal makes them even in Ω"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    """whether the k-sum at each node, and the interpolation for the largest |M|, are within the tolerance"""
    rule: Quadrature | FermiSurface
    """the last rule used; `Accuracy(rule=…)` repeats the calculation under `jit` or for a gradient"""

    def __call__(self, rotation: ArrayLike) -> Float[Array, "..."]:
        """M (μ_B per cell) at Ω (...) or Ω_i (..., sites) in rad/ps: grid + (...).

        Not valid beyond the largest Ω of the curve; `interpolant.clipped` limits Ω to it.
        """
        return _at(self.interpolant, self.coefficients, real(rotation))

    @property
    def slope(self) -> Float[Array, "*grid"]:
        """dM/dΩ at Ω = 0, μ_B ps/rad per cell: the linear `susceptibility` along the axis.

        Raises:
            InputError: for a curve of rotations per site.
        """
        degree = 2 * np.arange(self.coefficients.shape[-1]) + 1
        return self.coefficients @ (degree * (-1.0) ** (degree // 2)) / self._fastest

    def crossover(self, fraction: float = 0.1) -> Float[Array, "*grid"]:
        """The smallest Ω (rad/ps) at which M differs from its linear part by more than `fraction` of that part.

        Infinite if there is none up to the largest Ω of the curve.

        Raises:
            InputError: for a fraction that is not positive, and for a curve of rotations per site.
        """
        check_positive("fraction", fraction)
        rotation = self._fastest * jnp.linspace(0, 1, 1001)[1:]
        linear = self.slope[..., None] * rotation
        differs = jnp.abs(self(rotation) - linear) > fraction * jnp.abs(linear)
        return jnp.where(jnp.any(differs, axis=-1), rotation[jnp.argmax(differs, axis=-1)], jnp.inf)

    @property
    def _fastest(self) -> Float[Array, ""]:
        if not isinstance(self.interpolant, RotationInterpolant):
            raise InputError("interpolant", "must be of one rotation of all sites, but each site has its own")
        return self.interpolant.fastest


@door
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

    Time reversal makes M odd in Ω. M is evaluated at N Chebyshev nodes in 0 < Ω < max|Ω| (`accuracy.nodes`) and
    interpolated by the odd polynomial through them. The error is estimated from its last three coefficients, and twice
    the deviation at the largest Ω is added. M bends where ħΩ passes k_BT and the splitting of the levels at μ. While
    the error is above the tolerance, the number of nodes is tripled up to `most`; not under `jit`.

    With `per_site`, M({Ω_i}) is interpolated in the principal patterns of the trajectories, see `SiteInterpolant`.
    Patterns smaller than rtol/10 of the first are left out unless a gradient is taken. M itself is evaluated at four of
    the rotations, far from the first pattern and from one another; twice the largest deviation there is added to the
    error. The other arguments are those of `magnetization`.

    Args:
        rotation: rad/ps, any shape, or (..., sites) with `per_site`; or an interpolant in Ω.
        most: largest number of nodes.

    Raises:
        InputError: as `magnetization` does.
    """
    if isinstance(rotation, AbstractInterpolant):
        interpolant = rotation
    else:
        interpolant = interpolant_of(electrons, real(rotation), per_site, accuracy)
    checks = interpolant.tested

    def at(points: Array, budget: int) -> Magnetization:
        with silent():
            return magnetization(
                electrons,
                mu=mu,
                temperature=temperature,
                rotation=jnp.concatenate([points, checks]),
                axis=axis,
                paired=paired,
                per_site=checks.ndim > 1,
                accuracy=accuracy.with_budget(budget),
            )

    result = at(interpolant.points, accuracy.budget)
    count = len(checks)
    moment, carriers, error = (part[..., :-count] for part in (result.moment, result.carriers, result.error))
    eigensolves, interpolated, converged = result.eigensolves, result.interpolated, result.converged
    while True:
        coefficients, tail, deviation, largest = _interpolated(interpolant, moment, result.moment[..., -count:])
        allowed = accuracy.atol + accuracy.rtol * largest
        resolved = jnp.all(deviation <= allowed)
        if is_traced(resolved) or resolved or 3 * interpolant.nodes > most:
            break
        spent = diagonalisations(eigensolves, interpolated)
        improvable = tail if checks.ndim > 1 else deviation  # more nodes do not add patterns of the sites
        if not jnp.any(improvable > allowed) or accuracy.budget < 3 * spent:
            break
        finer = interpolant.with_nodes(3 * interpolant.nodes)
        kept = interpolant.known_in(finer)
        result = at(finer.points[~kept], accuracy.budget - spent)
        pieces = ((result.moment, moment), (result.carriers, carriers), (result.error, error))
        moment, carriers, error = (_merged(kept, new[..., :-count], old) for new, old in pieces)
        interpolant = finer
        eigensolves, interpolated = eigensolves + result.eigensolves, interpolated + result.interpolated
        converged &= result.converged
    carriers = interpolant.at_rest(carriers)
    turns = interpolant.points if isinstance(rotation, AbstractInterpolant) else real(rotation)
    return MagnetizationCurve(
        coefficients=coefficients,
        interpolant=interpolant,
        error=jnp.max(error, axis=-1) + deviation,
        carriers=carriers,
        mu=real(mu),
        temperature=real(temperature),
        eigensolves=eigensolves,
        interpolated=interpolated,
        converged=converged & resolved,
        resolved=resolved,
        rule=result.rule,
        warnings=tell(improbable_filling(electrons, Filling(mu, temperature, paired), turns, carriers)),
    )


@eqx.filter_jit
def _at(
    interpolant: AbstractInterpolant, coefficients: Float[Array, "*grid n"], rotation: Float[Array, "..."]
) -> Array:
    return jnp.tensordot(coefficients, interpolant.basis(rotation), axes=1)


@eqx.filter_jit
def _interpolated(
    interpolant: AbstractInterpolant, moment: Float[Array, "*grid p"], at_checks: Float[Array, "*grid c"]
) -> tuple[Array, ...]:
    """The coefficients, the error by the last of them, that with the deviation at the checks, and the largest |M|."""
    coefficients = interpolant.coefficients(moment)
    c, values, tested = jax.lax.stop_gradient((coefficients, moment, at_checks))
    difference = jnp.tensordot(c, interpolant.basis(interpolant.tested), axes=1) - tested
    tail = interpolant.tail(c)
    largest = jnp.max(jnp.abs(jnp.concatenate([values, tested], axis=-1)), axis=-1)
    return coefficients, tail, tail + _MARGIN * jnp.max(jnp.abs(difference), axis=-1), largest


def diagonalisations(eigensolves: Int[Array, ""], interpolated: Int[Array, ""]) -> int:
    """Diagonalisations of H, plus an eighth of those of interpolated bands."""
    return int(eigensolves) + int(interpolated) // _SMALL


def interpolant_of(
    electrons: Electrons, rotation: Float[Array, "..."], per_site: bool, accuracy: Accuracy, *, every: bool = False
) -> AbstractInterpolant:
    """The interpolant for all |Ω| up to the largest of `rotation`, or for Ω_i near trajectories of the sites.

    Args:
        rotation: rad/ps, (...), or (..., sites) with `per_site`.
        every: leave out no pattern, as a gradient in Ω_i needs.

    Raises:
        InputError: for rotations per site of another shape.
    """
    check_finite("rotation", rotation)
    if not per_site:
        fastest = jnp.max(jnp.abs(jax.lax.stop_gradient(rotation)))
        return RotationInterpolant(fastest=jnp.where(fastest > 0, fastest, 1.0), nodes=accuracy.first_nodes(per_site))
    sites = len(electrons.crystal.species)
    check(
        rotation.ndim >= 2 and rotation.shape[-1] == sites,
        "rotation",
        f"must have shape (times, {sites}), for the sites, but got {rotation.shape}",
    )
    carrying = np.unique([site for site, _, _ in electrons.orbitals])
    least = 0.0 if every or is_differentiated(rotation) else accuracy.rtol / 10
    return SiteInterpolant.along(rotation.reshape(-1, sites), carrying, accuracy.first_nodes(per_site), least)


def _merged(kept: np.ndarray, new: Array, old: Array) -> Array:
    """Values at all points of a finer interpolant, `old` at those that are `kept`."""
    if not kept.any():
        return new
    return jnp.zeros((*new.shape[:-1], len(kept))).at[..., ~kept].set(new).at[..., kept].set(old)
