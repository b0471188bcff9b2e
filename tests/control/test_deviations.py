"""Deviations and their moments, the mean over them by a loop, and sensitivities by differences."""

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control import Constraints
from chiraljax.control._sensitivity import sensitivities

TIMES = np.linspace(0, 6, 121)
PULSE = cj.GaussianPulse(0.8, center=2.5, ellipticity=-0.6)


def changed(make_phonon, frequency=0.0, damping=0.0):
    return make_phonon(frequency=2.42 * (1 + frequency), damping=0.64 * (1 + damping))


def reached(make_phonon, frequency=0.0, damping=0.0, field=0.0, timing=0.0):
    """|L(5 ps)| of a phonon made with other numbers, driven by another pulse."""
    pulse = cj.GaussianPulse(0.8 * (1 + field), center=2.5, ellipticity=-0.6, delay=timing)
    return abs(float(changed(make_phonon, frequency, damping).drive(pulse, TIMES).angular_momentum[100]))


def test_moments():
    """Of 1024 Sobol points each of 1024 equal strata of a coordinate holds one.

    So a mean is off by at most the variation of the coordinate over n, 2·4.75/1024 = 10⁻² with the clip at 10⁻⁶. A
    variance is off by the two outer strata, where x² > 9.6 has the standard deviation 1.8: 1.3·10⁻³ of a deviation,
    eight times of which is 10⁻². Random points would be correlated by 3·10⁻².
    """
    found = cj.Deviations(frequency=0.01, damping=0.2, field=0.05, timing=0.1, samples=1024).drawn()
    widths = np.array([0.01, 0.2, 0.05, 0.1])
    assert found.shape == (1024, 4)
    np.testing.assert_allclose(found.mean(axis=0) / widths, 0, atol=1e-2)
    np.testing.assert_allclose(found.std(axis=0) / widths, 1, rtol=1e-2)
    np.testing.assert_allclose(np.corrcoef(found.T), np.eye(4), atol=2e-2)


def test_only_what_varies():
    found = cj.Deviations(timing=0.1, samples=5, seed=3).drawn()
    assert found.shape == (5, 4)
    assert not found[:, :3].any()
    assert len(set(found[:, 3])) == 5
    np.testing.assert_array_equal(found, cj.Deviations(timing=0.1, samples=5, seed=3).drawn())
    assert not np.array_equal(found, cj.Deviations(timing=0.1, samples=5, seed=4).drawn())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "frequency, damping, field or timing must be positive"),
        ({"frequency": -0.1}, "frequency must be zero or positive"),
        ({"timing": np.nan}, "timing must be finite"),
        ({"field": 0.1, "samples": 1}, "samples must be a whole number between 2 and 4096, but got 1"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(InputError, match=message):
        cj.Deviations(**arguments)


@pytest.fixture(scope="module")
def problem(phonon, make_problem):
    deviations = cj.Deviations(frequency=0.02, damping=0.2, field=0.05, timing=0.03, samples=5)
    limits = Constraints(1.0)
    return make_problem(phonon, PULSE, cj.AngularMomentumAt(5.0), limits, times=TIMES, deviations=deviations)


@pytest.mark.slow
def test_mean_is_that_of_a_loop(make_phonon, problem):
    """Of the adaptive drive, 10⁻⁸ of |q|, over an |L| that may be a twentieth of the largest."""
    values = [reached(make_phonon, *map(float, deviation)) for deviation in problem.deviations]
    assert float(problem.true_value(PULSE)) == pytest.approx(np.mean(values), rel=1e-6)
    assert float(problem.nominal_value(PULSE)) == pytest.approx(reached(make_phonon), rel=1e-6)
    assert np.std(values) > 0.05 * np.mean(values)


@pytest.mark.slow
def test_sensitivities(make_phonon, problem):
    """Differences of fourth order of the drive: h⁴ω⁴ of a phase of ω = 2π·2.42·5, and 10⁻⁷/h² of the drive."""
    found, middle = sensitivities(problem, PULSE), reached(make_phonon)
    assert set(found) == {"frequency", "damping", "field", "timing"}
    for name, step in {"frequency": 2e-3, "damping": 2e-2, "field": 1e-1, "timing": 1e-2}.items():
        a, b, c, d = (reached(make_phonon, **{name: n * step}) / middle for n in (-2, -1, 1, 2))
        slope, curvature = (a - 8 * b + 8 * c - d) / (12 * step), (-a + 16 * b - 30 + 16 * c - d) / (12 * step**2)
        assert found[name].slope == pytest.approx(slope, rel=1e-4, abs=1e-4)
        assert found[name].curvature == pytest.approx(curvature, rel=1e-2, abs=1e-2)
        assert found[name].loss(0.1) == pytest.approx(-0.005 * found[name].curvature)
    assert "1/ps^2" in repr(found["timing"])
    assert "ps" not in repr(found["field"])
    assert found["field"].slope == pytest.approx(2, rel=1e-9)
    assert found["field"].curvature == pytest.approx(2, rel=1e-9)


@pytest.mark.slow
def test_a_damping_below_zero_counts_as_none(make_phonon, problem):
    """Δη/η = −1.5 is no damping: a random width may be as large as the value."""
    value = problem.forecast.varied(PULSE, jnp.array([0.0, -1.5, 0.0, 0.0]), jnp.ones(())).motion.angular_momentum[100]
    assert abs(float(value)) == pytest.approx(reached(make_phonon, damping=-1.0), rel=1e-6)
