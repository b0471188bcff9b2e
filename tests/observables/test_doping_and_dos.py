"""Chemical potential and density of states: sum rules, symmetries, and the gap."""

import warnings
from functools import partial

import jax
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError


@pytest.mark.parametrize("doping", [0.02, 0.0, -0.03])
@pytest.mark.parametrize("temperature", [150.0, 900.0])
def test_carriers_at_the_chemical_potential(electrons, doping, temperature):
    rule = cj.quadrature(electrons, 12)
    mu = cj.chemical_potential(electrons, doping=doping, temperature=temperature, accuracy=cj.Accuracy(rule=rule)).mu
    found = cj.magnetization(
        electrons, mu=mu, temperature=temperature, rotation=0.0, accuracy=cj.Accuracy(rule=rule)
    ).carriers
    assert float(found) == pytest.approx(doping, rel=1e-9, abs=1e-13)


def test_undoped_gap_at_low_temperature(electrons):
    """μ lies inside the gap at 20 K, where there are 10⁻²⁷⁰ carriers: e^(−E_gap/2k_BT)."""
    rule = cj.quadrature(electrons, 8)
    mu = float(cj.chemical_potential(electrons, doping=0.0, temperature=20.0, accuracy=cj.Accuracy(rule=rule)).mu)
    assert -2.53 < mu < 0
    assert mu == pytest.approx(-2.5266 / 2, abs=0.02)


@pytest.mark.slow
def test_derivative_with_respect_to_doping_and_parameters(electrons):
    rule = cj.quadrature(electrons, 12)

    @jax.jit
    @partial(jax.value_and_grad, argnums=(0, 1))
    def mu(doping, xi):
        model = electrons.with_parameters({"Ta.d.xi": xi})
        return cj.chemical_potential(model, doping=doping, temperature=800.0, accuracy=cj.Accuracy(rule=rule)).mu

    for argument, (point, step) in enumerate([(0.02, 1e-4), (0.28868, 1e-3)]):
        at = [0.02, 0.28868]

        def shifted(s, argument=argument, point=point, at=at):
            return float(mu(*(point + s if i == argument else x for i, x in enumerate(at)))[0])

        difference = (8 * (shifted(step) - shifted(-step)) - shifted(2 * step) + shifted(-2 * step)) / (12 * step)
        assert float(mu(*at)[1][argument]) == pytest.approx(difference, rel=1e-6)


def test_density_per_cubic_centimetre(ktao3):
    """1e20 cm⁻³ in a cell of 3.988³ Å³ = 63.43 Å³."""
    assert float(cj.per_cell(1e20, ktao3.crystal)) == pytest.approx(6.3425e-3, rel=1e-4)


@pytest.mark.parametrize("project", ["spin", "orbital"])
def test_density_of_states_sum_rules(electrons, project):
    energies = np.linspace(-8, 12, 2001)
    found = cj.density_of_states(
        electrons, energies, broadening=0.1, rotation=15.2, project=project, rule=cj.quadrature(electrons, 8)
    )
    step = energies[1] - energies[0]
    assert float(found.total.sum() * step) == pytest.approx(28, rel=1e-9)
    np.testing.assert_allclose(found.projections.sum(axis=0), found.total, atol=1e-10)
    counts = dict(zip(found.labels, np.asarray(found.projections.sum(axis=1) * step), strict=True))
    expected = {"↑": 14, "↓": 14} if project == "spin" else {"O.p": 18, "Ta.d": 10}
    assert counts == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_spins_are_equal_without_rotation(electrons):
    found = cj.density_of_states(electrons, [2.0, 2.5, 4.0], broadening=0.05, rule=cj.quadrature(electrons, 8))
    np.testing.assert_allclose(found.projections[0], found.projections[1], rtol=1e-10)


def test_bad_input(electrons):
    with pytest.raises(InputError, match="temperature must be positive, but got 0"):
        cj.chemical_potential(electrons, doping=0.1, temperature=0.0)
    with pytest.raises(InputError, match="doping must be between -18 and 10 a cell, but got 10"):
        cj.chemical_potential(electrons, doping=10, temperature=300.0)
    with pytest.raises(InputError, match="broadening must be positive"):
        cj.density_of_states(electrons, [0.0], broadening=0.0)
    with pytest.raises(InputError, match="project must be 'spin' or 'orbital'"):
        cj.density_of_states(electrons, [0.0], broadening=0.1, project="site")


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [5.0, 20.0])
def test_derivatives_inside_the_gap(electrons, temperature):
    """Without doping μ follows the middle of the gap, however few carriers there are: against central differences."""
    rule = cj.quadrature(electrons, 12)

    def mu(value, temperature):
        model = electrons.with_parameters({"O-Ta.pd_sigma.1": value})
        return cj.chemical_potential(model, doping=0.0, temperature=temperature, accuracy=cj.Accuracy(rule=rule)).mu

    at = [float(electrons.parameters["O-Ta.pd_sigma.1"]), temperature]
    for argument, step in enumerate((1e-4, 1e-2)):
        up, down = list(at), list(at)
        up[argument] += step
        down[argument] -= step
        expected = (float(mu(*up)) - float(mu(*down))) / (2 * step)
        assert float(jax.grad(mu, argument)(*at)) == pytest.approx(expected, rel=1e-5, abs=1e-9)

    def potential(doping):
        accuracy = cj.Accuracy(rule=rule)
        return cj.chemical_potential(electrons, doping=doping, temperature=temperature, accuracy=accuracy).mu

    slope = jax.grad(potential)(0.0)
    assert np.isfinite(float(slope))
    assert float(slope) > 1e100


@pytest.mark.slow
def test_a_rule_too_coarse_for_the_doping_says_so(electrons):
    """10⁻⁴ carriers at 5 K fill a pocket between the points of a mesh of 32; 0.1 at 3000 K spread over all of it."""
    accuracy = cj.Accuracy(rule=cj.quadrature(electrons, 32))
    with pytest.warns(UserWarning, match="Fermi surface of 1 of 2 pairs .* is not resolved; at doping 0.0001 and 5 K"):
        both = cj.chemical_potential(
            electrons, doping=[0.1, 1e-4], temperature=[3000.0, 5.0], paired=True, accuracy=accuracy
        )
    assert both.status == "budget_exhausted"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warm = cj.chemical_potential(electrons, doping=0.1, temperature=3000.0, accuracy=accuracy)
    assert warm.status == "converged"
    assert float(warm.error) == float(both.error[0]) < 1e-4
