"""Moments of sites that turn at different rates: closed forms, sum rules, symmetries, and each way to take them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, Hopping, InputError, Shell, slater_koster
from chiraljax.brillouin import BandGroup, FermiSurface, deviation, interpolate, zone
from chiraljax.electrons import trial_orbitals
from chiraljax.observables import along, rotating
from chiraljax.units import BOLTZMANN, HBAR_EV_PS

ROTATION = 2 * np.pi * 2.42
WARM = {"mu": 0.5, "temperature": 2000.0, "reference": "absolute", "per_site": True}


@pytest.fixture(scope="module")
def pair():
    """Na and Cl as in CsCl, s orbitals with hopping to the eight neighbours: a gap of 2 eV, levels in closed form."""
    crystal = Crystal(4 * np.eye(3), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shells = [Shell("Na", "s", {"energy": 1.0}), Shell("Cl", "s", {"energy": -1.0}, rotation_weight=0.6)]
    return slater_koster(crystal, shells, [Hopping(("Na.s", "Cl.s"), 1, {"sigma": 0.15})], filling=2)


def _exact(mu, temperature, pattern, n=100):
    """The moment and the carriers of `pair`: σ_z is conserved, and each spin has two levels.

    The midpoint rule on an eighth of the zone, where the levels are even and periodic: exponentially accurate, at
    100 K to 10⁻¹¹ of the moment (what n = 160 changes).
    """
    x, y, z = np.meshgrid(*[np.cos(np.pi * (np.arange(n) + 0.5) / (2 * n))] * 3, indexing="ij", sparse=True)
    hopping = 8 * 0.15 * x * y * z
    filled = []
    for spin in (0.5, -0.5):
        one, other = 1 + spin * HBAR_EV_PS * pattern[0], -1 + 0.6 * spin * HBAR_EV_PS * pattern[1]
        middle, half = (one + other) / 2, np.sqrt(((one - other) / 2) ** 2 + hopping**2)
        filled.append(
            [np.mean(1 / (np.exp((middle + s * half - mu) / (BOLTZMANN * temperature)) + 1)) for s in (1, -1)]
        )
    up, down = np.sum(filled, axis=1)
    return up - down, up + down - 2


def test_equal_rotations_are_one_rotation(electrons):
    """On the same nodes, in a table; the search without a rule agrees as far as it says."""
    options = {"mu": [0.1, 0.2], "temperature": 1500.0}
    rotation = np.array([-3.0, ROTATION])
    each = np.broadcast_to(rotation[:, None], (2, 5))
    rule = cj.quadrature(electrons.site_resolved(), 8)
    one = cj.magnetization(electrons, **options, rotation=rotation, accuracy=cj.Accuracy(rule=rule))
    sites = cj.magnetization(electrons, **options, rotation=each, per_site=True, accuracy=cj.Accuracy(rule=rule))
    assert sites.moment.shape == (2, 2)
    assert sites.rotation.shape == (2, 5)
    for name in ("moment", "carriers", "error"):
        np.testing.assert_allclose(getattr(sites, name), getattr(one, name), rtol=1e-9, atol=1e-13)
    assert int(sites.eigensolves) == int(one.eigensolves) == 2 * len(rule.weights)
    free = cj.magnetization(electrons, **options, rotation=each, per_site=True)
    assert free.status == "converged"
    assert np.all(np.abs(free.moment - sites.moment) < free.error + sites.error)


def test_separate_atoms():
    """No hopping: each site has the levels E_i + ħΩ_i (m_l + m_s), and a moment of its own Ω_i alone."""
    crystal = Crystal(5 * np.eye(3), ["H", "C", "Na"], [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])
    levels, orders = [0.1, 0.15, 0.2], [0, 1, 2]
    shells = [
        Shell("H", "s", {"energy": levels[0]}),
        Shell("C", "p", {"energy": levels[1]}),
        Shell("Na", "d", {"t2g": levels[2], "eg": levels[2]}, "cubic", rotation_weight=0.5),
    ]
    model = slater_koster(crystal, shells, [], filling=2)
    pattern = np.array([[40.0, -25.0, 60.0], [0.0, 15.0, 0.0]])
    options = {"mu": 0.12, "temperature": 300.0, "reference": "absolute", "per_site": True}
    expected = np.zeros(2)
    for site, l in enumerate(orders):
        speed = HBAR_EV_PS * pattern[:, site, None, None] * [1, 1, 0.5][site]
        m, s = np.arange(-l, l + 1)[:, None], np.array([0.5, -0.5])
        occupation = 1 / (np.exp((levels[site] + speed * (m + s) - 0.12) / (BOLTZMANN * 300)) + 1)
        expected += np.sum(2 * s * occupation, axis=(1, 2))
    for axis in ([0, 0, 1], [1, 2, -1]):
        found = cj.magnetization(model, rotation=pattern, axis=axis, **options)
        np.testing.assert_allclose(found.moment, expected, rtol=1e-10)
        assert found.status == "converged"


@pytest.mark.parametrize("axis", [[0, 0, 1], [1, 1, 1]])
def test_symmetry_reduction_changes_nothing(electrons, axis):
    """A generic pattern, with the points of one star each and with all points."""
    pattern = np.random.default_rng(0).uniform(-40, 40, 5)
    options = {"mu": 0.1, "temperature": 1000.0, "rotation": pattern, "axis": axis, "per_site": True}
    reduced = cj.magnetization(
        electrons, **options, accuracy=cj.Accuracy(rule=cj.quadrature(electrons.site_resolved(), 6, axis))
    )
    complete = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=zone(6)))
    assert float(reduced.moment) == pytest.approx(float(complete.moment), rel=1e-9)
    assert int(reduced.eigensolves) < int(complete.eigensolves) / 1.7


@pytest.mark.slow
def test_derivatives(graphene):
    """∂M/∂Ω_i against central differences; they add up to dM/dΩ of one rotation; M(−Ω_i) = −M(Ω_i); jit and vmap.

    Central differences with a step of 10⁻⁴ of the pattern err by 10⁻⁸, and by roundoff of 10⁻¹⁶/10⁻⁴ of M.
    """
    rule = cj.quadrature(graphene.site_resolved(), 6)
    moment = jax.jit(
        lambda rotation: cj.magnetization(graphene, rotation=rotation, **WARM, accuracy=cj.Accuracy(rule=rule)).moment
    )
    pattern, steps = np.array([40.0, -70.0]), 1e-2 * np.eye(2)
    values = np.asarray(jax.vmap(moment)(jnp.asarray([pattern, -pattern, *(pattern + steps), *(pattern - steps)])))
    assert abs(values[0]) > 1e-5
    assert values[1] == pytest.approx(-values[0], rel=1e-9)
    slope, equal = jax.vmap(jax.grad(moment))(jnp.asarray([pattern, [40.0, 40.0]]))
    np.testing.assert_allclose(slope, (values[2:4] - values[4:6]) / 2e-2, rtol=1e-6)
    assert float(jnp.abs(slope[0] / slope[1] - 1)) > 1e-3
    options = WARM | {"per_site": False, "accuracy": cj.Accuracy(rule=rule)}
    together = jax.grad(lambda omega: cj.magnetization(graphene, rotation=omega, **options).moment)(40.0)
    assert float(jnp.sum(equal)) == pytest.approx(float(together), rel=1e-9)


def test_a_search_under_a_trace(pair):
    """Without a rule and without values: 32 points an axis."""
    pattern = jnp.array([40.0, -70.0])
    found = jax.jit(
        lambda rotation: cj.magnetization(pair, mu=0.1, temperature=1500.0, rotation=rotation, per_site=True)
    )(pattern)
    mu = 0.1 + float(cj.conduction_edge(pair).energy)
    assert float(found.moment) == pytest.approx(_exact(mu, 1500.0, pattern, 60)[0], rel=1e-9)
    assert found.species == ("Na", "Cl")


def test_tables(pair):
    """A dense table of (μ, T) and a paired one, against single pairs."""
    rule = cj.quadrature(pair.site_resolved(), 16)
    patterns = np.array([[[40.0, -70.0], [0.0, 30.0], [5.0, 5.0]]])
    options = {"rotation": patterns, "per_site": True, "accuracy": cj.Accuracy(rule=rule)}
    mu, heat = np.linspace(0, 0.3, 5), np.linspace(500.0, 1500.0, 5)
    table = cj.magnetization(pair, mu=mu, temperature=heat, **options)
    paired = cj.magnetization(pair, mu=mu, temperature=heat, paired=True, **options)
    assert table.moment.shape == (5, 5, 1, 3)
    assert paired.moment.shape == (5, 1, 3)
    np.testing.assert_allclose(paired.moment, table.moment[np.arange(5), np.arange(5)], rtol=1e-8)
    one = cj.magnetization(pair, mu=mu[1], temperature=heat[3], **options | {"rotation": patterns[0, 1]})
    assert one.moment.shape == ()
    assert float(one.moment) == pytest.approx(float(table.moment[1, 3, 0, 1]), rel=1e-8)


def test_labels(pair):
    accuracy = cj.Accuracy(rule=cj.quadrature(pair, 4))
    options = {"mu": [0.0, 0.1], "temperature": 900.0, "per_site": True, "accuracy": accuracy}
    patterns = [[40.0, -70.0], [0.0, 30.0], [5.0, 5.0]]
    found = cj.magnetization(pair, rotation=patterns, **options).to_xarray()
    assert found.moment.dims == ("mu", "rotation")
    assert found.rotation.dims == ("rotation", "site")
    assert found.rotation.attrs["units"] == "rad/ps"
    assert found.species.values.tolist() == ["Na", "Cl"]
    np.testing.assert_array_equal(found.rotation.sel(site=1), [-70.0, 30.0, 5.0])
    alone = cj.magnetization(pair, rotation=patterns[0], **options).to_xarray()
    assert alone.moment.dims == ("mu",)
    assert alone.rotation.dims == ("site",)
    with pytest.raises(InputError, match="rotation must be a number or a list to be labelled"):
        cj.magnetization(pair, rotation=[patterns], **options).to_xarray()


def _cold(pair):
    """A pattern at which the levels split by a few k_BT, doped to 0.1 eV at 100 K."""
    mu = float(cj.conduction_edge(pair).energy) + 0.1
    return jnp.array([90.0, -150.0]), {"mu": mu, "temperature": 100.0, "reference": "absolute", "per_site": True}


def test_interpolated_bands(electrons):
    """KTaO₃ on 12 points an axis errs by 3·10⁻⁴ eV (docs/brillouin.md); operations that exchange sites spoil that."""
    pattern, axis = jnp.array([[40.0, -30.0, 10.0, 25.0, 0.0]]), np.array([0, 0, 1.0])
    states = (electrons.filling, electrons.size)
    group = BandGroup(states, trial_orbitals(electrons, states), (12, 12, 12), "zone")
    for model, low, high in ((electrons.site_resolved(), 0, 4e-4), (electrons, 2e-3, np.inf)):
        bloch, *_ = rotating(model, axis, pattern, [along(model.spin, axis)])
        off, _ = deviation(bloch, group, interpolate(bloch, group))
        assert low < off < high


@pytest.mark.slow
def test_low_temperature(pair):
    """Interpolated bands against the closed form: what was asked for, and what is reported."""
    pattern, options = _cold(pair)
    moment, carriers = _exact(options["mu"], 100.0, pattern)
    found = cj.magnetization(pair, rotation=pattern, **options, accuracy=cj.Accuracy(rtol=1e-2))
    assert isinstance(found.rule, FermiSurface)
    assert found.rule.parts[0][0].states == (2, 4)
    assert found.status == "converged"
    assert abs(float(found.moment) - moment) < min(float(found.error), 1e-2 * abs(moment))
    assert float(found.carriers) == pytest.approx(carriers, rel=1e-2)


@pytest.mark.slow
def test_gradient_at_low_temperature(pair):
    """By the rule of a search, against central differences: their steps of 10⁻⁵ err by 10⁻¹⁰, roundoff adds 10⁻¹⁰."""
    pattern, options = _cold(pair)
    found = cj.magnetization(pair, rotation=pattern, **options, accuracy=cj.Accuracy(rtol=1e-2))

    def fixed(rotation):
        return cj.magnetization(pair, rotation=rotation, **options, accuracy=cj.Accuracy(rule=found.rule)).moment

    value, slope = jax.value_and_grad(fixed)(pattern)
    assert abs(float(value - found.moment)) < float(found.error)
    steps = 1e-3 * np.eye(2)
    expected = [float(fixed(pattern + step) - fixed(pattern - step)) / 2e-3 for step in steps]
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


@pytest.mark.slow
def test_low_temperature_of_the_perovskite(electrons):
    """KTaO₃ at 100 K: sums over 96 points an axis have converged far below what is asked for."""
    options = {"mu": 0.1, "temperature": 100.0, "rotation": [20.0, -15.0, 5.0, 25.0, 0.0], "per_site": True}
    found = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rtol=3e-3))
    points = cj.magnetization(
        electrons, **options, accuracy=cj.Accuracy(rule=cj.quadrature(electrons.site_resolved(), 96))
    )
    assert isinstance(found.rule, FermiSurface)
    assert found.status == "converged"
    assert abs(float(found.moment - points.moment)) < float(found.error + points.error)
    assert abs(float(found.moment - points.moment)) < 3e-3 * abs(float(points.moment))


@pytest.mark.slow
def test_no_gradient_where_levels_stay_twofold(graphene):
    """Opposite rotations of the two sites: inversion with time reversal remains, and every level is twofold."""
    options = {"mu": 0.3, "temperature": 30.0, "per_site": True}
    rule = cj.magnetization(graphene, rotation=[40.0, 10.0], **options, accuracy=cj.Accuracy(rtol=1e-2)).rule
    assert rule.method == ((0, True),)
    with pytest.raises(InputError, match="rotation must split all levels for a gradient at this temperature"):
        jax.grad(
            lambda omega: cj.magnetization(graphene, rotation=omega, **options, accuracy=cj.Accuracy(rule=rule)).moment
        )(jnp.array([40.0, -40.0]))


@pytest.mark.parametrize("shape", [(), (4,), (5, 1), (5, 3)])
def test_a_value_for_each_site(electrons, shape):
    with pytest.raises(InputError, match="rotation per site must have 5 values on its last axis, but got") as caught:
        cj.magnetization(electrons, mu=0.1, temperature=300.0, rotation=np.ones(shape), per_site=True)
    assert "\n" not in str(caught.value)


def test_a_rule_of_more_symmetries_is_refused(electrons):
    options = {"mu": 0.1, "temperature": 900.0, "rotation": np.ones(5), "per_site": True}
    with pytest.raises(InputError, match=r"rule must be one for this axis.* for electrons\.site_resolved\(\)"):
        cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=cj.quadrature(electrons, 8)))
