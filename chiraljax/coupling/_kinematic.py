"""The angular velocity of the moving cell itself."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_positive
from .._precision import require_x64
from .._types import Scalar
from .._units import HBAR
from ..phonon import AbstractModes, Motion, thermal_square
from ._base import AbstractCoupling, unit_vector


class KinematicRotation(AbstractCoupling):
    """Ω = L/(q² + q_T²): q² is the mode's moment of inertia, thermal motion adds inertia and no net L.

    **Arguments:** `temperature`: of the lattice, K, zero or positive, 300 unless given; `axis`: (3,),
    normalised, z unless given.

    **Raises:** `InputError` for a negative temperature or a zero axis.
    """

    temperature: Scalar = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float), default=300.0)
    axis: tuple[float, float, float] = eqx.field(converter=unit_vector, static=True, default=(0.0, 0.0, 1.0))

    def __check_init__(self) -> None:
        require_x64()
        check_positive("temperature", self.temperature, zero=True)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        inertia = jnp.einsum("ta,ab,tb->t", motion.q, motion.phonon.inertia, motion.q)
        return HBAR * motion.angular_momentum / (inertia + self.thermal_square(motion.phonon))

    def thermal_square(self, phonon: AbstractModes) -> Scalar:
        """q_T² in Å²u: the moment of inertia of the modes' thermal motion, Σ I_aa (ħ/2ω_a) coth(ħω_a/2k_BT)."""
        return jnp.sum(jnp.diagonal(phonon.inertia) * thermal_square(phonon, self.temperature))
