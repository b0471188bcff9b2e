"""The driven motion under transformations, and its status."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from chiraljax._errors import InputError
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
def test_gradient_in_every_parameter(make_phonon, window, observable):
    """Central differences with h = 10⁻⁵ err by h²/6 |f'''/f'| < 10⁻⁷ and by roundoff 10⁻¹²/h = 10⁻⁷."""
    start, restore = ravel_pytree(jax.tree.map(jnp.asarray, (PULSE, PHONON)))

    @jax.jit
    def value(x):
        pulse, phonon = restore(x)
        motion = make_phonon(**phonon).drive(GaussianPulse(**pulse), window)
        return jnp.abs(motion.angular_momentum).max() if observable != "coordinate" else motion.q[222, 0]

    step = 1e-5 * jnp.eye(start.size)
    differences = (jax.vmap(value)(start + step) - jax.vmap(value)(start - step)) / 2e-5
    reverse, forward = jax.jit(jax.grad(value))(start), jax.jit(jax.jacfwd(value))(start)
    scale = jnp.abs(differences).max()
    np.testing.assert_allclose(reverse, differences, rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-10 * scale)
    assert jnp.all(jnp.abs(reverse) > 1e-6 * scale)


def test_vmap_equals_loop(phonon, window):
    fields = jnp.array([0.0, 0.5, 1.0, 2.0])
    together = jax.vmap(lambda field: phonon.drive(GaussianPulse(field), window).q)(fields)
    for field, q in zip(fields, together, strict=True):
        np.testing.assert_allclose(q, phonon.drive(GaussianPulse(field), window, steps=AdaptiveSteps()).q, atol=1e-13)


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


def test_status(phonon, pulse):
    """A motion that needs more steps than allowed says so; the caller decides."""
    times = np.linspace(0, 10, 11)
    assert phonon.drive(pulse, times).status == "converged"
    assert eqx.filter_jit(lambda: phonon.drive(GaussianPulse(0.0), times))().status == "converged"
    short = phonon.drive(pulse, times, steps=AdaptiveSteps(100))
    assert short.status == "steps_exhausted"
    assert not jnp.isfinite(short.q[-1]).any()
    reached = jax.jit(lambda: phonon.drive(pulse, times, steps=AdaptiveSteps(100)).converged)()
    assert reached.dtype == bool
    assert not reached


def test_a_late_short_pulse_is_not_stepped_over(phonon):
    """The same pulse 50 ps later moves the phonon in the same way, 50 ps later."""
    early = phonon.drive(GaussianPulse(), np.linspace(0, 8, 33)).q
    late = phonon.drive(GaussianPulse(delay=50.0), np.linspace(0, 58, 233))
    assert late.status == "converged"
    np.testing.assert_allclose(late.q[200:], early, atol=1e-4)
    short = GaussianPulse(delay=50.0, duration=0.03, frequency=20.0)
    assert float(jnp.abs(phonon.drive(short, np.linspace(0, 55, 56)).q).max()) > 1e-3


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


def test_motion_passes_through_jit_and_vmap(phonon, window):
    """A `Motion` is a pytree: one for a whole batch of pulses, with a status for each."""
    fields = jnp.array([0.5, 1.0])
    motions = jax.jit(jax.vmap(lambda field: phonon.drive(GaussianPulse(field), window)))(fields)
    assert motions.q.shape == (2, window.size, 2)
    np.testing.assert_array_equal(motions.converged, [True, True])
