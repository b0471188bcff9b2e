"""Upper bounds of objectives for any pulse within the constraints."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from .._result import AbstractResult, quantity
from ._constraints import Constraints
from ._forecast import Forecast
from ._objectives import (
    AbstractObjective,
    AngularMomentumAt,
    MeanMoment,
    MomentAt,
    PeakAngularMomentum,
    PeakMoment,
    Switching,
)
from ._problem import Objective
from .limit import angular_momentum_limit, rotation_limit, why_unknown

Support = tuple[float, float]

_BOUNDED = (AngularMomentumAt, MomentAt, Switching, MeanMoment, PeakMoment, PeakAngularMomentum)
_GROUPS = 12
_SAMPLES = 2001
_LONGEST = 100
"""Periods up to which a bound in a band is computed: the cost grows with the third power, to a minute"""


class Bound(AbstractResult):
    """An upper bound of an objective, or the reason why none is known; `status` is then "stopped: " and the reason."""

    reason: str
    """which limit it is, or why there is none"""
    units: str
    value: float | None = quantity("", default=None)

    @property
    def status(self) -> str:
        return f"stopped: {self.reason}" if self.value is None else "converged"

    def _unit(self, name: str) -> str:
        return self.units

    def _remarks(self) -> dict[str, str]:
        return {"reason": self.reason}


def bound(objective: Objective, forecast: Forecast, constraints: Constraints, support: Support, robust: bool) -> Bound:
    """The upper bound of `objective` for fields within `constraints` and, if these have a band, within `support` (ps).

    |L(t)| is at most its `angular_momentum_limit`, and |M(t)| the largest |M(Ω)| up to the `rotation_limit`. For times
    from a to b the limit at b holds, of fields that may end b − a later: a field delayed by b − t has the same effect
    at b as at t before. A field before the first time moves nothing and only costs fluence, but it may be needed to put
    the rest into a band. `robust` is for the mean over deviations.
    """
    units = objective.units if isinstance(objective, AbstractObjective) else ""
    unknown = _why_unknown(objective, forecast, constraints, support, robust)
    if unknown:
        return Bound(unknown, units)
    times = np.asarray(forecast.times)
    first, final = float(times[0]), float(times[-1])
    last = max(support[1], final)

    def largest(a: float, b: float) -> float:
        """Bound of |L|, or of |M|, at any time from a to b."""
        window = {"time": b, "start": first, "end": last + b - a}
        if forecast.curve is None:
            return angular_momentum_limit(forecast.phonon, constraints, **window).value
        fastest = rotation_limit(forecast.phonon, forecast.chain.coupling, constraints, **window).value
        return float(jnp.abs(forecast.curve(fastest * np.linspace(0, 1, _SAMPLES))).max())

    reason = f"exact limit of {'|L|' if forecast.curve is None else '|M|'} over all fields within the constraints"
    match objective:
        case AngularMomentumAt() | MomentAt():
            return Bound(reason, units, largest(float(objective.time), float(objective.time)))
        case Switching():
            probes = float(objective.first), float(objective.second)
            return Bound(reason, units, min(largest(time, time) for time in probes))
        case MeanMoment():
            inside = times[np.asarray(objective.inside(forecast.times))]
            shares = [largest(a, b) * count for a, b, count in _groups(inside[inside > first])]
            return Bound(f"mean {reason}", units, sum(shares) / len(inside))
    if constraints.band is None:
        return Bound(reason, units, largest(final, final))
    return Bound(f"largest {reason}", units, max(largest(a, b) for a, b, _ in _groups(times[1:])))


def _why_unknown(
    objective: Objective, forecast: Forecast, constraints: Constraints, support: Support, robust: bool
) -> str:
    """Why no bound is known, or none is computed; empty if there is one."""
    if robust:
        return "none is known for the mean over deviations"
    unknown = why_unknown(forecast.phonon, None if forecast.curve is None else forecast.chain.coupling)
    if not unknown and not isinstance(objective, _BOUNDED):
        unknown = getattr(objective, "__name__", type(objective).__name__)
    if unknown:
        return f"none is known for {unknown}"
    if constraints.band is None:
        return ""
    first, last = float(forecast.times[0]), max(support[1], float(forecast.times[-1]))
    if support[0] < first:
        return "none is known in a band for pulses that may begin before the first time"
    periods = (last - first) * max(float(constraints.band[1]), forecast.highest)
    if periods > _LONGEST:
        return f"not computed in a band for fields of more than {_LONGEST} periods, here {periods:.0f}"
    return ""


def _groups(times: Float[np.ndarray, " T"]) -> list[tuple[float, float, int]]:
    """First, last and number of times of up to twelve groups of successive times."""
    parts = [part for part in np.array_split(times, _GROUPS) if len(part)]
    return [(float(part[0]), float(part[-1]), len(part)) for part in parts]
