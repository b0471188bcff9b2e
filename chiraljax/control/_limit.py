"""The most that any field can do to a harmonic phonon."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .._checks import check_positive
from .._errors import check
from .._units import FLUENCE
from ..coupling import AbstractCoupling, FixedRotation
from ..phonon import AbstractPhonon, Phonon
from ..pulse import SampledPulse
from . import _ratio
from ._ratio import Ratio
from ._response import fastest, response

_FINER = 3
"""times the nodes that the quadrature needs, so that a spline through the field has its value to 10⁻⁵"""


class Limit(NamedTuple):
    """A value that no field exceeds, and one that comes near it; mirrored in x, it comes near the negative one."""

    value: float
    """ħ or rad/ps"""
    attained: float
    """by the field below, which meets all constraints: a lower bound of the largest value"""
    times: Float[np.ndarray, " N"]
    """ps"""
    field: Float[np.ndarray, "N 2"]
    """MV/cm"""
    constraints: dict[str, float | tuple[float, float]]
    """those that the limit is for, as they were given"""

    @property
    def gap(self) -> float:
        """1 − attained/value, zero where the limit is known to be reached."""
        return 1 - self.attained / self.value if self.value else 0.0

    @property
    def pulse(self) -> SampledPulse:
        """The field, between its times a spline."""
        return SampledPulse(self.times, self.field)


def angular_momentum_limit(phonon: Phonon, *, time: float, start: float, fluence: float | None = None) -> Limit:
    """The largest |L| at `time` that a field from `start` on can give to a phonon at rest.

    With z = q_x + iq_y, e = E_x + iE_y and x = (z₁, ż₁, …) = ∫ G(s) e(s) ds, ħL = x†Sx is an indefinite form. Under
    ∫|e|²ds ≤ F it is at most F λ_max(WS), W = ∫ G Gᵀ ds: F √det W/2 for one pair.

    **Arguments:**

    - `phonon`: harmonic, of P pairs.
    - `time`, `start`: ps.
    - `fluence`: of the field in vacuum, ε₀c∫|E|²dt, mJ/cm², positive.

    **Returns:** the `Limit` in ħ.

    **Raises:** `InputError` for a phonon that is not harmonic, since no bound is known, no constraint, or a value
    outside these ranges.
    """
    return _limit(phonon, _ratio.angular_momentum(phonon), time, start, fluence)


def rotation_limit(
    phonon: Phonon, coupling: AbstractCoupling, *, time: float, start: float, fluence: float | None = None
) -> Limit:
    """The largest |Ω| at `time` that a field from `start` on can give through `coupling`.

    Σ Im(z* ż)/(Σ|z|² + q_T²) exceeds Ω₀ if the form Im(z* ż) − Ω₀|z|² exceeds Ω₀q_T², whose largest value is an
    eigenvalue as in `angular_momentum_limit`: the limit is the Ω₀ where the two meet.

    **Arguments:** those of `angular_momentum_limit`; `coupling`: kinematic, with constant inertia, or fixed, whose
    limit is its constant.

    **Returns:** the `Limit` in rad/ps.

    **Raises:** `InputError` as `angular_momentum_limit`, and for any other coupling.
    """
    if isinstance(coupling, FixedRotation):
        value = float(coupling.rotation)
        return Limit(value, value, np.linspace(start, time, 4), np.zeros((4, 2)), {"start": start})
    return _limit(phonon, _ratio.rotation(phonon, coupling), time, start, fluence)


def _limit(phonon: AbstractPhonon, ratio: Ratio, time: float, start: float, fluence: float | None) -> Limit:
    for name in ("quartic_isotropic", "quartic_cubic"):
        check(
            not np.any(np.asarray(getattr(phonon, name, 0.0))),
            f"Argument phonon must be harmonic, since no bound is known for others, but got a {name} that is not zero",
        )
    check(math.isfinite(time) and start < time, f"Argument time must be after start, but got {time} and {start}")
    check(fluence is not None, "Argument fluence must be given, but got none")
    check_positive("Argument fluence", fluence)
    budget = float(fluence or 0) / FLUENCE
    seen = response(phonon, time, start, time, fastest(phonon), _FINER)
    value, x, v = ratio.largest(seen.gramian(), budget)
    field = v @ seen.kernel
    given: dict[str, float | tuple[float, float]] = {"start": start, "end": time, "fluence": float(fluence or 0)}
    return Limit(value, ratio(x), seen.times, np.stack([np.real(field), np.imag(field)], axis=-1), given)
