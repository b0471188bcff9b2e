"""The angular velocity of the moving cell itself."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_positive
from .._precision import require_x64
from .._types import Scalar
from .._units import BOLTZMANN, HBAR, HBAR_EV_PS
from ..phonon import AbstractPhonon, Motion
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
        check_positive("Argument temperature", self.temperature, zero=True)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        inertia = jnp.sum(motion.q**2, axis=-1) + self.thermal_square(motion.phonon)
        return HBAR * motion.angular_momentum / inertia

    def thermal_square(self, phonon: AbstractPhonon) -> Scalar:
        """q_T² = Σ_pairs 2 (ħ/2ω₀) coth(ħω₀/2k_BT) in Å²u."""
        omega = phonon.angular_frequency
        cold = self.temperature == 0
        thermal_energy = 2 * BOLTZMANN * jnp.where(cold, 1.0, self.temperature)
        occupation = jnp.where(cold, 1.0, 1 / jnp.tanh(HBAR_EV_PS * omega / thermal_energy))
        return jnp.sum(HBAR / omega * occupation)
