"""Eigenvalues of batches of Hermitian matrices."""

import jax
import jax.numpy as jnp

from .._types import Energies, Hamiltonian


@jax.custom_jvp
def eigenvalues(hamiltonian: Hamiltonian) -> Energies:
    """Ascending eigenvalues of (..., n, n) Hermitian matrices.

    The derivative is that of Hellmann and Feynman, dE_i = ⟨i|dH|i⟩: no difference of eigenvalues
    stands in a denominator, and sums over a degenerate group are exact.
    """
    return jnp.linalg.eigvalsh(hamiltonian, symmetrize_input=False)


@eigenvalues.defjvp
def _hellmann_feynman(primals, tangents):
    values, vectors = jnp.linalg.eigh(primals[0], symmetrize_input=False)
    tangent = jnp.einsum("...ai,...ab,...bi->...i", jnp.conj(vectors), tangents[0], vectors)
    return values, tangent.real
