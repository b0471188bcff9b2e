"""Dense tables of (μ, T): spectral functions and shared levels against a sum for each pair; paired tables."""

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.brillouin import (
    FourierSeries,
    NodeStates,
    _nodes,
    _sharp,
    at_nodes,
    between_tetrahedra,
    occupied,
    tetrahedra,
    thermal_sums,
)
from chiraljax.units import BOLTZMANN

STATED = 7e-10
"""Largest error of the occupation of a state of a spectral function, relative to that occupation."""
ROTATION = 2 * np.pi * 2.42


def test_against_every_state():
    """A gap and bands on both sides, from 1 to 3000 K: the stated error of each electron and of each hole.

    Roundoff of sums of 3000 terms adds 10⁻¹⁴ of them. Where μ lies 0.5 eV from all states 10⁻²⁰⁰ of an electron is
    as accurate; where exp overflows nothing is.
    """
    random = np.random.default_rng(0)
    energies = np.concatenate([random.uniform(-1.5, -0.5, (3000, 2)), random.uniform(0.05, 1.5, (3000, 3))], axis=1)
    values = random.uniform(-1, 1, energies.shape)
    weights = np.stack([np.full(3000, 1 / 3000), np.where(np.arange(3000) % 4 == 0, 4 / 3000, 0)], axis=1)
    mu, heat = (part.ravel() for part in np.meshgrid(np.linspace(-2, 1.8, 9), [1, 1.9, 2, 17, 300, 3000.0]))
    moment, carriers = np.moveaxis(
        thermal_sums(2, energies, values[None], weights, jnp.asarray(mu), jnp.asarray(heat)), 1, 0
    )
    x = (energies[..., None] - mu) / (BOLTZMANN * heat)
    sign = np.where(np.arange(5) < 2, -1, 1)
    occupation = 1 / (1 + np.exp(np.minimum(sign[:, None] * x, 700)))
    exact = np.einsum("nw,n...->w...", weights, np.einsum("nb,nbs->ns", sign * values, occupation))
    full = weights.T @ values[:, :2].sum(axis=1)
    size = np.einsum("nw,nbs->ws", weights, occupation)
    assert np.all(np.abs(moment - full[:, None] - exact) < STATED * size + 1e-14)
    exact = np.einsum("nw,b,nbs->ws", weights, sign, occupation)
    assert np.all(np.abs(carriers - exact) < STATED * size + 1e-290)


def test_a_table_of_points_against_its_pairs(electrons, monkeypatch):
    """|σ| ≤ 1, so the moment errs by no more than the stated part of electrons and holes, hardly any of them here."""
    options = {"mu": np.linspace(-0.1, 0.3, 6), "temperature": [0.0, 100.0, 300.0, 600.0, 1000.0], "rotation": ROTATION}
    rule = cj.quadrature(electrons, 12)
    table = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=rule))
    monkeypatch.setattr("chiraljax.brillouin._spectral.are_many", lambda _, heat: np.zeros(heat.shape, bool))
    pairs = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=rule))
    allowed = STATED * np.abs(pairs.carriers) + 1e-13
    for name in ("moment", "carriers"):
        assert np.all(np.abs(getattr(table, name) - getattr(pairs, name)) < 2 * allowed), name


def test_nodes_of_a_grid_against_their_pairs(monkeypatch):
    """A random model of three bands, one of them filled, on a grid; T = 0 stands for 1 K, and |A| ≤ 1."""
    random = np.random.default_rng(1)
    matrices = random.normal(size=(4, 4, 4, 2, 3, 3)) + 1j * random.normal(size=(4, 4, 4, 2, 3, 3))
    matrices = 0.1 * (matrices + np.conj(np.swapaxes(matrices, -1, -2)))
    series, grid = FourierSeries.through(jnp.asarray(matrices)), tetrahedra(8)
    mu, heat = (part.ravel() for part in np.meshgrid(np.linspace(-0.3, 0.3, 6), [0.0, 0.5, 1, 30, 100, 1000]))
    arguments = (series, grid, 1, jnp.asarray(mu), jnp.asarray(heat))
    table = at_nodes(*arguments)
    monkeypatch.setattr(_nodes, "are_many", lambda _, temperature: np.zeros(temperature.shape, bool))
    pairs = at_nodes(*arguments)
    np.testing.assert_allclose(table.energies, pairs.energies, atol=1e-13)
    size = 3 * np.abs(pairs.values).max()
    assert np.all(np.abs(table.sums - pairs.sums) < STATED * size + 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("rtol", [3e-2, 1e-3])
def test_a_table_of_interpolated_bands_against_its_pairs(electrons, rtol):
    """Both within their errors, where some pairs need interpolated bands; so is the last pass by the rule found."""
    mu, heat = np.linspace(0.0, 0.1, 5), np.linspace(100.0, 500.0, 5)
    options = {"mu": mu, "temperature": heat, "rotation": ROTATION}
    table = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rtol=rtol))
    assert table.status == "converged"
    assert int(table.interpolated) > 0
    again = cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=table.rule))
    assert np.all(np.abs(again.moment - table.moment) < again.error + table.error)
    for i, j in ((0, 0), (2, 1), (4, 4)):
        one = cj.magnetization(
            electrons, mu=mu[i], temperature=heat[j], rotation=ROTATION, accuracy=cj.Accuracy(rtol=rtol)
        )
        assert abs(float(one.moment - table.moment[i, j])) < float(one.error + table.error[i, j])


