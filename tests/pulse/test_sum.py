"""Sums of pulses."""

import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.pulse import GaussianPulse, SumPulse


def test_sum_adds_fields_and_joins_supports():
    first, second = GaussianPulse(), GaussianPulse(0.5, frequency=1.0, delay=4.0)
    both = first + second + first
    t = jnp.linspace(0, 8, 50)
    np.testing.assert_allclose(both(t), 2 * first(t) + second(t), atol=1e-15)
    assert len(both.pulses) == 3
    assert both.support == (first.support[0], second.support[1])


def test_peak_and_fluence():
    """Two equal pulses double the field and quadruple the energy; nodes 1.4 fs apart find the peak to (2πνΔt)²/8."""
    both = GaussianPulse() + GaussianPulse()
    assert both.peak_field == pytest.approx(2.0, rel=1e-5)
    assert both.fluence == pytest.approx(4 * GaussianPulse().fluence)


@pytest.mark.parametrize(("pulses", "message"), [((), "at least one pulse")])
def test_bad_arguments(pulses, message):
    with pytest.raises(InputError, match=message):
        SumPulse(pulses)


def test_pulses_far_apart():
    """500 ps between them: twice the fluence, and a spectrum with the phase of the delay."""
    first = GaussianPulse(duration=0.1)
    both = first + GaussianPulse(duration=0.1, delay=500.0)
    assert float(both.fluence) == pytest.approx(2 * float(first.fluence), rel=1e-10)
    assert float(both.peak_field) == pytest.approx(float((first + 0 * first).peak_field), rel=1e-5)
    frequencies = np.array([1.0, 2.4201, 3.7])
    phase = 1 + np.exp(2j * np.pi * frequencies * 500.0)
    np.testing.assert_allclose(both.spectrum(frequencies), phase[:, None] * first.spectrum(frequencies), atol=1e-10)
