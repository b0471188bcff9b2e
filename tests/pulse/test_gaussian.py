"""The Gaussian pulse against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.pulse import GaussianPulse
from chiraljax.units import FLUENCE


def test_default_is_the_printed_field():
    t = np.linspace(0, 6, 31)
    envelope = np.exp(-((t - 3) ** 2))
    angle = 2 * np.pi * 2.42 * t
    expected = envelope[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    np.testing.assert_allclose(GaussianPulse()(t), expected, atol=1e-13)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_any_shape_of_times(shape):
    assert GaussianPulse()(jnp.ones(shape)).shape == (*shape, 2)


def test_positive_ellipticity_turns_counter_clockwise():
    t = jnp.linspace(2.9, 3.1, 41)
    x, y = GaussianPulse(ellipticity=1.0)(t).T
    assert np.all(np.diff(np.unwrap(np.arctan2(y, x))) > 0)


@settings(derandomize=True, deadline=None, max_examples=10)
@given(st.floats(-1, 1), st.floats(0.3, 1.5), st.floats(-3, 3), st.floats(-2, 2))
def test_fluence(ellipticity, duration, angle, delay):
    """∫|E|²dt of the fast carrier is ½ (1 + ε²) E₀² τ √π, up to exp(−(2πντ)²) < 10⁻⁹ at τ ≥ 0.3 ps, ν = 2.42 THz."""
    pulse = GaussianPulse(2.0, duration=duration, ellipticity=ellipticity, angle=angle, delay=delay)
    expected = FLUENCE * 0.5 * (1 + ellipticity**2) * 4.0 * duration * np.sqrt(np.pi)
    np.testing.assert_allclose(pulse.fluence, expected, rtol=1e-8)


def test_spectrum():
    """|Ê(ν)| peaks at the carrier with ½ E₀ τ √(2π) per component, by the transform of a Gaussian."""
    frequencies = jnp.linspace(1.42, 3.42, 201)
    power = jnp.linalg.norm(GaussianPulse().spectrum(frequencies), axis=-1)
    assert frequencies[jnp.argmax(power)] == pytest.approx(2.42)
    assert power.max() == pytest.approx(np.sqrt(2) * 0.5 * np.sqrt(0.5) * np.sqrt(2 * np.pi), rel=1e-9)


def test_chirp_is_the_slope_of_the_instantaneous_frequency():
    pulse = GaussianPulse(ellipticity=1.0, chirp=0.3)

    def turn(t):
        (x, y), (dx, dy) = jax.jvp(pulse, (t,), (1.0,))
        return (x * dy - y * dx) / (x**2 + y**2) / (2 * jnp.pi)

    assert turn(3.0) == pytest.approx(2.42)
    assert turn(3.5) == pytest.approx(2.42 + 0.3 * 0.5)


def test_angle_and_delay():
    t = jnp.linspace(0, 6, 61)
    np.testing.assert_allclose(GaussianPulse(delay=0.7)(t + 0.7), GaussianPulse()(t), atol=1e-13)
    x, y = GaussianPulse(ellipticity=0.0, angle=np.pi / 2)(t).T
    np.testing.assert_allclose(x, 0, atol=1e-15)
    np.testing.assert_allclose(y, GaussianPulse(ellipticity=0.0)(t)[:, 0], atol=1e-15)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("duration", 0.0, "duration must be positive"),
        ("peak_field", -1.0, "peak_field must be zero or positive"),
        ("frequency", -2.0, "frequency must be positive"),
        ("ellipticity", 1.1, "ellipticity must lie between -1 and 1"),
        ("phase", np.nan, "phase must be finite"),
    ],
)
def test_bad_arguments(argument, value, message):
    with pytest.raises(InputError, match=message):
        GaussianPulse(**{argument: value})
