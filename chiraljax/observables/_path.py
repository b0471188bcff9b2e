"""The moment along trajectories of rotations."""

from typing import Any

import jax.numpy as jnp

from .._result import quantity
from .._tracing import is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..electrons import Electrons
from ._curve import MagnetizationCurve, interpolant_of, magnetization_curve
from ._magnetization import magnetization


class MagnetizationPath(AbstractSum):
    """M(t) along trajectories, on the grid mu.shape + temperature.shape + (..., T)."""

    moment: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"), error="error")
    """along the axis of rotation"""
    error: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"))
    """estimated absolute error of `moment`, of the k-sum and of the interpolation in Ω_i together"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: Bool[Array, ""]
    """whether the k-sum of each pattern, and the interpolation for the largest |M|, are within the tolerance"""
    rule: Quadrature | FermiSurface
    """the last rule used; `Accuracy(rule=…)` repeats the calculation under `jit` or for a gradient"""


def magnetization_path(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    per_site: bool = False,
    accuracy: Accuracy = Accuracy(),
) -> MagnetizationPath:
    """M along trajectories Ω(t), `rotation` (..., T), or Ω_i(t) (..., T, sites) with `per_site`, in rad/ps.

    It is `magnetization_curve` of these rotations, evaluated along them, so that the cost does not depend on the number
    of times. Rotations per site are taken one by one where their patterns are not accurate enough and the budget allows
    it, and where there are no more times than points. Otherwise, and under `jit`, the error is reported and
    `converged` is false.

    **Arguments:** as in `magnetization`.

    **Raises:** `InputError` as `magnetization` does, and for a rotation of another shape.
    """
    rotation = real(rotation)
    options: dict[str, Any] = {"mu": mu, "temperature": temperature, "axis": axis}
    interpolant = interpolant_of(electrons, rotation, per_site, accuracy)
    if interpolant.checks is None:
        curve = magnetization_curve(electrons, rotation=interpolant, accuracy=accuracy, **options)
        return _along(curve, rotation)
    times, budget, before = rotation.size // rotation.shape[-1], accuracy.budget, None
    few, many = (
        len(interpolant.with_nodes(nodes).points) + len(interpolant.checks)
        for nodes in (accuracy.nodes, 3 * accuracy.nodes)
    )
    if few < times:
        most = 3 * accuracy.nodes if many < times else accuracy.nodes
        curve = magnetization_curve(electrons, rotation=interpolant, accuracy=accuracy, most=most, **options)
        if is_traced(curve.resolved) or curve.resolved:
            return _along(curve, rotation)
        spent = int(curve.eigensolves) + int(curve.interpolated) // 8
        if spent * times > (budget - spent) * few:
            return _along(curve, rotation)
        budget, before = budget - spent, curve
    each = magnetization(electrons, rotation=rotation, per_site=True, accuracy=accuracy.with_budget(budget), **options)
    return MagnetizationPath(
        moment=each.moment,
        error=each.error,
        mu=each.mu,
        temperature=each.temperature,
        eigensolves=each.eigensolves + (0 if before is None else before.eigensolves),
        interpolated=each.interpolated + (0 if before is None else before.interpolated),
        converged=each.converged,
        rule=each.rule,
    )


def _along(curve: MagnetizationCurve, rotation: Float[Array, "..."]) -> MagnetizationPath:
    moment = curve(rotation)
    error = curve.error.reshape(*curve.error.shape, *[1] * (moment.ndim - curve.error.ndim))
    return MagnetizationPath(
        moment=moment,
        error=jnp.broadcast_to(error, moment.shape),
        mu=curve.mu,
        temperature=curve.temperature,
        eigensolves=curve.eigensolves,
        interpolated=curve.interpolated,
        converged=curve.converged,
        rule=curve.rule,
    )
