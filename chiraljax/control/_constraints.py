"""Limits of a pulse that a laser can make, and how far a pulse is inside them."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import check
from .._family import Declared
from .._parameter import parameter
from .._tracing import concrete
from .._types import Scalar, real
from ..pulse import AbstractPulse
from ..units import FLUENCE
from ._meter import FieldMeter

_MARGIN = 0.99
"""The share of the allowed leakage that the search aims at, so that its result is inside"""
_FLOOR = 1e-12
_ROUNDOFF = 1e-14


class Constraints(Declared):
    """What a laser can make: at most this fluence and field, nearly all of it in this band, window and polarisation.

    None is no constraint, but `fluence` or `peak_field` must be given.

    Args:
        fluence: largest ε₀c∫|E|²dt in vacuum, mJ/cm², positive.
        peak_field: largest |E| at any time, MV/cm, positive.
        band: lowest and highest ν of the spectrum, THz.
        window: first and last time of the field, ps.
        ellipticity: of the ellipse of the field, from −1 to 1.
        leakage: the fraction of the fluence that may lie outside the band, outside the window, and in the other
            polarisation; from 0 to below 1.

    Raises:
        InputError: for values outside these ranges.
    """

    fluence: Scalar | None = parameter(unit="mJ/cm^2", help="largest fluence", positive=True, default=None)
    peak_field: Scalar | None = parameter(unit="MV/cm", help="largest field at any time", positive=True, default=None)
    band: Float[Array, "2"] | None = parameter(unit="THz", help="of the spectrum", low=0.0, shape=(2,), default=None)
    window: Float[Array, "2"] | None = parameter(unit="ps", help="window of time", shape=(2,), default=None)
    ellipticity: Scalar | None = parameter(unit="1", help="of every frequency", low=-1.0, high=1.0, default=None)
    leakage: Scalar = parameter(
        unit="1", help="fraction of the fluence outside band, window and polarisation", low=0.0, high=1.0, default=1e-3
    )

    def check_together(self) -> None:
        check(
            self.fluence is not None or self.peak_field is not None,
            "fluence or peak_field",
            "must be given, but got neither: without one the best pulse is infinite",
        )
        for name, unit in (("band", "THz"), ("window", "ps")):
            edges = getattr(self, name)
            if edges is None:
                continue
            check(edges.shape == (2,), name, f"must be two numbers, but got the shape {edges.shape}")
            ends = concrete(edges)
            if ends is not None:
                check(ends[0] < ends[1], name, f"must increase, but got {ends[0]:g} to {ends[1]:g} {unit}")
        leakage = concrete(self.leakage)
        check(leakage is None or leakage < 1, "leakage", f"must be below 1, but got {leakage}")

    def meter(
        self, times: Float[Array, " N"], weights: Float[Array, " N"], highest: float, polarised: bool = False
    ) -> FieldMeter:
        """The meter of these constraints for a field at `times` (ps), its polarisation up to `highest` (THz).

        A pulse that has the right polarisation by construction is `polarised`; that is not measured.
        """
        return FieldMeter(times, weights, self.band, None if polarised or self.ellipticity is None else highest)

    def violations(self, meter: FieldMeter, field: Float[Array, "N 2"]) -> dict[str, Float[Array, "*shape"]]:
        """Functions that must not be positive, by name: |E|²/E_max² − 1 at the N times, and log(leakage/allowed).

        The fluence is not among them: pulses have the right one by construction.
        """
        violations: dict[str, Array] = {}
        if self.peak_field is not None:
            violations["peak_field"] = jnp.sum(field**2, axis=-1) / self.peak_field**2 - 1
        for name, outside in self._leaks(meter, field).items():
            violations[name] = jnp.log((outside + _FLOOR) / (_MARGIN * self.leakage))
        return violations

    def _leaks(self, meter: FieldMeter, field: Float[Array, "N 2"]) -> dict[str, Scalar]:
        leaks = {}
        if self.band is not None:
            leaks["band"] = meter.outside_band(field)
        if self.window is not None:
            leaks["window"] = meter.outside_window(field, self.window)
        if self.ellipticity is not None and meter.whole is not None:
            leaks["ellipticity"] = meter.other_polarisation(field, self.ellipticity)
        return leaks

    def largest_fluence(self, meter: FieldMeter) -> Scalar:
        """The fluence allowed, at most that of the peak field at all times of `meter`, in mJ/cm²."""
        fluence = real(jnp.inf) if self.fluence is None else self.fluence
        if self.peak_field is None:
            return fluence
        return jnp.minimum(fluence, FLUENCE * self.peak_field**2 * jnp.sum(meter.weights))

    def slack(self, pulse: AbstractPulse, highest: float) -> dict[str, dict[str, float]]:
        """For each constraint its `limit`, the `value` of `pulse`, and the relative `slack` 1 − value/limit.

        From the `quadrature` of the pulse; a negative slack is a violation. For band, window and ellipticity the
        limit is the leakage and the value the fraction of the fluence outside.
        """
        meter = FieldMeter.of_support(pulse, self.band, None if self.ellipticity is None else highest)
        field = pulse(meter.times)
        values: dict[str, tuple[Array, Array]] = {}
        if self.fluence is not None:
            values["fluence"] = self.fluence, meter.fluence(field)
        if self.peak_field is not None:
            values["peak_field"] = self.peak_field, pulse.largest_field()
        values |= {name: (self.leakage, outside) for name, outside in self._leaks(meter, field).items()}
        return {
            name: {"limit": float(limit), "value": float(value), "slack": 1 - float(value / limit)}
            for name, (limit, value) in values.items()
        }

    def fitted(self, pulse: AbstractPulse) -> AbstractPulse:
        """`pulse`, weakened if its fluence or its peak field exceeds the limit."""
        factor = 1.0
        if self.fluence is not None:
            factor = min(factor, float(self.fluence / pulse.fluence) ** 0.5)
        if self.peak_field is not None:
            factor = min(factor, float(self.peak_field / pulse.largest_field()))
        return pulse * (factor * (1 - _ROUNDOFF) if factor < 1 else 1.0)
