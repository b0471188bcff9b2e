"""Effective masses of a band with a known one."""

import jax
import numpy as np
import pytest
import scipy.constants as const

import chiraljax as cj
from chiraljax import Crystal, Hopping, InputError, Shell, slater_koster

A, V = 3.0, -0.4
HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20


@pytest.fixture(scope="module")
def cosine():
    """E = 2V Σ cos(k_i a): at Γ the mass is ħ²/(−2V a²) along every axis."""
    crystal = Crystal(A * np.eye(3), ["H"], [[0, 0, 0]])
    return slater_koster(
        crystal, [Shell("H", "s", {"energy": 0.0})], [Hopping(("H.s", "H.s"), 1, {"sigma": V})], filling=0
    )


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 1, 1), (0, 2, 1)])
def test_cosine_band(cosine, direction):
    """Truncation (ka)⁴ of the extrapolated differences: (0.015)⁴; roundoff 1e-14/(0.0025)²."""
    expected = HBAR2_OVER_MASS / (-2 * V * A**2)
    np.testing.assert_allclose(cj.effective_masses(cosine, direction), expected, rtol=1e-6)


def test_degenerate_edge_and_gradient(electrons):
    """Four levels meet at Γ; light and heavy pairs. The slope in (pdπ) against central differences."""
    masses = cj.effective_masses(electrons)
    assert masses.shape == (4,)
    assert masses[0] == pytest.approx(float(masses[1]), rel=1e-6)

    def heavy(value):
        return cj.effective_masses(electrons.with_parameters({"O-Ta.pd_pi.1": value}), count=4)[0]

    at, step = electrons.parameters["O-Ta.pd_pi.1"], 1e-4
    difference = (heavy(at + step) - heavy(at - step)) / (2 * step)
    assert float(jax.jit(jax.grad(heavy))(at)) == pytest.approx(float(difference), rel=1e-4)


def test_gap(electrons):
    edges = cj.conduction_edge(electrons).energy - cj.valence_edge(electrons).energy
    assert float(cj.gap(electrons)) == float(edges)
    assert np.all(np.asarray(cj.effective_masses(electrons, edge="valence")) < 0)


def test_refused(electrons):
    with pytest.raises(InputError, match="direction must be a vector"):
        cj.effective_masses(electrons, (0, 0, 0))
    with pytest.raises(InputError, match="edge must be conduction or valence"):
        cj.effective_masses(electrons, edge="top")
    with pytest.raises(InputError, match="count must be positive"):
        cj.effective_masses(electrons, count=40)
    with pytest.raises(InputError, match="count of levels must be given under jit"):
        jax.jit(cj.effective_masses)(electrons)
