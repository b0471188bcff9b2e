"""The loop of a search: steps, multipliers, best pulses so far, checkpoints."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from . import _checkpoint
from ._lagrangian import AugmentedLagrangian, State

ROUND = 30
"""Steps between changes of the multipliers, and between the values that decide about convergence"""
FEASIBLE = 1e-3
"""Largest violation of an acceptable pulse; the peak field is then met by making it weaker"""
INFEASIBLE = 1e6
_CONVERGED = 1e-5

Progress = Callable[[int, int, float, float], object]
"""Called with the steps done, their total, the best value and its violation"""


class Climb(NamedTuple):
    """The state of all searches and their histories."""

    state: State
    best: Float[Array, "starts n"]
    """the best point of each"""
    score: Float[Array, " starts"]
    """the objective there, or −10⁶ − violation if a constraint is not met"""
    before: Float[Array, " starts"]
    """the objective at the end of the last round"""
    history: Float[np.ndarray, "steps starts"]
    violations: Float[np.ndarray, "steps starts"]


def climb(
    lagrangian: AugmentedLagrangian,
    x: Float[Array, "starts n"],
    *,
    steps: int,
    checkpoint: str | os.PathLike[str] | None,
    described: dict[str, str],
    on_step: Progress,
) -> tuple[Climb, str]:
    """Climb from every row of `x` for at most `steps` steps; the second result is the status.

    If the file `checkpoint` exists, the searches continue from it, with the same result as without an interruption.
    They are written to it every ten steps.
    """
    starts = x.shape[0]
    lost = jnp.full(starts, -jnp.inf)
    now = Climb(lagrangian.begin(x), x, lost, lost, np.zeros((0, starts)), np.zeros((0, starts)))
    if checkpoint is not None and Path(checkpoint).exists():
        now = _checkpoint.restore(checkpoint, now, described)
    status = "not converged"
    while len(now.history) < steps:
        state, values, worst, value, violation = lagrangian.advance(now.state)
        score = jnp.where(violation <= FEASIBLE, value, -INFEASIBLE - violation)
        score = jnp.where(jnp.isfinite(score), score, -jnp.inf)
        better = score > now.score
        now = now._replace(
            state=state,
            best=jnp.where(better[:, None], state.x, now.best),
            score=jnp.where(better, score, now.score),
            history=np.concatenate([now.history, values]),
            violations=np.concatenate([now.violations, worst]),
        )
        broken = np.argwhere(~np.isfinite(now.history))
        if len(broken):
            step, start = broken[0]
            status = f"stopped: the objective or its gradient was not finite in step {step} of start {start}"
            break
        if len(now.history) % ROUND == 0:
            first = int(np.argmax(now.score))
            settled = abs(value[first] - now.before[first]) <= _CONVERGED * abs(value[first])
            now = now._replace(before=value, state=lagrangian.update_multipliers(state))
            if settled and violation[first] <= FEASIBLE:
                status = "converged"
        if checkpoint is not None:
            _checkpoint.save(checkpoint, now, described)
        first = int(np.argmax(now.score))
        on_step(len(now.history), steps, float(value[first]), float(violation[first]))
        if status == "converged":
            break
    return now, status
