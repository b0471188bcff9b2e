"""Equally spaced spectral lines in a smooth window."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from .._errors import InputError, check
from .._types import ArrayLike, Scalar, real
from ._modal import AbstractModalPulse, check_window, checked_amplitudes

_ROUNDOFF = 1e-9


class FourierPulse(AbstractModalPulse):
    """E_c = w(t) Re Σ_k A_kc exp(−2πiν_k(t−t₀)), ν_k = (first + k)/T, w = sin²(π(t−t₀)/T), T = end − start.

    The window is w = ½ − ¼ exp(2πi(t−t₀)/T) − ¼ exp(−2πi(t−t₀)/T), so each mode holds the lines ν_k and ν_k ± 1/T
    and no others. With first ≥ 2 none of them is at zero frequency, and ∫E dt = 0 exactly. E and its first
    derivative vanish at both ends.

    **Arguments:**

    - `amplitudes`: Re and Im of A_kc, MV/cm, shape (K, 2, 2).
    - `start`, `end`: t₀ and t₀ + T, ps; the end is later.
    - `first`: a whole number ≥ 2; static.

    All but `first` are differentiable.

    **Raises:** `InputError` for a value outside these ranges or another shape.
    """

    amplitudes: Float[Array, "K 2 2"]
    start: Scalar
    end: Scalar
    first: int = eqx.field(static=True)

    def __init__(self, amplitudes: ArrayLike, start: ArrayLike, end: ArrayLike, first: int) -> None:
        self.amplitudes = checked_amplitudes(amplitudes)
        self.start, self.end = real(start), real(end)
        check_window(self.start, self.end)
        check(first == int(first) >= 2, "first", f"must be a whole number of at least 2, but got {first}")
        self.first = int(first)

    @classmethod
    def in_band(cls, start: ArrayLike, end: ArrayLike, band: ArrayLike) -> "FourierPulse":
        """Vanishing amplitudes of all modes whose three lines lie in `band`, the lowest and highest frequency in THz.

        **Raises:** `InputError` if `band` is not 0 ≤ low < high, or too narrow for three lines; the message says
        how long the pulse must be.
        """
        check_window(start, end)
        low, high = np.asarray(band, dtype=float)
        check(0 <= low < high < math.inf, "band", f"must be 0 ≤ low < high in THz, but got {low} and {high}")
        duration = float(real(end) - real(start))
        slack = _ROUNDOFF * high * duration
        first = max(2, math.ceil(low * duration + 1 - slack))
        last = math.floor(high * duration - 1 + slack)
        if last < first:
            fitting = max(2, math.ceil((high + low) / (high - low) - _ROUNDOFF), math.floor(high * duration))
            raise InputError(
                "band",
                f"must hold three neighbouring lines of a pulse of {duration:g} ps, but got {low:g} to "
                f"{high:g} THz; the next longer pulse that has them there takes "
                f"{(fitting + 1) / high:.12g} ps",
            )
        return cls(np.zeros((last - first + 1, 2, 2)), start, end, first)

    @property
    def frequencies(self) -> Float[Array, " K"]:
        """ν_k in THz, shape (K,)."""
        return jnp.asarray(self._harmonics()) / (self.end - self.start)

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        t = real(t)
        inside = (t > self.start) & (t < self.end)
        fraction = jnp.where(inside, (t - self.start) / (self.end - self.start), 0.0)
        angle = 2 * jnp.pi * fraction[..., None] * self._harmonics()
        waves = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)
        carrier = jnp.einsum("...kr,kcr->...c", waves, self.amplitudes)
        return jnp.sin(jnp.pi * fraction[..., None]) ** 2 * carrier

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """Start and end of the window, in ps; outside, E = 0."""
        return self.start, self.end

    def _harmonics(self) -> np.ndarray:
        return self.first + np.arange(self.amplitudes.shape[0], dtype=float)
