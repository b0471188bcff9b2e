"""Pulses of a pulse shaper, which sets the spectrum pixel by pixel."""

import math
from typing import Annotated, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from .._errors import check
from .._family import check_arguments
from .._parameter import Parameter, parameter
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from ._modal import MODES, AbstractModalPulse

_DEVIATIONS_PER_WIDTH = 2 * math.sqrt(2 * math.log(2))


class ShapedPulse(AbstractModalPulse):
    """E_c = Re Σ_k A_kc Δν sinc(Δν s) exp(−2πiν_k s) exp(−½(s/τ_w)²), s = t − center, sinc(x) = sin(πx)/(πx).

    The spectrum is constant on K equal pixels of the band, of width Δν and centre ν_k, as behind a spatial light
    modulator: ∫E_c exp(2πiνs)ds = ½A_kc in pixel k. It is then blurred by a Gaussian, the finite spectral resolution of
    the shaper. This limits the pulse to a window of standard deviation τ_w = 1/(2π resolution): A. M. Weiner, Rev. Sci.
    Instrum. 71, 1929 (2000).

    The blurred spectrum reaches ν = 0: |∫E_c dt| ≤ ½ erfc(low/(√2 resolution)) max_k|A_kc|, which is below
    10⁻¹⁵ max_k|A_kc| for low > 8 resolution.

    The arguments are the fields, in this order; all are differentiable.

    Raises:
        InputError: for a value out of its range or of another shape.
    """

    name: ClassVar[str] = "shaped"
    begin: ClassVar[str] = "zeros"

    amplitudes: Float[Array, "K 2 2"] = parameter(
        unit="MV/cm/THz", help=MODES, shape=("K", 2, 2), example=[[[1.0, 0.0], [0.0, -1.0]]] * 2
    )
    band: Float[Array, "2"] = parameter(
        unit="THz", help="lowest and highest frequency", positive=True, shape=(2,), example=(2.0, 2.8)
    )
    center: Scalar = parameter(unit="ps", help="of the window", example=4.0)
    resolution: Scalar = parameter(
        unit="THz", help="standard deviation of the blur; if left out, a pixel is its full width", positive=True
    )

    def __init__(
        self, amplitudes: ArrayLike, band: ArrayLike, center: ArrayLike, resolution: ArrayLike | None = None
    ) -> None:
        self.amplitudes, self.band, self.center = real(amplitudes), real(band), real(center)
        self.resolution = abs(self.pixel) / _DEVIATIONS_PER_WIDTH if resolution is None else real(resolution)

    def check_together(self) -> None:
        band = concrete(self.band)
        if band is not None:
            check(band[0] < band[1], "band", f"must increase, but got {band}")

    @classmethod
    def zeros(
        cls,
        band: ArrayLike,
        center: ArrayLike,
        pixels: Annotated[int, Parameter("1", "how many pixels the band has", 1, whole=True, example=12)],
        resolution: ArrayLike | None = None,
    ) -> "ShapedPulse":
        """Zero amplitudes of `pixels` pixels, from which a search starts."""
        check_arguments(cls.zeros, pixels=pixels)
        return cls(np.zeros((pixels, 2, 2)), band, center, resolution)

    @classmethod
    def from_amplitude_and_phase(
        cls,
        amplitude: ArrayLike,
        phase: ArrayLike,
        band: ArrayLike,
        center: ArrayLike,
        resolution: ArrayLike | None = None,
    ) -> "ShapedPulse":
        """The pulse with A = amplitude · exp(i phase).

        Args:
            amplitude: (K, 2) in MV/cm/THz.
            phase: (K, 2) in rad.

        Raises:
            InputError: for another shape and a value out of its range.
        """
        amplitude, phase = real(amplitude), real(phase)
        for name, value in (("amplitude", amplitude), ("phase", phase)):
            check(
                value.ndim == 2 and value.shape[1] == 2 and value.shape == amplitude.shape,
                name,
                f"must have the shape (pixels, 2), the same as amplitude, but got {value.shape}",
            )
        amplitudes = amplitude[..., None] * jnp.stack([jnp.cos(phase), jnp.sin(phase)], axis=-1)
        return cls(amplitudes, band, center, resolution)

    @property
    def pixel(self) -> Scalar:
        """Width Δν of a pixel, in THz."""
        return (self.band[1] - self.band[0]) / self.amplitudes.shape[0]

    @property
    def frequencies(self) -> Float[Array, " K"]:
        """Centres ν_k of the pixels, in THz, shape (K,)."""
        return self.band[0] + self.pixel * (np.arange(self.amplitudes.shape[0], dtype=float) + 0.5)

    @property
    def amplitude(self) -> Float[Array, "K 2"]:
        """|A_kc| in MV/cm/THz, shape (K, 2); differentiable where it is not zero."""
        return jnp.hypot(self.amplitudes[..., 0], self.amplitudes[..., 1])

    @property
    def phase(self) -> Float[Array, "K 2"]:
        """arg A_kc in rad, from −π to π, shape (K, 2); differentiable where A_kc is not zero."""
        return jnp.arctan2(self.amplitudes[..., 1], self.amplitudes[..., 0])

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return self._field(real(t))

    @eqx.filter_jit
    def _field(self, t: Float[Array, "*batch"]) -> Float[Array, "*batch 2"]:
        s = t - self.center
        angle = 2 * jnp.pi * s[..., None] * self.frequencies
        waves = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)
        carrier = jnp.einsum("...kr,kcr->...c", waves, self.amplitudes)
        window = self.pixel * jnp.sinc(self.pixel * s) * jnp.exp(-0.5 * (2 * jnp.pi * self.resolution * s) ** 2)
        return window[..., None] * carrier

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """Eight τ_w to either side of the centre, in ps; outside, |E_c| < 10⁻¹³ Δν Σ_k|A_kc|."""
        reach = 8 / (2 * jnp.pi * self.resolution)
        return self.center - reach, self.center + reach
