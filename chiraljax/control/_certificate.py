"""The most that any pulse within the constraints could reach, where that is known."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from ._chain import Chain
from ._constraints import Constraints
from ._objectives import AngularMomentumAt, MeanMoment, MomentAt, PeakAngularMomentum, PeakMoment, Switching
from ._problem import Objective
from .limit import angular_momentum_limit, rotation_limit

Support = tuple[float, float]

_GROUPS = 12
_SAMPLES = 2001
_LONGEST = 100
"""Periods: the cost of a bound in a band grows with the third power, to a minute."""


class Bound(NamedTuple):
    """An upper bound of an objective, or why none is known."""

    value: float | None
    reason: str


def bound(objective: Objective, chain: Chain, constraints: Constraints, support: Support, robust: bool) -> Bound:
    """What `objective` cannot exceed with a field within `constraints` and, where it has a band, `support` (ps).

    |L(t)| is at most its `angular_momentum_limit`, and |M(t)| the largest |M(Ω)| up to the `rotation_limit`. For times
    between a and b the limit at b holds, of fields that may end b − a later: what a field does at t it does at b,
    if it is delayed by b − t. What a field does before the first time moves nothing, and only costs it fluence; but it
    may be what puts the rest into a band.
    """
    if robust:
        return Bound(None, "none is known for the mean over an ensemble")
    if not chain.harmonic:
        return Bound(None, "none is known for an anharmonic phonon")
    times = np.asarray(chain.times)
    last = max(support[1], float(times[-1]))
    if constraints.band is not None:
        if support[0] < float(times[0]):
            return Bound(None, "none is known in a band for pulses that may begin before the first time")
        periods = (last - float(times[0])) * max(float(constraints.band[1]), float(chain.phonon.frequency.max()))
        if periods > _LONGEST:
            return Bound(None, f"not computed in a band for fields of more than {_LONGEST} periods, here {periods:.0f}")

    def largest(a: float, b: float) -> float:
        """Of |L|, or of |M|, at any time from a to b."""
        window = {"time": b, "start": float(times[0]), "end": last + b - a}
        if chain.curve is None:
            return angular_momentum_limit(chain.phonon, **window, **constraints.of_limit()).value
        fastest = rotation_limit(chain.phonon, chain.coupling, **window, **constraints.of_limit()).value
        return float(jnp.abs(chain.curve(fastest * np.linspace(0, 1, _SAMPLES))).max())

    what = "|L|" if chain.curve is None else "|M|"
    reason = f"exact limit of {what} over all fields within the constraints"
    if isinstance(objective, AngularMomentumAt | MomentAt):
        time = float(objective.time)
        return Bound(largest(time, time), reason)
    if isinstance(objective, Switching):
        return Bound(min(largest(t, t) for t in (float(objective.first), float(objective.second))), reason)
    if isinstance(objective, PeakMoment | PeakAngularMomentum):
        if constraints.band is None:
            return Bound(largest(float(times[-1]), float(times[-1])), reason)
        return Bound(max(largest(a, b) for a, b, _ in _groups(times[1:])), f"largest {reason}")
    if isinstance(objective, MeanMoment):
        inside = times[np.asarray(objective.inside(jnp.asarray(times)))]
        shares = [largest(a, b) * count for a, b, count in _groups(inside[inside > times[0]])]
        return Bound(sum(shares) / len(inside), f"mean {reason}")
    return Bound(None, f"none is known for {getattr(objective, '__name__', type(objective).__name__)}")


def _groups(times: Float[np.ndarray, " T"]) -> list[tuple[float, float, int]]:
    """First, last and number of twelve groups of successive times."""
    parts = [part for part in np.array_split(times, _GROUPS) if len(part)]
    return [(float(part[0]), float(part[-1]), len(part)) for part in parts]
