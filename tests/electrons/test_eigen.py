"""The eigensolver's guard against matrices that it fails on."""

import jax
import jax.numpy as jnp
import numpy as np

from chiraljax.electrons import eigh
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
