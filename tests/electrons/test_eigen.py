"""The eigensolver: its guard against matrices that it fails on, and second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax.electrons import eigenvalues, eigh
from chiraljax.electrons._eigen import _solve, retried


def _batch():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(5, 4, 4)) + 1j * rng.normal(size=(5, 4, 4))
    return jnp.asarray(matrices + np.conj(np.swapaxes(matrices, 1, 2)))


def _fails_on_two(matrices, lower=True):
    """Like the batched solver of some GPUs: NaN for matrices it dislikes, here the second and fourth, from below."""
    values, vectors = _solve(matrices, lower=lower)
    bad = (jnp.arange(len(matrices)) % 2 == 1) & lower
    return jnp.where(bad[:, None], jnp.nan, values), jnp.where(bad[:, None, None], jnp.nan, vectors)


def test_failures_are_solved_from_the_other_triangle():
    matrices = _batch()
    for solve in (retried, jax.jit(retried, static_argnums=1)):
        values, vectors = solve(matrices, _fails_on_two)
        np.testing.assert_allclose(values, np.linalg.eigvalsh(matrices), atol=1e-12)
        rebuilt = (vectors * values[:, None, :].astype(complex)) @ jnp.conj(jnp.swapaxes(vectors, 1, 2))
        np.testing.assert_allclose(rebuilt, matrices, atol=1e-12)


def test_what_fails_twice_is_seen():
    values, _ = retried(_batch(), lambda matrices, lower=True: (matrices[..., 0].real * jnp.nan, matrices))
    assert np.all(np.isnan(values))


def test_guard_compiles_and_maps():
    """The same on this platform with and without `jit` and `vmap`."""
    matrices = _batch()
    plain = eigh(matrices)[0]
    np.testing.assert_allclose(jax.jit(eigh)(matrices)[0], plain, atol=1e-13)
    np.testing.assert_allclose(jax.vmap(eigh)(matrices)[0], plain, atol=1e-13)


def test_second_derivatives_of_groups():
    """A threefold level that dH splits: Σ d²E of the group is that of its centre of mass, by central differences.

    h² of the fourth derivative and 10⁻¹⁵/h² of roundoff: 10⁻⁶ with h = 10⁻³ for matrices of order one.
    """
    rng = np.random.default_rng(1)
    slopes = rng.normal(size=(2, 6, 6)) + 1j * rng.normal(size=(2, 6, 6))
    slopes = (slopes + np.conj(np.swapaxes(slopes, 1, 2))) / 4
    level = np.diag(np.array([-2.0, 0.0, 0.0, 0.0, 1.5, 3.0], complex))

    def group(x):
        return jnp.sum(eigenvalues(level + jnp.tensordot(x.astype(complex), slopes, 1))[1:4])

    def difference(x, y):
        step = 1e-3
        return sum(
            a * b * float(group(jnp.asarray(step * (a * np.eye(2)[x] + b * np.eye(2)[y]))))
            for a in (1, -1)
            for b in (1, -1)
        ) / (4 * step**2)

    expected = [[difference(i, j) for j in range(2)] for i in range(2)]
    for hessian in (jax.hessian(group), jax.jacrev(jax.jacrev(group)), jax.jit(jax.hessian(group))):
        np.testing.assert_allclose(hessian(jnp.zeros(2)), expected, atol=1e-5)


def test_second_derivative_of_an_edge(ktao3):
    """Of the lowest conduction doublet at a generic k in ξ; at Γ, where it is half of a quartet, it has no value."""
    electrons = ktao3.electrons

    @jax.jit
    def edge(xi):
        return electrons.with_parameters({"Ta.d.xi": xi}).energies(np.array([0.1, 0.23, 0.37]))[18:20].sum()

    step = 1e-3
    expected = (edge(0.3 + step) - 2 * edge(0.3) + edge(0.3 - step)) / step**2
    assert float(jax.jit(jax.hessian(edge))(0.3)) == pytest.approx(float(expected), rel=1e-4)
