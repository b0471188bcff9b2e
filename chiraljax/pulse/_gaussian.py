"""A Gaussian envelope around an elliptically polarised carrier."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from .._checks import check_positive
from .._errors import check
from .._family import check_arguments
from .._parameter import Parameter, parameter
from .._types import ArrayLike, Scalar, real
from ._base import AbstractPulse, SumPulse


class GaussianPulse(AbstractPulse):
    """E₀ exp(−½(t−t₀)²/τ²) [sin θ, −ε cos θ], θ = 2πνt + φ with t counted from 0.

    The field of Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), as read in `docs/conventions.md`; the defaults
    are those of the paper. The arguments are the fields, in this order; all are differentiable scalars.

    Raises:
        InputError: for a value out of its range.
    """

    name: ClassVar[str] = "gaussian"
    begin: ClassVar[str] = "spread"

    peak_field: Scalar = parameter(unit="MV/cm", help="E₀, amplitude along the major axis", default=1.0, low=0.0)
    frequency: Scalar = parameter(unit="THz", help="ν, of the carrier at the centre", default=2.42, positive=True)
    duration: Scalar = parameter(
        unit="ps", help="τ, standard deviation of the envelope", default=0.5**0.5, positive=True
    )
    center: Scalar = parameter(unit="ps", help="t₀, when the envelope peaks", default=3.0)
    ellipticity: Scalar = parameter(
        unit="1",
        help="ε: 1 turns counter-clockwise (L > 0), 0 is linear, -1 clockwise",
        default=-1.0,
        low=-1.0,
        high=1.0,
    )
    phase: Scalar = parameter(unit="rad", help="φ, of the carrier at t = 0", default=0.0)
    chirp: Scalar = parameter(unit="THz/ps", help="the frequency is ν + chirp (t − t₀)", default=0.0)
    angle: Scalar = parameter(unit="rad", help="turns the major axis from x counter-clockwise", default=0.0)
    delay: Scalar = parameter(unit="ps", help="shifts envelope and carrier together", default=0.0)

    @classmethod
    def spread(
        cls,
        window: tuple[float, float],
        pulses: Annotated[int, Parameter("1", "how many, added up", 1, 100, whole=True)] = 1,
        **parameters: Any,
    ) -> AbstractPulse:
        """`pulses` Gaussian pulses with these `parameters`, their centres spread evenly over the `window` in ps.

        Raises:
            InputError: for a value out of its range, a zero field, and a centre beside several pulses.
        """
        check_arguments(cls.spread, pulses=pulses)
        first = cls(**parameters)
        check_positive("peak_field", first.peak_field)
        if pulses == 1:
            return first
        check("center" not in parameters, "center", "must be left out beside pulses, which are spread over the window")
        start, end = window
        centers = start + (end - start) * (np.arange(pulses) + 0.5) / pulses
        return SumPulse(replace(first, center=center) for center in centers)

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return _field(self, real(t) - self.delay)

    def __mul__(self, factor: Real[ArrayLike, ""]) -> "GaussianPulse":
        factor = real(factor)
        opposite = factor < 0
        return replace(
            self,
            peak_field=self.peak_field * jnp.where(opposite, -factor, factor),
            phase=jnp.where(opposite, self.phase + jnp.pi, self.phase),
        )

    def with_ellipticity(self, ellipticity: Real[ArrayLike, ""]) -> "GaussianPulse":
        """The same envelope, carrier and major axis with the `ellipticity` ε from −1 to 1.

        Raises:
            InputError: for another ε.
        """
        return replace(self, ellipticity=ellipticity)

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """Eight standard deviations to either side of the centre, in ps; outside, |E| < 10⁻¹³ E₀."""
        middle = self.center + self.delay
        return middle - 8 * self.duration, middle + 8 * self.duration


@eqx.filter_jit
def _field(pulse: GaussianPulse, t: Float[Array, "*batch"]) -> Float[Array, "*batch 2"]:
    from_center = t - pulse.center
    envelope = pulse.peak_field * jnp.exp(-0.5 * (from_center / pulse.duration) ** 2)
    theta = 2 * jnp.pi * (pulse.frequency * t + 0.5 * pulse.chirp * from_center**2) + pulse.phase
    major, minor = envelope * jnp.sin(theta), -pulse.ellipticity * envelope * jnp.cos(theta)
    cos, sin = jnp.cos(pulse.angle), jnp.sin(pulse.angle)
    return jnp.stack([cos * major - sin * minor, sin * major + cos * minor], axis=-1)
