"""Local searches from many starts at once, under constraints."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from .._types import Scalar

Violations = dict[str, Array]
Constrained = Callable[[Float[Array, " n"]], tuple[Scalar, Violations]]
"""x → the objective, of order one, and functions that must not be positive"""

_CHUNK = 10
"""Steps in one compiled call"""
_PENALTY, _STEEPEST = 10.0, 1e5
_FEASIBLE = 1e-4


class State(NamedTuple):
    """The state of all searches, the first axis of every array."""

    x: Float[Array, "starts n"]
    optimizer: Any
    multipliers: Violations
    penalty: Float[Array, " starts"]
    worst: Float[Array, " starts"]
    """largest violation when the multipliers were last changed"""


class AugmentedLagrangian(eqx.Module):
    """−J + Σ [max(0, m + ρg)² − m²]/2ρ, with m ← max(0, m + ρg) every 30 steps.

    For a constraint at many times the sum is a mean. Nocedal and Wright, Numerical Optimization (2006), section 17.4.
    """

    objective: Constrained
    optimizer: optax.GradientTransformationExtraArgs = eqx.field(static=True)

    @eqx.filter_jit
    def begin(self, x: Float[Array, "starts n"]) -> State:
        """Searches that start from `x`, without multipliers."""
        shapes = jax.eval_shape(lambda x: jax.vmap(self.objective)(x)[1], x)
        count = x.shape[0]
        multipliers = jax.tree.map(lambda shape: jnp.zeros(shape.shape), shapes)
        return _strong(
            State(x, jax.vmap(self.optimizer.init)(x), multipliers, jnp.full(count, _PENALTY), jnp.full(count, jnp.inf))
        )

    @eqx.filter_jit
    def advance(self, state: State) -> tuple[State, Array, Array, Array, Array]:
        """Ten steps: the new state, J and the largest violation before each (10, starts), and both after them.

        J is NaN if it or its slope is not finite; such a search returns to its last finite point.
        """

        def step_of(x: Array, optimizer: Any, before: Array, multipliers: Violations, penalty: Scalar) -> Any:
            def merit(x):
                value, violations = self.objective(x)
                terms = jax.tree.map(lambda g, m: _penalised(g, m, penalty), violations, multipliers)
                return -value + sum(jax.tree.leaves(terms)), (value, _largest(violations))

            (loss, (value, worst)), slope = jax.value_and_grad(merit, has_aux=True)(x)
            with jax.numpy_dtype_promotion("standard"):
                update: Callable[..., tuple[Any, Any]] = self.optimizer.update
                step, moved = update(slope, optimizer, x, value=loss, grad=slope, value_fn=lambda x: merit(x)[0])
            finite = jnp.isfinite(loss) & jnp.all(jnp.isfinite(slope))
            here = jnp.where(finite, x, before)
            going = finite & jnp.all(jnp.isfinite(step))
            moved, optimizer = jax.tree.map(
                lambda new, old: jnp.where(going, new, old), (here + step, moved), (here, optimizer)
            )
            return moved, optimizer, here, jnp.where(finite, value, jnp.nan), worst

        vectorised: Callable[..., Any] = jax.vmap(step_of)

        def advance_all(carry, _):
            x, optimizer, here, value, worst = vectorised(*carry, state.multipliers, state.penalty)
            return (x, optimizer, here), (value, worst)

        scan: Callable[..., Any] = jax.lax.scan
        begin = (state.x, state.optimizer, state.x)
        (x, optimizer, here), (values, worst) = scan(advance_all, begin, None, length=_CHUNK)
        x = jnp.where(jnp.isfinite(jax.vmap(self._measure)(x)[0])[:, None], x, here)
        value, violation = jax.vmap(self._measure)(x)
        return _strong(state._replace(x=x, optimizer=optimizer)), values, worst, value, violation

    @eqx.filter_jit
    def update_multipliers(self, state: State) -> State:
        """New multipliers, and a steeper penalty if the violation has not fallen to a quarter.

        L-BFGS starts again, since its memory is of another function.
        """

        def updated(
            x: Array, multipliers: Violations, penalty: Scalar, before: Scalar
        ) -> tuple[Violations, Scalar, Scalar]:
            violations = self.objective(x)[1]
            changed = jax.tree.map(lambda g, m: jnp.maximum(0.0, m + penalty * g), violations, multipliers)
            worst = _largest(violations)
            slow = (worst > before / 4) & (worst > _FEASIBLE)
            return changed, jnp.where(slow, jnp.minimum(4 * penalty, _STEEPEST), penalty), worst

        multipliers, penalty, worst = jax.vmap(updated)(state.x, state.multipliers, state.penalty, state.worst)
        optimizer = jax.vmap(self.optimizer.init)(state.x) if _remembers_slopes(state.optimizer) else state.optimizer
        return _strong(State(state.x, optimizer, multipliers, penalty, worst))

    def _measure(self, x: Float[Array, " n"]) -> tuple[Scalar, Scalar]:
        value, violations = self.objective(x)
        return value, _largest(violations)


def _remembers_slopes(optimizer: Any) -> bool:
    def is_lbfgs(node: Any) -> bool:
        return isinstance(node, optax.ScaleByLBFGSState)

    return any(map(is_lbfgs, jax.tree.leaves(optimizer, is_leaf=is_lbfgs)))


def _strong(state: State) -> State:
    """The same without weak types, which would cause `advance` to be compiled again."""
    return jax.tree.map(lambda leaf: jax.lax.convert_element_type(leaf, leaf.dtype), state)


def _penalised(g: Array, m: Array, penalty: Scalar) -> Scalar:
    return jnp.mean(jnp.maximum(0.0, m + penalty * g) ** 2 - m**2) / (2 * penalty)


def _largest(violations: Violations) -> Scalar:
    return jnp.max(jnp.stack([jnp.zeros(()), *(jnp.max(g) for g in violations.values())]))
