"""What a laser can make: limits of a pulse, and how far a pulse is inside them."""

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_finite, check_positive
from .._errors import check
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from .._units import FLUENCE
from ..phonon import Phonon
from ..pulse import AbstractPulse
from ._meter import FieldMeter
from .limit._band import concentration

_MARGIN = 0.99
"""The share of the allowed leakage that the search aims at, so that where it ends is inside."""
_FLOOR = 1e-12
_ROUNDOFF = 1e-14
_EASY, _PERIODS = 10.0, 150.0
"""Band times duration of which next to nothing leaks, and periods above which the least leakage costs too much."""


def _optional(value: ArrayLike | None) -> Array | None:
    return None if value is None else real(value)


class Constraints(eqx.Module):
    """Upper limits of fluence and field, and where nearly all of the fluence must lie; None is no constraint."""

    fluence: Scalar | None = eqx.field(converter=_optional, default=None)
    """mJ/cm²"""
    peak_field: Scalar | None = eqx.field(converter=_optional, default=None)
    """MV/cm"""
    band: Float[Array, "2"] | None = eqx.field(converter=_optional, default=None)
    """THz: of the spectrum at positive frequencies"""
    window: Float[Array, "2"] | None = eqx.field(converter=_optional, default=None)
    """ps"""
    ellipticity: Scalar | None = eqx.field(converter=_optional, default=None)
    """of the ellipse that the field turns in, from −1 to 1"""
    leakage: Scalar = eqx.field(converter=real, default=1e-3)
    """Fraction of the fluence that may lie outside the band, outside the window, and in the other polarisation."""

    def __check_init__(self) -> None:
        for name in ("fluence", "peak_field"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        check(
            self.fluence is not None or self.peak_field is not None,
            "fluence or peak_field",
            "must be given, but got neither: without one the best pulse is infinite",
        )
        for name, unit in (("band", "THz"), ("window", "ps")):
            edges = getattr(self, name)
            if edges is not None:
                check(edges.shape == (2,), name, f"must be two numbers, but got the shape {edges.shape}")
                check_finite(name, edges)
                low, high = edges.tolist()
                check(low < high, name, f"must increase, but got {low:g} to {high:g} {unit}")
        if self.band is not None:
            lowest = float(self.band[0])
            check(lowest >= 0, "band", f"must not be negative, but begins at {lowest:g} THz")
        leakage = concrete(self.leakage)
        check(leakage is None or 0 < leakage < 1, "leakage", f"must lie between 0 and 1, but got {leakage}")
        ellipticity = None if self.ellipticity is None else concrete(self.ellipticity)
        check(
            ellipticity is None or abs(ellipticity) <= 1,
            "ellipticity",
            f"must lie between -1 and 1, but got {ellipticity}",
        )

    def check_feasible(
        self, phonon: Phonon, times: Float[Array, " T"], support: tuple[float, float] | None = None
    ) -> None:
        """Raise `InputError` for constraints that no pulse, or none that drives `phonon` in `times` (ps), meets.

        `support` in ps holds all pulses of the family, where it is known. With the fraction δ outside a window and
        outside a band, 2 arccos √(1−δ) ≥ arccos √λ for the largest part λ in the band of a field in the window, and
        arccos √(1−δ) ≥ arccos √λ of a field that has nothing outside its support: H. J. Landau and H. O. Pollak, Bell
        Syst. Tech. J. 40, 65 (1961).
        """
        if self.band is not None and phonon.harmonic:
            low, high = self.band.tolist()
            width = phonon.damping / (2 * jnp.pi)
            inside = (phonon.frequency + width >= low) & (phonon.frequency - width <= high)
            check(
                bool(inside.any()),
                "band",
                f"must hold a frequency of the phonon, {phonon.frequency.tolist()} THz, but is {low:g} to {high:g} THz",
            )
        if self.window is not None:
            start, end = self.window.tolist()
            check(
                start < float(times[-1]) and end > float(times[0]),
                "window and times",
                f"must overlap, but are {start:g} to {end:g} ps and {float(times[0]):g} to {float(times[-1]):g} ps",
            )

            if support is not None:
                check(
                    start < support[1] and end > support[0],
                    "window and pulse",
                    f"must overlap, but are {start:g} to {end:g} ps and {support[0]:g} to {support[1]:g} ps",
                )
        if self.band is not None:
            self._check_duration(support, "pulse", 1)
            if self.window is not None:
                start, end = self.window.tolist()
                first, last = (start, end) if support is None else support
                self._check_duration((max(start, first), min(end, last)), "window", 2)

    def _check_duration(self, edges: tuple[float, float] | None, name: str, leaks: int) -> None:
        """Raise `InputError` where no field with as many leaks is in the band and between these `edges` (ps)."""
        if self.band is None or edges is None:
            return
        low, high = self.band.tolist()
        duration, leakage = edges[1] - edges[0], float(self.leakage)
        if (high - low) * duration > _EASY or high * duration > _PERIODS:
            return
        angle = leaks * math.asin(math.sqrt(leakage))
        outside = 1 - concentration((low, high), duration)
        check(
            angle >= math.pi / 2 or math.sin(angle) ** 2 >= outside,
            f"{name} and band",
            f"must leave a field, but one of {duration:g} ps has at least {outside:.3g} of its fluence"
            f" outside {low:g} to {high:g} THz; {name} or band must be wider, or leakage above "
            f"{math.sin(math.asin(math.sqrt(min(max(outside, 0.0), 1.0))) / leaks) ** 2:.3g}, but is "
            f"{leakage:g}",
        )

    def meter(
        self, times: Float[Array, " N"], weights: Float[Array, " N"], highest: float, polarised: bool = False
    ) -> FieldMeter:
        """What measures these constraints from a field at `times` (ps), its polarisation up to `highest` (THz).

        The polarisation of a pulse that is `polarised` as it is to be by construction is not measured.
        """
        if polarised:
            return FieldMeter(times, weights, self.band)
        return FieldMeter(times, weights, self.band, None if self.ellipticity is None else highest)

    def violations(self, meter: FieldMeter, field: Float[Array, "N 2"]) -> dict[str, Float[Array, "*shape"]]:
        """What must not be positive, by name: |E|²/E_max² − 1 at the N times, and log(leakage/allowed).

        The fluence is not here: pulses are made with the right one.
        """
        found: dict[str, Array] = {}
        if self.peak_field is not None:
            found["peak_field"] = jnp.sum(field**2, axis=-1) / self.peak_field**2 - 1
        for name, outside in self._leaks(meter, field).items():
            found[name] = jnp.log((outside + _FLOOR) / (_MARGIN * self.leakage))
        return found

    def _leaks(self, meter: FieldMeter, field: Float[Array, "N 2"]) -> dict[str, Scalar]:
        found = {}
        if self.band is not None:
            found["band"] = meter.outside_band(field)
        if self.window is not None:
            found["window"] = meter.outside_window(field, self.window)
        if self.ellipticity is not None and meter.whole is not None:
            found["ellipticity"] = meter.other_polarisation(field, self.ellipticity)
        return found

    def largest_fluence(self, meter: FieldMeter) -> Scalar:
        """The fluence allowed, at most that of the peak field at all times of `meter`, in mJ/cm²."""
        found = real(jnp.inf) if self.fluence is None else self.fluence
        if self.peak_field is None:
            return found
        return jnp.minimum(found, FLUENCE * self.peak_field**2 * jnp.sum(meter.weights))

    def of_limit(self) -> dict[str, Any]:
        """The arguments of `angular_momentum_limit` that these are."""
        options: dict[str, Any] = {"leakage": float(self.leakage)}
        for name in ("fluence", "peak_field"):
            if getattr(self, name) is not None:
                options[name] = float(getattr(self, name))
        if self.band is not None:
            options["band"] = tuple(self.band.tolist())
        return options

    def slack(self, pulse: AbstractPulse, highest: float) -> dict[str, dict[str, float]]:
        """For each constraint its `limit`, the `value` of `pulse`, and the `slack` between them, relative to the limit.

        From 8192 samples of the pulse's support; a negative slack is a violation. The limit of band, window and
        ellipticity is the leakage, the value the fraction of the fluence outside.
        """
        meter = FieldMeter.of_support(pulse, self.band, None if self.ellipticity is None else highest)
        field = pulse(meter.times)
        values: dict[str, tuple[Array, Array]] = {}
        if self.fluence is not None:
            values["fluence"] = self.fluence, meter.fluence(field)
        if self.peak_field is not None:
            values["peak_field"] = self.peak_field, jnp.max(jnp.linalg.norm(field, axis=-1))
        values |= {name: (self.leakage, outside) for name, outside in self._leaks(meter, field).items()}
        return {
            name: {"limit": float(limit), "value": float(value), "slack": 1 - float(value / limit)}
            for name, (limit, value) in values.items()
        }

    def fitted(self, pulse: AbstractPulse) -> AbstractPulse:
        """`pulse` made so much weaker that neither its fluence nor its peak field exceeds its limit."""
        meter = FieldMeter.of_support(pulse)
        field = pulse(meter.times)
        factor = 1.0
        if self.fluence is not None:
            factor = min(factor, float(self.fluence / meter.fluence(field)) ** 0.5)
        if self.peak_field is not None:
            factor = min(factor, float(self.peak_field / jnp.max(jnp.linalg.norm(field, axis=-1))))
        return pulse * (factor * (1 - _ROUNDOFF) if factor < 1 else 1.0)
