"""The function that is climbed: its slopes by differences, its fluence, and many at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax.control import Constraints

LIMITS = Constraints(0.5, 0.7, (1.9, 2.9), (0.5, 3.0), 0.5)
PULSES = {
    "spline": cj.SplinePulse.zeros(0.0, 4.0, 2.42, 6),
    "gaussian": cj.GaussianPulse(center=2.0, duration=0.3),
    "sum": cj.GaussianPulse(0.6, 2.0, 0.3, 2.0) + cj.GaussianPulse(0.3, 3.0, 0.4, 1.0, 0.5),
    "fourier": cj.FourierPulse.in_band(0.0, 4.0, (1.5, 3.5)),
}
VARIED = cj.Deviations(frequency=0.02, damping=0.1, field=0.05, timing=0.02, samples=2)


def some(problem, seed=0, strength=1.1):
    rng = np.random.default_rng(seed)
    x = np.append(problem.space.random(rng), strength)
    return jnp.asarray(x), jnp.asarray(rng.normal(size=problem.space.size + 1))


@eqx.filter_jit
def field_of(pulse, times):
    return pulse(times)


@pytest.mark.parametrize(
    ("family", "quartic", "deviations"),
    [
        ("spline", 0.0, None),
        pytest.param("sum", 0.0, None, marks=pytest.mark.slow),
        pytest.param("fourier", 30.0, None, marks=pytest.mark.slow),
        pytest.param("spline", 30.0, VARIED, marks=pytest.mark.slow),
        pytest.param("gaussian", 0.0, VARIED, marks=pytest.mark.slow),
    ],
)
def test_slopes(make_phonon, make_problem, family, quartic, deviations):
    """Central differences of fourth order: (hω)⁴/30 with phases that turn by ω < 50, and 10⁻¹⁶/h of roundoff.

    Leakages and not their logarithms, which roundoff rules where nothing leaks:
    over the 10⁻³ allowed, with h = 2·10⁻⁵, it is below 10⁻⁶.
    """
    phonon = make_phonon(quartic_isotropic=quartic)
    problem = make_problem(phonon, PULSES[family], cj.PeakAngularMomentum(), LIMITS, deviations=deviations)
    probe = jnp.asarray(np.random.default_rng(2).normal(size=problem.meter.times.size))
    step = 2e-5 if "spline" not in family else 1e-3

    def value(x):
        found, violations = problem(x)
        assert set(violations) == {"peak_field", "band", "window", "ellipticity"}
        peak = jnp.mean(probe * violations["peak_field"])
        return jnp.stack([found, peak, *(jnp.exp(violations[name]) for name in ("band", "window", "ellipticity"))])

    @jax.jit
    def both(x, direction):
        near = jax.lax.map(lambda s: value(x + s * step * direction), jnp.array([-2.0, -1.0, 1.0, 2.0]))
        return jax.jacrev(value)(x) @ direction, jnp.array([1.0, -8.0, 8.0, -1.0]) @ near / (12 * step)

    for seed in range(3):
        slopes, numeric = both(*some(problem, seed))
        assert np.all(np.abs(np.asarray(numeric)[[0, 2, 3]]) > 0)
        np.testing.assert_allclose(slopes, numeric, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("family", PULSES)
def test_fluence_by_construction(phonon, make_problem, family):
    """F sin² s of the limit, whatever the shape; nothing at s = 0, and the other sign at −s."""
    problem = make_problem(phonon, PULSES[family], cj.PeakAngularMomentum(), Constraints(0.5))
    for seed, strength in enumerate([0.3, 1.2, np.pi / 2, 5.0, -0.7, 0.0]):
        pulse, field = problem.pulse(some(problem, seed, strength)[0])
        fluence = float(problem.meter.fluence(field))
        assert fluence == pytest.approx(0.5 * np.sin(strength) ** 2, rel=1e-12)
        assert fluence <= 0.5 * (1 + 1e-14)
        np.testing.assert_allclose(field_of(pulse, problem.meter.times), field, atol=1e-11)
    positive, negative = (np.asarray(problem.pulse(some(problem, strength=s)[0])[1]) for s in (0.7, -0.7))
    np.testing.assert_allclose(negative, -positive, atol=1e-14)


def test_a_shape_without_field(phonon, make_problem):
    problem = make_problem(phonon, PULSES["spline"], cj.PeakAngularMomentum(), Constraints(0.5, 1.0))
    pulse, field = problem.pulse(jnp.zeros(problem.space.size + 1).at[-1].set(1.0))
    assert not np.any(np.asarray(field))
    assert float(pulse.peak_field) == 0


def test_peak_field_limits_the_fluence(phonon, make_problem):
    """Without a fluence it is that of the peak field at all times of the pulse and of the simulation."""
    problem = make_problem(phonon, PULSES["spline"], cj.PeakAngularMomentum(), Constraints(peak_field=0.5))
    x = some(problem, strength=np.pi / 2)[0]
    expected = cj.SampledPulse(np.linspace(0, 4, 5), np.full((5, 2), 0.5 / np.sqrt(2))).fluence
    assert float(problem.meter.fluence(problem.pulse(x)[1])) == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.slow
def test_many_at_once(phonon, make_problem):
    """To roundoff; of a logarithm that is 10⁻¹⁶ over what leaks, at least 10⁻¹²."""
    problem = make_problem(phonon, PULSES["spline"], cj.AngularMomentumAt(3.0), LIMITS)
    rows = jnp.stack([some(problem, seed)[0] for seed in range(3)])
    together = eqx.filter_jit(lambda rows: jax.vmap(problem)(rows))(rows)
    alone = eqx.filter_jit(lambda row: problem(row))
    for n, row in enumerate(rows):
        for one, all_of in zip(jax.tree.leaves(alone(row)), jax.tree.leaves(together), strict=True):
            np.testing.assert_allclose(all_of[n], one, rtol=1e-11, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "quartic"), [("spline", 30.0), ("gaussian", 0.0)])
def test_value_is_that_of_the_drive(make_phonon, make_problem, family, quartic):
    """The adaptive drive of the pulse at x; 10⁻⁸ of the largest |q| from either, squared in L."""
    phonon = make_phonon(quartic_isotropic=quartic)
    problem = make_problem(phonon, PULSES[family], cj.AngularMomentumAt(3.0), Constraints(0.5))
    pulse, _ = problem.pulse(some(problem)[0])
    times, rest = np.linspace(0, 4, 81), (np.zeros(2), np.zeros(2))
    motion = phonon.drive(pulse, times, steps=cj.AdaptiveSteps(1 << 14), initial=rest)
    turning = np.asarray(motion.angular_momentum)
    assert float(problem.true_value(pulse)) == pytest.approx(abs(turning[60]), abs=1e-6 * abs(turning).max())


def test_starts(phonon, pulse, make_problem):
    """Random start n is the same for any number; a pulse with a field is the first, at its fluence or a share."""
    problem = make_problem(phonon, PULSES["spline"], cj.AngularMomentumAt(3.0), Constraints(0.5))
    np.testing.assert_array_equal(problem.starts(2, seed=4), problem.starts(5, seed=4)[:2])
    assert not np.array_equal(problem.starts(2, seed=4), problem.starts(2, seed=5))
    gaussian = cj.GaussianPulse(0.5, center=2.0, duration=0.3, ellipticity=-0.5)
    problem = make_problem(phonon, gaussian, cj.AngularMomentumAt(3.0), Constraints(0.5))
    begun, _ = problem.pulse(jnp.asarray(problem.starts(1, seed=0)[0]))
    t = np.linspace(0, 4, 200)
    np.testing.assert_allclose(field_of(begun, t), field_of(gaussian, t), atol=1e-9)
    assert float((gaussian * 0.5).fluence) == pytest.approx(float(begun.fluence) / 4, rel=1e-9)
