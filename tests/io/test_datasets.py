"""Labelled results: their shape, and their way through files."""

import json

import numpy as np
import pytest
import xarray as xr

import chiraljax as cj
from chiraljax.io import band_dataset, moment_dataset, simulation_dataset, to_json, write_json, write_netcdf


@pytest.fixture(scope="module")
def moments(electrons):
    rule = cj.quadrature(electrons, 4, normalisation="gamma_cube")
    return cj.magnetization(electrons, mu=[0.0, 0.1], temperature=300.0, rotation=[5.0, 10.0, 15.0], quadrature=rule)


def test_axes_are_always_lists(moments):
    data = moment_dataset(moments)
    assert data.moment.dims == ("mu", "temperature", "rotation_thz")
    assert data.moment.shape == (2, 1, 3)
    np.testing.assert_allclose(data.rotation_thz, np.array([5.0, 10.0, 15.0]) / (2 * np.pi))
    np.testing.assert_array_equal(data.moment[:, 0], moments.moment)
    assert data.moment.units == "mu_B/cell"
    assert data.attrs["eigensolves"] == int(moments.eigensolves)


def test_netcdf_returns_what_was_written(moments, tmp_path):
    data = moment_dataset(moments)
    write_netcdf(tmp_path / "m.nc", data)
    with xr.open_dataset(tmp_path / "m.nc") as read:
        xr.testing.assert_identical(read.load(), data)


def test_json_is_valid_and_has_units(moments, tmp_path):
    write_json(tmp_path / "m.json", to_json(moment_dataset(moments)))
    content = json.loads((tmp_path / "m.json").read_text())
    np.testing.assert_array_equal(np.squeeze(content["moment"]), moments.moment)
    assert content["units"]["temperature"] == "K"
    assert content["status"] == moments.status


def test_nan_becomes_null():
    content = to_json(xr.Dataset({"x": ("t", [1.0, np.nan])}))
    assert content["x"] == [1.0, None]


def test_bands():
    data = band_dataset(np.zeros((2, 3)), np.ones((2, 4)), 2.42)
    assert to_json(data)["energies"] == [[1.0] * 4] * 2


def test_simulation(ktao3, pulse, electrons):
    rule = cj.quadrature(electrons, 4, normalisation="gamma_cube")
    times = np.linspace(0, 10, 11)
    run = cj.simulate(ktao3, pulse, mu=[0.0, 0.1], temperature=300.0, times=times, rotations=2, quadrature=rule)
    data = simulation_dataset(run, pulse, [0.0, 0.1], 300.0)
    assert data.moment.dims == ("mu", "temperature", "time")
    assert data.moment.shape == (2, 1, 11)
    np.testing.assert_array_equal(data.displacements, run.motion.displacements)
    assert data.rotation.units == "rad/ps"
