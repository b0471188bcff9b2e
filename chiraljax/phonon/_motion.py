"""The motion of a phonon and of the atoms that it displaces."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .._errors import InputError
from .._result import AbstractResult, Quantity, derived, quantity
from .._tracing import concrete
from ..units import HBAR, ION_MAGNETONS, MAGNETON_RATIO
from ._base import AbstractModes

_SITES = ("time", "atom")
_VECTORS = ("time", "atom", "direction")


class Motion(AbstractResult):
    """Trajectory of C normal coordinates at T times; for pairs in the order pair, then component."""

    phonon: AbstractModes
    times: Float[Array, " T"] = quantity("ps", ("time",), label="time")
    """ps"""
    q: Float[Array, "T C"] = quantity("angstrom sqrt(u)", ("time", "coordinate"), meaning="normal coordinate")
    """Normal coordinates (T, C) in Å√u."""
    velocity: Float[Array, "T C"] = quantity("angstrom sqrt(u)/ps", ("time", "coordinate"), meaning="its velocity")
    """q̇ (T, C) in Å√u/ps."""
    converged: Bool[Array, ""] = eqx.field(converter=jnp.asarray, default=True)
    """Whether the steps reached the last time; if not, the numbers after the last step are infinite. An array with one
    value per motion under `vmap`."""

    @property
    def status(self) -> str:
        """`"converged"`, or `"steps_exhausted"` where `AdaptiveSteps` needed more than `max_steps`."""
        converged = concrete(self.converged)
        if converged is None:
            return "not known yet"
        return "converged" if np.all(converged) else "steps_exhausted"

    def quantities(self) -> dict[str, Quantity]:
        """The labelled fields and derived properties; the moment of the ions only with `born_charges`."""
        quantities = super().quantities()
        if self.phonon.born_charges is None:
            del quantities["ionic_moment"]
        return quantities

    @property
    @derived("hbar", ("time",))
    def angular_momentum(self) -> Float[Array, " T"]:
        """L (T,) in ħ about the phonon's axis: Σ q × q̇ over the pairs; for single modes the sum over the sites."""
        return _turned(self.q, self.phonon.turning, self.velocity)

    @property
    @derived("eV/cell", ("time",))
    def energy(self) -> Float[Array, " T"]:
        """Kinetic and potential energy of the modes (T,), in eV per cell."""
        return self.phonon.energy(self.q, self.velocity)

    @property
    @derived("angstrom", _VECTORS)
    def displacements(self) -> Float[Array, "T atoms 3"]:
        """u_i = Σ q e_i/√m_i (T, atoms, 3) in Å."""
        return self._of_sites(self.q)

    @property
    @derived("angstrom/ps", _VECTORS)
    def site_velocities(self) -> Float[Array, "T atoms 3"]:
        """u̇_i (T, atoms, 3) in Å/ps."""
        return self._of_sites(self.velocity)

    @property
    @derived("hbar", _SITES)
    def site_angular_momentum(self) -> Float[Array, "T atoms"]:
        """L_i = m_i u_i × u̇_i (T, atoms), about the phonon's axis, in ħ.

        For one pair Σ_i L_i = κ L with κ = Σ_i (e_1i × e_2i)·n. κ = 1 where both polarisation vectors move every atom
        equally far, as in rocksalt; κ = 0.992 in KTaO₃, where the two O with a bond in the plane move on ellipses.
        """
        return self.phonon.masses * self._along_axis(jnp.cross(self.displacements, self.site_velocities)) / HBAR

    @property
    @derived("angstrom^2 u", _SITES)
    def site_inertia(self) -> Float[Array, "T atoms"]:
        """I_i = m_i |u_i − (u_i·n) n|² (T, atoms) about the axis n through the site, in Å²u."""
        u = self.displacements
        return self.phonon.masses * (jnp.sum(u**2, axis=-1) - self._along_axis(u) ** 2)

    @property
    @derived("mu_B/cell", ("time",))
    def ionic_moment(self) -> Float[Array, " T"]:
        """M = ½ Σ_i (Z*_i u_i) × u̇_i (T,) about the phonon's axis, in μ_B per cell.

        The moment of the currents of the moving ions: Juraschek et al., Phys. Rev. Materials 1, 014401 (2017).

        Raises:
            InputError: for a phonon without `born_charges`.
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
        return _displaced(coordinates, self.phonon.oscillators.eigenvectors, self.phonon.masses)


@jax.jit
def _turned(q: Float[Array, "T C"], turning: Float[Array, "C C"], velocity: Float[Array, "T C"]) -> Float[Array, " T"]:
    return jnp.einsum("ta,ab,tb->t", q, turning, velocity) / HBAR


@jax.jit
def _displaced(
    coordinates: Float[Array, "T C"], eigenvectors: Float[Array, "C atoms 3"], masses: Float[Array, " atoms"]
) -> Float[Array, "T atoms 3"]:
    return jnp.einsum("tc,cix->tix", coordinates, eigenvectors / jnp.sqrt(masses)[:, None])
