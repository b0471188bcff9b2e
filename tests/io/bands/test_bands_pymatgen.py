"""Band structures of pymatgen and the Materials Project. All are invented: two bands at Γ, X and R, of Ta and O."""

import json

import numpy as np
import pytest

from chiraljax import read_bands

K = [[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5]]
UP = np.array([[-3.0, 1.0], [-2.0, 2.0], [-2.5, 3.0]])
DOWN = UP + 0.5
TABLE = np.random.default_rng(1).uniform(size=(2, 3, 9, 2))  # band, k-point, orbital, ion


def hand_written(**fields):
    """What a file without structure and projections holds."""
    return {
        "@module": "pymatgen.electronic_structure.bandstructure",
        "@class": "BandStructureSymmLine",
        "is_spin_polarized": False,
        "efermi": 0.0,
        "kpoints": K,
        "bands": {"1": UP.T.tolist()},
        "labels_dict": {},
        "branches": [],
        "projections": {},
    } | fields


@pytest.fixture
def written(tmp_path):
    def write(content):
        (tmp_path / "bands.json").write_text(json.dumps(content, default=lambda number: number.item()))
        return tmp_path / "bands.json"

    return write


@pytest.fixture(scope="module")
def of_pymatgen():
    """What pymatgen writes of a calculation with projections, of one spin or two."""
    bandstructure = pytest.importorskip("pymatgen.electronic_structure.bandstructure")
    from pymatgen.core import Lattice, Structure
    from pymatgen.electronic_structure.core import Spin

    def build(*tables):
        spins = (Spin.up, Spin.down)[: len(tables)]
        lattice = Lattice.cubic(4)
        structure = Structure(lattice, ["Ta5+", "O2-"], [[0, 0, 0], [0.5, 0.5, 0.5]])
        energies = {spin: table.T for spin, table in zip(spins, tables, strict=True)}
        projections = {spin: TABLE * (i + 1) for i, spin in enumerate(spins)}
        return bandstructure.BandStructure(
            K, energies, lattice.reciprocal_lattice, 0.0, structure=structure, projections=projections
        ).as_dict()

    return build


def test_bands_alone(written, refused):
    path = written(hand_written())
    refused(path, "spin_orbit must be True if a band holds one electron or False if it holds two")
    for spin_orbit in (True, False):
        bands = read_bands(path, spin_orbit=spin_orbit)
        np.testing.assert_array_equal(bands.k, K)
        np.testing.assert_array_equal(bands.energies, UP)
        assert (bands.spin_orbit, bands.filled, bands.reference) == (spin_orbit, 1, -2.0)
    assert bands.source == "bands.json, pymatgen"


def test_bands_that_cross_and_a_metal(written):
    bands = read_bands(written(hand_written(bands={"1": [[-3, 2, -2.5], [1, -2, 3]]})), spin_orbit=False)
    np.testing.assert_array_equal(bands.energies, UP)
    bands = read_bands(written(hand_written(efermi=-2.25)), spin_orbit=False)
    assert (bands.filled, bands.reference) == (None, -2.25)


def test_projections(written, of_pymatgen):
    bands = read_bands(written(of_pymatgen(UP)), spin_orbit=True)
    np.testing.assert_array_equal(bands.projections["Ta.p.x"], TABLE[:, :, 3, 0].T)
    np.testing.assert_array_equal(bands.projections["O.d.x2-y2"], TABLE[:, :, 8, 1].T)


def test_two_spins(written, of_pymatgen, refused):
    path = written(of_pymatgen(UP, DOWN))
    refused(path, 'spin must be "up" or "down", as the calculation is spin-polarised and its bands differ by 0.5 eV')
    for spin, energies, factor in (("up", UP, 1), ("down", DOWN, 2)):
        bands = read_bands(path, spin=spin)
        np.testing.assert_array_equal(bands.energies, energies)
        np.testing.assert_array_equal(bands.projections["Ta.s"], factor * TABLE[:, :, 0, 0].T)
        assert bands.spin_orbit is False
    assert read_bands(written(of_pymatgen(UP, UP))).filled == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kpoints": None}, "kpoints must be in a band structure of pymatgen, but is missing"),
        ({"kpoints": [[0, 0], [0, 0, 0]]}, "kpoints must be numbers in 2 dimensions"),
        ({"kpoints": K[:2]}, "bands must be given at 2 k-points, but are at 3"),
        ({"bands": None}, "bands must be by spin, 1 or 1 and -1"),
        ({"bands": {"1": [["a"]]}}, "bands.1 must be numbers in 2 dimensions"),
        ({"projections": {"1": TABLE.tolist()}}, "structure must be there to name the sites of projections"),
        ({"efermi": "?"}, "efermi must be numbers"),
    ],
)
def test_what_is_wrong_is_named(written, refused, fields, message):
    refused(written(hand_written(**fields)), message, spin_orbit=False)


def test_cut(written, refused):
    path = written(hand_written())
    path.write_text(path.read_text()[:-5])
    refused(path, "must be a band structure of pymatgen or the Materials Project, but")
