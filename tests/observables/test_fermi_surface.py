"""Low temperature: interpolated bands between tetrahedra against sums over points, limits, derivatives, traces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Hopping, InputError, Shell, slater_koster
from chiraljax.crystal import Crystal
from chiraljax.observables import FermiSurface, _interpolation
from chiraljax.observables._fermi_surface import _thermal_levels
from chiraljax.observables._resolve import _extrapolate

ROTATION = 2 * np.pi * 2.42


@pytest.fixture(scope="module")
def cold(electrons):
    """A doped crystal at 30 K, to 1 %."""
    return cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=ROTATION, rtol=1e-2)


def test_against_points(electrons):
    """Where 96 points an axis of the bare Hamiltonian resolve k_BT (their own error is below 10⁻⁴)."""
    options = {"mu": [0.05, 0.1], "temperature": 100.0, "rotation": ROTATION}
    points = cj.magnetization(electrons, **options, quadrature=cj.quadrature(electrons, 96))
    found = cj.magnetization(electrons, **options, rtol=3e-3)
    assert found.status == "converged"
    assert int(found.eigensolves) < 17000
    np.testing.assert_array_less(np.abs(found.moment - points.moment), 1e-7 + 3e-3 * np.abs(points.moment))
    np.testing.assert_array_less(np.abs(found.moment - points.moment), found.error + 1e-4 * np.abs(points.moment))
    np.testing.assert_allclose(found.carriers, points.carriers, rtol=2e-3)


def test_below_the_gap(electrons):
    """Holes: the valence bands are interpolated instead."""
    mu = float(cj.valence_edge(electrons).energy) - 0.3
    options = {"mu": mu, "reference": "absolute", "temperature": 300.0, "rotation": ROTATION}
    points = cj.magnetization(electrons, **options, quadrature=cj.quadrature(electrons, 48))
    found = cj.magnetization(electrons, **options, rtol=1e-2)
    assert found.quadrature.parts[0][0].states == (0, electrons.filling)
    assert float(found.moment) == pytest.approx(float(points.moment), rel=1e-2)
    assert float(found.carriers) == pytest.approx(float(points.carriers), rel=1e-2)
    assert float(found.carriers) < 0


def test_zero_temperature_is_the_limit(electrons, cold):
    """M(T) → M(0), with an error that falls faster than T."""
    at = {"mu": 0.1, "rotation": ROTATION, "quadrature": cold.quadrature}
    zero, one, ten = (float(cj.magnetization(electrons, temperature=t, **at).moment) for t in (0.0, 1.0, 10.0))
    assert abs(one - zero) < 2e-5 * abs(zero)
    assert abs(ten - zero) < 2e-3 * abs(zero)


def test_the_cube_around_gamma(electrons):
    """The other region, against Clenshaw and Curtis's rule for it."""
    options = {"mu": 0.1, "temperature": 30.0, "rotation": ROTATION, "normalisation": "gamma_cube"}
    found = cj.magnetization(electrons, **options, rtol=1e-2)
    rule = cj.quadrature(electrons, 96, normalisation="gamma_cube")
    points = cj.magnetization(electrons, **options, quadrature=rule)
    assert isinstance(found.quadrature, FermiSurface)
    assert float(found.moment) == pytest.approx(float(points.moment), rel=1e-2)


def test_derivatives_on_the_frozen_rule(electrons, cold):
    """μ, T, Ω and a parameter by reverse mode, against central differences; and at T = 0."""
    xi = float(electrons.parameters["Ta.d.xi"])

    def moment(mu, temperature, rotation, value):
        model = electrons.with_parameters({"Ta.d.xi": value})
        return cj.magnetization(
            model, mu=mu, temperature=temperature, rotation=rotation, quadrature=cold.quadrature
        ).moment

    for point, steps in (((0.1, 30.0, ROTATION, xi), (1e-6, 1e-3, 1e-4, 1e-6)), ((0.1, 0.0, ROTATION, xi), (1e-6,))):
        which = tuple(range(len(steps)))
        for i, slope in zip(which, jax.grad(moment, which)(*[jnp.asarray(x) for x in point]), strict=True):
            up, down = list(point), list(point)
            up[i] += steps[i]
            down[i] -= steps[i]
            expected = float(moment(*up) - moment(*down)) / (2 * steps[i])
            assert float(slope) == pytest.approx(expected, rel=1e-5)


