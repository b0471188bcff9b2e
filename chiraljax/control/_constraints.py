"""What a laser can make: limits of a pulse, and how far a pulse is inside them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from .._checks import check_finite, check_positive, concrete
from .._errors import check
from .._types import ArrayLike, Scalar, real
from .._units import FLUENCE
from ..phonon import Phonon
from ..pulse import AbstractPulse

_MARGIN = 0.99
"""The share of the allowed leakage that the search aims at, so that where it ends is inside."""
_FLOOR = 1e-12
_DENSE = 1 << 14


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
    """of the polarisation, from −1 to 1"""
    leakage: Scalar = eqx.field(converter=real, default=1e-3)
    """Fraction of the fluence that may lie outside the band, and outside the window."""

    def __check_init__(self) -> None:
        for name in ("fluence", "peak_field"):
            if getattr(self, name) is not None:
                check_positive(f"Argument {name}", getattr(self, name))
        check(
            self.fluence is not None or self.peak_field is not None,
            "Argument fluence or peak_field must be given, but got neither: without one the best pulse is infinite",
        )
        for name, unit in (("band", "THz"), ("window", "ps")):
            edges = getattr(self, name)
            if edges is not None:
                check(edges.shape == (2,), f"Argument {name} must be two numbers, but got the shape {edges.shape}")
                check_finite(f"Argument {name}", edges)
                low, high = edges.tolist()
                check(low < high, f"Argument {name} must increase, but got {low:g} to {high:g} {unit}")
        if self.band is not None:
            lowest = float(self.band[0])
            check(lowest >= 0, f"Argument band must not be negative, but begins at {lowest:g} THz")
        leakage = concrete(self.leakage)
        check(leakage is None or 0 < leakage < 1, f"Argument leakage must lie between 0 and 1, but got {leakage}")
        ellipticity = None if self.ellipticity is None else concrete(self.ellipticity)
        check(
            ellipticity is None or abs(ellipticity) <= 1,
            f"Argument ellipticity must lie between -1 and 1, but got {ellipticity}",
        )

    def check_feasible(self, phonon: Phonon, times: Float[Array, " T"]) -> None:
        """Raise `InputError` for constraints that no pulse, or none that drives `phonon` in `times` (ps), meets."""
        if self.band is not None and phonon.harmonic:
            low, high = self.band.tolist()
            width = phonon.damping / (2 * jnp.pi)
            inside = (phonon.frequency + width >= low) & (phonon.frequency - width <= high)
            check(
                bool(inside.any()),
                f"Argument band must hold a frequency of the phonon, {phonon.frequency.tolist()} THz, but is"
                f" {low:g} to {high:g} THz",
            )
        if self.window is not None:
            start, end = self.window.tolist()
            check(
                start < float(times[-1]) and end > float(times[0]),
                f"Arguments window and times must overlap, but are {start:g} to {end:g} ps and {float(times[0]):g} to"
                f" {float(times[-1]):g} ps",
            )

    def violations(self, meter: "FieldMeter", field: Float[Array, "N 2"]) -> dict[str, Float[Array, "*shape"]]:
        """What must not be positive, by name: |E|²/E_max² − 1 at the N times, log(leakage/allowed) of band and window.

        The fluence and the ellipticity are not here: pulses are made with the right ones.
        """
        found: dict[str, Array] = {}
        if self.peak_field is not None:
            found["peak_field"] = jnp.sum(field**2, axis=-1) / self.peak_field**2 - 1
        for name, outside in meter.outside(self, field).items():
            found[name] = jnp.log((outside + _FLOOR) / (_MARGIN * self.leakage))
        return found

    def largest_fluence(self, meter: "FieldMeter") -> Scalar:
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

    def slack(self, pulse: AbstractPulse) -> dict[str, dict[str, float]]:
        """For each constraint its `limit`, the `value` of `pulse`, and the `slack` between them, relative to the limit.

        From 16 384 samples of the pulse's support; a negative slack is a violation.
        """
        meter = FieldMeter.of_support(pulse, self.band)
        field = pulse(meter.times)
        values: dict[str, tuple[Array, Array]] = {}
        if self.fluence is not None:
            values["fluence"] = self.fluence, meter.fluence(field)
        if self.peak_field is not None:
            values["peak_field"] = self.peak_field, jnp.max(jnp.linalg.norm(field, axis=-1))
        for name, outside in meter.outside(self, field).items():
            values[name] = self.leakage, outside
        if self.ellipticity is not None:
            values["ellipticity"] = self.ellipticity, meter.ellipticity(field)
        report = {}
        for name, (limit, value) in values.items():
            limit, value = float(limit), float(value)
            slack = -abs(value - limit) if name == "ellipticity" else 1 - value / limit
            report[name] = {"limit": limit, "value": value, "slack": slack}
        return report

    def fitted(self, pulse: AbstractPulse) -> AbstractPulse:
        """`pulse` made so much weaker that neither its fluence nor its peak field exceeds its limit."""
        meter = FieldMeter.of_support(pulse, None)
        field = pulse(meter.times)
        factor = 1.0
        if self.fluence is not None:
            factor = min(factor, float(self.fluence / meter.fluence(field)) ** 0.5)
        if self.peak_field is not None:
            factor = min(factor, float(self.peak_field / jnp.max(jnp.linalg.norm(field, axis=-1))))
        return pulse * factor


class FieldMeter(eqx.Module):
    """Integrals over a field from its values at the times of a quadrature rule."""

    times: Float[Array, " N"]
    """ps"""
    weights: Float[Array, " N"]
    """ps"""
    frequencies: Float[Array, " F"]
    """THz: Gauss's nodes on the band, dense enough for a field as long as the rule"""
    frequency_weights: Float[Array, " F"]

    def __init__(self, times: Float[Array, " N"], weights: Float[Array, " N"], band: Float[Array, "2"] | None) -> None:
        self.times, self.weights = times, weights
        low, high = (0.0, 0.0) if band is None else band.tolist()
        nodes, node_weights = np.polynomial.legendre.leggauss(24 + int(np.ceil(4 * (high - low) * np.ptp(times))))
        self.frequencies = jnp.asarray(low + (high - low) * (nodes + 1) / 2)
        self.frequency_weights = jnp.asarray((high - low) / 2 * node_weights)

    @classmethod
    def of_support(cls, pulse: AbstractPulse, band: Float[Array, "2"] | None) -> "FieldMeter":
        """The trapezoid rule on 16 384 times, spectrally accurate for fields that end smoothly."""
        times = jnp.linspace(*pulse.support, _DENSE)
        weights = jnp.full(_DENSE, times[1] - times[0]).at[jnp.array([0, -1])].mul(0.5)
        return cls(times, weights, band)

    def fluence(self, field: Float[Array, "N 2"]) -> Scalar:
        """ε₀c∫|E|²dt in mJ/cm²."""
        return FLUENCE * self._energy(field)

    def outside(self, constraints: Constraints, field: Float[Array, "N 2"]) -> dict[str, Scalar]:
        """The fractions of ∫|E|²dt outside the band and the window, where there are any."""
        found = {}
        total = self._energy(field) + jnp.finfo(float).tiny
        if constraints.band is not None:
            spectrum = self._transform(field)
            inside = 2 * jnp.sum(self.frequency_weights[:, None] * jnp.abs(spectrum) ** 2)
            found["band"] = jnp.maximum(1 - inside / total, 0.0)
        if constraints.window is not None:
            start, end = constraints.window
            beyond = (self.times < start) | (self.times > end)
            found["window"] = self._energy(jnp.where(beyond[:, None], field, 0.0)) / total
        return found

    def ellipticity(self, field: Float[Array, "N 2"]) -> Scalar:
        """ε of a field with equally spaced times whose Stokes parameter S₃/S₀ = 2ε/(1+ε²) is that of `field`."""
        x, y = jnp.fft.rfft(field, axis=0).T
        circular = -2 * jnp.sum(jnp.imag(jnp.conj(x) * y)) / jnp.sum(jnp.abs(x) ** 2 + jnp.abs(y) ** 2)
        return circular / (1 + jnp.sqrt(jnp.maximum(1 - circular**2, 0.0)))

    def _energy(self, field: Float[Array, "N 2"]) -> Scalar:
        return jnp.sum(self.weights[:, None] * field**2)

    def _transform(self, field: Float[Array, "N 2"]) -> Complex[Array, "F 2"]:
        angle = 2 * jnp.pi * self.frequencies[:, None] * self.times
        weighted = self.weights[:, None] * field
        return jax.lax.complex(jnp.cos(angle) @ weighted, jnp.sin(angle) @ weighted)