@pytest.mark.slow
def test_shared_levels_against_many_of_its_own(monkeypatch):
    """An s band between tetrahedra: shared levels err by no more than they report.

    The reference for a pair has 3201 levels within ±20 k_BT, so 2·10⁻⁹ of −f' is left out, and from ±14 k_BT, where
    shared levels may end, 10⁻⁶; a value varies by 2 there at most.
    """
    grid = tetrahedra(8)
    k = np.stack([grid.x[grid.lines[:, 0]], grid.y[grid.lines[:, 1]]], axis=-1)
    at = [np.repeat(k[:, i], len(grid.z)) for i in (0, 1)] + [np.tile(grid.z, len(k))]
    energies = -0.1 * sum(np.cos(2 * np.pi * part) for part in at)[:, None]
    found = NodeStates(jnp.asarray(energies), jnp.cos(10 * energies)[None], jnp.zeros((2, 2, 0)))
    mu, heat = (jnp.asarray(part.ravel()) for part in np.meshgrid(np.linspace(-0.2, 0.2, 8), np.linspace(30, 200, 8)))
    rows = []
    original = _sharp.occupied
    monkeypatch.setattr(_sharp, "occupied", lambda *args: rows.append(args[4].shape) or original(*args))
    value, doubt = between_tetrahedra(found, grid, 0, 0, mu, heat)
    assert len(rows) == 1
    assert rows[0][0] < len(mu) / 2
    x = np.linspace(-20, 20, 3201)
    weights = (1 / np.cosh(x / 2) ** 2)[:, None]
    values = jnp.concatenate([found.values, jnp.ones_like(found.values)])
    for pair in (0, 9, 27, 63):
        around = jnp.asarray(mu[pair] + BOLTZMANN * heat[pair] * x[None])
        corners, volumes = grid.corners[0], grid.volumes[0]
        exact = occupied(found.energies, values, corners, volumes, around, weights / weights.sum())[0, 0]
        assert np.all(np.abs(value[:, pair] - exact) < doubt[:, pair] + 2e-6)


def test_paired(electrons):
    """The diagonal of the table, on the common shape."""
    mu, heat = np.array([0.0, 0.1, 0.2]), np.array([900.0, 1000.0, 1100.0])
    rule = cj.quadrature(electrons, 12)
    options = {"mu": mu, "temperature": heat, "accuracy": cj.Accuracy(rule=rule)}
    table = cj.magnetization(electrons, **options, rotation=[5.0, ROTATION])
    found = cj.magnetization(electrons, **options, rotation=[5.0, ROTATION], paired=True)
    assert found.moment.shape == (3, 2)
    for name in ("moment", "carriers", "error"):
        expected = getattr(table, name)[np.arange(3), np.arange(3)]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-12, atol=1e-16)
    curve = cj.magnetization_curve(
        electrons, mu=mu, temperature=heat, rotation=20.0, paired=True, accuracy=cj.Accuracy(rule=rule)
    )
    np.testing.assert_allclose(curve(ROTATION), found.moment[:, 1], rtol=1e-6)
    assert curve.carriers.shape == (3,)
    with pytest.raises(InputError, match="moment must have the axes"):
        found.to_xarray()
    one = cj.magnetization(
        electrons, mu=0.1, temperature=heat, rotation=5.0, paired=True, accuracy=cj.Accuracy(rule=rule)
    )
    assert one.to_xarray().sizes == {"temperature": 3}
    with pytest.raises(InputError, match=r"must have one shape to be paired, but got \(3,\) and \(2,\)"):
        cj.magnetization(electrons, mu=mu, temperature=heat[:2], rotation=5.0, paired=True)


def test_carriers_of_a_curve(electrons):
    """At Ω = 0: the even polynomial errs by (ħΩ/2k_BT)¹² of what they vary, below 10⁻¹⁰; single nodes by 10⁻³."""
    options, rule = {"mu": [0.0, 0.1], "temperature": 500.0}, cj.quadrature(electrons, 16)
    options |= {"accuracy": cj.Accuracy(rule=rule, nodes=6)}
    curve = cj.magnetization_curve(electrons, **options, rotation=20.0)
    at_rest = cj.magnetization(electrons, **options, rotation=0.0)
    np.testing.assert_allclose(curve.carriers, at_rest.carriers, rtol=1e-10)
    assert np.all(np.abs(cj.magnetization(electrons, **options, rotation=20.0).carriers - at_rest.carriers) > 1e-8)
