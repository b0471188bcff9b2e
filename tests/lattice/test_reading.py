"""Files of phonopy, whole, in parts and wrong."""

import shutil
from pathlib import Path

import ase.io
import numpy as np
import pytest

import chiraljax as cj

MGO = Path(__file__).parents[1] / "data" / "phonons" / "MgO"


def test_forces_force_constants_and_a_structure_file_agree(magnesia, tmp_path, monkeypatch):
    """FORCE_CONSTANTS has 15 digits after the same symmetrisation; nothing is picked up from the working directory."""
    shutil.copy(MGO / "phonopy_disp.yaml", tmp_path)
    monkeypatch.chdir(MGO)
    with pytest.raises(cj.InputError, match="force_sets or force_constants must be given, since there are none in"):
        cj.load_lattice(tmp_path / "phonopy_disp.yaml")
    read = cj.load_lattice(tmp_path / "phonopy_disp.yaml", force_constants=MGO / "FORCE_CONSTANTS")
    assert read.born_charges is None
    assert read.modes[0].frequency == pytest.approx(magnesia.modes[0].frequency, abs=1e-6)
    cell = magnesia.phonopy.unitcell
    ase.io.write(tmp_path / "POSCAR", ase.Atoms(cell.symbols, cell=cell.cell, scaled_positions=cell.scaled_positions))
    read = cj.load_lattice(tmp_path / "POSCAR", supercell=(2, 2, 2), force_sets=MGO / "FORCE_SETS", born=MGO / "BORN")
    assert read.modes[0].frequency == pytest.approx(magnesia.modes[0].frequency, abs=1e-6)
    np.testing.assert_allclose(read.born_charges, magnesia.born_charges)


def test_missing_charges(tmp_path):
    for name in ("phonopy_disp.yaml", "FORCE_SETS"):
        shutil.copy(MGO / name, tmp_path)
    lattice = cj.load_lattice(tmp_path / "phonopy_disp.yaml")
    assert lattice.modes[0].infrared
    assert lattice.modes[0].charges is None
    for make in (lattice.phonon, lattice.normal_modes):
        with pytest.raises(cj.InputError, match="born must be given to drive a mode: there are no Born charges in or"):
            make(damping=0.5)


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"born": "KTaO3"}, r"BORN: must have the Born charges of the 2 inequivalent .* but has 3: is it of another"),
        (
            {"born": "# \n1 0 0 0 1 0 0 0 1\n2 0 0 0 2 0 0 0 2\n-1 0 0 0 -1 0 0 0 -1"},
            r"off by 0.5 e an atom: are they of",
        ),
        ({"born": "# \n1 0 0 0 1 0 0 0 1\n2 0 0 0 2 0 0 0 3\n-2 0 0 0 -2 0 0 0 -3"}, "have its symmetry, but are off"),
        ({"born": "# \n1 0 0 0 1 0 0 0 1\n2 0 0 0 2 0 0 0\n-2 0 0 0 -2 0 0 0 -2"}, "line 3 is incorrect"),
        ({"born": "# \n1 0 0 0 1 0 0 0 1\n2 0 0 0 x 0 0 0 2\n-2 0 0 0 -2 0 0 0 -2"}, "could not convert string"),
        ({"born": "# \n1 0 0 0 1 0 0 0 1\n2 0 0 0 nan 0 0 0 2\n-2 0 0 0 -2 0 0 0 -2"}, "must be finite numbers"),
        ({"force_sets": "KTaO3"}, "FORCE_SETS: cannot be read with its crystal and supercell: .* 40 atoms, but"),
        ({"force_sets": "64\n2\n\n1\n0.01 0 0\n1 2"}, "FORCE_SETS: cannot be read with its crystal and supercell"),
        ({"force_constants": "3 3\n1 1\n"}, "FORCE_CONSTANTS: cannot be read with its crystal and supercell"),
        ({"born": "/nowhere/BORN"}, "/nowhere/BORN: must be a file, but there is no such file"),
        ({"supercell": (2, 2, 2)}, "supercell must be left out, the file says which it is"),
    ],
)
def test_wrong_files_are_named_in_one_line(tmp_path, options, message):
    other = {"born": "BORN", "force_sets": "FORCE_SETS", "force_constants": "FORCE_CONSTANTS"}
    for key, value in options.items():
        if value == "KTaO3":
            options = options | {key: cj.lattice._read._BUNDLED / "KTaO3_2x2x2" / other[key]}
        elif key in other and "\n" in value:
            options = options | {key: written(tmp_path, other[key], value)}
    with pytest.raises(cj.InputError, match=message) as error:
        cj.load_lattice(MGO / "phonopy_disp.yaml", **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "options", "message"),
    [
        ("a.yaml", "phonopy: [", {}, "a.yaml: cannot be read"),
        ("a.yaml", "one: 1\n", {}, "a.yaml: "),
        ("POSCAR", "nothing", {"supercell": (1, 1, 1)}, "POSCAR: cannot be read"),
        ("POSCAR", "nothing", {}, "POSCAR: supercell must be given with a structure file"),
        ("POSCAR", "nothing", {"supercell": (1.5, 1, 1)}, ": "),
    ],
)
def test_files_that_are_no_lattice(tmp_path, name, text, options, message):
    with pytest.raises(cj.InputError, match=message) as error:
        cj.load_lattice(written(tmp_path, name, text), **options)
    assert "\n" not in str(error.value)


