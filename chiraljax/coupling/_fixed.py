"""A constant angular velocity."""

import math
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite
from .._errors import check
from .._parameter import parameter
from .._types import ArrayLike, Scalar
from ..phonon import AbstractModes, Motion
from ._base import AbstractCoupling


def _unit_vector(axis: ArrayLike | None) -> tuple[float, float, float] | None:
    if axis is None:
        return None
    vector = np.asarray(axis, dtype=float)
    check(vector.shape == (3,), "axis", f"must have the shape (3,), but got {vector.shape}")
    check_finite("axis", vector)
    check(vector.any(), "axis", "must not be zero, but got [0, 0, 0]")
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    return x, y, z


class FixedRotation(AbstractCoupling):
    """Ω is `rotation` at all times, as in Figs. 3b and 4 of the paper.

    Args:
        rotation: Ω in rad/ps.
        axis: (3,), static; it is normalised. Unless given, that of the motion.

    Raises:
        InputError: for a rotation that is not finite or a zero axis.
    """

    name: ClassVar[str] = "fixed"

    rotation: Scalar = parameter(unit="rad/ps", help="Ω", default=2 * math.pi * 2.42)
    axis: tuple[float, float, float] | None = eqx.field(converter=_unit_vector, static=True, default=None)

    def axis_of(self, phonon: AbstractModes) -> tuple[float, float, float]:
        return phonon.axis if self.axis is None else self.axis

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        return jnp.broadcast_to(self.rotation, motion.times.shape)
