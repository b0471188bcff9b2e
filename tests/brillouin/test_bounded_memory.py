"""What large models hold at a time, and what is said before a sum that takes minutes."""

import warnings

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import _warnings
from chiraljax._warnings import LongComputation
from chiraljax.brillouin import _band_search, _nodes, _resolution, over_cells, zone
from chiraljax.brillouin._fourier import FourierSeries
from chiraljax.brillouin._tetrahedra import tetrahedra


def _matrices(*shape):
    random = np.random.default_rng(0)
    matrices = random.normal(size=shape) + 1j * random.normal(size=shape)
    return matrices + np.conj(np.swapaxes(matrices, -1, -2))


def test_a_series_may_take_the_memory_of_its_values():
    values = _matrices(4, 3, 2, 2, 3, 3)
    expected = np.fft.fftn(values, axes=(0, 1, 2), norm="forward")
    np.testing.assert_allclose(FourierSeries.through(values).coefficients, expected, atol=1e-14)
    np.testing.assert_allclose(FourierSeries.through(jnp.asarray(values)).coefficients, expected, atol=1e-14)
    np.testing.assert_allclose(FourierSeries.through(values, overwrite=True).coefficients, expected, atol=1e-14)
    np.testing.assert_allclose(values, expected, atol=1e-14)


def test_planes_one_by_one_are_all_planes(monkeypatch):
    series, grid = FourierSeries.through(_matrices(4, 4, 4, 2, 3, 3)), tetrahedra(8)
    arguments = (series, grid, 1, jnp.array([0.1]), jnp.array([300.0]))
    expected = _nodes.at_nodes(*arguments)
    monkeypatch.setattr(_nodes, "_MEMORY", 1)
    monkeypatch.setattr(_nodes, "_FEWEST", 1)
    found = _nodes.at_nodes(*arguments)
    for name in ("energies", "values", "sums"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_cells_in_parts_are_all_cells(monkeypatch):
    rule = zone(6)
    energies = np.cos(2 * np.pi * rule.k).sum(axis=1)[:, None] * np.array([1.0, 0.5])
    arguments = (rule.mesh, energies, np.ones((1, *energies.shape)), rule.weights, np.zeros(1), np.array([100.0]))
    expected = over_cells(*arguments)
    monkeypatch.setattr(_resolution, "_NODES", 5)
    for found, whole in zip(over_cells(*arguments), expected, strict=True):
        np.testing.assert_array_equal(found, whole)


def test_a_long_sum_says_so_and_a_large_series_is_not_made(insulator, monkeypatch):
    """Metallic and cold, so that it goes to grids; without memory for the series of its bands H itself is taken, with
    the same moment."""
    options = {"mu": 0.3, "temperature": 30.0, "rotation": 15.0, "accuracy": cj.Accuracy(rtol=1e-2)}
    expected = cj.magnetization(insulator, **options)
    monkeypatch.setattr(_warnings, "LONG", 0.0)
    monkeypatch.setattr(_band_search, "_SERIES", 0)
    words = r"goes on for about 1 min with [\d,]+ diagonalisations of 8×8 matrices, on a grid of \d+ intervals"
    with pytest.warns(LongComputation, match=words):
        found = cj.magnetization(insulator, **options)
    assert abs(float(found.moment - expected.moment)) < float(found.error + expected.error)


def test_a_long_sum_over_points_says_so(insulator, monkeypatch):
    """Of a chemical potential, whose first sum has 48 points per axis; a tenth of a second of it is not told."""
    found = []
    for seconds in (60.0, 0.0):
        monkeypatch.setattr(_warnings, "LONG", seconds)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", LongComputation)
            found.append(cj.chemical_potential(insulator, doping=1e-3, temperature=2000.0))
        sums = [str(each.message) for each in told if issubclass(each.category, LongComputation)]
        assert bool(sums) == (seconds == 0.0)
    points = len(found[0].rule.weights)
    assert sums[0].startswith(f"the sum over the zone goes on for about 1 min with {points:,} points; a rule of fewer")
    assert told[0].filename == __file__
    assert found[0].mu == found[1].mu
