"""Bands in the form of this package go through files unchanged."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chiraljax import Bands, read_bands
from chiraljax.io import to_json, write_json, write_netcdf

_LABELS = ("K.s", "Ta.d.xy", "Ta.d.eg", "O.p")


def assert_same(one, other):
    for name in ("k", "energies", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("spin_orbit", "filled", "reference", "source"):
        assert getattr(one, name) == getattr(other, name)
    assert list(one.projections) == list(other.projections)
    for name, values in one.projections.items():
        np.testing.assert_array_equal(values, other.projections[name])


@st.composite
def some_bands(draw):
    count, width = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    table = (count, width)
    labels = draw(st.lists(st.sampled_from(_LABELS), unique=True))
    return Bands(
        draw(arrays(float, (count, 3), elements=st.floats(-2, 2))),
        np.sort(draw(arrays(float, table, elements=st.floats(-1e6, 1e6))), axis=1),
        draw(arrays(float, count, elements=st.floats(1e-300, 1e6))),
        {label: draw(arrays(float, table, elements=st.floats(0, 10))) for label in labels},
        draw(st.booleans()),
        draw(st.none() | st.integers(0, width)),
        draw(st.none() | st.floats(-1e3, 1e3)),
        draw(st.text(min_size=1)),
    )


@given(some_bands(), st.booleans())
def test_json_returns_what_was_written(tmp_path_factory, bands, compact):
    path = tmp_path_factory.getbasetemp() / "bands.json"
    write_json(path, to_json(bands.to_xarray()), compact=compact)
    assert_same(read_bands(path), bands)


def test_netcdf_returns_what_was_written(bands, tmp_path):
    write_netcdf(tmp_path / "bands.nc", bands.to_xarray())
    assert_same(read_bands(tmp_path / "bands.nc"), bands)


def test_compact_is_one_line(bands, tmp_path):
    write_json(tmp_path / "b.json", to_json(bands.to_xarray()), compact=True)
    text = (tmp_path / "b.json").read_text()
    assert text.count("\n") == 1
    assert ", " not in text.replace(bands.source, "")


@pytest.mark.parametrize("rotation_thz", [0.0, 2.42])
def test_what_the_command_writes_are_spin_orbitals(tmp_path, bands, rotation_thz, refused):
    path = tmp_path / "b.json"
    write_json(path, {"k": bands.k.tolist(), "energies": bands.energies.tolist(), "rotation_thz": rotation_thz})
    assert_same(
        read_bands(path),
        dataclasses.replace(Bands(bands.k, bands.energies), spin_orbit=True, source="b.json, chiraljax"),
    )
    refused(path, "spin_orbit must be True, as the file says, but got False", spin_orbit=False)


def _content(bands, **changes):
    content = to_json(bands.to_xarray()) | changes
    return {name: value for name, value in content.items() if value is not ...}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"energies": ...}, "energies is required, but missing"),
        ({"energies": [[0.0, float("nan")]] * 2}, "energies.0.1 must be a finite number, but got nan"),
        ({"energies": [[0.0, None]] * 2}, "energies.0.1 must be a valid number, but got None"),
        ({"energies": [[0.0, 1.0], [0.0]]}, "energies must have rows of one length, but got [1, 2]"),
        ({"energies": []}, "energies must have rows of one length, but got none"),
        ({"energies": [[1.0, 0.0, 2.0]] * 2}, "energies must ascend"),
        ({"k": [[0.0, 0.0]] * 2}, "k must have shape (K, 3)"),
        ({"k": [[3.3, 0.0, 0.0]] * 2}, "k must be fractional"),
        ({"units": {"k": "1/angstrom"}}, "units.k must be fractional, but got '1/angstrom'"),
        ({"units": {"energies": "hartree"}}, "units.energies must be eV, but got 'hartree'"),
        ({"projections": [[[1.0]]] * 2}, "projections.O.p must have the shape (2, 3) of the energies, but got (1, 1)"),
        ({"projection": ["O.p"]}, "projections must have one table for each of the 1 names in projection, but got 2"),
        ({"projection": ["O.p", "O.p"]}, "projections must have one table for each of the 1 names"),
        ({"weights": [1.0, 0.0]}, "weights must be finite and positive"),
        ({"filled": 4}, "filled must be between 0 and 3, but got 4"),
        ({"spin_orbit": "yes"}, "spin_orbit must be true or false, but got 'yes'"),
        ({"fermi": 1.0}, "fermi is not a field of a band file"),
    ],
)
def test_what_is_wrong_is_named(bands, tmp_path, refused, changes, message):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(_content(bands, **changes)))
    refused(path, message)


def test_broken_files(bands, tmp_path, refused):
    text = json.dumps(_content(bands))
    (tmp_path / "b.json").write_text(text[: len(text) // 2])
    refused(tmp_path / "b.json", "must be JSON, but EOF while parsing")
    (tmp_path / "list.json").write_text('{"k":' + "[" * 100000)
    refused(tmp_path / "list.json", "must be JSON, but recursion limit exceeded")
    write_netcdf(tmp_path / "b.nc", bands.to_xarray())
    (tmp_path / "b.nc").write_bytes((tmp_path / "b.nc").read_bytes()[:3000])
    refused(tmp_path / "b.nc", "must be a NetCDF file, but")


def test_a_file_without_spin(bands, tmp_path, refused):
    (tmp_path / "b.json").write_text(json.dumps(_content(bands, spin_orbit=...)))
    refused(tmp_path / "b.json", "two, but is not given, and the file does not say which")
    for spin_orbit in (True, False):
        assert read_bands(tmp_path / "b.json", spin_orbit=spin_orbit).spin_orbit is spin_orbit


def test_the_file_knows_its_spin(bands, tmp_path, refused):
    write_json(tmp_path / "b.json", to_json(bands.to_xarray()))
    assert read_bands(tmp_path / "b.json", spin_orbit=True).spin_orbit
    refused(tmp_path / "b.json", "spin_orbit must be True, as the file says, but got False", spin_orbit=False)
