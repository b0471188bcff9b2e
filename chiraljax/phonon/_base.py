"""The oscillators of a lattice, and the interface of its modes."""

import abc
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._module import Module
from .._types import Scalar
from ..units import MASS_ENERGY

State: TypeAlias = tuple[Float[Array, " C"], Float[Array, " C"]]
"""q in Å√u and q̇ in Å√u/ps at one time."""


class Oscillators(NamedTuple):
    """C normal coordinates."""

    frequency: Float[Array, " C"]
    """ν₀ in THz"""
    damping: Float[Array, " C"]
    """η in rad/ps"""
    charges: Float[Array, "C 2"]
    """Z̃ for the two components of the field, in e/√u"""
    eigenvectors: Float[Array, "C atoms 3"]
    """mass-weighted polarisation vectors e, each normalised over the cell"""

    @property
    def angular_frequency(self) -> Float[Array, " C"]:
        """ω₀ = 2πν₀ in rad/ps."""
        return 2 * jnp.pi * self.frequency


class AbstractModes(Module):
    """Modes at Γ driven by a field in one plane: the part of `Phonon` that `Motion`, steps and couplings use."""

    masses: eqx.AbstractVar[Float[Array, " atoms"]]
    """In u."""

    dielectric_constant: eqx.AbstractVar[Scalar]
    """ε∞, which divides the field inside the crystal."""

    plane: eqx.AbstractVar[tuple[tuple[float, float, float], tuple[float, float, float]]]
    """Unit vectors of the field's components x and y; static. The lattice turns about their cross product, `axis`."""

    born_charges: eqx.AbstractVar[Float[Array, "atoms 3 3"] | None]
    """Z* in e: Z*[i, a, b] is the dipole along a of a displacement along b; None if not given."""

    volume: eqx.AbstractVar[Scalar | None]
    """Of the unit cell, Å³; None if not given."""

    @property
    @abc.abstractmethod
    def oscillators(self) -> Oscillators:
        """The normal coordinates, in the order of q."""

    @property
    @abc.abstractmethod
    def turning(self) -> Float[Array, "C C"]:
        """T of the angular momentum L = Σ q_a T_ab q̇_b about the axis; antisymmetric."""

    @property
    @abc.abstractmethod
    def inertia(self) -> Float[Array, "C C"]:
        """I of the moment of inertia Σ q_a I_ab q_b about the axis."""

    @property
    @abc.abstractmethod
    def harmonic(self) -> bool:
        """Whether V is known to be zero."""

    @abc.abstractmethod
    def potential(self, q: Float[Array, "*batch C"]) -> Float[Array, "*batch"]:
        """Anharmonic energy V (*batch) in u Å²/ps² at the normal coordinates q (*batch, C) in Å√u."""

    def anharmonic_force(self, q: Float[Array, "*batch C"]) -> Float[Array, "*batch C"]:
        """−∂V/∂q (*batch, C) in Å√u/ps² at q (*batch, C) in Å√u."""
        return -jax.grad(lambda q: jnp.sum(self.potential(q)))(q)

    def energy(self, q: Float[Array, "*batch C"], velocity: Float[Array, "*batch C"]) -> Float[Array, "*batch"]:
        """½ Σ (q̇² + ω₀²q²) + V, in eV per cell, at q (*batch, C) in Å√u and q̇ (*batch, C) in Å√u/ps."""
        harmonic = jnp.sum(velocity**2 + (self.oscillators.angular_frequency * q) ** 2, axis=-1) / 2
        return MASS_ENERGY * (harmonic + self.potential(q))

    @property
    def axis(self) -> tuple[float, float, float]:
        """Unit vector about which a positive ellipticity turns the lattice counter-clockwise."""
        x, y, z = np.cross(*self.plane).tolist()
        return x, y, z
