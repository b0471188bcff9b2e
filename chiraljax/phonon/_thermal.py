"""Thermal motion of the modes."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import ArrayLike
from .._units import BOLTZMANN, HBAR, HBAR_EV_PS, MASS_ENERGY
from ._base import AbstractModes


def thermal_square(phonon: AbstractModes, temperature: ArrayLike, statistics: str = "quantum") -> Float[Array, " C"]:
    """⟨q²⟩ of each normal coordinate (C,) in Å²u at `temperature` (K), zero or positive.

    (ħ/2ω₀) coth(ħω₀/2k_BT), or k_BT/ω₀² with `statistics` "classical".
    """
    omega, heat = phonon.oscillators.angular_frequency, jnp.asarray(temperature, dtype=float)
    if statistics == "classical":
        return BOLTZMANN * heat / MASS_ENERGY / omega**2
    cold = heat == 0
    quanta = HBAR_EV_PS * omega / (2 * BOLTZMANN * jnp.where(cold, 1.0, heat))
    return HBAR / (2 * omega) * jnp.where(cold, 1.0, 1 / jnp.tanh(quanta))
