"""The angular velocity of the moving cell itself."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._parameter import parameter
from .._types import Scalar
from ..phonon import AbstractModes, Motion, thermal_square
from ..units import HBAR
from ._base import AbstractCoupling


class KinematicRotation(AbstractCoupling):
    """Ω = L/(q² + q_T²): q² is the mode's moment of inertia, thermal motion adds inertia and no net L.

    The argument is the field; it is differentiable.

    Raises:
        InputError: for a temperature out of its range.
    """

    name: ClassVar[str] = "kinematic"

    temperature: Scalar = parameter(unit="K", help="of the lattice", default=300.0, low=0.0)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        phonon = motion.phonon
        return _speed(motion.q, phonon.inertia, motion.angular_momentum, self.thermal_square(phonon))

    @eqx.filter_jit
    def thermal_square(self, phonon: AbstractModes) -> Scalar:
        """q_T² in Å²u: the moment of inertia of the modes' thermal motion, Σ I_aa (ħ/2ω_a) coth(ħω_a/2k_BT)."""
        return jnp.sum(jnp.diagonal(phonon.inertia) * thermal_square(phonon, self.temperature))


@jax.jit
def _speed(
    q: Float[Array, "T C"], inertia: Float[Array, "C C"], angular_momentum: Float[Array, " T"], thermal_square: Scalar
) -> Float[Array, " T"]:
    return HBAR * angular_momentum / (jnp.einsum("ta,ab,tb->t", q, inertia, q) + thermal_square)
