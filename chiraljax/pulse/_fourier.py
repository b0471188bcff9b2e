"""Equally spaced spectral lines in a smooth window."""

import math
from typing import Annotated, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from .._errors import InputError, check
from .._family import check_arguments
from .._parameter import Parameter, parameter
from .._types import ArrayLike, Scalar, real
from ._modal import MODES, AbstractModalPulse, check_window

_ROUNDOFF = 1e-9


class FourierPulse(AbstractModalPulse):
    """E_c = w(t) Re Σ_k A_kc exp(−2πiν_k(t−t₀)), ν_k = (first + k)/T, w = sin²(π(t−t₀)/T), T = end − start.

    The window is w = ½ − ¼ exp(2πi(t−t₀)/T) − ¼ exp(−2πi(t−t₀)/T), so each mode holds the lines ν_k and ν_k ± 1/T
    and no others. With first ≥ 2 none of them is at zero frequency, and ∫E dt = 0 exactly. E and its first
    derivative vanish at both ends.

    The arguments are the fields, in this order; all but `first` are differentiable.

    Raises:
        InputError: for a value out of its range or of another shape.
    """

    name: ClassVar[str] = "fourier"
    begin: ClassVar[str] = "in_band"

    amplitudes: Float[Array, "K 2 2"] = parameter(
        unit="MV/cm", help=MODES, shape=("K", 2, 2), example=[[[0.5, 0.0], [0.0, -0.5]]] * 2
    )
    start: Scalar = parameter(unit="ps", help="t₀, start of the window", example=0.0)
    end: Scalar = parameter(unit="ps", help="t₀ + T, its end", example=8.0)
    first: int = parameter(unit="1", help="number of the first line, at first/T", low=2.0, whole=True, example=19)

    def __init__(self, amplitudes: ArrayLike, start: ArrayLike, end: ArrayLike, first: int) -> None:
        self.amplitudes, self.start, self.end, self.first = real(amplitudes), real(start), real(end), first

    def check_together(self) -> None:
        check_window(self.start, self.end)

    @classmethod
    def in_band(
        cls,
        start: ArrayLike,
        end: ArrayLike,
        band: Annotated[
            ArrayLike, Parameter("THz", "lowest and highest frequency", 0.0, shape=(2,), example=(2.0, 2.8))
        ],
    ) -> "FourierPulse":
        """Zero amplitudes of all modes whose three lines lie in `band`, the lowest and highest frequency in THz.

        Raises:
            InputError: if `band` is not 0 ≤ low < high, or too narrow for three lines; the message says how long the
                pulse must be.
        """
        check_window(start, end)
        check_arguments(cls.in_band, band=band)
        low, high = np.asarray(band, dtype=float)
        check(low < high, "band", f"must increase, but got {low:g} and {high:g} THz")
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
        return self._field(real(t))

    @eqx.filter_jit
    def _field(self, t: Float[Array, "*batch"]) -> Float[Array, "*batch 2"]:
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
