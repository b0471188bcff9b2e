"""Levels and their slopes, whole and in chunks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax.fit import _levels
from chiraljax.fit._levels import Levels

K = np.random.default_rng(5).uniform(-0.5, 0.5, (7, 3))


@pytest.fixture(params=["spinless", "spinor", "graphene", "GaAs"])
def levels(request, electrons, graphene):
    from chiraljax import load_material

    model = {
        "spinless": lambda: electrons.without_spin_orbit(),
        "spinor": lambda: electrons,
        "graphene": lambda: graphene.without_spin_orbit(),
        "GaAs": lambda: load_material("GaAs").electrons.without_spin_orbit(),
    }[request.param]()
    return Levels(model, K)


def own(levels):
    parameters = levels.electrons.parameters
    return jnp.array([*[parameters[name] for name in levels.names[:-1]], 0.25])


def test_energies_are_those_of_the_model(levels):
    """Shifted by the energy zero; roundoff of two eigensolvers of n×n matrices of 10 eV."""
    theirs = np.asarray(levels.electrons.energies(K))
    theirs = theirs if levels.electrons.has_spin_orbit else theirs[:, ::2]
    np.testing.assert_allclose(levels(own(levels)), theirs + 0.25, atol=1e-11)


def test_real_matrices_where_inversion_allows(electrons, graphene):
    assert Levels(electrons.without_spin_orbit(), K).pattern.real
    assert not Levels(graphene.without_spin_orbit(), K).pattern.real
    assert not Levels(electrons, K).pattern.real


def test_slopes_against_differences(levels):
    """Central differences of step 1e-4: truncation below 1e-8·(slope's curvature of order 10), roundoff 1e-10."""
    values, step = own(levels), 1e-4
    slopes = np.asarray(levels.with_slopes(values)[1])
    for p in range(len(values)):
        change = jnp.zeros(len(values)).at[p].set(step)
        difference = (np.asarray(levels(values + change)) - np.asarray(levels(values - change))) / (2 * step)
        levels_apart = np.diff(np.asarray(levels(values)), axis=1) > 0.02
        alone = np.pad(levels_apart, ((0, 0), (1, 0)), constant_values=True)
        alone &= np.pad(levels_apart, ((0, 0), (0, 1)), constant_values=True)
        np.testing.assert_allclose(slopes[..., p][alone], difference[alone], atol=1e-5)
        np.testing.assert_allclose(slopes[..., p].sum(axis=1), difference.sum(axis=1), atol=1e-7)


def test_derivative_is_the_slopes(levels):
    values = own(levels)
    jacobian = jax.jacfwd(levels)(values)
    np.testing.assert_allclose(jacobian, levels.with_slopes(values)[1], atol=1e-12)
    np.testing.assert_allclose(jax.jacrev(levels)(values), jacobian, atol=1e-12)


def test_chunks_change_nothing(levels, monkeypatch):
    """Seven k-points in chunks of two, the last one short."""
    values = own(levels)
    whole, slopes = levels.with_slopes(values)
    monkeypatch.setattr(_levels, "_AT_ONCE", 2 * 16 * levels.size**2 * len(levels.names))
    chunked = Levels(levels.electrons, K)
    assert chunked.elements is None
    np.testing.assert_allclose(chunked(values), whole, atol=1e-11)
    jacobian = np.asarray(eqx.filter_jit(lambda levels, values: jax.jacfwd(levels)(values))(chunked, values))
    np.testing.assert_allclose(jacobian.sum(axis=1), np.asarray(slopes).sum(axis=1), atol=1e-9)
