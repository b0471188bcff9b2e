"""Refinement of a rule until the moment is accurate enough."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

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
    quadrature: Quadrature


def refine(
    evaluate: Callable[[Quadrature], Estimate],
    rules: Iterator[Quadrature],
    within: Callable[[Estimate], Array],
    budget: int,
) -> Estimate:
    """The first estimate whose error is `within` tolerance, or the last that the budget allows.

    The rules converge geometrically or faster. With d the distance between the last two values and d₀ that
    between the two before, the error of the last is taken as d·min(d/d₀, 1), but not less than d/10, and not
    less than a hundredth of the distance from the embedded rule (half as many points an axis), since d may be
    small by chance. Before there are three values, it is d.
    """
    last, steps = evaluate(next(rules)), None
    for rule in rules:
        if last.eigensolves * (1 + len(rule.weights) / len(last.quadrature.weights)) > budget:
            break
        new = evaluate(rule)
        step = jnp.abs(jax.lax.stop_gradient(new.moment - last.moment))
        step = jnp.max(step, axis=tuple(range(new.error.ndim, step.ndim)))
        ratio = 1.0 if steps is None else jnp.clip(step / jnp.where(steps > 0, steps, 1), 0.1, 1.0)
        error = jnp.maximum(step * ratio, new.error / 100)
        last, steps = new._replace(error=error, eigensolves=last.eigensolves + new.eigensolves), step
        if bool(within(last)):
            break
    return last
