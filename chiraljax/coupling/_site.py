"""An angular velocity of its own for every site."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._parameter import parameter
from .._types import Scalar
from ..phonon import Motion, thermal_square
from ..units import HBAR
from ._base import AbstractCoupling


class SiteRotation(AbstractCoupling):
    """Ω_i = L_i/(I_i + I_i,T): each site turns as its own atom does.

    L_i = m_i u_i × u̇_i and I_i = m_i |u_i|², and the thermal motion of the modes adds I_i,T = Σ_a |e_ai|² ⟨q_a²⟩_T;
    |u_i| and |e_ai| are those across the axis. Where one pair of modes moves every atom on a circle, all Ω_i are the Ω
    of `KinematicRotation`; with several modes atoms turn at different rates, some even backwards. Ω_i = 0 for an atom
    that the modes do not move.

    The argument is the field; it is differentiable.

    Raises:
        InputError: for a temperature out of its range.
    """

    name: ClassVar[str] = "site"
    per_site: ClassVar[bool] = True

    temperature: Scalar = parameter(unit="K", help="of the lattice", default=300.0, low=0.0)

    def __call__(self, motion: Motion) -> Float[Array, "T sites"]:
        vectors = motion.phonon.oscillators.eigenvectors
        across = jnp.sum(vectors**2, axis=-1) - (vectors @ jnp.asarray(motion.phonon.axis)) ** 2
        inertia = motion.site_inertia + thermal_square(motion.phonon, self.temperature) @ across
        moving = inertia > 0
        return jnp.where(moving, HBAR * motion.site_angular_momentum / jnp.where(moving, inertia, 1.0), 0.0)
