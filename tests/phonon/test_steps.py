"""Fixed steps against adaptive ones, in value and in gradient, and the choice between them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.phonon import AdaptiveSteps, FixedSteps
from chiraljax.pulse import GaussianPulse, SampledPulse
from chiraljax.units import FIELD_FORCE

TIMES = np.linspace(0, 10, 201)


@eqx.filter_jit
@eqx.filter_grad
def slope(arguments, steps):
    """Of L at one time and q at another, in every parameter of phonon and pulse."""
    phonon, pulse = arguments
    motion = phonon.drive(pulse, TIMES, steps=steps)
    return motion.angular_momentum[90] + motion.q[70, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"damping": 0.0},
        {"damping": 2 * 2 * np.pi * 2.42},
        {"damping": 60.0},
        {"quartic_isotropic": 30.0, "quartic_cubic": 15.0},
        {"quartic_isotropic": -5.0},
    ],
    ids=["harmonic", "undamped", "critical", "overdamped", "hardening", "softening"],
)
def test_equals_the_adaptive_drive(make_phonon, changes):
    """Budget: 10⁻⁸ from each, times what anharmonic motion amplifies."""
    phonon, pulse = make_phonon(**changes), GaussianPulse(ellipticity=-0.6)
    expected, motion = (phonon.drive(pulse, TIMES, steps=steps) for steps in (AdaptiveSteps(), FixedSteps()))
    assert phonon.harmonic == (not any("quartic" in name for name in changes))
    np.testing.assert_allclose(motion.q, expected.q, atol=3e-8 * np.abs(expected.q).max())
    np.testing.assert_allclose(motion.velocity, expected.velocity, atol=3e-8 * np.abs(expected.velocity).max())


def test_error_is_of_eighth_order(make_phonon):
    phonon = make_phonon(quartic_isotropic=30.0)
    exact = phonon.drive(GaussianPulse(), TIMES[::4], steps=FixedSteps(32)).q
    errors = [np.abs(phonon.drive(GaussianPulse(), TIMES[::4], steps=FixedSteps(n)).q - exact).max() for n in (4, 8)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(8, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"quartic_isotropic": 30.0, "quartic_cubic": 15.0}])
def test_gradient_equals_that_of_the_drive(make_phonon, changes):
    arguments = make_phonon(**changes), GaussianPulse(ellipticity=-0.6)
    found, expected = (slope(arguments, steps) for steps in (FixedSteps(2), AdaptiveSteps()))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6 * max(1.0, np.abs(other).max()))


@pytest.mark.slow
def test_two_pairs_that_couple(make_phonon):
    vectors = np.asarray(make_phonon().eigenvectors)
    phonon = make_phonon(
        frequency=[2.42, 5.9],
        damping=[0.64, 0.3],
        mode_effective_charge=[1.4, -0.8],
        eigenvectors=np.concatenate([vectors, vectors]),
        quartic_isotropic=[[20.0, 8.0], [8.0, 5.0]],
        quartic_cubic=[3.0, 1.0],
    )
    pulse = GaussianPulse(duration=0.3)
    expected, motion = (phonon.drive(pulse, TIMES, steps=steps) for steps in (AdaptiveSteps(), FixedSteps()))
    np.testing.assert_allclose(motion.q, expected.q, atol=3e-8 * np.abs(expected.q).max())


def test_batches_without_compiling_again(phonon):
    traces = []

    @jax.jit
    @jax.vmap
    def largest(field):
        traces.append(None)
        return jnp.abs(phonon.drive(GaussianPulse(field), TIMES, steps=FixedSteps(2)).angular_momentum).max()

    first, second = largest(jnp.array([0.0, 1.0, 2.0])), largest(jnp.array([0.0, 2.0, 4.0]))
    np.testing.assert_allclose(second, 4 * first, rtol=1e-12)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("times", "words"),
    [([0.0, 1.0, 3.0], "equally spaced"), ([1.0, 0.0], "must increase"), ([0.0], "two times"), ([0.0, np.nan], "fin")],
)
def test_bad_times(phonon, times, words):
    with pytest.raises(InputError, match=words):
        phonon.drive(GaussianPulse(), times, steps=FixedSteps())


def test_steps_must_be_known(make_phonon):
    with pytest.raises(InputError, match="substeps must be given"):
        jax.jit(lambda f: make_phonon(frequency=f).drive(GaussianPulse(), TIMES, steps=FixedSteps()).q)(2.0)


def test_nodes_are_those_of_gauss(phonon):
    """Four nodes of a step integrate a polynomial of seventh order; two steps more come before the first."""
    steps, times = FixedSteps(2), jnp.array([1.0, 3.0])
    nodes, weights = steps.nodes(times)
    assert nodes.shape == weights.shape == (2, steps.stages)
    assert float(jnp.sum(weights * nodes**7)) == pytest.approx((3.0**8 - 1) / 8, rel=1e-13)
    more, _ = steps.nodes(times, before=2)
    np.testing.assert_allclose(more[2:], nodes)
    np.testing.assert_allclose(more[:2], nodes - 2)


def test_motion_from_a_field_at_the_nodes(phonon):
    steps, pulse = FixedSteps(2), GaussianPulse()
    field = pulse(steps.nodes(jnp.asarray(TIMES))[0])
    motion = steps.from_field(phonon, field, jnp.asarray(TIMES))
    np.testing.assert_array_equal(motion.q, phonon.drive(pulse, TIMES, steps=steps).q)


def taken(phonon, pulse, times):
    """Which of the other two gave the motion of `AutomaticSteps`, as they differ in the last digits."""
    automatic = phonon.drive(pulse, times).q
    return "adaptive" if np.array_equal(automatic, phonon.drive(pulse, times, steps=AdaptiveSteps()).q) else "fixed"


def test_automatic_steps_are_fixed_where_that_is_accurate(phonon, make_phonon):
    """Budget: 10⁻⁸ of the adaptive steps; of the fixed ones less is left."""
    assert taken(phonon, GaussianPulse(), TIMES) == "fixed"
    assert taken(make_phonon(quartic_isotropic=30.0), GaussianPulse(), TIMES) == "fixed"
    expected = phonon.drive(GaussianPulse(), TIMES, steps=AdaptiveSteps()).q
    np.testing.assert_allclose(phonon.drive(GaussianPulse(), TIMES).q, expected, atol=1e-8 * np.abs(expected).max())


@pytest.mark.slow
def test_automatic_steps_are_adaptive_elsewhere(phonon):
    """Times with unequal spacing; a field whose third derivative jumps within steps; a motion under `jit`."""
    assert taken(phonon, GaussianPulse(), np.append(TIMES[:-1], 9.97)) == "adaptive"
    field = np.random.default_rng(0).normal(size=(188, 2))
    assert taken(phonon, SampledPulse(np.linspace(0, 10, 188), field), TIMES) == "adaptive"
    inside = str(jax.make_jaxpr(lambda field: phonon.drive(GaussianPulse(field), TIMES).q)(1.0))
    assert "_solve" in inside
    assert "_collocate" not in inside


def test_automatic_steps_pass_over_no_short_pulse(phonon):
    """One of 0.1 fs falls between all nodes of 20 fs steps: q̇ jumps by Z̃/ε∞ ∫E dt = Z̃/ε∞ √2π τ E₀ Σ of x and y,
    and q turns at ω₀ from then on, up to (ω₀τ)² = 10⁻⁶ and the turn 2πντ of the carrier, 10⁻³."""
    pulse = GaussianPulse(duration=1e-4, frequency=2.42, center=0.5031, ellipticity=0.0)
    times = np.linspace(0, 0.52, 27)
    motion = phonon.drive(pulse, times)
    angle = 2 * np.pi * 2.42 * 0.5031
    jump = 1.4 / 4.3 * FIELD_FORCE * np.sqrt(2 * np.pi) * 1e-4 * np.sin(angle)
    assert np.abs(motion.q[:26]).max() < 1e-3 * np.abs(motion.q[26]).max()
    assert float(motion.velocity[26, 0]) == pytest.approx(jump, rel=0.1)


@pytest.mark.slow
def test_gradient_outside_jit_takes_fixed_steps(phonon):
    """The finer ones, 4 per interval; their slope is that of the adaptive ones, to 10⁻⁷ of both."""

    def objective(field):
        motion = phonon.drive(GaussianPulse(field), TIMES)
        return motion.angular_momentum[90] + motion.q[70, 0]

    automatic = jax.grad(objective)(1.3)
    fixed, adaptive = (
        slope((phonon, GaussianPulse(1.3)), steps)[1].peak_field for steps in (FixedSteps(4), AdaptiveSteps())
    )

    assert float(automatic) == pytest.approx(float(fixed), rel=1e-12)
    assert float(automatic) == pytest.approx(float(adaptive), rel=1e-7)


def test_adaptive_steps_must_be_positive():
    with pytest.raises(InputError, match="max_steps must be positive, but got 0"):
        AdaptiveSteps(0)
    with pytest.raises(InputError, match="substeps must be positive, but got 0"):
        FixedSteps(0)
