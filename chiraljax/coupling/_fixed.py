"""A constant angular velocity."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_finite
from .._precision import require_x64
from .._types import Scalar
from ..phonon import Motion
from ._base import AbstractCoupling, unit_vector


class FixedRotation(AbstractCoupling):
    """Ω is `rotation` at all times, as in Figs. 3b and 4 of the paper.

    **Arguments:** `rotation`: Ω in rad/ps, 2π·2.42 unless given; `axis`: (3,), normalised, z unless given.

    **Raises:** `InputError` for a rotation that is not finite or a zero axis.
    """

    rotation: Scalar = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float), default=2 * math.pi * 2.42)
    axis: tuple[float, float, float] = eqx.field(converter=unit_vector, static=True, default=(0.0, 0.0, 1.0))

    def __check_init__(self) -> None:
        require_x64()
        check_finite("rotation", self.rotation)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        return jnp.broadcast_to(self.rotation, motion.times.shape)
