"""Pulses multiplied by a number, and pulses with another ellipse."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.pulse import GaussianPulse, SampledPulse

TIMES = np.linspace(1, 5, 41)
TRACE = SampledPulse(np.arange(6.0), np.random.default_rng(0).normal(size=(6, 2)))
PULSES = [GaussianPulse(phase=0.3, angle=0.4), TRACE, GaussianPulse() + TRACE]


@eqx.filter_jit
def field(pulse):
    return pulse(TIMES)


@eqx.filter_jit
def fluence(pulse):
    return pulse.fluence


@eqx.filter_jit
def along_the_factor(pulse, factor):
    return jax.jvp(lambda f: (pulse * f)(TIMES), (factor,), (1.0,))


@pytest.mark.parametrize("pulse", PULSES, ids=lambda pulse: type(pulse).__name__)
@given(factor=st.floats(-3, 3))
def test_the_field_is_multiplied_and_the_fluence_by_the_square(pulse, factor):
    scaled = factor * pulse
    np.testing.assert_allclose(field(scaled), factor * np.asarray(field(pulse)), atol=1e-13)
    np.testing.assert_allclose(fluence(scaled), factor**2 * float(fluence(pulse)), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("pulse", PULSES, ids=lambda pulse: type(pulse).__name__)
@pytest.mark.parametrize("factor", [-1.5, 0.0, 2.0])
def test_the_slope_along_the_factor_is_the_field(pulse, factor):
    value, slope = along_the_factor(pulse, jnp.asarray(factor))
    expected = np.asarray(field(pulse))
    np.testing.assert_allclose(value, factor * expected, atol=1e-13)
    np.testing.assert_allclose(slope, expected, atol=1e-13)


@pytest.mark.parametrize("factor", [2, np.float64(2), np.array(2.0), jnp.asarray(2.0)], ids=lambda f: type(f).__name__)
def test_numbers_of_any_kind_from_either_side(factor):
    expected = 2 * np.asarray(field(GaussianPulse()))
    np.testing.assert_array_equal(field(factor * GaussianPulse()), expected)
    np.testing.assert_array_equal(field(GaussianPulse() * factor), expected)


def test_ellipse_of_every_term():
    both = (GaussianPulse(angle=0.4) + GaussianPulse(0.5, delay=1.0)).with_ellipticity(0.3)
    expected = GaussianPulse(angle=0.4, ellipticity=0.3) + GaussianPulse(0.5, delay=1.0, ellipticity=0.3)
    np.testing.assert_array_equal(field(both), field(expected))


def test_bad_ellipticity():
    with pytest.raises(InputError, match=r"ellipticity must lie between -1 and 1, but got 1\.5"):
        GaussianPulse().with_ellipticity(1.5)


def test_the_slope_of_the_peak_is_finite_where_the_field_is_zero():
    """The largest |E| is linear in the samples, although |E| has no slope at the first, which is zero."""
    trace = SampledPulse(np.arange(4.0), [[0.0, 0.0], [1.0, 0.5], [0.3, 0.2], [0.0, 0.0]])
    value, slope = jax.jit(jax.value_and_grad(lambda f: (f * trace).peak_field))(2.0)
    assert float(slope) == pytest.approx(float(value) / 2)
