"""Spectral lines in a sin² window against closed forms."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.pulse import FourierPulse
from chiraljax.units import FLUENCE

START, END, FIRST = 1.0, 9.0, 14
DURATION = END - START
AMPLITUDES = np.random.default_rng(0).normal(size=(5, 2, 2))
COMPLEX = AMPLITUDES[..., 0] + 1j * AMPLITUDES[..., 1]


def lines():
    """Complex amplitude of the harmonic n/T, (n = first−1 … first+K, 2): half of each mode, minus a quarter beside."""
    half = np.pad(COMPLEX / 2, ((1, 1), (0, 0)))
    quarter = np.pad(COMPLEX / 4, ((2, 2), (0, 0)))
    return half - quarter[:-2] - quarter[2:]


@pytest.fixture(scope="module")
def pulse():
    return FourierPulse(AMPLITUDES, START, END, FIRST)


def test_is_a_sum_of_lines_inside_and_zero_outside(pulse):
    t = np.linspace(START, END, 201)
    harmonics = FIRST - 1 + np.arange(7)
    waves = np.exp(-2j * np.pi * np.outer(t - START, harmonics) / DURATION)
    np.testing.assert_allclose(pulse(t), np.real(waves @ lines()), atol=1e-12)
    np.testing.assert_array_equal(pulse(jnp.array([START - 0.1, START, END, END + 0.1])), 0)
    np.testing.assert_allclose(pulse.frequencies, (FIRST + np.arange(5)) / DURATION, rtol=1e-15)


def test_fluence_is_that_of_its_lines(pulse):
    """Parseval: ∫|E|²dt = (T/2) Σ_n |line_n|²."""
    expected = FLUENCE * DURATION / 2 * np.sum(np.abs(lines()) ** 2)
    np.testing.assert_allclose(pulse.fluence, expected, rtol=1e-12)


def test_spectrum_at_the_harmonics(pulse):
    """∫E exp(2πi(n/T)t)dt = (T/2) line_n exp(2πi(n/T) start) for n > 0, and zero for every other n; n = 0 is ∫E dt."""
    harmonics = np.arange(0, 25)
    expected = np.zeros((25, 2), dtype=complex)
    expected[FIRST - 1 : FIRST + 6] = DURATION / 2 * lines()
    expected *= np.exp(2j * np.pi * harmonics / DURATION * START)[:, None]
    np.testing.assert_allclose(pulse.spectrum(harmonics / DURATION), expected, atol=1e-11)


def test_the_lowest_mode_has_no_net_area():
    """Lines 1, 2 and 3 of the lowest mode allowed are whole periods of the window."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    area = weights @ np.asarray(FourierPulse(AMPLITUDES[:1], -1.0, 1.0, 2)(nodes))
    np.testing.assert_allclose(area, 0, atol=1e-14)


@given(st.floats(0, 3), st.floats(0.05, 3), st.floats(0.5, 40))
def test_modes_in_a_band(low, width, duration):
    """All lines are inside, no more modes fit; or none fits, and one does in a pulse as long as the message says."""
    high = low + width
    assume(high > low)
    try:
        pulse = FourierPulse.in_band(0.0, duration, (low, high))
    except InputError as error:
        longer = float(re.search(r"takes (\S+) ps", str(error)).group(1))
        assert longer >= duration * (1 - 1e-9)
        pulse, duration = FourierPulse.in_band(0.0, longer, (low, high)), longer
    step, slack = 1 / duration, 1e-8 * high
    lowest, highest = float(pulse.frequencies[0]) - step, float(pulse.frequencies[-1]) + step
    assert low - slack <= lowest
    assert highest <= high + slack
    assert pulse.first == 2 or lowest - step < low + slack
    assert highest + step > high - slack


def test_no_shorter_pulse_fits_in_a_narrow_band():
    """Lines 8, 9 and 10 of 4 ps are at 2, 2.25 and 2.5 THz; shorter pulses have their lines further apart."""
    with pytest.raises(
        InputError, match=r"three neighbouring lines of a pulse of 1 ps, but got 2 to 2\.5 THz; .* takes 4 ps"
    ):
        FourierPulse.in_band(0.0, 1.0, (2.0, 2.5))
    assert FourierPulse.in_band(0.0, 4.0, (2.0, 2.5)).first == 9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 1.0, 2), r"end must be later than start, 1\.0 ps, but got 1\.0 ps"),
        ((0.0, 1.0, 1), "first must be a whole number of at least 2, but got 1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        FourierPulse(AMPLITUDES, *arguments)


@pytest.mark.parametrize("band", [(2.0, 1.0), (-1.0, 1.0), (1.0, np.inf)])
def test_bad_band(band):
    with pytest.raises(InputError, match="band must"):
        FourierPulse.in_band(0.0, 10.0, band)
