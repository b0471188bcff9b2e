"""The largest |L| and |Ω| that any field can give to a harmonic phonon."""

import math

import numpy as np
from jaxtyping import Float

from ..._errors import check
from ..._result import AbstractResult, quantity
from ..._types import real
from ...coupling import AbstractCoupling, ConstantInertia, FixedRotation, KinematicRotation
from ...phonon import Phonon
from ...pulse import SampledPulse
from .._constraints import Constraints
from . import _ratio
from ._admissible import Admissible, admissible
from ._extremal import extremal
from ._ratio import Ratio

_COUPLINGS = (KinematicRotation, ConstantInertia, FixedRotation)
_REACHED = 1e-4
"""gap up to which the field counts as one that reaches the limit"""


class Limit(AbstractResult):
    """A value that no field exceeds, and a field that comes near it; its mirror image comes near the negative value.

    `status` is "converged" if the field reaches the value to 10⁻⁴. The value is valid if it is "not converged", too.
    """

    constraints: Constraints
    units: str
    value: float = quantity("")
    """ħ or rad/ps"""
    attained: float = quantity("", meaning="by the field, which meets the constraints")
    """by `field`, which meets all constraints: a lower bound of the largest value"""
    times: Float[np.ndarray, " N"] = quantity("ps", ("times",))
    field: Float[np.ndarray, "N 2"] = quantity("MV/cm", ("times", "component"))

    @property
    def status(self) -> str:
        return "converged" if self.gap <= _REACHED else "not converged"

    @property
    def gap(self) -> float:
        """1 − attained/value."""
        return 1 - self.attained / self.value if self.value else 0.0

    @property
    def pulse(self) -> SampledPulse:
        """The field as a spline between its times; a phonon needs up to 10⁵ steps to be driven by it.

        A field in a band that continues after the time of the limit jumps there, and the spline overshoots.
        """
        return SampledPulse(self.times, self.field)

    def _unit(self, name: str) -> str:
        return super()._unit(name) or self.units


def why_unknown(phonon: Phonon, coupling: AbstractCoupling | None = None) -> str:
    """The reason why no limit is known for |L|, or with a `coupling` for |Ω|; empty if one is known."""
    if not phonon.degenerate:
        return "single modes"
    if coupling is not None and not isinstance(coupling, _COUPLINGS):
        return f"the coupling {type(coupling).__name__}"
    return "" if phonon.harmonic else "an anharmonic phonon"


def angular_momentum_limit(
    phonon: Phonon, constraints: Constraints, *, time: float, start: float, end: float | None = None
) -> Limit:
    """The largest |L| at `time` that a field can give to a phonon at rest.

    With z = q_x + iq_y, e = E_x + iE_y and x = (z₁, ż₁, …) = ∫ G(s) e(s) ds, ħL = x†Sx is an indefinite form. Under
    ∫|e|²ds ≤ F it is at most F λ_max(WS), W = ∫ G Gᵀ ds: F √det W/2 for one pair. With all constraints,
    e†De ≤ λF + ∫mP²ds for D = λ + m(s) + μ(B_out − leakage), B_out the projector out of the band, so that
    L ≤ λ_max(W_D S)(λF + ∫mP²ds), W_D = ∫∫ G D⁻¹ Gᵀ: the lowest such bound over λ, m, μ ≥ 0 is the limit. With one
    pair it is reached.

    Args:
        phonon: harmonic, of P pairs.
        constraints: fluence, peak field and band. Window and ellipticity do not change the limit, and its field need
            not meet them. If `leakage` is 0, nothing lies outside the band: then `start` and `end` are -inf and inf,
            and only the fluence is limited.
        time: of L, ps.
        start: of the field, ps.
        end: of the field, ps, `time` unless given; in a band, a later end gives a higher limit.

    Returns:
        the `Limit` in ħ, with a relative error of quadrature of up to 10⁻⁶.

    Raises:
        InputError: for a phonon of single modes or one that is not harmonic, since no bound is known, times outside
            these ranges, or a band without a field of this duration.
    """
    fields = admissible(constraints, time, start, end)
    _check_known(phonon)
    return _limit(phonon, _ratio.angular_momentum(phonon), time, fields, constraints, "hbar")


def rotation_limit(
    phonon: Phonon,
    coupling: AbstractCoupling,
    constraints: Constraints,
    *,
    time: float,
    start: float,
    end: float | None = None,
) -> Limit:
    """The largest |Ω| at `time` that a field can give through `coupling` to a phonon at rest.

    Σ Im(z* ż)/(Σ|z|² + q_T²) exceeds Ω₀ if the form Im(z* ż) − Ω₀|z|² exceeds Ω₀q_T². Its largest value is bounded as
    in `angular_momentum_limit`, with the same other arguments; the limit is the Ω₀ where the two meet.

    Args:
        coupling: `KinematicRotation`, `ConstantInertia`, or `FixedRotation`, whose limit is its constant and needs no
            field.

    Returns:
        the `Limit` in rad/ps.

    Raises:
        InputError: as `angular_momentum_limit`, and for any other coupling.
    """
    fields = admissible(constraints, time, start, end)
    if isinstance(coupling, FixedRotation):
        value = float(coupling.rotation)
        first = start if math.isfinite(start) else time - 1
        return Limit(constraints, "rad/ps", value, value, np.linspace(first, time, 4), np.zeros((4, 2)))
    _check_known(phonon)
    return _limit(phonon, _ratio.rotation(phonon, coupling), time, fields, constraints, "rad/ps")


def harmonic_rotation(
    phonon: Phonon, coupling: AbstractCoupling, fluence: float, *, time: float, start: float
) -> float | None:
    """The `rotation_limit` (rad/ps) of a fluence (mJ/cm²), without anharmonicity; None if it is not known."""
    if not phonon.degenerate or not isinstance(coupling, _COUPLINGS):
        return None
    fields = admissible(Constraints(real(fluence)), time, start, None)
    return extremal(phonon, _ratio.rotation(phonon, coupling), time, fields)[0]


def _check_known(phonon: Phonon) -> None:
    """Raise `InputError` if no limit is known."""
    unknown = why_unknown(phonon)
    check(not unknown, "phonon", f"must be harmonic and of pairs, since no bound is known for {unknown}")


def _limit(
    phonon: Phonon, ratio: Ratio, time: float, fields: Admissible, constraints: Constraints, units: str
) -> Limit:
    value, attained, times, field = extremal(phonon, ratio, time, fields)
    return Limit(constraints, units, value, attained, times, np.stack([np.real(field), np.imag(field)], axis=-1))
