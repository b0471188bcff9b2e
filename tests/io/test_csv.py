"""Tables, and lists of k-points."""

import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.io import read_kpoints, write_csv


def test_numbers_keep_all_their_digits(tmp_path):
    rows = np.random.default_rng(1).normal(size=(5, 3))
    write_csv(tmp_path / "k.csv", ["k1", "k2", "k3"], rows)
    np.testing.assert_array_equal(read_kpoints(tmp_path / "k.csv"), rows)


def test_comments_and_blank_lines_are_skipped(tmp_path):
    (tmp_path / "k.csv").write_text("# made by hand\nk1, k2, k3\n\n0, 0.5, 0\n# Γ\n0,0,0\n")
    np.testing.assert_array_equal(read_kpoints(tmp_path / "k.csv"), [[0, 0.5, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    "text",
    [
        "k1,k2,k3\n0.5,0,-0.25\n0,0.001,1\n",
        '"k1","k2","k3"\n"0.5","0","-0.25"\n0,0.001,1\n',
        "k1;k2;k3\n0,5;0;-,25\n0;1,0D-3;1\n",  # a decimal comma, and an exponent of Fortran
        '"k1","k2","k3"\n"0,5","0","-0,25"\n"0","0,001","1"\n',
        "0,5 0 -0,25\n0 0,001 1\n",
        "k1\tk2\tk3\n0.5\t0\t-0.25\n0\t1d-3\t1\n",
        "  k1   k2   k3\n  0.5  0.0 -0.25\n  0.0  1.0E-03  1.0\n",
        "\ufeffk1,k2,k3\r\n0.5,0,-0.25\r\n0,0.001,1\r\n",
        "# from a spreadsheet\n# k1 k2 k3\n0.5 0 -0.25\n0 0.001 1\n",
        "# made by hand\n0.5 0 -0.25\n0 0.001 1\n",
        "#k1,k2,k3\n0.5 0 -0.25\n0 0.001 1\n",
        ",k1,k2,k3\n0,0.5,0,-0.25\n1,0,0.001,1\n",
        "point;K_1;K_2;K_3\n1;0,5;0;-0,25\n2;0;0,001;1\n",
        "k1 k2 k3\n1 0.5 0 -0.25\n2 0 0.001 1\n",  # as R writes row numbers
        "k1,k2,k3,\n0.5,0,-0.25,\n0,0.001,1,\n",
    ],
)
def test_tables_of_other_programs(tmp_path, text):
    (tmp_path / "k.csv").write_bytes(text.encode())
    np.testing.assert_array_equal(read_kpoints(tmp_path / "k.csv"), [[0.5, 0, -0.25], [0, 0.001, 1]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the header k1,k2,k3, but is empty"),
        ("0,0,0,1\n", "must have the columns k1,k2,k3 alone, but also has e1"),
        ("k1,k2\n0,0\n", "row 1 must be the header k1,k2,k3, but got k1,k2"),
        ("k1,k2,k3\n", "must have at least one k-point"),
        ("k1,k2,k3\n0,0,0\n0,0\n", "row 3 must have 3 columns k1,k2,k3, but got 2"),
        ("k1,k2,k3\n0,0,0,0\n", "row 2 must have 3 columns k1,k2,k3, but got 4"),
        ("k1,k2,k3\n0,nan,0\n", "row 2, column k2 must be a finite number, but got 'nan'"),
        ("k1;k2;k3\n0,5;0.5;0\n", "row 2, column k1 must be a finite number, but got '0,5'"),
        ("k1,k2,k3\n0,5,0,0,1\n", "row 2 must have 3 columns k1,k2,k3, but got 5"),
        ("# kx ky kz\n0 0 0\n", "row 1 must have fractional k1,k2,k3, but kx,ky,kz are Cartesian"),
        ("k1,k2,k3\n0,0,x\n", "row 2, column k3 must be a finite number, but got 'x'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    file = tmp_path / "k.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_kpoints(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"must be a CSV file of k-points, but there is no such file"):
        read_kpoints(tmp_path / "none.csv")
