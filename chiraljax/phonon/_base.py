"""What the motion of a phonon is made of: oscillators, and the atoms that they displace."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._module import Module
from .._types import Scalar


class AbstractPhonon(Module):
    """Degenerate pairs of modes in the plane of the field."""

    frequency: eqx.AbstractVar[Float[Array, " pairs"]]
    """ν₀ in THz."""

    damping: eqx.AbstractVar[Float[Array, " pairs"]]
    """η in rad/ps."""

    mode_effective_charge: eqx.AbstractVar[Float[Array, " pairs"]]
    """Z̃ in e/√u."""

    dielectric_constant: eqx.AbstractVar[Scalar]
    """ε∞, by which the field inside the crystal is smaller."""

    eigenvectors: eqx.AbstractVar[Float[Array, "pairs 2 atoms 3"]]
    """Mass-weighted polarisation vectors e, each normalised over the cell."""

    masses: eqx.AbstractVar[Float[Array, " atoms"]]
    """In u."""

    @abc.abstractmethod
    def potential(self, q: Float[Array, "*batch pairs 2"]) -> Float[Array, "*batch"]:
        """Anharmonic energy V (*batch) in u Å²/ps² at the normal coordinates q (*batch, pairs, 2) in Å√u."""

    @abc.abstractmethod
    def anharmonic_force(self, q: Float[Array, "*batch pairs 2"]) -> Float[Array, "*batch pairs 2"]:
        """−∂V/∂q (*batch, pairs, 2) in Å√u/ps² at q (*batch, pairs, 2) in Å√u."""

    @property
    def angular_frequency(self) -> Float[Array, " pairs"]:
        """ω₀ = 2πν₀ in rad/ps."""
        return 2 * jnp.pi * self.frequency
