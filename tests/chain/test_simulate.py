"""The composed chain: its value, its gradients in every parameter, and its cost."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import chiraljax as cj
from chiraljax import InputError
from chiraljax.phonon import AbstractSteps

TIMES = np.linspace(0, 8, 41)


@pytest.fixture(scope="module")
def rule(electrons):
    return cj.quadrature(electrons, 8)


class Unfinished(AbstractSteps):
    """Stop before the last time."""

    def motion(self, phonon, pulse, times, initial, bath=None):
        motion = cj.FixedSteps(8).motion(phonon, pulse, times, initial, bath)
        return dataclasses.replace(motion, converged=False)


def _simulate(material, pulse, rule, nodes=6, **options):
    accuracy = cj.Accuracy(rule=rule, nodes=nodes)
    return cj.simulate(material, pulse, mu=0.1, temperature=900.0, times=TIMES, accuracy=accuracy, **options)


@pytest.mark.parametrize("coupling", [cj.KinematicRotation(), cj.ConstantInertia(), cj.FixedRotation(12.0)])
def test_moment_follows_the_rotation(ktao3, rule, coupling):
    """M(t) is M(Ω(t)): the interpolation in Ω against direct evaluation, within its own error estimate."""
    result = _simulate(ktao3, cj.GaussianPulse(), rule, coupling=coupling)
    chosen = np.array([10, 16, 20, 37])
    direct = cj.magnetization(
        ktao3.electrons, mu=0.1, temperature=900.0, rotation=result.rotation[chosen], accuracy=cj.Accuracy(rule=rule)
    )
    assert np.abs(np.asarray(result.moment[chosen] - direct.moment)).max() < 1e-6 * np.abs(direct.moment).max()
    assert result.moment.shape == result.error.shape == TIMES.shape
    np.testing.assert_allclose(result.rotation, coupling(result.motion))


def test_handedness_flips_the_moment(ktao3, rule):
    """Time reversal and a mirror: the other handedness gives the opposite moment; a linear field none."""
    left, right, linear = (_simulate(ktao3, cj.GaussianPulse(ellipticity=e), rule).moment for e in (1.0, -1.0, 0.0))
    np.testing.assert_allclose(left, -right, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(linear, 0, atol=1e-15)


def test_grid_of_chemical_potentials_and_temperatures(ktao3, rule):
    result = cj.simulate(
        ktao3,
        cj.GaussianPulse(),
        mu=[0.0, 0.1],
        temperature=[300.0, 600.0, 900.0],
        times=TIMES,
        accuracy=cj.Accuracy(rule=rule),
    )
    assert result.moment.shape == (2, 3, len(TIMES))
    np.testing.assert_allclose(result.moment[1, 2], _simulate(ktao3, cj.GaussianPulse(), rule).moment, rtol=1e-10)


PULSE = {
    "peak_field": 1.0,
    "frequency": 2.4,
    "duration": 0.7,
    "center": 3.0,
    "ellipticity": -0.8,
    "phase": 0.1,
    "chirp": 0.05,
    "angle": 0.2,
    "delay": 0.1,
}
PHONON = ("frequency", "damping", "mode_effective_charge", "dielectric_constant", "quartic_isotropic", "quartic_cubic")


@pytest.mark.slow
def test_gradient_in_every_parameter(ktao3, rule):
    """The largest |M| and M at one time, in all pulse, phonon and Slater–Koster parameters.

    Fourth-order central differences; h = 2e-3 keeps truncation and the noise of adaptive steps below 1e-6.
    """
    phonon = eqx.tree_at(
        lambda p: (p.quartic_isotropic, p.quartic_cubic), ktao3.phonon, (jnp.full((1, 1), 5.0), jnp.full(1, 3.0))
    )
    lattice = {name: getattr(phonon, name) for name in PHONON}
    x, restore = ravel_pytree((jax.tree.map(jnp.asarray, PULSE), lattice, ktao3.electrons.parameters))

    @jax.jit
    def value(x):
        pulse, lattice, bands = restore(x)
        moved = eqx.tree_at(lambda p: [getattr(p, name) for name in PHONON], phonon, [lattice[n] for n in PHONON])
        material = eqx.tree_at(
            lambda m: (m.phonon, m.electrons), ktao3, (moved, ktao3.electrons.with_parameters(bands))
        )
        moment = _simulate(material, cj.GaussianPulse(**pulse), rule).moment
        return jnp.stack([jnp.max(jnp.abs(moment)), moment[19]])

    reverse, forward = jax.jacrev(value)(x), jax.jacfwd(value)(x)
    scale = np.abs(reverse).max(axis=1, keepdims=True)
    np.testing.assert_allclose(forward / scale, reverse / scale, rtol=1e-8, atol=1e-12)
    step = 2e-3
    for i, shift in enumerate(step * np.eye(x.size)):
        ends = {s: value(x + s * shift) for s in (-2, -1, 1, 2)}
        difference = (8 * (ends[1] - ends[-1]) - ends[2] + ends[-2]) / (12 * step)
        np.testing.assert_allclose(difference / scale[:, 0], reverse[:, i] / scale[:, 0], rtol=1e-6, atol=1e-9)


def test_gradient_at_rest(ktao3, rule):
    """A linear pulse turns nothing: Ω = 0, every level is twofold, M = 0, and dM/dε is finite and exact."""

    def moment(ellipticity):
        return _simulate(ktao3, cj.GaussianPulse(ellipticity=ellipticity), rule).moment[20]

    exact = float(jax.grad(moment)(0.0))
    step = 0.02
    difference = (8 * (moment(step) - moment(-step)) - moment(2 * step) + moment(-2 * step)) / (12 * step)
    assert float(difference) == pytest.approx(exact, rel=1e-6)
    assert abs(exact) > 1e-6


def test_gradient_in_the_rotation_at_zero(electrons, rule):
    def moment(rotation):
        return cj.magnetization(
            electrons, mu=0.1, temperature=900.0, rotation=rotation, accuracy=cj.Accuracy(rule=rule)
        ).moment

    step = 0.5
    difference = (8 * (moment(step) - moment(-step)) - moment(2 * step) + moment(-2 * step)) / (12 * step)
    assert float(jax.grad(moment)(0.0)) == pytest.approx(float(difference), rel=1e-6)
    assert float(jax.jacfwd(moment)(0.0)) == pytest.approx(float(difference), rel=1e-6)


def test_vmap_over_pulses(ktao3, rule):
    fields = np.array([0.5, 1.0])
    together = jax.jit(jax.vmap(lambda field: _simulate(ktao3, cj.GaussianPulse(field), rule).moment))(fields)
    np.testing.assert_allclose(together[1], _simulate(ktao3, cj.GaussianPulse(1.0), rule).moment, rtol=1e-8, atol=1e-14)


def test_eigensolves_do_not_depend_on_the_number_of_times(ktao3, rule):
    result = _simulate(ktao3, cj.GaussianPulse(), rule, nodes=4)
    assert int(result.eigensolves) == (4 + 1) * len(rule.weights)


def test_bad_input(ktao3, rule):
    still = eqx.tree_at(lambda m: m.phonon, ktao3, None)
    with pytest.raises(InputError, match="material must have a phonon to be driven, but has none"):
        _simulate(still, cj.GaussianPulse(), rule)
    with pytest.raises(InputError, match="times must increase"):
        cj.simulate(ktao3, cj.GaussianPulse(), mu=0.0, temperature=300.0, times=[0.0, 0.0])
    with pytest.raises(InputError, match="nodes must be at least 2"):
        _simulate(ktao3, cj.GaussianPulse(), rule, nodes=1)


@pytest.mark.slow
def test_an_unfinished_motion_is_not_a_result(ktao3, rule):
    with pytest.raises(InputError, match="steps must be more for this pulse"):
        _simulate(ktao3, cj.GaussianPulse(), rule, steps=Unfinished())
    traced = jax.jit(lambda field: _simulate(ktao3, cj.GaussianPulse(field), rule, steps=Unfinished()))(1.0)
    assert not bool(traced.converged)
    assert np.all(np.isinf(traced.error))


def test_long_windows_get_the_steps_they_need(ktao3):
    motion = ktao3.phonon.drive(cj.GaussianPulse(), np.linspace(0, 150, 16))
    assert np.all(np.isfinite(motion.q))


@pytest.fixture(scope="module")
def several(ktao3):
    """KTaO₃ with all its infrared modes, and a rule for sites that turn at their own rates."""
    lattice = cj.load_lattice("KTaO3")
    crystal = ktao3.electrons.crystal
    phonon = lattice.phonon(damping=0.64, modes="all", frequency=[2.42, 5.67, 16.44], crystal=crystal)
    return dataclasses.replace(ktao3, phonon=phonon), cj.quadrature(ktao3.electrons.site_resolved(), 4)


@pytest.mark.slow
def test_sites_cost_a_few_patterns(several):
    """Three modes: 6 nodes, 4 for each of up to three more axes and 4 checks; every fourth time by itself agrees."""
    material, rule = several
    found = _simulate(material, cj.GaussianPulse(), rule, coupling=cj.SiteRotation())
    options = {"mu": 0.1, "temperature": 900.0, "accuracy": cj.Accuracy(rule=rule)}
    each = cj.magnetization(material.electrons, rotation=found.rotation[::4], per_site=True, **options)
    assert int(found.eigensolves) <= 22 * len(rule.weights)
    assert found.moment.shape == found.error.shape == TIMES.shape
    off, largest = np.abs(found.moment[::4] - each.moment), np.abs(each.moment).max()
    assert off.max() < 1e-6 * largest
    assert np.all(off <= found.error[::4])


@pytest.mark.slow
def test_gradient_where_sites_turn_at_their_own_rates(several):
    """In the field and the ellipticity, by central differences with steps of 10⁻³: they err by some 10⁻⁶."""
    material, rule = several

    def moment(values):
        pulse = cj.GaussianPulse(peak_field=values[0], ellipticity=values[1])
        return _simulate(material, pulse, rule, coupling=cj.SiteRotation()).moment[20]

    at, step = jnp.array([1.0, 0.7]), 1e-3
    slope = jax.grad(moment)(at)
    expected = [float(moment(at + shift) - moment(at - shift)) / (2 * step) for shift in step * np.eye(2)]
    np.testing.assert_allclose(slope, expected, rtol=1e-4)


@pytest.mark.slow
def test_moment_of_sites_that_turn_at_their_own_rates(ktao3):
    """M is nearly linear in Ω_i, and that of one rotation to 1 %: K has no orbitals, and two O on ellipses, with the
    amplitudes a = 0.398 and b = 0.490, turn at 2ab/(a² + b²) = 0.979 of the mean rate. Near the conduction edge, whose
    states are those of Ta, the O carry less than half of M."""
    options = {"mu": 0.05, "temperature": 600.0, "times": [0.0, 3.0, 4.0]}
    sites = cj.simulate(ktao3, cj.GaussianPulse(), coupling=cj.SiteRotation(), **options)
    whole = cj.simulate(ktao3, cj.GaussianPulse(), **options)
    assert sites.rotation.shape == (3, 5)
    assert sites.moment.shape == (3,)
    np.testing.assert_allclose(sites.moment, whole.moment, rtol=0.01, atol=1e-8)
    given = cj.magnetization(
        ktao3.electrons,
        mu=0.05,
        temperature=600.0,
        rotation=sites.rotation,
        per_site=True,
        accuracy=cj.Accuracy(rule=sites.rule),
    )
    np.testing.assert_allclose(sites.moment, given.moment, rtol=1e-12)


@pytest.mark.slow
def test_times_that_cut_the_pulse(ktao3, rule):
    """Without the first half of the pulse an error, without the second a warning with the end of it, 5.63 ps."""
    options = {"mu": 0.1, "temperature": 900.0, "accuracy": cj.Accuracy(rule=rule, nodes=6)}
    with pytest.raises(InputError, match=r"times must begin at 0\.37 ps or before"):
        cj.simulate(ktao3, cj.GaussianPulse(), times=np.linspace(3, 8, 41), **options)
    with pytest.raises(InputError, match=r"times must begin at 0\.37 ps or before"):
        cj.simulate_ensemble(
            ktao3, cj.GaussianPulse(), times=np.linspace(3, 8, 41), lattice_temperature=300.0, samples=2, **options
        )
    with pytest.warns(UserWarning, match=r"times until 5\.63 ps hold its peak"):
        cj.simulate(ktao3, cj.GaussianPulse(), times=np.linspace(0, 3, 31), **options)


def test_progress_is_shown_where_it_is_asked_for(ktao3, pulse, rule, capsys):
    for progress in (False, True):
        _simulate(ktao3, pulse, rule, progress=progress)
        printed = capsys.readouterr()
        assert printed.out == ""
        assert ("Driving the phonon" in printed.err and "Summing over the zone" in printed.err) == progress
        assert bool(printed.err) == progress
