"""The most that any field can do to a harmonic phonon."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..._errors import check
from ...coupling import AbstractCoupling, FixedRotation
from ...phonon import Phonon
from ...pulse import SampledPulse
from . import _ratio
from ._band import Band
from ._extremal import extremal
from ._given import Constraints, constraints
from ._ratio import Ratio


class Limit(NamedTuple):
    """A value that no field exceeds, and a field that comes near it; mirrored, it comes near the negative value."""

    value: float
    """ħ or rad/ps"""
    attained: float
    """by the field below, which meets all constraints: a lower bound of the largest value"""
    times: Float[np.ndarray, " N"]
    """ps"""
    field: Float[np.ndarray, "N 2"]
    """MV/cm"""
    constraints: Constraints

    @property
    def gap(self) -> float:
        """1 − attained/value: below it, nothing is known."""
        return 1 - self.attained / self.value if self.value else 0.0

    @property
    def pulse(self) -> SampledPulse:
        """The field, between its times a spline; a phonon is driven by it in up to 10⁵ steps.

        A field in a band that goes on after the time of the limit jumps then, by what may leak; there the spline
        overshoots.
        """
        return SampledPulse(self.times, self.field)


def angular_momentum_limit(
    phonon: Phonon,
    *,
    time: float,
    start: float,
    end: float | None = None,
    fluence: float | None = None,
    peak_field: float | None = None,
    band: Band | None = None,
    leakage: float = 1e-3,
) -> Limit:
    """The largest |L| at `time` that a field can give to a phonon at rest.

    With z = q_x + iq_y, e = E_x + iE_y and x = (z₁, ż₁, …) = ∫ G(s) e(s) ds, ħL = x†Sx is an indefinite form. Under
    ∫|e|²ds ≤ F it is at most F λ_max(WS), W = ∫ G Gᵀ ds: F √det W/2 for one pair. With all constraints,
    e†De ≤ λF + ∫mP²ds for D = λ + m(s) + μ(B_out − leakage), B_out the projector out of the band, so that
    L ≤ λ_max(W_D S)(λF + ∫mP²ds), W_D = ∫∫ G D⁻¹ Gᵀ: the lowest such bound over λ, m, μ ≥ 0 is the limit. With one
    pair it is reached.

    **Arguments:**

    - `phonon`: harmonic, of P pairs.
    - `time`, `start`: ps. `end`: of the field, `time` unless given; a field in a band is better if it goes on.
    - `fluence`: of the field in vacuum, ε₀c∫|E|²dt, mJ/cm²; `peak_field`: |E| at any time, MV/cm. Positive; at least
      one of them.
    - `band`: lowest and highest ν in THz, outside which at most the fraction `leakage` of ∫|E|²dt may lie. Nothing
      may where `leakage` is 0: then `start` and `end` are -inf and inf, and only the fluence is limited.

    **Returns:** the `Limit` in ħ. Up to 10⁻⁶ of errors of quadrature, no field exceeds it.

    **Raises:** `InputError` for a phonon that is not harmonic, since no bound is known, a value outside these ranges,
    or a band that no field of this duration is in.
    """
    given = constraints(time, start, end, fluence, peak_field, band, leakage)
    return _limit(phonon, _ratio.angular_momentum(phonon), time, given)


def rotation_limit(
    phonon: Phonon,
    coupling: AbstractCoupling,
    *,
    time: float,
    start: float,
    end: float | None = None,
    fluence: float | None = None,
    peak_field: float | None = None,
    band: Band | None = None,
    leakage: float = 1e-3,
) -> Limit:
    """The largest |Ω| at `time` that a field can give through `coupling`.

    Σ Im(z* ż)/(Σ|z|² + q_T²) exceeds Ω₀ if the form Im(z* ż) − Ω₀|z|² exceeds Ω₀q_T². Its largest value is bounded as
    in `angular_momentum_limit`; the limit is the Ω₀ where the two meet.

    **Arguments:** those of `angular_momentum_limit`; `coupling`: kinematic, with constant inertia, or fixed, whose
    limit is its constant and needs no field.

    **Returns:** the `Limit` in rad/ps.

    **Raises:** `InputError` as `angular_momentum_limit`, and for any other coupling.
    """
    given = constraints(time, start, end, fluence, peak_field, band, leakage)
    if isinstance(coupling, FixedRotation):
        value = float(coupling.rotation)
        first = start if math.isfinite(start) else time - 1
        return Limit(value, value, np.linspace(first, time, 4), np.zeros((4, 2)), given)
    return _limit(phonon, _ratio.rotation(phonon, coupling), time, given)


def _limit(phonon: Phonon, ratio: Ratio, time: float, given: Constraints) -> Limit:
    for name in ("quartic_isotropic", "quartic_cubic"):
        check(
            not np.any(np.asarray(getattr(phonon, name))),
            "phonon",
            f"must be harmonic, since no bound is known for others, but got a {name} that is not zero",
        )
    value, attained, times, field = extremal(phonon, ratio, time, given)
    return Limit(value, attained, times, np.stack([np.real(field), np.imag(field)], axis=-1), given)
