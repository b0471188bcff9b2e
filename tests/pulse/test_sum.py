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
    """Two equal pulses double the field and quadruple the energy; 8192 samples find the peak to (2πνΔt)²/8."""
    both = GaussianPulse() + GaussianPulse()
    assert both.peak_field == pytest.approx(2.0, rel=1e-5)
    assert both.fluence == pytest.approx(4 * GaussianPulse().fluence)


@pytest.mark.parametrize(("pulses", "message"), [((), "at least one pulse")])
def test_bad_arguments(pulses, message):
    with pytest.raises(InputError, match=message):
        SumPulse(pulses)
