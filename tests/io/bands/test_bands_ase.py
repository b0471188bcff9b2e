"""Band structures from ASE.

`ase_soc.json` and `ase_nosoc.json` are X, R, M, Γ and one point of Γ–R of the path that GPAW 26.7 computed for
KTaO3 (PBE, 600 eV, 8×8×8) and ASE wrote.
"""

import numpy as np
import pytest
from ase.io.jsonio import write_json
from ase.spectrum.band_structure import BandStructure

from chiraljax import read_bands


# Gaps of the whole path by another analysis, and 40 electrons. The path holds R twice: the levels of the two differ
# by 5e-7 eV with spin–orbit coupling.
@pytest.mark.parametrize(
    ("name", "spin_orbit", "filled", "gap"), [("ase_soc", True, 40, 2.0111882), ("ase_nosoc", False, 20, 2.1850080)]
)
def test_ktao3(files, name, spin_orbit, filled, gap):
    bands = read_bands(files / f"{name}.json", spin_orbit=spin_orbit)
    assert bands.spin_orbit is spin_orbit
    assert bands.filled == filled
    assert bands.energies[:, filled].min() - bands.energies[:, filled - 1].max() == pytest.approx(gap, abs=1e-6)
    assert bands.reference == pytest.approx(bands.energies[:, filled - 1].max(), abs=1e-6)
    np.testing.assert_allclose(bands.k[:4], [[0.5, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0, 0, 0]], atol=1e-15)
    assert bands.source == f"{name}.json, ASE"


def test_the_file_does_not_know_its_spin(files, refused):
    for name in ("ase_soc.json", "ase_nosoc.json"):
        refused(
            files / name, "spin_orbit must be True if a band holds one electron or False if it holds two, but is not"
        )


@pytest.fixture
def written(tmp_path):
    """A file of ASE with given energies (spin, K, B)."""
    from ase.cell import Cell

    def write(energies, reference=0.5):
        energies = np.asarray(energies)
        path = Cell(4 * np.eye(3)).bandpath("GX", npoints=energies.shape[1])
        write_json(tmp_path / "bs.json", BandStructure(path, energies, reference))
        return tmp_path / "bs.json"

    return write


def test_a_level_that_crosses_a_band_fills_none(written):
    for second, filled in (([0.2, 1.2], 1), ([0.7, 1.2], None)):
        assert read_bands(written([[[0.0, 1.0], second]]), spin_orbit=False).filled == filled


def test_spin_polarised(written, refused):
    up, down = [[0.0, 1.0], [0.2, 1.2]], [[0.1, 1.0], [0.2, 1.2]]
    path = written([up, down])
    refused(path, 'spin must be "up" or "down", as the calculation is spin-polarised and its bands differ by 0.1 eV')
    for spin, energies in (("up", up), ("down", down)):
        bands = read_bands(path, spin=spin)
        np.testing.assert_array_equal(bands.energies, energies)
        assert bands.spin_orbit is False
    assert read_bands(written([up, up])).filled == 1


def test_numbers_that_are_none(written, refused):
    message = "energies must be finite, but band 1 at k-point 0 is not"
    refused(written([[[0.0, np.nan], [0.2, 1.2]]]), message, spin_orbit=False)
    refused(written([[[0.0, 1.0], [0.2, 1.2]]], np.inf), "reference must be finite, but got inf")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bandstructure", "bandpath", "must be a band structure of ASE, but"),
        ("bandstructure", "wavefunction", "must be a band structure of ASE, but"),
        ("float64", "complex128", "must be a band structure of ASE, but"),
        ("[1, 5, 34]", "[1, 5, 33]", "must be a band structure of ASE, but"),
        ("[5, 3]", "[15]", "must be a band structure of ASE, but"),
        ('"reference": ', '"reference": "five", "level": ', "must be a band structure of ASE, but"),
        ('"reference": 5', '"reference": "five", "level": 5', "must be a band structure of ASE, but"),
        ('"__ase_objtype__": "bandstructure"}', "", "must be a band structure of ASE, but"),
        ("[0.5, 0.0, 0.0", "[5.0, 0.0, 0.0", "k must be fractional"),
    ],
)
def test_what_is_wrong_is_named(edited, refused, old, new, message):
    refused(edited("ase_nosoc.json", old, new), message, spin_orbit=False)
