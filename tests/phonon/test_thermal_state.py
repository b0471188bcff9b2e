"""Thermal samples: their moments, and their smoothness in temperature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import constants

from chiraljax import InputError
from chiraljax.phonon import Phonon, thermal_state

SAMPLES = 20_000


@pytest.fixture(scope="module")
def modes():
    """Two modes, at 300 K one in the classical and one in the quantum regime: ħω/k_BT = 0.4 and 3.2."""
    return Phonon([2.42, 20.0], [0.64, 1.0], np.zeros((2, 2)), np.eye(3)[:2, None, None], [16.0])


def _expected(modes, temperature, statistics):
    """k_BT_eff in u Å²/ps², in SI units throughout, by the sum over levels E_n = ħω(n + ½), ⟨E⟩ = k_BT_eff."""
    omega = 2e12 * np.pi * np.asarray(modes.frequency)
    if statistics == "classical":
        energy = constants.k * temperature * np.ones_like(omega)
    else:
        levels = constants.hbar * omega * (np.arange(400)[:, None] + 0.5)
        weights = np.exp(-(levels - levels[0]) / (constants.k * temperature))
        energy = (levels * weights).sum(0) / weights.sum(0)
    return energy / (constants.atomic_mass * 1e4)


@pytest.mark.parametrize("statistics", ["quantum", "classical"])
@pytest.mark.parametrize("temperature", [20.0, 300.0])
def test_moments(modes, statistics, temperature):
    """⟨ω²q²⟩ = ⟨q̇²⟩ = k_BT_eff and no correlations; N Gaussians give a variance to √(2/N), a correlation to 1/√N."""
    q, velocity = thermal_state(modes, temperature, jax.random.key(1), SAMPLES, statistics)
    omega = 2 * np.pi * np.asarray(modes.frequency)
    heat = _expected(modes, temperature, statistics)
    unit = np.concatenate([omega * q, velocity], axis=1) / np.sqrt(np.tile(heat, 2))
    assert unit.shape == (SAMPLES, 4)
    budget = 4 / np.sqrt(SAMPLES) * (1 + (np.sqrt(2) - 1) * np.eye(4))
    assert np.all(abs(unit.T @ unit / SAMPLES - np.eye(4)) < budget)
    assert np.all(abs(unit.mean(axis=0)) < 4 / np.sqrt(SAMPLES))


def test_zero_point_motion(modes):
    """At T = 0 the same draws as at 300 K, of the width √(ħ/2ω); classically at rest."""
    cold, warm = (thermal_state(modes, t, jax.random.key(2), 3)[0] for t in (0.0, 300.0))
    ratio = _expected(modes, 300.0, "quantum") / (
        constants.hbar * np.pi * 1e12 * np.asarray(modes.frequency) / (constants.atomic_mass * 1e4)
    )
    np.testing.assert_allclose(warm / cold, np.broadcast_to(np.sqrt(ratio), (3, 2)), rtol=1e-9)
    assert not np.any(thermal_state(modes, 0.0, jax.random.key(2), 3, "classical")[0])


def test_gradient_in_temperature(modes):
    """Central differences with h = 10⁻³ of T err by h²/6 ≈ 2·10⁻⁷."""

    @jax.jit
    def value(temperature):
        q, velocity = thermal_state(modes, temperature, jax.random.key(3), 4)
        return jnp.sum(q**2) + jnp.sum(velocity)

    difference = (value(300.3) - value(299.7)) / 0.6
    assert float(jax.grad(value)(300.0)) == pytest.approx(float(difference), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1.0, 3), "temperature must be zero or positive"),
        ((300.0, 0), "samples must be at least 1"),
        ((300.0, 3, "bose"), "statistics must be 'quantum' or 'classical', but got 'bose'"),
    ],
)
def test_bad_input(modes, arguments, words):
    temperature, samples, *statistics = arguments
    with pytest.raises(InputError, match=words):
        thermal_state(modes, temperature, jax.random.key(0), samples, *statistics)
