"""Splines on a carrier against SciPy's splines."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.interpolate import BSpline

from chiraljax import InputError
from chiraljax.pulse import SplinePulse
from chiraljax.units import FLUENCE

START, END, FREQUENCY, SPLINES = -1.0, 7.0, 2.4, 9
AMPLITUDES = np.random.default_rng(0).normal(size=(SPLINES, 2, 2))
KNOTS = np.linspace(START, END, SPLINES + 6)


@pytest.fixture(scope="module")
def pulse():
    return SplinePulse(AMPLITUDES, START, END, FREQUENCY)


@eqx.filter_jit
def field(pulse, t):
    return pulse(t)


@eqx.filter_jit
def derivatives(pulse, t):
    """The field at the times t and its derivatives up to the fourth."""
    orders = [pulse]
    for _ in range(4):
        orders.append(jax.jacfwd(orders[-1]))
    return [jax.vmap(order)(t) for order in orders]


def gauss(n=40):
    """Nodes and weights of Gauss and Legendre's rule between all neighbouring knots, where the field is analytic."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    half = np.diff(KNOTS)[:, None] / 2
    return (KNOTS[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def test_is_minus_the_slope_of_the_vector_potential_of_scipy(pulse):
    """A(t) is SciPy's sum of one basis element after another; d/dt by the product rule."""
    omega = 2 * np.pi * FREQUENCY
    t = np.linspace(START, END, 1001)[1:-1]
    elements = [BSpline.basis_element(KNOTS[k : k + 7], extrapolate=False) for k in range(SPLINES)]
    value, slope = (
        np.nan_to_num([element(t, derivative) for element in elements]).T @ (AMPLITUDES @ [1, 1j])
        for derivative in (0, 1)
    )
    carrier = np.exp(-1j * omega * (t - (START + END) / 2))[:, None]
    np.testing.assert_allclose(field(pulse, t), -np.real((slope - 1j * omega * value) * carrier) / omega, atol=1e-12)


def test_no_net_area(pulse):
    """40 nodes between knots 0.6 ps apart integrate 1.4 cycles times a quintic to roundoff."""
    t, weights = gauss()
    found = np.asarray(field(pulse, t))
    np.testing.assert_allclose(weights @ found, 0, atol=1e-13)
    assert weights @ np.abs(found[:, 0]) > 0.5


def test_the_ends_are_flat_to_the_third_derivative(pulse):
    """Near an end B = s⁵/(120 h⁵), so the fourth derivative of E is A/(2πν h⁵), and the third vanishes as s."""
    np.testing.assert_array_equal(field(pulse, np.array([START, END, START - 1, END + 1])), 0)
    fourth = abs(AMPLITUDES).max() / ((8 / 14) ** 5 * 2 * np.pi * FREQUENCY)
    *lower, highest = derivatives(pulse, np.linspace(START + 1e-4, END - 1e-4, len(KNOTS) - 2))
    for end in (0, -1):
        for derivative in lower:
            np.testing.assert_allclose(derivative[end], 0, atol=2 * np.sqrt(2) * fourth * 1e-4)
        assert np.abs(highest[end]).max() > 0


def test_continuous_at_the_knots_to_the_third_derivative(pulse):
    """The fourth derivative is below (2πν + 5/h)⁴ ‖A‖ < 10⁷, so the third changes by less than 10⁻² over 10⁻⁹ ps."""
    before, after = (derivatives(pulse, KNOTS[1:-1] + shift)[:4] for shift in (-5e-10, 5e-10))
    for left, right, tolerance in zip(before, after, (1e-7, 1e-6, 1e-4, 2e-2), strict=True):
        np.testing.assert_allclose(left, right, atol=tolerance)


def test_equal_amplitudes_are_a_carrier_of_that_amplitude():
    """B-splines of equal coefficients add up to one, so between the sixth and the sixth-last knot E = A sin θ."""
    t = np.linspace(KNOTS[5], KNOTS[-6], 101)
    pulse = SplinePulse(np.broadcast_to([[1.5, 0.0], [0.0, 0.0]], (SPLINES, 2, 2)), START, END, FREQUENCY)
    expected = 1.5 * np.sin(2 * np.pi * FREQUENCY * (t - 3.0))
    np.testing.assert_allclose(field(pulse, t), np.stack([expected, np.zeros_like(t)], axis=-1), atol=1e-13)


def test_fluence_by_a_rule_of_high_order(pulse):
    """The trapezoid rule errs by (h²/12)[d|E|²/dt] at the ends, which vanishes, and at the knots by h⁶ or less."""
    t, weights = gauss()
    fluence = eqx.filter_jit(lambda pulse: pulse.fluence)(pulse)
    np.testing.assert_allclose(fluence, FLUENCE * weights @ np.sum(np.square(field(pulse, t)), axis=-1), rtol=1e-10)


def test_zeros():
    pulse = SplinePulse.zeros(START, END, FREQUENCY, SPLINES)
    assert pulse.amplitudes.shape == (SPLINES, 2, 2)
    np.testing.assert_array_equal(field(pulse, np.linspace(START, END, 101)), 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2.0, 1.0, 2.4), r"end must be later than start, 2\.0 ps, but got 1\.0 ps"),
        ((0.0, np.nan, 2.4), "end must be finite"),
        ((0.0, 1.0, 0.0), "frequency must be positive"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        SplinePulse(AMPLITUDES, *arguments)


def test_no_splines():
    with pytest.raises(InputError, match="splines must be a whole number of at least 1, but got 0"):
        SplinePulse.zeros(START, END, FREQUENCY, 0)
