"""A carrier whose envelope is a smooth curve of finite length."""

from typing import Annotated, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real
from scipy.interpolate import BSpline, PPoly

from .._family import check_arguments
from .._parameter import Parameter, parameter
from .._types import ArrayLike, Scalar, real
from ._modal import MODES, AbstractModalPulse, check_window

_ELEMENT = PPoly.from_spline(BSpline.basis_element(np.arange(7.0)))
_VALUES = _ELEMENT.c[:, (_ELEMENT.x[:-1] >= 0) & (_ELEMENT.x[:-1] < 6)]
"""(power from 5 to 0, piece): the quintic B-spline on the knots 0 … 6 in powers of the distance from the knot before"""
_PIECES = np.arange(6)


class SplinePulse(AbstractModalPulse):
    """E_c = −d/dt Re Σ_k A_kc B_k(t) exp(−2πiν(t−t_m))/(2πν), t_m half-way between start and end.

    B_k are K quintic B-splines (de Boor, A Practical Guide to Splines, 1978) on K+5 equal intervals of the window,
    each over six of them. They add up to one away from the ends, so there |A_kc| is the amplitude of the field. The
    field is the derivative of a vector potential that vanishes at both ends with four derivatives: ∫E dt = 0
    exactly, and E starts and ends with three vanishing derivatives. For many times the cost of each does not depend on
    K.

    The arguments are the fields, in this order; all are differentiable.

    Raises:
        InputError: for a value out of its range or of another shape.
    """

    name: ClassVar[str] = "spline"
    begin: ClassVar[str] = "zeros"

    amplitudes: Float[Array, "K 2 2"] = parameter(
        unit="MV/cm",
        help=MODES,
        shape=("K", 2, 2),
        example=[[[0.5, 0.0], [0.0, -0.5]], [[1.0, 0.0], [0.0, -1.0]], [[0.5, 0.0], [0.0, -0.5]]],
    )
    start: Scalar = parameter(unit="ps", help="start of the window", example=0.0)
    end: Scalar = parameter(unit="ps", help="its end", example=8.0)
    frequency: Scalar = parameter(unit="THz", help="ν, of the carrier", positive=True, example=2.42)

    def __init__(self, amplitudes: ArrayLike, start: ArrayLike, end: ArrayLike, frequency: ArrayLike) -> None:
        self.amplitudes, self.frequency = real(amplitudes), real(frequency)
        self.start, self.end = real(start), real(end)

    def check_together(self) -> None:
        check_window(self.start, self.end)

    @classmethod
    def zeros(
        cls,
        start: ArrayLike,
        end: ArrayLike,
        frequency: ArrayLike,
        splines: Annotated[
            int, Parameter("1", "more of them make faster changes of the envelope", 1, whole=True, example=24)
        ],
    ) -> "SplinePulse":
        """`splines` zero amplitudes, from which a search starts."""
        check_arguments(cls.zeros, splines=splines)
        return cls(np.zeros((splines, 2, 2)), start, end, frequency)

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return self._field(real(t))

    @eqx.filter_jit
    def _field(self, t: Float[Array, "*batch"]) -> Float[Array, "*batch 2"]:
        inside = (t > self.start) & (t < self.end)
        t = jnp.where(inside, t, self.start)
        intervals = self.amplitudes.shape[0] + 5
        width = (self.end - self.start) / intervals
        position = (t - self.start) / width
        interval = jnp.clip(jnp.floor(position), 0, intervals - 1)
        distance = (position - interval)[..., None, None]
        padded = jnp.pad(self.amplitudes, ((5, 5), (0, 0), (0, 0)))
        interval = interval.astype(int)
        # For many times the polynomials of all intervals, of which each time takes one; for few only those needed. The
        # gradient of taking one polynomial costs less than that of gathering six amplitudes for each time.
        many = t.size > intervals
        needed = np.arange(intervals) if many else interval
        near = padded[needed[..., None] + 5 - _PIECES]
        powers = jnp.einsum("np,...pcr->...ncr", _VALUES, near)
        powers = jnp.moveaxis(powers[interval] if many else powers, -3, 0)
        degrees = np.arange(5.0, 0, -1).reshape(-1, *[1] * (powers.ndim - 1))
        envelope = jnp.polyval(powers, distance)
        change = jnp.polyval(degrees * powers[:-1], distance) / (2 * jnp.pi * self.frequency * width)
        angle = 2 * jnp.pi * self.frequency * (t - 0.5 * (self.start + self.end))[..., None]
        field = (envelope[..., 0] - change[..., 1]) * jnp.sin(angle)
        field = field - (envelope[..., 1] + change[..., 0]) * jnp.cos(angle)
        return jnp.where(inside[..., None], field, 0.0)

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """Start and end of the window, in ps; outside, E = 0."""
        return self.start, self.end
