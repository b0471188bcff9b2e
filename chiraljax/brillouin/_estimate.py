"""The averages that a rule gives, their tolerance, and the refinement of rules over points."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._tracing import array_namespace
from .._types import Array, Bool, Float
from ._quadrature import Quadrature


class Estimate(NamedTuple):
    """Averages by one rule, or by the last of several.

    Quantities q: Tr[A f(H)] of each operator, then the carriers. Pairs s of (μ, T). Members r of a batch.
    """

    values: Float[Array, "q s r"]
    errors: Float[Array, "q s r"]
    """absolute"""
    eigensolves: int
    """diagonalisations spent, on this rule and those before it"""
    rule: Any
    """a `Quadrature`, or a `FermiSurface`"""
    interpolated: int = 0
    """diagonalisations of interpolated bands"""
    states: tuple | None = None
    """of a sum over points, unless it is traced or differentiated: energies (K, n) and ⟨A⟩ (a, K, n) of each member"""


class Tolerance(NamedTuple):
    """The allowed error atol + rtol·|value| of the quantities in `steering`; the others may have any error."""

    rtol: float
    atol: float
    steering: tuple[int, ...] = (0,)

    def of(self, quantities: Array | np.ndarray) -> Any:
        """The rows of the steering quantities."""
        return quantities[np.array(self.steering)]

    def allowed(self, values: Array | np.ndarray) -> Float[Array | np.ndarray, "steering s r"]:
        """The error allowed for each steering quantity, from the values (q, s, r) of all."""
        xp = array_namespace(values)
        return self.atol + self.rtol * xp.abs(jax.lax.stop_gradient(self.of(xp.asarray(values))))

    def met(self, values: Array | np.ndarray, errors: Array | np.ndarray) -> Bool[Array, "steering s r"]:
        """Which errors (q, s, r) are allowed."""
        xp = array_namespace(errors)
        return jnp.asarray(self.of(xp.asarray(errors)) <= self.allowed(values))

    def missed(self, values: Array | np.ndarray, errors: Array | np.ndarray) -> np.ndarray:
        """The pairs with an error that is not allowed, (s,)."""
        return np.any(self.of(np.asarray(errors)) > np.asarray(self.allowed(values)), axis=(0, 2))


def refine(
    evaluate: Callable[[Quadrature], Estimate],
    rules: Iterator[Quadrature],
    resolved: Callable[[Estimate], Estimate],
    within: Callable[[Estimate], Array | bool],
    budget: int,
) -> Estimate:
    """The first estimate whose errors are `within` tolerance, or the last that the budget allows.

    The error of a rule is its distance from the rule before. It is at least a tenth of the distance from the rule
    embedded in it (half as many points per axis), in case two successive rules agree by chance. The distance is the
    error of the rule before: for a smooth integrand it is too large, often by far. Estimates that extrapolate the
    convergence are too small if the integrand is not resolved yet, as at low temperature (`benchmarks/brillouin.py`).
    Rules that are too coarse to see a cold Fermi surface agree with each other; `resolved` adds what they miss.

    Args:
        evaluate: the estimate by a rule.
        rules: ever finer rules.
        resolved: the estimate with the errors of what its rule may have missed.
        within: whether the errors of an estimate are small enough.
        budget: diagonalisations that may be spent.
    """
    last = resolved(evaluate(next(rules)))
    for rule in rules:
        if last.eigensolves * (1 + len(rule.weights) / len(last.rule.weights)) > budget:
            break
        new = evaluate(rule)
        step = np.abs(np.asarray(new.values) - np.asarray(last.values))
        errors, solves = np.maximum(step, np.asarray(new.errors) / 10), last.eigensolves + new.eigensolves
        last = resolved(new._replace(errors=jnp.asarray(errors), eigensolves=solves))
        if bool(within(last)):
            break
    return last
