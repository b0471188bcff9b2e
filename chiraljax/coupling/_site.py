"""An angular velocity of its own for every site."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import check_positive
from .._precision import require_x64
from .._types import Scalar
from .._units import HBAR
from ..phonon import Motion, thermal_square
from ._base import AbstractCoupling, unit_vector


class SiteRotation(AbstractCoupling):
    """Ω_i = L_i/(I_i + I_i,T): each site turns as its own atom does.

    L_i = m_i u_i × u̇_i and I_i = m_i u_i², of the distance from the axis; the modes' thermal motion adds the inertia
    I_i,T = Σ_a |e_ai|² ⟨q_a²⟩_T, of e_a across the axis. Where one pair of modes moves every atom on a circle, all Ω_i
    are the Ω of `KinematicRotation`; with several modes atoms turn at different rates, some even backwards. Of an atom
    that the modes do not move Ω_i is zero.

    **Arguments:** `temperature`: of the lattice, K, zero or positive, 300 unless given; `axis`: (3,),
    normalised, z unless given.

    **Raises:** `InputError` for a negative temperature or a zero axis.
    """

    per_site: ClassVar[bool] = True
    temperature: Scalar = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float), default=300.0)
    axis: tuple[float, float, float] = eqx.field(converter=unit_vector, static=True, default=(0.0, 0.0, 1.0))

    def __check_init__(self) -> None:
        require_x64()
        check_positive("temperature", self.temperature, zero=True)

    def __call__(self, motion: Motion) -> Float[Array, "T sites"]:
        vectors = motion.phonon.oscillators.eigenvectors
        across = jnp.sum(vectors**2, axis=-1) - (vectors @ jnp.asarray(motion.phonon.axis)) ** 2
        inertia = motion.site_inertia + thermal_square(motion.phonon, self.temperature) @ across
        moving = inertia > 0
        return jnp.where(moving, HBAR * motion.site_angular_momentum / jnp.where(moving, inertia, 1.0), 0.0)
