"""The levels of a model at given k-points, as functions of its parameters."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array, Float
from ..electrons import Electrons, eigh

OFFSET = "offset"
"""name of the energy zero: it shifts every level alike"""
_AT_ONCE = 2e8
"""bytes of matrices that are kept; more are made anew, one chunk of k-points at a time"""


class Levels(eqx.Module):
    """E_n(k; θ), ascending, and its slopes ∂E_n/∂θ_p = ⟨n|∂H/∂θ_p|n⟩ (Hellmann and Feynman).

    H is linear in θ, H(k) = Σ_p θ_p B_p(k), so all B_p(k) are made once. Spinless matrices serve as long as no
    spin–orbit term is among the names. Inside a degenerate group only sums of slopes are defined; those of the
    eigenvectors found are an element of the generalised Jacobian, and first order in any fit.
    """

    electrons: Electrons
    k: Float[np.ndarray, "K 3"]
    matrices: Float[Array, "K n n P"] | Array | None
    """B_p(k), real where inversion makes them so; None if there are too many"""
    names: tuple[str, ...] = eqx.field(static=True)
    """of θ, the last being `OFFSET`"""

    def __init__(self, electrons: Electrons, k: np.ndarray, matrices: Array | None = None):
        self.electrons, self.k = electrons, np.asarray(k, dtype=float)
        self.names = (*electrons.parameters, OFFSET)
        if matrices is None and len(k) * self.size**2 * len(self.names) * 16 <= _AT_ONCE:
            matrices = _simplest(electrons, self.k, _matrices(electrons, self.names[:-1], jnp.asarray(self.k)))
        self.matrices = matrices

    @property
    def size(self) -> int:
        """Levels a k-point: spin-orbitals with a spin–orbit term, else orbitals."""
        return self.electrons.size if self.electrons.has_spin_orbit else self.electrons.size // 2

    def at(self, rows: np.ndarray) -> "Levels":
        """The same levels at some of the k-points only."""
        return Levels(self.electrons, self.k[rows], None if self.matrices is None else self.matrices[rows])

    def __call__(self, values: Float[Array, " P"]) -> Float[Array, "K n"]:
        """Energies (eV) at θ = `values`."""
        if self.matrices is not None:
            return _energies(self.matrices, values)
        return self._in_chunks(lambda matrices: _energies(matrices, values))

    def with_slopes(self, values: Float[Array, " P"]) -> tuple[Float[Array, "K n"], Float[Array, "K n P"]]:
        """Energies and their slopes."""
        if self.matrices is not None:
            return _slopes(self.matrices, values)
        return self._in_chunks(lambda matrices: _slopes(matrices, values))

    def _in_chunks(self, function):
        size = max(1, int(_AT_ONCE / (16 * self.size**2 * len(self.names))))
        count = -(-len(self.k) // size)
        padded = jnp.asarray(np.resize(self.k, (count, size, 3)))
        parts = jax.lax.map(jax.checkpoint(lambda k: function(_matrices(self.electrons, self.names[:-1], k))), padded)
        return jax.tree.map(lambda part: part.reshape(-1, *part.shape[2:])[: len(self.k)], parts)


@eqx.filter_jit
def _matrices(electrons: Electrons, names: tuple[str, ...], k):
    def hamiltonian(values):
        model = electrons.with_parameters(dict(zip(names, values, strict=True)))
        return model.hamiltonian(k) if model.has_spin_orbit else model.spinless_hamiltonian(k)

    slopes = jax.jacfwd(hamiltonian)(jnp.zeros(len(names)))
    shift = jnp.broadcast_to(jnp.eye(slopes.shape[-2], dtype=complex), slopes.shape[:-1])
    return jnp.concatenate([slopes, shift[..., None]], axis=-1)


def _simplest(electrons: Electrons, k, matrices):
    """The same matrices in a basis in which they are real, if phases alone can make them so.

    They can if every site is a centre of inversion: with the phases i^l e^{2πi k·r} of the orbitals.
    """
    if electrons.has_spin_orbit:
        return matrices
    shells = {shell.name: shell.l for shell in electrons.specification[0]}
    positions = np.array([electrons.crystal.positions[site] for site, _, _ in electrons.orbitals])
    parity = np.array([1j ** shells[name] for _, name, _ in electrons.orbitals])
    phases = jnp.asarray(parity * np.exp(2j * np.pi * k @ positions.T))
    turned = jnp.conj(phases)[:, :, None, None] * matrices * phases[:, None, :, None]
    return turned.real if float(jnp.max(jnp.abs(turned.imag))) < 1e-12 else matrices


def _assemble(matrices, values):
    return matrices @ values.astype(matrices.dtype)


@jax.custom_jvp
def _energies(matrices, values):
    return eigh(_assemble(matrices, values))[0]


@_energies.defjvp
def _hellmann_feynman(primals, tangents):
    energies, slopes = _slopes(*primals)
    return energies, slopes @ tangents[1]


def _slopes(matrices, values):
    energies, vectors = eigh(_assemble(matrices, values))
    n = vectors.shape[-1]
    above = np.triu_indices(n, 1)
    pairs = jnp.conj(vectors[:, above[0]]) * vectors[:, above[1]]
    upper = matrices[:, above[0], above[1]]
    weights, entries = [jnp.abs(vectors) ** 2, 2 * pairs.real], [jnp.einsum("kaap->kap", matrices).real, upper.real]
    if jnp.iscomplexobj(matrices):
        weights.append(-2 * pairs.imag)
        entries.append(upper.imag)
    product = partial(jnp.einsum, "kxn,kxp->knp")
    return energies, product(jnp.concatenate(weights, axis=1), jnp.concatenate(entries, axis=1))
