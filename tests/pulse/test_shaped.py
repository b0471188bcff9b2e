"""The pixels of a pulse shaper against closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erfc, ndtr

from chiraljax import InputError
from chiraljax.pulse import ShapedPulse
from chiraljax.units import FLUENCE

BAND, CENTER = np.array([1.0, 3.0]), 4.0
AMPLITUDES = np.random.default_rng(0).normal(size=(8, 2, 2))
COMPLEX = AMPLITUDES[..., 0] + 1j * AMPLITUDES[..., 1]
EDGES = np.linspace(*BAND, 9)


def share(frequencies, resolution):
    """Of every pixel (K) at each frequency (F), shape (F, K): a box convolved with a normal distribution."""
    place = (EDGES - np.asarray(frequencies)[:, None]) / resolution
    return ndtr(place[:, 1:]) - ndtr(place[:, :-1])


@pytest.mark.parametrize("resolution", [None, 0.02, 0.25])
def test_spectrum_is_that_of_the_blurred_pixels(resolution):
    """½ Σ_k A_kc of the pixels, and of their conjugates at −ν, turned by exp(2πiν·center)."""
    pulse = ShapedPulse(AMPLITUDES, BAND, CENTER, resolution)
    frequencies = np.linspace(0, 5, 101)
    sigma = float(pulse.resolution)
    expected = 0.5 * (share(frequencies, sigma) @ COMPLEX + share(-frequencies, sigma) @ COMPLEX.conj())
    expected *= np.exp(2j * np.pi * frequencies * CENTER)[:, None]
    scale = 0.25 * np.sum(np.abs(AMPLITUDES)) * 1e-13 * 16 / (2 * np.pi * sigma)
    np.testing.assert_allclose(pulse.spectrum(frequencies), expected, atol=1e-12 + scale)


def test_fluence_of_sharp_pixels():
    """½∫|A(ν)|²dν; blurring a step d by σ loses |d|² ∫Φ(x/σ)Φ(−x/σ)dx = |d|² σ/√π, here with Δν = 50 σ."""
    resolution = 0.005
    steps = np.diff(np.pad(COMPLEX, ((1, 1), (0, 0))), axis=0)
    power = 0.25 * np.sum(np.abs(COMPLEX) ** 2) - resolution / np.sqrt(np.pi) * np.sum(np.abs(steps) ** 2)
    pulse = ShapedPulse(AMPLITUDES, BAND, CENTER, resolution)
    np.testing.assert_allclose(pulse.fluence, 0.5 * FLUENCE * power, rtol=1e-10)


def test_resolution_without_an_argument_is_as_wide_as_a_pixel():
    """A normal distribution falls to half its maximum at half a pixel from the middle."""
    pulse = ShapedPulse(AMPLITUDES, BAND, CENTER)
    assert np.exp(-0.5 * (0.125 / float(pulse.resolution)) ** 2) == pytest.approx(0.5)
    np.testing.assert_allclose(pulse.frequencies, 1.125 + 0.25 * np.arange(8))


@pytest.mark.parametrize("resolution", [0.15, 0.3, 0.6])
def test_net_area_is_within_its_bound_and_reaches_it(resolution):
    """Equal amplitudes add up to the tail of the whole band, less that from its upper edge, Φ(−3/0.6) < 3·10⁻⁷."""
    bound = 0.5 * erfc(BAND[0] / (np.sqrt(2) * resolution))
    area = ShapedPulse(AMPLITUDES, BAND, CENTER, resolution).spectrum(jnp.zeros(1))[0].real
    assert np.all(np.abs(area) <= bound * np.abs(COMPLEX).max() + 1e-12)
    equal = ShapedPulse(np.tile([1.0, 0.0], (8, 2, 1)), BAND, CENTER, resolution)
    np.testing.assert_allclose(equal.spectrum(jnp.zeros(1))[0].real, bound, atol=3e-7)


def test_negligible_outside_the_support():
    pulse = ShapedPulse(AMPLITUDES, BAND, CENTER)
    start, end = pulse.support
    largest = jnp.abs(pulse(jnp.linspace(end, end + 20, 1001))).max()
    assert largest < 1e-13 * 0.25 * np.sum(np.abs(COMPLEX))
    assert start + end == pytest.approx(2 * CENTER)


def test_amplitude_and_phase():
    amplitude, phase = np.abs(COMPLEX), np.angle(COMPLEX)
    pulse = ShapedPulse.from_amplitude_and_phase(amplitude, phase, BAND, CENTER)
    np.testing.assert_allclose(pulse.amplitudes, AMPLITUDES, atol=1e-14)
    np.testing.assert_allclose(pulse.amplitude, amplitude, rtol=1e-14)
    np.testing.assert_allclose(pulse.phase, phase, atol=1e-14)


def test_a_linear_phase_is_a_delay():
    """Behind one pixel a phase 2πν_k d shifts the carrier by d, while sinc and window stay at the centre."""
    ones, delay, t = np.ones((1, 2)), 0.07, np.linspace(3.5, 4.5, 21)
    plain = ShapedPulse.from_amplitude_and_phase(ones, 0 * ones, BAND, CENTER)
    late = ShapedPulse.from_amplitude_and_phase(ones, 2 * np.pi * 2.0 * delay * ones, BAND, CENTER)
    envelope = 2 * np.sinc(2 * (t - CENTER)) * np.exp(-0.5 * (2 * np.pi * float(plain.resolution) * (t - CENTER)) ** 2)
    np.testing.assert_allclose(plain(t)[:, 0], envelope * np.cos(4 * np.pi * (t - CENTER)), atol=1e-13)
    np.testing.assert_allclose(late(t)[:, 0], envelope * np.cos(4 * np.pi * (t - CENTER - delay)), atol=1e-13)


def test_zeros():
    pulse = ShapedPulse.zeros(BAND, CENTER, 12)
    assert pulse.amplitudes.shape == (12, 2, 2)
    assert pulse.pixel == pytest.approx(2 / 12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3.0, 1.0], 0.0), "band must increase, but got"),
        (([0.0, 1.0], 0.0), "band must be positive, but got"),
        (([1.0, 2.0, 3.0], 0.0), r"band must have the shape \(2,\), but got \(3,\)"),
        (([1.0, 2.0], np.inf), "center must be finite"),
        (([1.0, 2.0], 0.0, 0.0), "resolution must be positive"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        ShapedPulse(AMPLITUDES, *arguments)


def test_bad_shapes():
    with pytest.raises(InputError, match=r"phase must have the shape \(pixels, 2\), the same as amplitude"):
        ShapedPulse.from_amplitude_and_phase(np.ones((4, 2)), np.ones((3, 2)), BAND, CENTER)
    with pytest.raises(InputError, match="pixels must be a whole number of at least 1, but got 0"):
        ShapedPulse.zeros(BAND, CENTER, 0)
