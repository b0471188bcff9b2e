"""The linear coupling to the angular momentum of the phonon."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_positive
from .._precision import require_x64
from .._types import Scalar
from .._units import HBAR
from ..phonon import Motion
from ._base import AbstractCoupling, unit_vector


class ConstantInertia(AbstractCoupling):
    """Ω = L/I_ref, the coupling α L·J with α = 1/I_ref.

    **Arguments:** `inertia`: I_ref in Å²u, positive; unless given, the largest |q|² that the paper's
    pulse drives in KTaO₃, so that Ω then peaks near ω₀. `axis`: (3,), normalised, z unless given.

    **Raises:** `InputError` for an inertia that is not positive or a zero axis.
    """

    inertia: Scalar = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float), default=1.45)
    axis: tuple[float, float, float] = eqx.field(converter=unit_vector, static=True, default=(0.0, 0.0, 1.0))

    def __check_init__(self) -> None:
        require_x64()
        check_positive("inertia", self.inertia)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        return HBAR * motion.angular_momentum / self.inertia
