"""Integrals over a field."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from .._types import Scalar
from ..pulse import AbstractPulse
from ..units import FLUENCE

_TINY = 1e-30


class Spectrometer(eqx.Module):
    """Gauss's rule between two frequencies, with 24 + 2 (high − low) τ nodes for a field of duration τ."""

    phases: Complex[Array, "F N"]
    """w_t exp(2πiνt) in ps"""
    weights: Float[Array, " F"]
    """THz"""

    def __init__(self, low: float, high: float, times: Float[Array, " N"], time_weights: Float[Array, " N"]) -> None:
        duration = float(times[-1] - times[0])
        nodes, weights = np.polynomial.legendre.leggauss(24 + int(np.ceil(2 * (high - low) * duration)))
        frequencies = low + (high - low) * (nodes + 1) / 2
        angle = 2 * jnp.pi * jnp.asarray(frequencies)[:, None] * times
        self.phases = jax.lax.complex(jnp.cos(angle) * time_weights, jnp.sin(angle) * time_weights)
        self.weights = jnp.asarray((high - low) / 2 * weights)

    def coherency(self, field: Float[Array, "N 2"]) -> Complex[Array, "2 2"]:
        """2∫Ê_a* Ê_b dν (2, 2) in (MV/cm)² ps; its trace is the share of ∫|E|²dt between the frequencies."""
        spectrum = jax.lax.complex(jnp.real(self.phases) @ field, jnp.imag(self.phases) @ field)
        return jnp.einsum("f,fa,fb->ab", 2 * self.weights.astype(complex), jnp.conj(spectrum), spectrum)


class FieldMeter(eqx.Module):
    """Integrals over a field (N, 2) in MV/cm, from its values at the times of a quadrature rule."""

    times: Float[Array, " N"]
    """ps"""
    weights: Float[Array, " N"]
    """ps"""
    band: Spectrometer | None
    whole: Spectrometer | None
    """from zero to a highest frequency"""

    def __init__(
        self,
        times: Float[Array, " N"],
        weights: Float[Array, " N"],
        band: Float[Array, "2"] | None = None,
        highest: float | None = None,
    ) -> None:
        self.times, self.weights = times, weights
        self.band = None if band is None else Spectrometer(float(band[0]), float(band[1]), times, weights)
        self.whole = None if highest is None else Spectrometer(0.0, highest, times, weights)

    @classmethod
    def of_support(
        cls, pulse: AbstractPulse, band: Float[Array, "2"] | None = None, highest: float | None = None
    ) -> "FieldMeter":
        """With the nodes and weights of the pulse's `quadrature`."""
        return cls(*pulse.quadrature, band, highest)

    def energy(self, field: Float[Array, "N 2"]) -> Scalar:
        """∫|E|²dt in (MV/cm)² ps."""
        return jnp.sum(self.weights[:, None] * field**2)

    def fluence(self, field: Float[Array, "N 2"]) -> Scalar:
        """ε₀c∫|E|²dt in mJ/cm²."""
        return FLUENCE * self.energy(field)

    def outside_band(self, field: Float[Array, "N 2"]) -> Scalar:
        """The fraction of the fluence outside the band."""
        assert self.band is not None
        inside = jnp.real(jnp.trace(self.band.coherency(field)))
        return jnp.maximum(1 - inside / (self.energy(field) + _TINY), 0.0)

    def outside_window(self, field: Float[Array, "N 2"], window: Float[Array, "2"]) -> Scalar:
        """The fraction of the fluence before and after the `window` in ps."""
        beyond = (self.times < window[0]) | (self.times > window[1])
        return self.energy(jnp.where(beyond[:, None], field, 0.0)) / (self.energy(field) + _TINY)

    def other_polarisation(self, field: Float[Array, "N 2"], ellipticity: Scalar) -> Scalar:
        """The fraction of the fluence that is polarised at right angles to ellipses of this ellipticity.

        ½ − ½ (cos 2χ √(S₁² + S₂²) + sin 2χ S₃)/S₀ with ε = tan χ and the Stokes parameters of the sum over all
        frequencies. It is zero only if every frequency has the same ellipse, of any orientation. The spectrum above the
        highest frequency counts as unpolarised.
        """
        assert self.whole is not None
        coherency = self.whole.coherency(field)
        straight = jnp.real(coherency[0, 0] - coherency[1, 1]), 2 * jnp.real(coherency[0, 1])
        linear = jnp.sqrt(straight[0] ** 2 + straight[1] ** 2 + _TINY)
        square = ellipticity**2
        aligned = ((1 - square) * linear + 2 * ellipticity * 2 * jnp.imag(coherency[0, 1])) / (1 + square)
        return jnp.maximum(0.5 - 0.5 * aligned / (self.energy(field) + _TINY), 0.0)
