"""Bands as tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chiraljax import read_bands
from chiraljax.io import write_csv


@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.booleans(), st.booleans())
def test_a_table_returns_what_was_written(tmp_path_factory, data, count, width, weighted, spin_orbit):
    k = data.draw(arrays(float, (count, 3), elements=st.floats(-2, 2)))
    energies = np.sort(data.draw(arrays(float, (count, width), elements=st.floats(-1e6, 1e6))), axis=1)
    weights = data.draw(arrays(float, (count, 1), elements=st.floats(1e-300, 1e6)))
    header = ["k1", "k2", "k3", *(f"e{i}" for i in range(1, width + 1)), *(["weight"] if weighted else [])]
    path = tmp_path_factory.getbasetemp() / "bands.csv"
    write_csv(path, header, np.hstack([k, energies, weights] if weighted else [k, energies]))
    bands = read_bands(path, spin_orbit=spin_orbit)
    np.testing.assert_array_equal(bands.k, k)
    np.testing.assert_array_equal(bands.energies, energies)
    np.testing.assert_array_equal(bands.weights, weights[:, 0] if weighted else np.ones(count))
    assert bands.spin_orbit is spin_orbit
    assert bands.source == "bands.csv, CSV"


@pytest.mark.parametrize(
    "energies",
    [
        "0,0,1,1\n0.5,0,0,0,0,2,2",  # Kramers pairs, or two equal layers without spin
        "0,0,1,1\n0.25,0,0,0,0.1,1,1.2",  # Rashba, or two layers that join away from Γ
        "0,1,2\n0.5,0,0,0,1,2",  # without spin, or in a magnet
        "0\n0.5,0,0,0",  # without spin, or one of two
    ],
)
def test_energies_do_not_tell_the_spin(tmp_path, energies, refused):
    names = ",".join(f"e{i + 1}" for i in range(energies.split("\n")[0].count(",") + 1))
    path = tmp_path / "b.csv"
    path.write_text(f"k1,k2,k3,{names}\n0,0,0,{energies}\n")
    refused(path, "two, but is not given, and the file does not say which")
    for spin_orbit in (True, False):
        assert read_bands(path, spin_orbit=spin_orbit).spin_orbit is spin_orbit


def test_weights_may_stand_anywhere_behind_k(tmp_path):
    (tmp_path / "b.csv").write_text("\ufeff# from a mesh\nk1,k2,k3,weight,e1\n0,0,0,1,-1\n0.5,0,0,3,-2\n")
    bands = read_bands(tmp_path / "b.csv", spin_orbit=False)
    np.testing.assert_array_equal(bands.weights, [1, 3])
    np.testing.assert_array_equal(bands.energies, [[-1], [-2]])


@pytest.mark.parametrize(
    "text",
    [
        '"k1","k2","k3","e1","e2"\n0,0,0,-3.0,1.0\n0.5,0,0,-2.0,2.0\n',
        "k1,k2,k3,e1,e2\n0,0,0,-3.0,1.0\n0.5,0,0,2.0,-2.0\n",  # bands that cross
        "k1,k2,k3,e2,e1\n0,0,0,-3.0,1.0\n0.5,0,0,2.0,-2.0\n",
        "# k1 k2 k3 band1 (eV) band2 (eV)\n#------\n0 0 0 -3 1\n0.5 0 0 -2 2\n",
        "k1;k2;k3;E1 (eV);E2 (eV)\n0;0;0;-3;1\n0,5;0;0;-2;2\n",
        ",k1,k2,k3,1,2\n0,0,0,0,-3,1\n1,0.5,0,0,-2,2\n",
        "0 0 0 -3 1\n0.5 0 0 -2 2\n",
        "\ufeffk1\tk2\tk3\tband1\tband2\r\n0\t0\t0\t-3\t1\r\n5.0D-1\t0\t0\t-2\t2\r\n",
    ],
)
def test_tables_of_other_programs(tmp_path, text):
    (tmp_path / "b.csv").write_bytes(text.encode())
    bands = read_bands(tmp_path / "b.csv", spin_orbit=False)
    np.testing.assert_array_equal(bands.k, [[0, 0, 0], [0.5, 0, 0]])
    np.testing.assert_array_equal(bands.energies, [[-3, 1], [-2, 2]])
    if "k1" in text:
        (tmp_path / "b.dat").write_bytes(text.encode())
        np.testing.assert_array_equal(read_bands(tmp_path / "b.dat", spin_orbit=False).energies, bands.energies)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kx,ky,kz,e1\n0,0,0,1\n", "row 1 must have fractional k1,k2,k3, but kx,ky,kz are Cartesian"),
        ("k1,k2,k3,e1\n0.9,2.4,0,1\n", "k must be fractional, in the reciprocal basis, but a component is 2.4"),
        ("# kx ky kz band 1 band 2\n0 0 0 1 2\n", "row 1 must have a name for each of 5 columns, but got # kx ky"),
        ("k1,k2,k3\n0,0,0\n", "header must be k1,k2,k3,e1,e2,…"),
        ("k1,k2,k3,e1,x2\n0,0,0,1,2\n", "header must be k1,k2,k3,e1,e2,…"),
        ("k1,k2,k3,e1,weight,weight\n0,0,0,1,2,3\n", "header must be k1,k2,k3,e1,e2,…"),
        ("k1,k2,k3,e1\n", "must have at least one k-point"),
        ("k1,k2,k3,e1,e2,e3\n0,0,0,1,2,3\n0,0,0,1\n", "row 3 must have 6 columns k1,k2,k3,…,e3, but got 4"),
        ("k1,k2,k3,e1\n0,0,0,nan\n", "row 2, column e1 must be a finite number, but got 'nan'"),
        ("k1,k2,k3,e1,weight\n0,0,0,1,-1\n", "weights must be finite and positive"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, refused, text, message):
    (tmp_path / "b.csv").write_text(text)
    refused(tmp_path / "b.csv", message, spin_orbit=False)
