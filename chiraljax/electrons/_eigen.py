"""Eigenvalues and functions of batches of Hermitian matrices, with derivatives that allow degeneracy."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from .._types import Array, BatchOperators, Energies, Float, Hamiltonian, HermitianMatrix

_DEGENERATE = 1e-10
"""eV; levels closer than this are degenerate"""


def eigh(hermitian: HermitianMatrix) -> tuple[Energies, HermitianMatrix]:
    """Eigenvalues (..., n), ascending, and eigenvectors of Hermitian or real symmetric matrices (..., n, n).

    Only one triangle is read. On a GPU the batched solver for small matrices returns NaN for some of them. A batch with
    any NaN is solved again from the other triangle; what is still NaN is returned.
    """
    return _solve(hermitian) if jax.default_backend() == "cpu" else retried(hermitian)


def _solve(hermitian, lower: bool = True):
    vectors, values = jax.lax.linalg.eigh(hermitian, lower=lower, symmetrize_input=False)
    return values, vectors


def retried(hermitian: HermitianMatrix, solve=_solve) -> tuple[Energies, HermitianMatrix]:
    """The solution from the lower triangle; for matrices where it is NaN, from the upper one."""
    values, vectors = solve(hermitian)
    wrong = jnp.any(jnp.isnan(values), axis=-1)

    def again(_):
        other, others = solve(hermitian, lower=False)
        return jnp.where(wrong[..., None], other, values), jnp.where(wrong[..., None, None], others, vectors)

    return jax.lax.cond(jnp.any(wrong), again, lambda _: (values, vectors), None)


@jax.custom_jvp
def eigenvalues(hamiltonian: Hamiltonian) -> Energies:
    """Ascending eigenvalues (..., n) of Hermitian matrices (..., n, n).

    The derivative is that of Hellmann and Feynman, dE_i = ⟨i|dH|i⟩: no difference of eigenvalues is in a denominator,
    and sums over a degenerate group are exact. The second derivative is that of second-order perturbation theory from
    all levels outside the group (10⁻¹⁰ eV), whose sums over a group are exact too.
    """
    return eigh(hamiltonian)[0]


@eigenvalues.defjvp
def _hellmann_feynman(primals, tangents):
    values, vectors = _states(primals[0])
    tangent = jnp.einsum("...ai,...ab,...bi->...i", jnp.conj(vectors), tangents[0], vectors)
    return values, tangent.real


@jax.custom_jvp
def _states(hamiltonian: Hamiltonian) -> tuple[Energies, Hamiltonian]:
    """`eigh` with d|i⟩ = Σ_j |j⟩⟨j|dH|i⟩/(E_i − E_j) over the levels j outside the degenerate group of i."""
    return eigh(hamiltonian)


@_states.defjvp
def _outside_the_group(primals, tangents):
    values, vectors = _states(primals[0])
    inside = jnp.conj(jnp.swapaxes(vectors, -1, -2)) @ tangents[0] @ vectors
    mixing = _inverse(values[..., None, :] - values[..., :, None]).astype(inside.dtype) * inside
    return (values, vectors), (jnp.einsum("...ii->...i", inside).real, vectors @ mixing)


def _inverse(distance: Float[Array, "*batch n n"]) -> Float[Array, "*batch n n"]:
    """1/distance of levels (eV), 0 inside a degenerate group."""
    apart = jnp.abs(distance) > _DEGENERATE
    return jnp.where(apart, 1.0 / jnp.where(apart, distance, 1.0), 0.0)


@jax.custom_jvp
def expectations(hamiltonian: Hamiltonian, operators: BatchOperators) -> tuple[Energies, Float[Array, "*batch a n"]]:
    """Eigenvalues E_i (..., n), ascending, and ⟨i|A|i⟩ (..., a, n) of Hermitian operators.

    d⟨i|A|i⟩ = ⟨i|dA|i⟩ + 2 Re Σ_j ⟨i|A|j⟩⟨j|dH|i⟩/(E_i − E_j). Neither the states nor this are defined inside a
    degenerate group: levels within 10⁻¹⁰ eV are left out of the sum.
    """
    values, vectors = eigh(hamiltonian)
    inside = jnp.einsum("...mi,...amn,...ni->...ai", jnp.conj(vectors), operators, vectors, optimize=True)
    return values, inside.real


@expectations.defjvp
def _first_order(primals, tangents):
    values, vectors = eigh(primals[0])
    adjoint = jnp.conj(jnp.swapaxes(vectors, -1, -2))
    inside, d_inside = (
        adjoint[..., None, :, :] @ part @ vectors[..., None, :, :] for part in (primals[1], tangents[1])
    )
    shift = adjoint @ tangents[0] @ vectors
    inverse = _inverse(values[..., :, None] - values[..., None, :]).astype(complex)
    mixing = (jnp.swapaxes(shift, -1, -2) * inverse)[..., None, :, :]
    change = jnp.einsum("...ii->...i", d_inside).real + 2 * jnp.sum(inside * mixing, axis=-1).real
    diagonal = jnp.einsum("...ii->...i", inside).real
    return (values, diagonal), (jnp.einsum("...ii->...i", shift).real, change)


def projector(hamiltonian: Hamiltonian, states: tuple[int, int]) -> Hamiltonian:
    """Σ |i⟩⟨i| over the levels states[0] ≤ i < states[1], with a gap to the others."""

    def inside(values):
        index = jnp.arange(values.shape[-1])
        return jnp.broadcast_to(((index >= states[0]) & (index < states[1])).astype(float), values.shape)

    return _function(inside, None, hamiltonian)


def inverse_square_root(positive: Hamiltonian) -> Hamiltonian:
    """G^(−1/2) of a positive definite matrix."""
    return _function(lambda x: x**-0.5, lambda a, b: -((a * b) ** -0.5) / (a**0.5 + b**0.5), positive)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _function(of: Callable, difference: Callable | None, hermitian: Hamiltonian) -> Hamiltonian:
    values, vectors = eigh(hermitian)
    return (vectors * of(values)[..., None, :].astype(complex)) @ jnp.conj(jnp.swapaxes(vectors, -1, -2))


@_function.defjvp
def _divided_difference(of, difference, primals, tangents):
    """Daleckii and Krein: dF = V (F[x_i, x_j] ∘ V†dHV) V†. Higham, Functions of Matrices (2008), Eq. 3.13."""
    values, vectors = eigh(primals[0])
    adjoint = jnp.conj(jnp.swapaxes(vectors, -1, -2))
    a, b = values[..., :, None], values[..., None, :]
    if difference is None:
        step = of(values)[..., :, None] - of(values)[..., None, :]
        ratio = jnp.where(step == 0, 0, step / jnp.where(step == 0, 1, a - b))
    else:
        ratio = difference(a, b)
    value = (vectors * of(values)[..., None, :].astype(complex)) @ adjoint
    return value, vectors @ (jnp.asarray(ratio, dtype=complex) * (adjoint @ tangents[0] @ vectors)) @ adjoint
