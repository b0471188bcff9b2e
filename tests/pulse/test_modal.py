"""What all pulses of complex amplitudes share: linear in them, one ellipse, scaling, bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.pulse import FourierPulse, GaussianPulse, ShapedPulse, SplinePulse

RANDOM = np.random.default_rng(0)
AMPLITUDES = RANDOM.normal(size=(6, 2, 2))
MAKERS = {
    "spline": lambda amplitudes: SplinePulse(amplitudes, 0.5, 9.0, 2.4),
    "fourier": lambda amplitudes: FourierPulse(amplitudes, 0.5, 9.0, 18),
    "shaped": lambda amplitudes: ShapedPulse(amplitudes, [1.5, 3.0], 4.7),
}
TIMES = np.linspace(0, 10, 301)
family = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@eqx.filter_jit
def field(pulse, t):
    return pulse(t)


@eqx.filter_jit
def size(pulse):
    return pulse.fluence, pulse.peak_field


@eqx.filter_jit
def spectrum(pulse):
    return pulse.spectrum(np.linspace(1.5, 3.5, 41))


def stokes(pulse):
    """S₁, S₂, S₃ over S₀ of the positive frequencies, S₃ > 0 counter-clockwise: E ∝ (1, iε) exp(−2πiνt) has S₃ ∝ ε."""
    x, y = np.asarray(spectrum(pulse)).T
    total = np.sum(abs(x) ** 2 + abs(y) ** 2)
    product = 2 * np.sum(np.conj(x) * y)
    return np.array([np.sum(abs(x) ** 2 - abs(y) ** 2), product.real, product.imag]) / total


@family
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_any_shape_of_times(make, shape):
    pulse = make(AMPLITUDES)
    found = field(pulse, np.full(shape, 3.3))
    assert found.shape == (*shape, 2)
    np.testing.assert_allclose(found, np.broadcast_to(field(pulse, np.array(3.3)), (*shape, 2)))


@family
def test_linear_in_the_amplitudes(make):
    """The derivative along a direction is the pulse of that direction, forwards and backwards."""
    direction, weight = RANDOM.normal(size=AMPLITUDES.shape), RANDOM.normal(size=(*TIMES.shape, 2))

    @jax.jit
    def slopes(amplitudes):
        _, forwards = jax.jvp(lambda a: make(a)(TIMES), (amplitudes,), (jnp.asarray(direction),))
        return forwards, jax.grad(lambda a: jnp.vdot(weight, make(a)(TIMES)))(amplitudes)

    slope, gradient = (np.asarray(part) for part in slopes(AMPLITUDES))
    np.testing.assert_allclose(slope, field(make(direction), TIMES), atol=1e-13)
    np.testing.assert_allclose(np.vdot(gradient, direction), np.vdot(weight, slope), rtol=1e-12)


@family
def test_slopes_along_every_other_argument(make):
    """Against central differences of step h: h² |f‴|/6 + roundoff/h, with |f‴| < (2π·3·10)³ and h = 10⁻⁵."""
    pulse, t = make(AMPLITUDES), 3.37
    leaves, structure = jax.tree.flatten(pulse)
    leaves = [np.asarray(leaf) for leaf in leaves]

    @jax.jit
    def at(leaves):
        return jax.tree.unflatten(structure, leaves)(t)

    exact = jax.jit(jax.jacfwd(at))(leaves)[1:]
    for n, leaf in enumerate(leaves[1:], 1):
        for place in np.ndindex(leaf.shape):
            step = np.zeros(leaf.shape)
            step[place] = 1e-5
            up, down = ([*leaves[:n], leaf + h, *leaves[n + 1 :]] for h in (step, -step))
            difference = (np.asarray(at(up)) - np.asarray(at(down))) / 2e-5
            np.testing.assert_allclose(exact[n - 1][(slice(None), *place)], difference, atol=2e-4)


@family
@given(factor=st.floats(-3, 3))
def test_scaling(make, factor):
    pulse = make(AMPLITUDES)
    scaled = factor * pulse
    np.testing.assert_allclose(field(scaled, TIMES), factor * np.asarray(field(pulse, TIMES)), atol=1e-13)
    for found, power, expected in zip(size(scaled), (factor**2, abs(factor)), size(pulse), strict=True):
        np.testing.assert_allclose(found, power * float(expected), rtol=1e-12, atol=1e-13)


@family
@settings(max_examples=8)
@given(ellipticity=st.floats(-1, 1))
def test_the_ellipse_is_that_of_a_gaussian_pulse(make, ellipticity):
    """The ellipse of axes 1 and ε along x has the Stokes parameters (1 − ε², 0, 2ε)/(1 + ε²).

    What the spectrum at −2.4 THz adds, where the ellipse turns the other way, is below 10⁻⁶ of it for the spline,
    the shortest of them.
    """
    expected = np.array([1 - ellipticity**2, 0, 2 * ellipticity]) / (1 + ellipticity**2)
    np.testing.assert_allclose(stokes(make(AMPLITUDES).with_ellipticity(ellipticity)), expected, atol=1e-6)
    np.testing.assert_allclose(stokes(GaussianPulse(ellipticity=ellipticity)), expected, atol=1e-9)


@family
def test_positive_ellipticity_turns_counter_clockwise(make):
    circular = make(np.eye(6)[2][:, None, None] * np.ones((2, 2))).with_ellipticity(1.0)
    middle = 0.5 * sum(circular.support)
    x, y = field(circular, np.linspace(middle - 0.2, middle + 0.2, len(TIMES))).T
    assert np.all(np.diff(np.unwrap(np.arctan2(y, x))) > 0)


@given(ellipticity=st.floats(-1, 1), other=st.floats(-1, 1))
def test_the_ellipse_is_an_orthogonal_projection(ellipticity, other):
    """What is left out is orthogonal to any field of that ellipse, and nothing of such a field is left out."""
    make = MAKERS["spline"]
    kept = make(AMPLITUDES).with_ellipticity(ellipticity)
    left = AMPLITUDES - kept.amplitudes
    any_of_it = make(AMPLITUDES[::-1]).with_ellipticity(other).with_ellipticity(ellipticity).amplitudes
    assert abs(np.vdot(left, any_of_it)) < 1e-12
    np.testing.assert_allclose(kept.with_ellipticity(ellipticity).amplitudes, kept.amplitudes, atol=1e-14)


@family
@pytest.mark.parametrize(
    ("amplitudes", "message"),
    [
        (np.zeros((0, 2, 2)), r"shape \(K, 2, 2\), but got \(0, 2, 2\)"),
        (np.zeros((3, 2)), r"shape \(K, 2, 2\), but got \(3, 2\)"),
        (np.full((1, 2, 2), np.inf), "amplitudes must be finite"),
    ],
)
def test_bad_amplitudes(make, amplitudes, message):
    with pytest.raises(InputError, match=message):
        make(amplitudes)


@family
def test_bad_ellipticity(make):
    with pytest.raises(InputError, match=r"ellipticity must lie between -1 and 1, but got -1\.1"):
        make(AMPLITUDES).with_ellipticity(-1.1)
