"""The moment along trajectories of rotations."""

import dataclasses
from typing import Any

import jax.numpy as jnp

from .._door import door
from .._result import quantity
from .._tracing import is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from .._warnings import silent, tell
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..electrons import Electrons
from ._curve import MagnetizationCurve, diagonalisations, interpolant_of, magnetization_curve
from ._filling import Filling
from ._improbable import improbable_filling
from ._magnetization import magnetization


class MagnetizationPath(AbstractSum):
    """M(t) along trajectories, on the grid mu.shape + temperature.shape + (..., T)."""

    moment: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"), error="error")
    """along the axis of rotation"""
    error: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"))
    """estimated absolute error of `moment`, of k-sum and interpolation in Ω_i together"""
    carriers: Float[Array, "*pairs"] = quantity("1/cell", ("mu", "temperature"))
    """electrons minus holes, at rest or, for rotations that were calculated one by one, at the first"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    """whether the k-sum of each pattern, and the interpolation for the largest |M|, are within the tolerance"""
    rule: Quadrature | FermiSurface


@door
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
    """M(t) along trajectories Ω(t), or Ω_i(t) of each site.

    `magnetization_curve` of these rotations is evaluated along them, so the cost does not depend on the number of
    times. Rotations per site are calculated one by one if there are no more times than points, or if the interpolation
    is not accurate enough and the budget allows it. Otherwise, and under `jit`, the error is reported and `converged`
    is false. The other arguments are those of `magnetization`.

    Args:
        rotation: rad/ps, (..., T), or (..., T, sites) with `per_site`.

    Raises:
        InputError: as `magnetization` does, and for a rotation of another shape.
    """
    with silent():
        path = _path(electrons, mu, temperature, real(rotation), axis, per_site, accuracy)
    told = tell(improbable_filling(electrons, Filling(mu, temperature), real(rotation)))
    return dataclasses.replace(path, warnings=told) if told else path


def _path(
    electrons: Electrons,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: Float[Array, "..."],
    axis: ArrayLike,
    per_site: bool,
    accuracy: Accuracy,
) -> MagnetizationPath:
    options: dict[str, Any] = {"mu": mu, "temperature": temperature, "axis": axis}
    interpolant = interpolant_of(electrons, rotation, per_site, accuracy)
    if not per_site:
        curve = magnetization_curve(electrons, rotation=interpolant, accuracy=accuracy, **options)
        return _along(curve, rotation)
    times, budget = rotation.size // rotation.shape[-1], accuracy.budget
    eigensolves = interpolated = jnp.asarray(0)
    few, many = (
        len(interpolant.with_nodes(nodes).points) + len(interpolant.tested)
        for nodes in (interpolant.nodes, 3 * interpolant.nodes)
    )
    if few < times:
        most = 3 * interpolant.nodes if many < times else interpolant.nodes
        curve = magnetization_curve(electrons, rotation=interpolant, accuracy=accuracy, most=most, **options)
        if is_traced(curve.resolved) or curve.resolved:
            return _along(curve, rotation)
        eigensolves, interpolated = curve.eigensolves, curve.interpolated
        spent = diagonalisations(eigensolves, interpolated)
        if spent * times > (budget - spent) * few:
            return _along(curve, rotation)
        budget -= spent
    result = magnetization(
        electrons, rotation=rotation, per_site=True, accuracy=accuracy.with_budget(budget), **options
    )
    return MagnetizationPath(
        moment=result.moment,
        error=result.error,
        carriers=result.carriers.reshape(*result.mu.shape, *result.temperature.shape, -1)[..., 0],
        mu=result.mu,
        temperature=result.temperature,
        eigensolves=eigensolves + result.eigensolves,
        interpolated=interpolated + result.interpolated,
        converged=result.converged,
        rule=result.rule,
    )


def _along(curve: MagnetizationCurve, rotation: Float[Array, "..."]) -> MagnetizationPath:
    moment = curve(rotation)
    error = curve.error.reshape(*curve.error.shape, *[1] * (moment.ndim - curve.error.ndim))
    return MagnetizationPath(
        moment=moment,
        error=jnp.broadcast_to(error, moment.shape),
        carriers=curve.carriers,
        mu=curve.mu,
        temperature=curve.temperature,
        eigensolves=curve.eigensolves,
        interpolated=curve.interpolated,
        converged=curve.converged,
        rule=curve.rule,
    )