def test_bundled_lattices_have_names():
    assert cj.bundled_lattices() == ["KTaO3", "KTaO3_2x2x2"]
    with pytest.raises(cj.InputError, match=r"KTaO: must be a bundled lattice .*, but there is no such file"):
        cj.load_lattice("KTaO")


def test_dispersion(lattices):
    """At Γ, X, M and R: the frequencies that an independent run of phonopy wrote down for the same forces, and
    longitudinal modes along Γ–X; between segments only Γ jumps."""
    bands = lattices["KTaO3_2x2x2"].dispersion(points=8)
    assert [label for _, label in bands.ticks] == ["Γ", "X", "M", "Γ", "R", "X|R", "M"]
    assert [len(part) for part in bands.distances] == [9] * 6
    first, second = bands.frequencies[:2]
    np.testing.assert_allclose(first[0][[3, 5, 11, 14]], [3.034, 5.35, 11.61, 24.19], atol=5e-3)
    np.testing.assert_allclose(first[-1][:3], [1.9396, 1.9396, 5.0884], atol=1e-3)
    np.testing.assert_allclose(first[-1], second[0], atol=1e-6)
    np.testing.assert_allclose(second[-1][[0, 14]], [1.9486, 26.7185], atol=1e-3)
    np.testing.assert_allclose(bands.frequencies[3][-1][:3], 5.4738, atol=1e-3)
    assert min(part.min() for part in bands.frequencies) > -1e-5
    with pytest.raises(cj.InputError, match="must hold force constants of a supercell for a dispersion"):
        lattices["KTaO3"].dispersion()


def test_sites_in_another_order_and_with_another_origin(tantalate, ktao3):
    crystal = tantalate.crystal
    order = np.random.default_rng(3).permutation(5)
    moved = cj.Crystal(
        np.array(crystal.lattice) * 1.01,
        [crystal.species[i] for i in order],
        np.array(crystal.positions)[order] + [0.3, 0.1, -0.7],
    )
    assert cj.crystal.site_order(moved, crystal) == tuple(order)
    with pytest.raises(cj.InputError, match="same atoms"):
        cj.crystal.site_order(crystal, cj.Crystal(crystal.lattice, ["K", "Ta", "O", "O", "F"], crystal.positions))
    with pytest.raises(cj.InputError, match="same places"):
        cj.crystal.site_order(
            crystal, cj.Crystal(crystal.lattice, crystal.species, np.array(crystal.positions) * [1, 1, 0.5])
        )
