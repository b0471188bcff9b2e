"""The chain in a warm lattice: what the mean over random motions is, and what it costs.

Statistical comparisons are within 4 standard errors of N independent motions, for fixed seeds.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.phonon import thermal_square
from chiraljax.units import HBAR

TIMES = np.linspace(0, 6, 25)


@pytest.fixture(scope="module")
def rule(electrons):
    return cj.quadrature(electrons, 4)


def _simulate(material, rule, samples=1000, pulse=None, nodes=6, **options):
    arguments = {
        "mu": 0.1,
        "temperature": 900.0,
        "lattice_temperature": 300.0,
        "accuracy": cj.Accuracy(rule=rule, nodes=nodes),
    }
    pulse = cj.GaussianPulse(2.0, ellipticity=0.9) if pulse is None else pulse
    return cj.simulate_ensemble(material, pulse, times=TIMES, samples=samples, **arguments | options)


@pytest.fixture(scope="module")
def result(ktao3, rule):
    return _simulate(ktao3, rule)


def _within(mean, expected, error):
    assert np.all(abs(mean - expected) < 4 * error)


@pytest.mark.slow
def test_mean_rotation_is_the_kinematic_one(ktao3, result):
    """⟨L⟩ = L, ⟨q²⟩ = q² + q_T² and ⟨L⟩/⟨q²⟩ = L/(q² + q_T²) of the motion without heat."""
    coherent = ktao3.phonon.drive(cj.GaussianPulse(2.0, ellipticity=0.9), TIMES, steps=cj.FixedSteps(10))
    kinematic = cj.KinematicRotation(300.0)
    _within(result.angular_momentum.mean, coherent.angular_momentum, result.angular_momentum.standard_error)
    inertia = (coherent.q**2).sum(axis=1) + kinematic.thermal_square(ktao3.phonon)
    _within(result.inertia.mean, inertia, result.inertia.standard_error)
    _within(result.rotation_of_mean, kinematic(coherent), result.rotation_of_mean_error)
    np.testing.assert_allclose(result.rotation.mean, result.rotation_of_mean, rtol=1e-10)
    assert np.abs(kinematic(coherent)).max() > 10 * result.rotation_of_mean_error.max()


@pytest.mark.slow
def test_no_pulse_turns_nothing_on_average(ktao3, rule):
    """At rest ⟨L²⟩ = 2ω²⟨q²⟩² for two Gaussian components, and L, Ω and M_z vanish on average."""
    result = _simulate(ktao3, rule, pulse=cj.GaussianPulse(0.0))
    for part in (result.angular_momentum, result.rotation, result.moment):
        _within(part.mean, 0.0, part.standard_error)
    square = float(thermal_square(ktao3.phonon, 300.0)[0])
    squares = cj.Distribution((HBAR * result.angular_momentum.samples) ** 2)
    _within(squares.mean, 2 * (2 * np.pi * 2.42 * square) ** 2, squares.standard_error)


def test_moment_of_each_motion_follows_its_rotation(ktao3, rule, result):
    """The one curve M(Ω) against direct evaluation on the same k-points, where M is smooth over ħΩ ≪ k_BT."""
    rotation = result.rotation.samples[[3, 500], [7, 20]]
    direct = cj.magnetization(
        ktao3.electrons, mu=0.1, temperature=900.0, rotation=rotation, accuracy=cj.Accuracy(rule=rule)
    )
    moments = result.moment.samples[[3, 500], [7, 20]]
    np.testing.assert_allclose(moments, direct.moment, atol=1e-6 * np.abs(direct.moment).max())
    samples = np.asarray(result.moment.samples)
    np.testing.assert_allclose(result.moment.mean, samples.mean(axis=0))
    np.testing.assert_allclose(result.moment.spread, samples.std(axis=0, ddof=1))
    np.testing.assert_allclose(result.moment.standard_error, samples.std(axis=0, ddof=1) / np.sqrt(1000))


def test_a_motion_by_itself(result):
    motion = result.motion(17)
    np.testing.assert_allclose(motion.angular_momentum, result.angular_momentum.samples[17])


def test_a_given_coupling_sees_each_motion(ktao3, rule):
    coupling = cj.ConstantInertia(2.0)
    result = _simulate(ktao3, rule, samples=4, coupling=coupling)
    np.testing.assert_allclose(result.rotation.samples[2], coupling(result.motion(2)))


def test_grid_seed_and_cost(ktao3, rule, result):
    """Shapes, another realisation for another seed, and as many diagonalisations for 4 motions as for 1000."""
    few = _simulate(ktao3, rule, samples=4, mu=[0.0, 0.1], temperature=[300.0, 600.0, 900.0], seed=1)
    assert few.moment.samples.shape == (2, 3, 4, len(TIMES))
    assert few.moment.mean.shape == few.moment.spread.shape == (2, 3, len(TIMES))
    assert int(few.eigensolves) == int(result.eigensolves) == (6 + 1) * len(rule.weights)
    assert np.all(few.q != result.q[:4])


@pytest.mark.slow
def test_under_jit_with_a_gradient(ktao3, rule):
    """d⟨M⟩/dT of the lattice for one seed; central differences with h = 10⁻³ T err by h²/6 ≈ 2·10⁻⁷."""

    @jax.jit
    def mean(heat):
        return _simulate(ktao3, rule, samples=3, lattice_temperature=heat, steps=cj.FixedSteps(8)).moment.mean[14]

    difference = (mean(300.3) - mean(299.7)) / 0.6
    assert float(jax.grad(mean)(300.0)) == pytest.approx(float(difference), rel=1e-5)


def test_bad_input(ktao3, rule):
    still = eqx.tree_at(lambda m: m.phonon, ktao3, None)
    with pytest.raises(InputError, match="material must have a phonon to be driven, but has none"):
        _simulate(still, rule)
    with pytest.raises(InputError, match="samples must be at least 2"):
        _simulate(ktao3, rule, samples=1)
    with pytest.raises(InputError, match="nodes must be at least 2"):
        _simulate(ktao3, rule, nodes=1)
    stiff = eqx.tree_at(lambda m: m.phonon.quartic_isotropic, ktao3, jnp.full((1, 1), 1e6))
    with pytest.raises(InputError, match="steps must be more for this phonon"):
        _simulate(stiff, rule, samples=2, steps=cj.FixedSteps(1))
