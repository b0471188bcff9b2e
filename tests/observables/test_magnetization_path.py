"""Moments along trajectories of rotations per site: closed forms, limits, the error that is reported, and the cost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, InputError, Shell, slater_koster
from chiraljax.observables import magnetization_path
from chiraljax.units import BOLTZMANN, HBAR_EV_PS

LEVELS, ORDERS, WEIGHTS = [0.1, 0.15, 0.2], [0, 1, 2], [1.0, 1.0, 0.5]
OPTIONS = {"mu": 0.12, "temperature": 300.0}
PHASE = np.linspace(0, 2 * np.pi, 121)
BELL = np.exp(-((PHASE - 2) ** 2))


@pytest.fixture(scope="module")
def atoms():
    """No hopping, filled by two: three sites with s, p and d levels at `LEVELS`, and one without orbitals, the second.

    μ counts from the lowest of the levels that two electrons do not fill, that of the p shell.
    """
    crystal = Crystal(5 * np.eye(3), ["H", "K", "C", "Na"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0]])
    shells = [
        Shell("H", "s", {"energy": LEVELS[0]}),
        Shell("C", "p", {"energy": LEVELS[1]}),
        Shell("Na", "d", {"t2g": LEVELS[2], "eg": LEVELS[2]}, "cubic", rotation_weight=0.5),
    ]
    return slater_koster(crystal, shells, [], filling=2)


def _path_of(electrons, **options):
    return magnetization_path(electrons, per_site=True, **options)


@pytest.fixture(scope="module")
def rule(atoms):
    return cj.quadrature(atoms.site_resolved(), 4)


@jax.jit
def _exact(path, mu=OPTIONS["mu"], temperature=OPTIONS["temperature"]):
    """Σ 2m_s f(E_i + ħΩ_i (m_l + m_s)) of every site, (T,)."""
    total = jnp.zeros(len(path))
    for site, level, order, weight in zip([0, 2, 3], LEVELS, ORDERS, WEIGHTS, strict=True):
        m, s = np.arange(-order, order + 1)[:, None], np.array([0.5, -0.5])
        energy = level + weight * HBAR_EV_PS * path[:, site, None, None] * (m + s)
        x = (energy - mu - LEVELS[1]) / (BOLTZMANN * temperature)
        total = total + jnp.sum(2 * s / (jnp.exp(x) + 1), axis=(1, 2))
    return total


def _path(size, across, aside=0.0):
    """A pulse of Ω along one pattern, with deviations of two kinds; the site without orbitals turns as it likes."""
    one, two, three = [1.0, 0.0, 0.8, 0.9], [1.0, 0.0, -0.5, -0.6], [0.1, 0.0, 1.0, -1.0]
    shapes = [np.sin(2 * PHASE) * BELL, across * np.cos(3 * PHASE) * BELL, aside * np.sin(5 * PHASE) * BELL]
    return size * np.stack(shapes, axis=1) @ [one, two, three] + 70 * np.outer(np.cos(PHASE), [0, 1, 0, 0])


@pytest.mark.parametrize(
    ("across", "aside", "patterns"), [(0.0, 0.0, 6 + 4), (0.1, 0.0, 6 + 4 + 4), (0.1, 0.03, 6 + 8 + 4)]
)
def test_closed_form(atoms, rule, across, aside, patterns):
    """Within the error that is reported, and cheap: as many patterns as axes need, not as there are times."""
    path = _path(20.0, across, aside)
    found = _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule), **OPTIONS)
    exact = _exact(path)
    largest = float(jnp.max(jnp.abs(exact)))
    assert largest > 0.01
    assert found.status == "converged"
    assert np.all(np.abs(found.moment - exact) <= found.error + 1e-12)
    assert np.all(found.error < 1e-3 * largest + 1e-7)
    assert int(found.eigensolves) == patterns * len(rule.weights)
    assert patterns < len(path) / 5


@pytest.mark.slow
def test_large_deviations_are_evaluated_one_by_one(atoms, rule):
    """ħΩ_i of three independent kinds beyond k_BT: no polynomial in few patterns is right, so every time is taken."""
    path = _path(150.0, 0.9, 0.7)
    found = _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule), **OPTIONS)
    np.testing.assert_allclose(found.moment, _exact(path), rtol=1e-10, atol=1e-13)
    assert int(found.eigensolves) >= len(path) * len(rule.weights)


def test_what_the_budget_leaves_is_reported(atoms, rule):
    """No diagonalisations are left to take every time: the error says so, and the truth is not beyond it."""
    path = _path(150.0, 0.9, 0.7)
    found = _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule, budget=len(path)), **OPTIONS)
    off = np.max(np.abs(found.moment - _exact(path)))
    assert found.status == "budget_exhausted"
    assert int(found.eigensolves) < len(path)
    assert 1e-3 * np.max(np.abs(found.moment)) < off < np.max(found.error)


def test_more_nodes_where_the_pattern_needs_them(atoms, rule):
    """One pattern with ħΩ up to 10 k_BT: 6 nodes are not enough, 18 are."""
    path = _path(400.0, 0.0)
    found = _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule), **OPTIONS)
    assert int(found.eigensolves) == (6 + 4 + 18 + 4) * len(rule.weights)
    assert found.status == "converged"
    assert np.all(np.abs(found.moment - _exact(path)) <= found.error)


def test_one_rotation_of_all_sites(electrons):
    """The polynomial of `magnetization_curve` through the same nodes, tested at four rotations instead of one."""
    options = {
        "mu": 0.1,
        "temperature": 900.0,
        "accuracy": cj.Accuracy(rule=cj.quadrature(electrons.site_resolved(), 4), nodes=6),
    }
    speed = 20 * np.sin(np.linspace(0, 3, 40))
    found = _path_of(electrons, rotation=np.outer(speed, np.ones(5)), **options)
    curve = cj.magnetization_curve(electrons, rotation=speed, **options)
    np.testing.assert_allclose(found.moment, curve(speed), rtol=1e-9)
    assert int(found.eigensolves) == int(curve.eigensolves) * 10 // 7


def test_tables_and_rest(atoms, rule):
    """A grid of mu and temperature, and no rotation at all."""
    path = _path(20.0, 0.1)
    mu, heat = [-0.02, 0.01], [200.0, 300.0, 500.0]
    found = _path_of(atoms, rotation=path, mu=mu, temperature=heat, accuracy=cj.Accuracy(rule=rule))
    assert found.moment.shape == found.error.shape == (2, 3, len(path))
    for i, j in np.ndindex(2, 3):
        assert np.all(np.abs(found.moment[i, j] - _exact(path, mu[i], heat[j])) <= found.error[i, j] + 1e-12)
    still = magnetization_path(
        atoms, rotation=np.zeros((30, 4)), mu=mu, temperature=heat, accuracy=cj.Accuracy(rule=rule)
    )
    assert still.status == "converged"
    np.testing.assert_allclose(still.moment, 0.0, atol=1e-13)


def test_few_times_are_evaluated(atoms, rule):
    path = _path(20.0, 0.1)[:9]
    found = _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule), **OPTIONS)
    assert int(found.eigensolves) == 9 * len(rule.weights)
    np.testing.assert_allclose(found.moment, _exact(path), rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "nodes", "compiled", "tolerance"), [(0.0, 2, False, 1e-6), (20.0, 6, True, 7e-4), (20.0, 12, False, 3e-5)]
)
def test_gradients(atoms, rule, size, nodes, compiled, tolerance):
    """∂M(t)/∂Ω_i(t') of the closed form, at rest and across a path along one pattern.

    B(s) at 4 nodes lacks about x⁴/4!/2³, x = 3ħΩ/2k_BT < 0.6; the step of 0.02 of the pattern adds (0.02 x)²/6.
    """
    path, weights = jnp.asarray(_path(size, 0.0)), np.random.default_rng(0).normal(size=len(PHASE))

    def value(path):
        return weights @ _path_of(atoms, rotation=path, accuracy=cj.Accuracy(rule=rule, nodes=nodes), **OPTIONS).moment

    expected = jax.jit(jax.grad(lambda path: weights @ _exact(path)))(path)
    scale = float(jnp.max(jnp.abs(expected)))
    assert scale > 1e-4
    slope = (jax.jit if compiled else lambda function: function)(jax.grad(value))(path)
    np.testing.assert_allclose(slope / scale, expected / scale, rtol=0, atol=tolerance)


def test_bad_input(atoms):
    for shape in ((4,), (20, 3)):
        with pytest.raises(InputError, match=r"rotation must have shape \(times, 4\), for the sites, but got"):
            _path_of(atoms, rotation=np.ones(shape), **OPTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("across", [0.0, 0.1])
def test_coefficients_among_more_nodes(atoms, rule, across):
    """The same function, whether its basis is that of 6 nodes or of 18."""
    path = jnp.asarray(_path(20.0, across))
    curve = cj.magnetization_curve(atoms, rotation=path, per_site=True, accuracy=cj.Accuracy(rule=rule), **OPTIONS)
    more = curve.interpolant.with_nodes(18)
    among = jnp.zeros(len(more.points)).at[curve.interpolant.places(18)].set(curve.coefficients)
    np.testing.assert_allclose(among @ more.basis(path), curve(path), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(curve.interpolant.clipped(path)[:, [0, 2, 3]], path[:, [0, 2, 3]], atol=1e-12)
