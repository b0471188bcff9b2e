"""Spin of single bands."""

import jax
import jax.numpy as jnp
import numpy as np

from .._types import ArrayLike, Float
from ..electrons import Electrons

_EQUAL = 1e-7
"""eV, up to which two levels are one degenerate level"""


@jax.jit
def _levels(hamiltonian, sigma):
    energies, states = jnp.linalg.eigh(hamiltonian)
    return energies, jnp.einsum("kai,ab,kbi->ki", jnp.conj(states), sigma, states, optimize=True).real


def band_spin(
    electrons: Electrons, k: ArrayLike, rotation: ArrayLike = 0.0
) -> tuple[Float[np.ndarray, "K n"], Float[np.ndarray, "K n"]]:
    """Energies (K, n) in eV, ascending, and ⟨σ_z⟩ from −1 to 1 of each, (K, n), at fractional k (K, 3).

    Levels within 10⁻⁷ eV are one degenerate level with the mean of their ⟨σ_z⟩, since that of each depends on the basis
    within it.

    Args:
        electrons: at rest or rotating.
        k: (K, 3), fractional.
        rotation: Ω_z, or (3,), in rad/ps.
    """
    energies, spin = (np.asarray(a) for a in _levels(electrons.hamiltonian(k, rotation), electrons.spin[2]))
    opens = np.diff(energies, axis=1, prepend=-np.inf) > _EQUAL
    group = np.cumsum(opens) - 1
    mean = np.bincount(group, spin.ravel()) / np.bincount(group)
    return energies, mean[group].reshape(spin.shape)
