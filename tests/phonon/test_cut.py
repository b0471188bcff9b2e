"""Times that cut a pulse: the default avoids it, an error or a warning says what to change.

The pulse is the paper's, 3 ps earlier: a trace of it from −3 to 7 ps with the peak at 0.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.phonon import default_times, warn_of_last

SAMPLES = np.linspace(-3, 7, 2001)
WINDOW = np.linspace(0, 10, 201)


@pytest.fixture(scope="module")
def trace():
    return cj.SampledPulse(SAMPLES, np.asarray(cj.GaussianPulse()(SAMPLES + 3)))


def test_the_window_of_the_paper_is_the_default():
    """At 0 ps the paper's field is exp(−9) = 1.2·10⁻⁴ of its peak, with the peak at 2.6 ps exp(−2.6²) = 1.2·10⁻³."""
    np.testing.assert_array_equal(default_times([cj.GaussianPulse()]), WINDOW)
    np.testing.assert_array_equal(default_times([cj.GaussianPulse(0.0)]), WINDOW)
    earlier = default_times([cj.GaussianPulse(), cj.GaussianPulse(center=2.6)])
    assert earlier[0] == pytest.approx(-3.1)  # 2.6 − 8/√2 = −3.06, in steps of 0.05
    np.testing.assert_allclose(np.diff(earlier), 0.05, rtol=1e-9)
    assert earlier[-1] == 10.0


def test_a_late_pulse_has_time_to_ring_down():
    """exp(−(t−9)²) falls to 10⁻³ at 9 + 2.63 ps, and 5 ps more are 16.63."""
    assert default_times([cj.GaussianPulse(center=9.0)])[-1] == pytest.approx(16.65)


@pytest.mark.slow
def test_a_trace_moves_the_phonon_as_the_pulse_does(phonon, trace):
    """The same motion 3 ps earlier; a cubic spline errs by 5h⁴|E''''|/384 < 5·10⁻⁷ of the peak, h = 5 fs."""
    times = default_times([trace])
    assert (times[0], times[-1]) == (-3.0, 10.0)
    motion, expected = phonon.drive(trace, times), phonon.drive(cj.GaussianPulse(), times + 3)
    for coupling in (cj.KinematicRotation(), cj.ConstantInertia()):
        found, right = (np.abs(coupling(m)).max() for m in (motion, expected))
        assert found == pytest.approx(right, rel=2e-6)


@pytest.mark.slow
def test_an_error_names_the_time_to_begin_with(phonon, trace):
    """exp(−t²) is 10⁻³ at −2.63 ps; from then on, 10⁻³ of the motion at most is missing."""
    with pytest.raises(
        InputError, match=r"^times must begin at (-2\.63) ps or before, .* but begin at 0 ps, "
    ) as error:
        phonon.drive(trace, WINDOW)
    begin = float(error.value.message.split()[3])
    found = phonon.drive(trace, np.linspace(begin, 7, 401)).angular_momentum
    expected = phonon.drive(cj.GaussianPulse(), np.linspace(begin, 7, 401) + 3).angular_momentum
    assert np.abs(found).max() == pytest.approx(np.abs(expected).max(), rel=2e-3)


@pytest.mark.slow
def test_a_field_that_begins_at_once_is_not_cut(phonon):
    """Cut by its maker: the pulse has nothing before its first sample."""
    late = SAMPLES[SAMPLES >= 0]
    sudden = cj.SampledPulse(late, np.asarray(cj.GaussianPulse()(late + 3)))
    assert np.linalg.norm(sudden(0.0)) == pytest.approx(1.0)
    phonon.drive(sudden, WINDOW)


@pytest.mark.slow
def test_what_came_long_before_the_first_time_does_not_matter(phonon):
    """40 ps after a pulse its motion is exp(−0.32·40) = 3·10⁻⁶ of what it was."""
    both = cj.GaussianPulse(center=-40.0) + cj.GaussianPulse()
    phonon.drive(both, WINDOW)
    with pytest.raises(InputError, match="times must begin at"):
        phonon.drive(both, np.linspace(-35, 10, 201))


@pytest.mark.slow
def test_a_motion_that_is_given_may_begin_within_a_pulse(phonon, trace):
    """In two parts as in one: at most 10⁻⁸ of the largest |q| each."""
    whole = phonon.drive(trace, np.linspace(-3, 7, 201))
    rest = phonon.drive(trace, np.linspace(0, 7, 141), initial=(whole.q[60], whole.velocity[60]))
    np.testing.assert_allclose(rest.q, whole.q[60:], atol=1e-7 * np.abs(whole.q).max())


@pytest.mark.slow
def test_traced_pulses_are_not_judged(phonon, trace):
    def largest(strength):
        return jnp.abs(phonon.drive(trace * strength, WINDOW, steps=cj.FixedSteps()).angular_momentum).max()

    assert jnp.isfinite(jax.jit(largest)(1.0))
    assert jnp.isfinite(jax.vmap(largest)(jnp.array([1.0, 2.0]))).all()
    with pytest.raises(InputError, match="times must begin at"):
        largest(1.0)


def test_a_warning_says_until_when_to_go(recwarn):
    """exp(−(t−3)²) is 10⁻³ at 5.63 ps."""
    pulse, times = cj.GaussianPulse(), np.linspace(0, 3, 31)
    warn_of_last(pulse, np.linspace(0, 6, 61), np.linspace(0, 1, 61), "Ω")  # the pulse is over
    warn_of_last(pulse, times, np.sin(times), "Ω")  # falls again
    warn_of_last(pulse, times, np.ones(31), "Ω")
    jax.jit(lambda values: warn_of_last(pulse, times, values, "Ω"))(times)
    assert not recwarn
    with pytest.warns(UserWarning, match=r"\|Ω\| still rises at the last time, 3 ps, .* until 5\.63 ps hold its peak"):
        warn_of_last(pulse, times, -times, "Ω")
