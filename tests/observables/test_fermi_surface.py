"""Low temperature: interpolated bands between tetrahedra against sums over points, limits, derivatives, traces."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Hopping, InputError, Shell, slater_koster
from chiraljax.brillouin import FermiSurface, _nodes, extrapolate, thermal_levels
from chiraljax.crystal import Crystal
from chiraljax.units import BOLTZMANN, HBAR_EV_PS

ROTATION = 2 * np.pi * 2.42


@pytest.fixture(scope="module")
def cold(electrons):
    """A doped crystal at 30 K, to 1 %."""
    return cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-2))


@pytest.fixture(scope="module")
def doped(insulator):
    """The same for two conduction bands."""
    return cj.magnetization(insulator, mu=0.1, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-2))


@pytest.mark.slow
def test_against_points(electrons):
    """At 100 K against sums over 192 points an axis of H itself, which have converged to 10⁻⁷ there.

    The moment to what was asked for and to what is reported; the carriers, which vary less, to the same.
    """
    known = json.loads((Path(__file__).parents[2] / "benchmarks/data/brillouin_reference.json").read_text())
    exact, doubt = (np.array(known[name])[2:4, 2] for name in ("moment", "error"))
    assert (known["mu"][2:4], known["temperature"][2]) == ([0.05, 0.1], 100.0)
    options = {"mu": [0.05, 0.1], "temperature": 100.0, "rotation": ROTATION}
    found = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rtol=3e-3))
    assert found.status == "converged"
    assert int(found.eigensolves) < 2500
    off = np.abs(found.moment - exact)
    np.testing.assert_array_less(off, 1e-7 + 3e-3 * np.abs(exact))
    np.testing.assert_array_less(off, found.error + doubt)
    points = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=cj.quadrature(electrons, 96)))
    np.testing.assert_allclose(found.carriers, points.carriers, rtol=3e-3)


@pytest.mark.slow
def test_rule_for_some_of_the_pairs(doped):
    """Parts that none of them needs are left out, and the others are counted anew."""
    part, *_ = doped.rule.parts
    whole = FermiSurface(doped.rule.smooth, (part, part, part), ((-1, False), (2, True), (0, False), (2, False)))
    some = whole.of_pairs([3, 0])
    assert len(some.parts) == 1
    assert some.method == ((0, False), (-1, False))
    assert whole.of_pairs(range(4)).method == ((-1, False), (1, True), (0, False), (1, False))


@pytest.mark.slow
def test_below_the_gap(insulator):
    """Holes: the valence bands are interpolated instead. 64 points an axis have converged to 10⁻⁶ here."""
    mu = float(cj.valence_edge(insulator).energy) - 0.1
    options = {"mu": mu, "reference": "absolute", "temperature": 300.0, "rotation": ROTATION}
    points = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rule=cj.quadrature(insulator, 64)))
    found = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rtol=1e-2))
    assert found.rule.parts[0][0].states == (0, insulator.filling)
    assert found.status == "converged"
    off = abs(float(found.moment - points.moment))
    assert off < 1e-2 * abs(float(points.moment))
    assert off < float(found.error) + 1e-6 * abs(float(points.moment))
    assert float(found.carriers) == pytest.approx(float(points.carriers), rel=1e-2)
    assert float(found.carriers) < 0


@pytest.mark.slow
def test_zero_temperature_is_the_limit(insulator, doped):
    """|M(T) − M(0)| stays below (π²/6)(k_BT/ħΩ)²|M|: Sommerfeld's term if M varies on the scale of the splitting."""
    at = {"mu": 0.1, "rotation": ROTATION, "accuracy": cj.Accuracy(rule=doped.rule)}
    zero, one, ten = (float(cj.magnetization(insulator, temperature=t, **at).moment) for t in (0.0, 1.0, 10.0))
    for temperature, moment in ((1.0, one), (10.0, ten)):
        bound = np.pi**2 / 6 * (BOLTZMANN * temperature / (HBAR_EV_PS * ROTATION)) ** 2
        assert abs(moment - zero) < bound * abs(zero)


@pytest.mark.slow
def test_the_cube_around_gamma(insulator):
    """The other region, against Clenshaw and Curtis's rule for it: what was asked for, and what both report."""
    options = {"mu": 0.03, "temperature": 5.0, "rotation": ROTATION}
    found = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rtol=1e-2, region="gamma_cube"))
    rule = cj.quadrature(insulator, 96, region="gamma_cube")
    points = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rule=rule))
    assert isinstance(found.rule, FermiSurface)
    off = abs(float(found.moment - points.moment))
    assert off < 1e-2 * abs(float(points.moment))
    assert off < float(found.error + points.error)


