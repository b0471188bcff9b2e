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
    ("text", "message"),
    [
        ("", "must have the header k1,k2,k3, but the file is empty"),
        ("0,0,0\n", "row 1.header must be k1,k2,k3, but got 0,0,0"),
        ("k1,k2\n0,0\n", "row 1.header must be k1,k2,k3, but got k1,k2"),
        ("k1,k2,k3\n", "must have at least one k-point"),
        ("k1,k2,k3\n0,0,0\n0,0\n", "row 3 must have 3 columns k1,k2,k3, but got 2"),
        ("k1,k2,k3\n0,0,0,0\n", "row 2 must have 3 columns k1,k2,k3, but got 4"),
        ("k1,k2,k3\n0,nan,0\n", "row 2.k2 must be a finite number, but got 'nan'"),
        ("k1,k2,k3\n0,0,x\n", "row 2.k3 must be a finite number, but got 'x'"),
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
