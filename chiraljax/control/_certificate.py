"""The most that any pulse within the constraints could reach, where that is known."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from ._chain import Chain
from ._constraints import Constraints
from ._limit import angular_momentum_limit, rotation_limit
from ._objectives import (
    AngularMomentumAt,
    MeanMoment,
    MomentAt,
    PeakAngularMomentum,
    PeakMoment,
    Switching,
)
from ._problem import Objective

_GROUPS = 16
_SAMPLES = 2001


class Bound(NamedTuple):
    """An upper bound of an objective, or why none is known."""

    value: float | None
    reason: str


def bound(
    objective: Objective,
    chain: Chain,
    constraints: Constraints,
    end: float,
    robust: bool,
) -> Bound:
    """What `objective` cannot exceed with a field within `constraints` from the first time to `end` (ps) or the last.

    |L(t)| is at most its `angular_momentum_limit`, and |M(t)| the largest |M(Ω)| up to the `rotation_limit`. Both grow
    with t, so a peak is bounded by those at the last time, and a mean by the mean of those at each time.
    """
    if robust:
        return Bound(None, "none is known for the mean over an ensemble")
    if not chain.harmonic:
        return Bound(None, "none is known for an anharmonic phonon")
    times = np.asarray(chain.times)
    at = _times(objective, times)
    if at is None:
        return Bound(None, f"none is known for {getattr(objective, '__name__', type(objective).__name__)}")
    options = constraints.of_limit() | {"start": float(times[0])}
    if chain.curve is None:
        limits = [angular_momentum_limit(chain.phonon, time=time, **options).value for time in at]
        return Bound(float(np.mean(limits)), "exact limit of |L| over all fields within the constraints")
    fastest = np.array([rotation_limit(chain.phonon, chain.coupling, time=time, **options).value for time in at])
    moments = np.abs(chain.curve(np.outer(fastest, np.linspace(0, 1, _SAMPLES)))).max(axis=-1)
    return Bound(
        float(np.mean(moments)), "largest |M(Ω)| up to the exact limit of |Ω| over all fields within the constraints"
    )


def _times(objective: Objective, times: np.ndarray) -> list[float] | None:
    if isinstance(objective, PeakMoment | PeakAngularMomentum):
        return [float(times[-1])]
    if isinstance(objective, AngularMomentumAt | MomentAt):
        return [float(objective.time)]
    if isinstance(objective, Switching):
        return [float(objective.first)]
    if isinstance(objective, MeanMoment):
        inside = times[np.asarray(objective.inside(jnp.asarray(times)))]
        return np.concatenate([np.full(len(g), g[-1]) for g in np.array_split(inside, _GROUPS) if len(g)]).tolist()
    return None
