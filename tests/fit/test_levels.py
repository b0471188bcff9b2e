"""Levels and their slopes, whole and in chunks."""

from types import SimpleNamespace

import equinox as eqx
import jax
import numpy as np
import pytest

from chiraljax.fit import _levels
from chiraljax.fit._levels import Levels

K = np.random.default_rng(5).uniform(-0.5, 0.5, (7, 3))
STEP = 1e-4


@pytest.fixture(scope="module", params=["spinless", "spinor", "graphene", "GaAs"])
def levels(request, electrons, graphene):
    from chiraljax import load_material

    model = {
        "spinless": lambda: electrons.without_spin_orbit(),
        "spinor": lambda: electrons,
        "graphene": lambda: graphene.without_spin_orbit(),
        "GaAs": lambda: load_material("GaAs").electrons.without_spin_orbit(),
    }[request.param]()
    return Levels(model, K)


@pytest.fixture(scope="module")
def values(levels):
    parameters = levels.electrons.parameters
    return np.array([*[float(parameters[name]) for name in levels.names[:-1]], 0.25])


@pytest.fixture(scope="module")
def found(levels, values):
    """Energies, slopes and Jacobians at `values`, and the energies a step up and down in each of them."""

    @eqx.filter_jit
    def everything(levels, values, steps):
        energies, slopes = levels.with_slopes(values)
        return {
            "energies": energies,
            "slopes": slopes,
            "alone": levels(values),
            "forward": jax.jacfwd(levels)(values),
            "reverse": jax.jacrev(levels)(values),
            "shifted": jax.vmap(levels)(values + steps),
        }

    steps = STEP * np.eye(len(values))
    return SimpleNamespace(**jax.tree.map(np.asarray, everything(levels, values, np.concatenate([steps, -steps]))))


def test_energies_are_those_of_the_model(levels, found):
    """Shifted by the energy zero; roundoff of two eigensolvers of n×n matrices of 10 eV."""
    theirs = np.asarray(levels.electrons.energies(K))
    theirs = theirs if levels.electrons.has_spin_orbit else theirs[:, ::2]
    np.testing.assert_allclose(found.alone, theirs + 0.25, atol=1e-11)
    np.testing.assert_allclose(found.energies, theirs + 0.25, atol=1e-11)


def test_real_matrices_where_inversion_allows(electrons, graphene):
    assert Levels(electrons.without_spin_orbit(), K).pattern.real
    assert not Levels(graphene.without_spin_orbit(), K).pattern.real
    assert not Levels(electrons, K).pattern.real


def test_slopes_against_differences(values, found):
    """Central differences of step 1e-4: truncation below 1e-8·(slope's curvature of order 10), roundoff 1e-10."""
    up, down = np.split(found.shifted, 2)
    levels_apart = np.diff(found.alone, axis=1) > 0.02
    alone = np.pad(levels_apart, ((0, 0), (1, 0)), constant_values=True)
    alone &= np.pad(levels_apart, ((0, 0), (0, 1)), constant_values=True)
    for p in range(len(values)):
        difference = (up[p] - down[p]) / (2 * STEP)
        np.testing.assert_allclose(found.slopes[..., p][alone], difference[alone], atol=1e-5)
        np.testing.assert_allclose(found.slopes[..., p].sum(axis=1), difference.sum(axis=1), atol=1e-7)


def test_derivative_is_the_slopes(found):
    np.testing.assert_allclose(found.forward, found.slopes, atol=1e-12)
    np.testing.assert_allclose(found.reverse, found.forward, atol=1e-12)


def test_chunks_change_nothing(levels, values, found, monkeypatch):
    """Seven k-points in chunks of two, the last one short."""
    monkeypatch.setattr(_levels, "_AT_ONCE", 2 * 16 * levels.size**2 * len(levels.names))
    chunked = Levels(levels.electrons, K)
    assert chunked.elements is None
    both = eqx.filter_jit(lambda levels, values: (levels(values), jax.jacfwd(levels)(values)))
    energies, jacobian = (np.asarray(part) for part in both(chunked, values))
    np.testing.assert_allclose(energies, found.energies, atol=1e-11)
    np.testing.assert_allclose(jacobian.sum(axis=1), found.slopes.sum(axis=1), atol=1e-9)