@pytest.mark.slow
def test_derivatives_on_the_frozen_rule(electrons, cold):
    """μ, T, Ω and a parameter by reverse mode, against central differences; and at T = 0."""
    xi = float(electrons.parameters["Ta.d.xi"])

    def moment(mu, temperature, rotation, value):
        model = electrons.with_parameters({"Ta.d.xi": value})
        return cj.magnetization(
            model, mu=mu, temperature=temperature, rotation=rotation, accuracy=cj.Accuracy(rule=cold.rule)
        ).moment

    for point, steps in (((0.1, 30.0, ROTATION, xi), (1e-6, 1e-3, 1e-4, 1e-6)), ((0.1, 0.0, ROTATION, xi), (1e-6,))):
        which = tuple(range(len(steps)))
        for i, slope in zip(which, jax.grad(moment, which)(*[jnp.asarray(x) for x in point]), strict=True):
            up, down = list(point), list(point)
            up[i] += steps[i]
            down[i] -= steps[i]
            expected = float(moment(*up) - moment(*down)) / (2 * steps[i])
            assert float(slope) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_gradient_in_the_rotation_at_rest(electrons, cold):
    """At Ω = 0 every level is twofold: a sum over nodes has the slope χ, one between tetrahedra refuses."""
    options = {"mu": 0.1, "temperature": 600.0}
    rule = cj.magnetization(electrons, **options, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-4)).rule
    assert rule.method == ((0, False),)
    slope = jax.grad(
        lambda omega: cj.magnetization(electrons, **options, rotation=omega, accuracy=cj.Accuracy(rule=rule)).moment
    )(0.0)
    chi = cj.susceptibility(electrons, **options, accuracy=cj.Accuracy(rtol=1e-4)).tensor[2, 2]
    assert float(slope) == pytest.approx(float(chi), rel=1e-3)
    with pytest.raises(InputError, match="rotation must not be 0 for a gradient at this temperature"):
        jax.grad(
            lambda omega: (
                cj.magnetization(
                    electrons, mu=0.1, temperature=30.0, rotation=omega, accuracy=cj.Accuracy(rule=cold.rule)
                ).moment
            )
        )(0.0)


@pytest.mark.slow
def test_a_gradient_refines_like_a_value(insulator, doped):
    """Without a rule the search is the same, and its rule is differentiated."""

    def moment(mu):
        return cj.magnetization(
            insulator, mu=mu, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-2)
        ).moment

    def fixed(mu):
        return cj.magnetization(
            insulator, mu=mu, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rule=doped.rule)
        ).moment

    value, slope = jax.value_and_grad(moment)(0.1)
    assert float(slope) == pytest.approx(float(jax.grad(fixed)(0.1)), rel=1e-10)
    assert abs(float(value - doped.moment)) < float(doped.error)


def test_jit(insulator, doped):
    """Under `jit` no tetrahedron is left out; the sum is the same."""

    @jax.jit
    def moment(mu):
        return cj.magnetization(
            insulator, mu=mu, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rule=doped.rule)
        ).moment

    eager = cj.magnetization(
        insulator, mu=0.1, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rule=doped.rule)
    )
    assert float(moment(0.1)) == pytest.approx(float(eager.moment), rel=1e-9)
    assert abs(float(eager.moment - doped.moment)) < float(eager.error + doped.error)


@pytest.mark.slow
def test_grids_compile_nothing_new(electrons, cold, monkeypatch):
    """All grids of a search share the programs of the first."""
    traces = []
    original = _nodes.on_plane
    monkeypatch.setattr(_nodes, "on_plane", lambda *arguments: traces.append(0) or original(*arguments))
    jax.clear_caches()
    cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-2))
    assert len(traces) == 2  # for the pair itself, and with those that probe the interpolation


def test_a_rule_is_for_its_table(insulator, doped):
    with pytest.raises(InputError, match="rule must be one for 2 pairs of mu and temperature, but got one for 1"):
        cj.magnetization(
            insulator, mu=[0.1, 0.2], temperature=30.0, rotation=ROTATION, accuracy=cj.Accuracy(rule=doped.rule)
        )


def test_a_metal_without_a_gap():
    """One s band on a cubic lattice: the series of H itself is used, at a temperature that needs it.

    The filling below E is the average of arccos(−E − x − y)/π, x and y cosines. Its mesh (2·10⁻⁵) and the missing
    temperature, (k_BT)² over the scale of the band, 10⁻⁵, are far below the accuracy asked for.
    """
    crystal = Crystal(4.0 * np.eye(3), ["Na"], [[0, 0, 0]])
    hoppings = [Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.5})]
    metal = slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], hoppings, filling=1)
    options = {"mu": -0.8, "reference": "absolute", "rotation": 40.0}
    found = cj.magnetization(metal, temperature=20.0, **options, accuracy=cj.Accuracy(rtol=2e-3))
    assert found.rule.parts[0][0].trial == ()
    assert found.status == "converged"
    u = (np.arange(1000) + 0.5) / 1000
    x, y = np.meshgrid(np.cos(np.pi * u), np.cos(np.pi * u))

    def filled(energy):
        return np.mean(np.arccos(np.clip(-energy - x - y, -1, 1))) / np.pi

    split = HBAR_EV_PS * 40.0
    exact = filled(-0.8 - split / 2) - filled(-0.8 + split / 2)
    assert float(found.moment) == pytest.approx(exact, rel=2e-3)


def test_thermal_average_of_a_parabola():
    """∫x²/(4 cosh²(x/2)) = π²/3, of which 1.2·10⁻⁴ lies beyond ±14, and the weights are normalised."""
    x, weights = thermal_levels()
    assert weights.sum(axis=0) == pytest.approx([1, 1], abs=1e-14)
    assert weights.T @ x**2 == pytest.approx(np.full(2, np.pi**2 / 3), rel=2e-4)


def test_extrapolation_of_exact_quadratic_errors():
    sums = {n: np.array([[2.0 + 3 / n**2], [1.0 - 5 / n**2]]) for n in (24, 32, 48, 64)}
    value, error = extrapolate(sums)
    np.testing.assert_allclose(value, [[2.0], [1.0]], rtol=1e-12)
    assert np.all(error < 1e-12)
