"""The motion of a phonon and of the atoms it displaces."""

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._units import HBAR, ION_MAGNETONS, MAGNETON_RATIO
from ._base import AbstractModes


class Motion(eqx.Module):
    """Trajectory of C normal coordinates at T times; those of a `Phonon` run over pair, then component."""

    phonon: AbstractModes
    times: Float[Array, " T"]
    """ps"""
    q: Float[Array, "T C"]
    """Normal coordinates (T, C) in Å√u."""
    velocity: Float[Array, "T C"]
    """q̇ (T, C) in Å√u/ps."""
    status: diffrax.RESULTS
    """`diffrax.RESULTS.successful`, or why the numbers after the last step are not there (infinite)."""

    @property
    def angular_momentum(self) -> Float[Array, " T"]:
        """L = Σ q × q̇ (T,) about the phonon's axis, in ħ; summed over the pairs of a `Phonon`."""
        return jnp.einsum("ta,ab,tb->t", self.q, self.phonon.turning, self.velocity) / HBAR

    @property
    def energy(self) -> Float[Array, " T"]:
        """Kinetic and potential energy of the modes (T,), in eV per cell."""
        return self.phonon.energy(self.q, self.velocity)

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
        """L_i = m_i u_i × u̇_i (T, atoms), about the phonon's axis, in ħ.

        Their sum is κ L for one pair, with κ = Σ_i (e_1i × e_2i)·n: 1 where both polarisation vectors move every atom
        equally far, as in rocksalt, and 0.992 in KTaO₃, whose two O with a bond in the plane move on ellipses.
        """
        return self.phonon.masses * self._along_axis(jnp.cross(self.displacements, self.site_velocities)) / HBAR

    @property
    def site_inertia(self) -> Float[Array, "T atoms"]:
        """m_i times the square of u_i's distance (T, atoms) from the axis through the site, in Å²u."""
        u = self.displacements
        return self.phonon.masses * (jnp.sum(u**2, axis=-1) - self._along_axis(u) ** 2)

    @property
    def ionic_moment(self) -> Float[Array, " T"]:
        """M = ½ Σ_i (Z*_i u_i) × u̇_i (T,) about the phonon's axis, in μ_B per cell.

        The moment of the currents of the moving ions: Juraschek et al., Phys. Rev. Materials 1, 014401 (2017). Raises
        `InputError` for a phonon without `born_charges`.
        """
        charges = self.phonon.born_charges
        if charges is None:
            raise InputError("born_charges of the phonon", "must be given for the moment of the ions")
        dipoles = jnp.einsum("iab,tib->tia", charges, self.displacements)
        currents = jnp.sum(jnp.cross(dipoles, self.site_velocities), axis=1)
        return MAGNETON_RATIO * ION_MAGNETONS * self._along_axis(currents)

    @property
    def ionic_moment_nuclear(self) -> Float[Array, " T"]:
        """`ionic_moment` (T,) in nuclear magnetons per cell."""
        return self.ionic_moment / MAGNETON_RATIO

    def _along_axis(self, vectors: Float[Array, "*shape 3"]) -> Float[Array, "*shape"]:
        return vectors @ jnp.asarray(self.phonon.axis)

    def _of_sites(self, coordinates: Float[Array, "T C"]) -> Float[Array, "T atoms 3"]:
        per_coordinate = self.phonon.oscillators.eigenvectors / jnp.sqrt(self.phonon.masses)[:, None]
        return jnp.einsum("tc,cix->tix", coordinates, per_coordinate)
