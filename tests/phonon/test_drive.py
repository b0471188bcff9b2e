"""The driven motion under transformations, and its status."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from chiraljax import InputError
from chiraljax.phonon import AdaptiveSteps
from chiraljax.pulse import AbstractPulse, GaussianPulse

PULSE = {
    "peak_field": 1.3,
    "frequency": 2.3,
    "duration": 0.6,
    "center": 2.5,
    "ellipticity": -0.7,
    "phase": 0.4,
    "chirp": 0.2,
    "angle": 0.3,
    "delay": 0.2,
}
PHONON = {
    "frequency": 2.42,
    "damping": 0.64,
    "mode_effective_charge": 1.4,
    "dielectric_constant": 4.3,
    "quartic_isotropic": 20.0,
    "quartic_cubic": 10.0,
}


@pytest.mark.parametrize("observable", [pytest.param("largest angular momentum", marks=pytest.mark.slow), "coordinate"])
def test_gradient_in_every_parameter(make_phonon, observable):
    """Central differences with h = 10⁻⁵ err by h²/6 |f'''/f'| < 10⁻⁷ and by roundoff 10⁻¹²/h = 10⁻⁷."""
    start, restore = ravel_pytree(jax.tree.map(jnp.asarray, (PULSE, PHONON)))
    times = np.linspace(0, 5, 126)

    def value(x):
        pulse, phonon = restore(x)
        motion = make_phonon(**phonon).drive(GaussianPulse(**pulse), times)
        return jnp.abs(motion.angular_momentum).max() if observable != "coordinate" else motion.q[111, 0]

    start, step = np.asarray(start), 1e-5 * np.eye(start.size)
    up, down = np.split(np.asarray(jax.jit(jax.vmap(value))(np.concatenate([start + step, start - step]))), 2)
    differences = (up - down) / 2e-5
    slopes = jax.jit(lambda x: (jax.grad(value)(x), jax.jacfwd(value)(x)))
    reverse, forward = (np.asarray(slope) for slope in slopes(start))
    scale = np.abs(differences).max()
    np.testing.assert_allclose(reverse, differences, rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-10 * scale)
    assert np.all(np.abs(reverse) > 1e-6 * scale)


def test_vmap_equals_loop(phonon, window):
    """A `Motion` is a pytree: one for a whole batch of pulses, with a status for each.

    The last pulse is so short that 4096 steps, of its width at most, do not reach the end.
    """
    pulses = [GaussianPulse(field) for field in (0.0, 0.5, 1.0)] + [GaussianPulse(duration=1e-3)]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *pulses)
    together = jax.jit(jax.vmap(lambda pulse: phonon.drive(pulse, window)))(stacked)
    assert together.q.shape == (4, window.size, 2)
    assert together.status == "steps_exhausted"
    np.testing.assert_array_equal(together.converged, [True, True, True, False])
    for pulse, q in zip(pulses, together.q, strict=True):
        np.testing.assert_allclose(q, phonon.drive(pulse, window, steps=AdaptiveSteps(4096)).q, atol=1e-13)


def test_compiled_once(phonon, window):
    traces = 0

    class Counted(AbstractPulse):
        inner: GaussianPulse

        def __call__(self, t):
            nonlocal traces
            traces += 1
            return self.inner(t)

        def __mul__(self, factor):
            return Counted(self.inner * factor)

        def with_ellipticity(self, ellipticity):
            return Counted(self.inner.with_ellipticity(ellipticity))

        @property
        def peak_field(self):
            return self.inner.peak_field

        @property
        def support(self):
            return self.inner.support

    phonon.drive(Counted(GaussianPulse(0.1)), window)
    compiling = traces
    for field in (1.0, 2.0):
        phonon.drive(Counted(GaussianPulse(field)), window)
    assert traces == compiling


def test_status(phonon, pulse, window):
    """A motion that needs more steps than allowed says so; the caller decides."""
    assert phonon.drive(pulse, window).status == "converged"
    short = phonon.drive(pulse, window, steps=AdaptiveSteps(100))
    assert short.status == "steps_exhausted"
    assert not np.isfinite(short.q[-1]).any()


def test_a_late_short_pulse_is_not_stepped_over(phonon):
    """The same pulse 50 ps later moves the phonon in the same way, 50 ps later."""
    times = np.linspace(0, 58, 233)
    early, late = (phonon.drive(GaussianPulse(delay=delay), times) for delay in (0.0, 50.0))
    assert late.status == "converged"
    np.testing.assert_allclose(late.q[200:], early.q[:33], atol=1e-4)
    short = GaussianPulse(delay=50.0, duration=0.03, frequency=20.0)
    assert np.abs(phonon.drive(short, times).q).max() > 1e-3


def test_steps_suffice_for_a_short_pulse_in_a_long_window(phonon):
    """5 fs in 45 ps: a step of 1/16 of the pulse needs more than 4096."""
    short = phonon.drive(GaussianPulse(duration=0.005, frequency=60.0), np.linspace(-1, 44, 46), steps=AdaptiveSteps())
    assert short.status == "converged"


def test_weak_pulses_are_as_accurate(phonon, window):
    """The harmonic motion is linear in the field, over nine orders of magnitude."""
    weak, strong = (phonon.drive(GaussianPulse(field), window).q for field in (1e-9, 1.0))
    np.testing.assert_allclose(1e9 * weak, strong, atol=2e-8)


@pytest.mark.parametrize(
    ("times", "message"),
    [([0.0], "at least two times"), ([0.0, 0.0, 1.0], "must increase"), ([0.0, np.nan], "must be finite")],
)
def test_bad_times(phonon, pulse, times, message):
    with pytest.raises(InputError, match=f"times .*{message}|times {message}"):
        phonon.drive(pulse, times)
