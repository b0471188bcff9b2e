"""CASTEP's .bands, in the layout of its version 25. All numbers are invented."""

import numpy as np
import pytest
from scipy import constants

from chiraljax import read_bands

HARTREE = constants.physical_constants["Hartree energy in eV"][0]
CELL = """Unit cell vectors
    7.559045    0.000000    0.000000
    0.000000    7.559045    0.000000
    0.000000    0.000000    7.559045
"""
ONE = f"""Number of k-points     2
Number of spin components 1
Number of electrons    2.000
Number of eigenvalues      2
Fermi energy (in atomic units)     0.020000
{CELL}K-point    2  0.50000000  0.00000000  0.00000000  0.75000000
Spin component 1
   -0.08000000
    0.09000000
K-point    1  0.00000000  0.00000000  0.00000000  0.25000000
Spin component 1
   -0.10000000
    0.05000000
"""
TWO = f"""Number of k-points     1
Number of spin components 2
Number of electrons    2.000       1.000
Number of eigenvalues      3      2
Fermi energies (in atomic units)     0.020000    0.030000
{CELL}K-point    1  0.00000000  0.00000000  0.00000000  1.00000000
Spin component 1
   -0.10000000
   -0.05000000
    0.05000000
Spin component 2
   -0.09000000
    0.06000000
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "KTaO3.bands").write_text(text)
        return tmp_path / "KTaO3.bands"

    return write


def test_one_spin(written, refused):
    """The k-points, which CASTEP writes in any order, by their numbers."""
    refused(written(ONE), "spin_orbit must be True if a band holds one electron or False if it holds two")
    for spin_orbit, filled in ((True, 2), (False, 1)):
        bands = read_bands(written(ONE), spin_orbit=spin_orbit)
        np.testing.assert_array_equal(bands.k, [[0, 0, 0], [0.5, 0, 0]])
        np.testing.assert_allclose(bands.energies, HARTREE * np.array([[-0.1, 0.05], [-0.08, 0.09]]), rtol=1e-8)
        np.testing.assert_array_equal(bands.weights, [0.25, 0.75])
        assert (bands.spin_orbit, bands.filled) == (spin_orbit, filled)
    assert bands.reference == pytest.approx(-0.08 * HARTREE)
    assert bands.source == "KTaO3.bands, CASTEP"


def test_two_spins(written, refused):
    path = written(TWO)
    refused(path, 'spin must be "up" or "down"')
    for spin, energies, filled in (("up", [[-0.1, -0.05, 0.05]], 2), ("down", [[-0.09, 0.06]], 1)):
        bands = read_bands(path, spin=spin)
        np.testing.assert_allclose(bands.energies, HARTREE * np.array(energies), rtol=1e-8)
        assert (bands.spin_orbit, bands.filled) == (False, filled)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("components 1", "components 4", "Number of spin components must be 1 or 2, but got 4"),
        ("eigenvalues      2", "eigenvalues      3", "must have 10 lines below the cell, but got 8"),
        ("K-point    1", "K-point", "K-point must have its number, three components and a weight"),
        ("0.09000000", "*********", "eigenvalues must be finite numbers, but got '*********'"),
        ("electrons    2.000", "electrons    ", "must have electrons and eigenvalues of 1 spins, but has 0 and 1"),
    ],
)
def test_what_is_wrong_is_named(written, refused, old, new, message):
    assert old in ONE
    refused(written(ONE.replace(old, new, 1)), message, spin_orbit=False)
