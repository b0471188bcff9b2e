"""A Gaussian envelope around an elliptically polarised carrier."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from .._checks import check_between, check_finite, check_positive
from .._precision import require_x64
from .._types import ArrayLike, Scalar, real
from ._base import AbstractPulse


class GaussianPulse(AbstractPulse):
    """E₀ exp(−½(t−t₀)²/τ²) [sin θ, −ε cos θ], θ = 2πνt + φ with t counted from 0.

    The field of Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), as read in
    `docs/conventions.md`; the defaults are the paper's. Every argument is a differentiable scalar.

    **Arguments:**

    - `peak_field`: E₀, amplitude along the major axis, MV/cm, zero or positive.
    - `frequency`: carrier ν at the centre, THz, positive.
    - `duration`: τ, standard deviation of the envelope, ps, positive.
    - `center`: t₀, ps.
    - `ellipticity`: ε from −1 to 1: +1 turns counter-clockwise (L > 0), 0 is linear, −1 clockwise.
    - `phase`: φ, rad.
    - `chirp`: the instantaneous frequency is ν + chirp (t−t₀), THz/ps.
    - `angle`: turns the major axis from x counter-clockwise, rad.
    - `delay`: shifts envelope and carrier together, ps.

    **Raises:** `InputError` for a value outside these ranges.
    """

    peak_field: Scalar = eqx.field(converter=real, default=1.0)
    frequency: Scalar = eqx.field(converter=real, default=2.42)
    duration: Scalar = eqx.field(converter=real, default=0.5**0.5)
    center: Scalar = eqx.field(converter=real, default=3.0)
    ellipticity: Scalar = eqx.field(converter=real, default=-1.0)
    phase: Scalar = eqx.field(converter=real, default=0.0)
    chirp: Scalar = eqx.field(converter=real, default=0.0)
    angle: Scalar = eqx.field(converter=real, default=0.0)
    delay: Scalar = eqx.field(converter=real, default=0.0)

    def __check_init__(self) -> None:
        require_x64()
        check_positive("peak_field", self.peak_field, zero=True)
        check_positive("frequency", self.frequency)
        check_positive("duration", self.duration)
        for name in ("center", "phase", "chirp", "angle", "delay"):
            check_finite(name, getattr(self, name))
        check_between("ellipticity", self.ellipticity, -1.0, 1.0)

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        t = real(t) - self.delay
        from_center = t - self.center
        envelope = self.peak_field * jnp.exp(-0.5 * (from_center / self.duration) ** 2)
        theta = 2 * jnp.pi * (self.frequency * t + 0.5 * self.chirp * from_center**2) + self.phase
        major, minor = envelope * jnp.sin(theta), -self.ellipticity * envelope * jnp.cos(theta)
        cos, sin = jnp.cos(self.angle), jnp.sin(self.angle)
        return jnp.stack([cos * major - sin * minor, sin * major + cos * minor], axis=-1)

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

        **Raises:** `InputError` for another ε.
        """
        return replace(self, ellipticity=ellipticity)

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """Eight standard deviations to either side of the centre, in ps; outside, |E| < 10⁻¹³ E₀."""
        middle = self.center + self.delay
        return middle - 8 * self.duration, middle + 8 * self.duration
