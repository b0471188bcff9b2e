"""The motion of a phonon and of the atoms it displaces."""

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._units import HBAR
from ._base import AbstractPhonon


class Motion(eqx.Module):
    """Trajectory of a phonon with P degenerate pairs at T times; coordinates run over pair, then component."""

    phonon: AbstractPhonon
    times: Float[Array, " T"]
    """ps"""
    q: Float[Array, "T coordinates"]
    """Normal coordinates (T, 2P) in Å√u."""
    velocity: Float[Array, "T coordinates"]
    """q̇ (T, 2P) in Å√u/ps."""
    status: diffrax.RESULTS
    """`diffrax.RESULTS.successful`, or why the numbers after the last step are not there (infinite)."""

    @property
    def angular_momentum(self) -> Float[Array, " T"]:
        """L = Σ_pairs q × q̇ (T,), z component, in ħ."""
        q, velocity = _paired(self.q), _paired(self.velocity)
        return jnp.sum(q[..., 0] * velocity[..., 1] - q[..., 1] * velocity[..., 0], axis=-1) / HBAR

    @property
    def displacements(self) -> Float[Array, "T atoms 3"]:
        """u_i = Σ q e_i/√m_i (T, atoms, 3) in Å."""
        return self._of_sites(self.q)

    @property
    def site_velocities(self) -> Float[Array, "T atoms 3"]:
        """u̇_i (T, atoms, 3) in Å/ps."""
        return self._of_sites(self.velocity)

    @property
    def site_angular_momentum(self) -> Float[Array, "T atoms"]:
        """L_i = m_i u_i × u̇_i (T, atoms), z component, in ħ.

        The sum over atoms is κ L with κ = Σ_i (e_1i × e_2i)_z for one pair: 1 where both
        polarisation vectors move every atom equally far, and 0.992 in KTaO₃, whose two O with a
        bond in the plane move on ellipses.
        """
        u, v = self.displacements, self.site_velocities
        return self.phonon.masses * (u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]) / HBAR

    def _of_sites(self, coordinates: Float[Array, "T coordinates"]) -> Float[Array, "T atoms 3"]:
        per_coordinate = self.phonon.eigenvectors / jnp.sqrt(self.phonon.masses)[:, None]
        return jnp.einsum("tpc,pcix->tix", _paired(coordinates), per_coordinate)


def _paired(coordinates: Float[Array, "T coordinates"]) -> Float[Array, "T pairs 2"]:
    return coordinates.reshape(coordinates.shape[0], -1, 2)
