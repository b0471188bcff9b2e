"""Refinement of a rule until the moment is accurate enough."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._types import Array
from ..brillouin import Quadrature


class Estimate(NamedTuple):
    """What one rule gives, or the last of several."""

    moment: Array
    """on the grid of the error, or a tensor on each point of it"""
    carriers: Array
    error: Array
    """of the moment, absolute"""
    eigensolves: int
    """spent, on this rule and those before it"""
    quadrature: Any
    """a `Quadrature`, or a `FermiSurface`"""
    interpolated: int = 0
    """diagonalisations of interpolated bands"""


def refine(
    evaluate: Callable[[Quadrature], Estimate],
    rules: Iterator[Quadrature],
    within: Callable[[Estimate], Array | bool],
    budget: int,
) -> Estimate:
    """The first estimate whose error is `within` tolerance, or the last that the budget allows.

    The error of a rule is its distance from the rule before, and not less than a tenth of the distance
    from the rule embedded in it (half as many points an axis), should two successive rules agree by chance.
    The distance is the error of the rule before rather than of this one: for a smooth integrand it is too
    large, often by far. Estimates that extrapolate the convergence are too small where the integrand is not
    resolved yet, as at low temperature (`benchmarks/brillouin.py`).
    """
    last = evaluate(next(rules))
    for rule in rules:
        if last.eigensolves * (1 + len(rule.weights) / len(last.quadrature.weights)) > budget:
            break
        new = evaluate(rule)
        step = jnp.abs(jax.lax.stop_gradient(new.moment - last.moment))
        step = jnp.max(step, axis=tuple(range(new.error.ndim, step.ndim)))
        last = new._replace(error=jnp.maximum(step, new.error / 10), eigensolves=last.eigensolves + new.eigensolves)
        if bool(within(last)):
            break
    return last
