"""Parameters that minimise any differentiable loss of the model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from .._door import door
from .._errors import check
from .._result import AbstractResult, quantity
from .._types import Array, Float
from ..electrons import Electrons
from ._variation import check_names


class LossFit(AbstractResult):
    """The result of an optimiser, `"finished"`, or `"not finite"` if it stopped at a loss that is not finite."""

    electrons: Electrons
    """the best model of all steps"""
    loss: float = quantity("1")
    """its loss"""
    history: Float[np.ndarray, " steps"] = quantity("1", ("step",))
    """the loss before each step"""

    @property
    def status(self) -> str:
        return "finished" if np.isfinite(self.history[-1]) else "not finite"

    @property
    def cost(self) -> str:
        return f"{len(self.history)} steps"


@door
def fit_loss(
    electrons: Electrons,
    loss: Callable[[Electrons], Array],
    *,
    optimizer: Any = None,
    steps: int = 300,
    fixed: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    compiled: bool = True,
    on_step: Callable[[int, int, float], object] = lambda done, total, best: None,
) -> LossFit:
    """Minimise a scalar `loss` of the model by a first-order optimiser, from the model's own parameters.

    The loss may contain anything differentiable: bands, the gap, effective masses, a moment. For least squares of bands
    alone `fit_bands` is faster and needs no start.

    Args:
        optimizer: of optax, in eV; `optax.adam(0.01)` unless given. `optax.lbfgs()` is possible, too.
        steps: number of steps.
        fixed: names of parameters that keep their values.
        bounds: name → (low, high) eV, onto which each step is projected.
        compiled: false for a loss that cannot be traced.
        on_step: called with the steps done, their total and the best loss.

    Raises:
        InputError: for unknown names and for a loss that is not finite at the start.
    """
    parameters = list(electrons.parameters)
    check_names("fixed", fixed, parameters)
    check_names("bounds", bounds or {}, parameters)
    optimizer = optax.adam(0.01) if optimizer is None else optimizer
    free = {name: value for name, value in electrons.parameters.items() if name not in fixed}
    low, high = ({name: (bounds or {}).get(name, (-np.inf, np.inf))[end] for name in free} for end in (0, 1))

    def loss_of(values):
        return loss(electrons.with_parameters(values))

    def step(values, state):
        value, slopes = jax.value_and_grad(loss_of)(values)
        with jax.numpy_dtype_promotion("standard"):  # optax mixes integers of both sizes
            changes, state = optimizer.update(slopes, state, values, value=value, grad=slopes, value_fn=loss_of)
            moved = jax.tree.map(jnp.clip, optax.apply_updates(values, changes), low, high)
        return value, moved, state

    step = eqx.filter_jit(step) if compiled else step
    optimizer = optax.with_extra_args_support(optimizer)
    values, state = free, optimizer.init(free)
    best, best_values, history = np.inf, free, []
    for done in range(steps):
        value, moved, state = step(values, state)
        history.append(float(value))
        check(done > 0 or np.isfinite(history[0]), "loss", f"must be finite at the start, but is {history[0]}")
        if not np.isfinite(history[-1]):
            break
        if history[-1] < best:
            best, best_values = history[-1], values
        values = moved
        on_step(done + 1, steps, best)
    return LossFit(electrons.with_parameters(best_values), best, np.array(history))
