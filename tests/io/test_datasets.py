"""Labelled results: their shape, and their way through files."""

import json

import numpy as np
import pytest
import xarray as xr

import chiraljax as cj
from chiraljax.io import in_thz, to_json, write_json, write_netcdf


@pytest.fixture(scope="module")
def moments(electrons):
    rule = cj.quadrature(electrons, 4, region="gamma_cube")
    return cj.magnetization(
        electrons, mu=[0.0, 0.1], temperature=300.0, rotation=[5.0, 10.0, 15.0], accuracy=cj.Accuracy(rule=rule)
    )


def test_rotation_as_a_frequency(moments):
    data = in_thz(moments.to_xarray())
    assert data.moment.dims == ("mu", "rotation_thz")
    assert data.moment.shape == (2, 3)
    np.testing.assert_allclose(data.rotation_thz, np.array([5.0, 10.0, 15.0]) / (2 * np.pi))
    np.testing.assert_array_equal(data.moment, moments.moment)
    assert data.rotation_thz.units == "THz"
    assert data.moment.units == "mu_B/cell"
    assert data.attrs["eigensolves"] == int(moments.eigensolves)


def test_netcdf_returns_what_was_written(moments, tmp_path):
    data = moments.to_xarray()
    write_netcdf(tmp_path / "m.nc", data)
    with xr.open_dataset(tmp_path / "m.nc") as read:
        xr.testing.assert_identical(read.load(), data)


def test_json_is_valid_and_has_units(moments, tmp_path):
    write_json(tmp_path / "m.json", to_json(moments.to_xarray()))
    content = json.loads((tmp_path / "m.json").read_text())
    np.testing.assert_array_equal(content["moment"], moments.moment)
    assert content["units"]["temperature"] == "K"
    assert content["status"] == moments.status


def test_nan_becomes_null():
    content = to_json(xr.Dataset({"x": ("t", [1.0, np.nan])}))
    assert content["x"] == [1.0, None]


@pytest.mark.slow
def test_simulation(ktao3, pulse, electrons):
    rule = cj.quadrature(electrons, 4, region="gamma_cube")
    times = np.linspace(0, 10, 11)
    accuracy = cj.Accuracy(nodes=2, rule=rule)
    run = cj.simulate(ktao3, pulse, mu=[0.0, 0.1], temperature=300.0, times=times, accuracy=accuracy)
    data = run.to_xarray()
    assert data.moment.dims == ("mu", "time")
    assert data.moment.shape == (2, 11)
    assert float(data.temperature) == 300.0
    np.testing.assert_array_equal(data.displacements, run.motion.displacements)
    np.testing.assert_array_equal(data.field, pulse(times))
    assert data.rotation.units == "rad/ps"