def test_gradient_in_the_rotation_at_rest(electrons, cold):
    """At Ω = 0 every level is twofold: a sum over nodes has the slope χ, one between tetrahedra refuses."""
    options = {"mu": 0.1, "temperature": 600.0}
    rule = cj.magnetization(electrons, **options, rotation=ROTATION, rtol=1e-4).quadrature
    assert rule.method == ((0, False),)
    slope = jax.grad(lambda omega: cj.magnetization(electrons, **options, rotation=omega, quadrature=rule).moment)(0.0)
    chi = cj.susceptibility(electrons, **options, rtol=1e-4).tensor[2, 2]
    assert float(slope) == pytest.approx(float(chi), rel=1e-3)
    with pytest.raises(InputError, match="rotation must not be 0 for a gradient at this temperature"):
        jax.grad(
            lambda omega: (
                cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=omega, quadrature=cold.quadrature).moment
            )
        )(0.0)


def test_a_gradient_refines_like_a_value(electrons, cold):
    """Without a rule the search is the same, and its rule is differentiated."""

    def moment(mu):
        return cj.magnetization(electrons, mu=mu, temperature=30.0, rotation=ROTATION, rtol=1e-2).moment

    def fixed(mu):
        return cj.magnetization(
            electrons, mu=mu, temperature=30.0, rotation=ROTATION, quadrature=cold.quadrature
        ).moment

    value, slope = jax.value_and_grad(moment)(0.1)
    assert float(slope) == pytest.approx(float(jax.grad(fixed)(0.1)), rel=1e-10)
    assert abs(float(value - cold.moment)) < float(cold.error)


def test_jit(electrons, cold):
    """Under `jit` no tetrahedron is left out; the sum is the same."""

    @jax.jit
    def moment(mu):
        return cj.magnetization(
            electrons, mu=mu, temperature=30.0, rotation=ROTATION, quadrature=cold.quadrature
        ).moment

    eager = cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=ROTATION, quadrature=cold.quadrature)
    assert float(moment(0.1)) == pytest.approx(float(eager.moment), rel=1e-9)
    assert abs(float(eager.moment - cold.moment)) < float(eager.error + cold.error)


def test_grids_compile_nothing_new(electrons, cold, monkeypatch):
    """All grids of a search share the programs of the first."""
    traces = []
    original = _interpolation.on_plane
    monkeypatch.setattr(_interpolation, "on_plane", lambda *arguments: traces.append(0) or original(*arguments))
    jax.clear_caches()
    cj.magnetization(electrons, mu=0.1, temperature=30.0, rotation=ROTATION, rtol=1e-2)
    assert len(traces) == 2  # for the pair itself, and with those that probe the interpolation


def test_a_rule_is_for_its_table(electrons, cold):
    with pytest.raises(InputError, match="quadrature must be one for 2 pairs of mu and temperature, but got one for 1"):
        cj.magnetization(electrons, mu=[0.1, 0.2], temperature=30.0, rotation=ROTATION, quadrature=cold.quadrature)


def test_a_metal_without_a_gap():
    """One s band on a square lattice: the series of H itself is used, at a temperature that needs it."""
    crystal = Crystal(4.0 * np.eye(3), ["Na"], [[0, 0, 0]])
    hoppings = [Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.5})]
    metal = slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], hoppings, filling=1)
    options = {"mu": -0.8, "reference": "absolute", "rotation": 40.0}
    found = cj.magnetization(metal, temperature=20.0, **options, rtol=2e-3)
    assert found.quadrature.parts[0][0].trial == ()
    assert found.status == "converged"
    split = 40.0 * 6.582119569e-4  # ħΩ: s = ½ shifts the levels by ± half of it

    def filled(level, n=160):
        u = (np.arange(n) + 0.5) / n / 2
        x, y = np.cos(2 * np.pi * np.stack(np.meshgrid(u, u, indexing="ij"))).reshape(2, -1)
        return np.mean(np.arccos(np.clip(-(level / -1.0) * -1 - x - y, -1, 1)) / np.pi)

    difference = filled(-0.8 - split / 2) - filled(-0.8 + split / 2)
    assert abs(float(found.moment)) == pytest.approx(abs(difference), rel=5e-3)


def test_thermal_average_of_a_parabola():
    """∫x²/(4 cosh²(x/2)) = π²/3 and the weights are normalised."""
    x, weights = _thermal_levels()
    assert weights.sum(axis=0) == pytest.approx([1, 1], abs=1e-14)
    assert weights.T @ x**2 == pytest.approx(np.full(2, np.pi**2 / 3), rel=2e-4)


def test_extrapolation_of_exact_quadratic_errors():
    sums = {n: np.array([[2.0 + 3 / n**2], [1.0 - 5 / n**2]]) for n in (24, 32, 48, 64)}
    value, error = _extrapolate(sums)
    np.testing.assert_allclose(value, [[2.0], [1.0]], rtol=1e-12)
    assert np.all(error < 1e-12)
