"""The integrator with a model of its own: no electrons, and an operator that depends on k."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import Accuracy
from chiraljax.brillouin import AbstractBloch, thermal_averages
from chiraljax.electrons import Representation

MU = 0.3


class Chain(AbstractBloch):
    """E(k) = −t cos 2πk and A(k) = cos 2πk, one band in one dimension."""

    width: jax.Array
    """t, eV"""
    size, filled, count = 1, 0, 1
    bounds, shift, perturbation = np.ones(1), 0.0, "width"
    periodic, harmonics = (True, False, False), (3, 1, 1)
    operations = np.array([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
    representation = Representation(operations, np.zeros(2, bool), np.ones((2, 1, 1)), np.zeros((2, 1, 3)))

    @property
    def edges(self) -> tuple[float, float]:
        return -np.inf, -float(self.width)

    def trial_orbitals(self, states):
        return (0,)

    def matrices(self, k):
        cosine = jnp.cos(2 * jnp.pi * k[:, 0])[:, None, None].astype(complex)
        return -self.width * cosine, cosine[:, None]


def _exact(width):
    """At T = 0 all k with cos 2πk > −μ/t are filled: ⟨A⟩ = sin(θ)/π and θ/π states, θ = arccos(−μ/t)."""
    theta = np.arccos(-MU / width)
    return np.sin(theta) / np.pi, theta / np.pi


@pytest.mark.parametrize("temperature", [0.0, 20.0])
def test_closed_form(temperature):
    """To what is asked for; 20 K changes these by (π²/6)(k_BT)² times derivatives of order one, 5·10⁻⁶."""
    batch = [Chain(jnp.asarray(width)) for width in (1.0, 0.6)]
    found, converged = thermal_averages(
        batch, jnp.array([MU]), jnp.array([temperature]), Accuracy(rtol=1e-3), steering=(0, 1)
    )
    assert bool(converged)
    for r, width in enumerate((1.0, 0.6)):
        exact = np.array(_exact(width))
        assert np.all(np.abs(found.values[:, 0, r] - exact) < 1e-3 * exact)


def test_derivative_under_jit():
    """On a fixed rule, of a batch in one loop: against central differences, which err by 10⁻¹⁰."""

    @jax.jit
    def total(width):
        batch = [Chain(width), Chain(2 * width)]
        return thermal_averages(batch, jnp.array([MU]), jnp.array([2000.0]), Accuracy())[0].values[0].sum()

    expected = (total(1 + 1e-5) - total(1 - 1e-5)) / 2e-5
    assert float(jax.grad(total)(1.0)) == pytest.approx(float(expected), rel=1e-8)
