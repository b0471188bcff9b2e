"""A group of bands as a small matrix that is smooth in k."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._types import Array, BatchOperators, Complex, Float, Hamiltonian
from ._eigen import inverse_square_root, projector
from ._electrons import Electrons


class WannierMatrices(NamedTuple):
    """Operators in the basis of the Wannier functions of a group of bands."""

    hamiltonian: Complex[Array, "*batch m m"]
    """eV"""
    operators: Complex[Array, "*batch a m m"]
    overlap: Float[Array, "*batch"]
    """smallest eigenvalue of the overlap of the projected trial orbitals, in (0, 1]"""
    rest: Float[Array, "*batch a"]
    """Tr A over the bands below the group"""


def wannier(
    hamiltonian: Hamiltonian, operators: BatchOperators, states: tuple[int, int], trial: tuple[int, ...]
) -> WannierMatrices:
    """H and A between the Löwdin-orthonormalised projections of trial orbitals on a group of bands.

    With the projector P(k) on the bands and g the columns `trial` of the unit matrix,

        W = P g (g†P g)^(−1/2),  H_w = W†H W,  A_w = W†A W.

    The eigenvalues of H_w are those of H in the group. With a gap around the group, P is smooth and periodic in k. So
    is H_w where the overlap g†Pg is not close to zero, and it can be interpolated.
    Marzari and Vanderbilt, Phys. Rev. B 56, 12847 (1997), Sec. IV D; Yates et al., Phys. Rev. B 75, 195121 (2007).

    Args:
        hamiltonian: (..., n, n) in eV.
        operators: (..., a, n, n), Hermitian.
        states: the bands are states[0] … states[1] − 1.
        trial: numbers of the trial orbitals in the basis, as many as bands; see `trial_orbitals`.
    """
    inside = projector(hamiltonian, states)
    projected = inside[..., :, list(trial)]
    overlap = projected[..., list(trial), :]
    frame = projected @ inverse_square_root(overlap)
    adjoint = jnp.conj(jnp.swapaxes(frame, -1, -2))
    return WannierMatrices(
        hamiltonian=adjoint @ hamiltonian @ frame,
        operators=adjoint[..., None, :, :] @ operators @ frame[..., None, :, :],
        overlap=jnp.linalg.eigvalsh(overlap)[..., 0],
        rest=jnp.einsum("...aij,...ji->...a", operators, jnp.eye(inside.shape[-1], dtype=complex) - inside).real
        if states[0] > 0
        else jnp.zeros((*inside.shape[:-2], operators.shape[-3])),
    )


def trial_orbitals(electrons: Electrons, states: tuple[int, int]) -> tuple[int, ...]:
    """Trial orbitals of a group of bands: pivots of the Cholesky factorisation of ⟨P(k)⟩ over 27 k-points at Ω = 0.

    As Damle, Lin and Ying, J. Chem. Theory Comput. 11, 1463 (2015) choose columns.
    """
    u = (np.arange(3) + 0.37) / 3
    k = np.stack(np.meshgrid(u, u, u, indexing="ij"), axis=-1).reshape(-1, 3)
    mean = np.array(_mean_projector(electrons, states, k))
    chosen: list[int] = []
    for _ in range(states[1] - states[0]):
        pivot = int(np.argmax(np.round(np.real(np.diag(mean)), 9)))
        chosen.append(pivot)
        mean = mean - np.outer(mean[:, pivot], mean[pivot]) / mean[pivot, pivot]
    return tuple(sorted(chosen))


@eqx.filter_jit
def _mean_projector(electrons, states, k):
    return jnp.mean(projector(electrons.hamiltonian(k), states), axis=0)
