"""Force constants of every program that phonopy knows, of the wrong symmetry, and of magnetic crystals.

Na⁺ and Cl⁻ as in CsCl, a spring of 0.1 in the program's units between each Na and the Cl of its own cell: one threefold
set at ω² = k (1/m₁ + 1/m₂), with Δε = e²/(ε₀ V k) whatever the masses.
"""

import warnings

import numpy as np
import phonopy
import pytest
from scipy import constants

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.lattice import CALCULATORS

BOHR = constants.physical_constants["Bohr radius"][0] / constants.angstrom
HARTREE = constants.physical_constants["Hartree energy in eV"][0]
# As phonopy's manual lists them: length in Å, force constants in eV/Å².
ATOMIC, SEMI = (BOHR, HARTREE / BOHR**2), (BOHR, 1 / BOHR)
UNITS = (
    dict.fromkeys(["vasp", "aims", "lammps", "pwmat", "crystal", "castep"], (1.0, 1.0))
    | dict.fromkeys(["elk", "dftbp", "turbomole", "fleur", "exciting", "octopus"], ATOMIC)
    | dict.fromkeys(["abinit", "siesta", "abacus"], SEMI)
    | dict.fromkeys(["qe", "qlm"], (BOHR, HARTREE / 2 / BOHR**2))
    | {"wien2k": (BOHR, HARTREE / 2000 / BOHR**2), "cp2k": (1.0, HARTREE / BOHR)}
)
BORN = "# \n2.5 0 0 0 2.5 0 0 0 2.5\n1 0 0 0 1 0 0 0 1\n-1 0 0 0 -1 0 0 0 -1\n"


def rows(vectors):
    return "\n".join(f"  - [ {x}, {y}, {z} ]" for x, y, z in vectors)


def document(calculator, springs=(0.1, 0.1, 0.1), moment=""):
    """A phonopy.yaml with force constants."""
    line = f"  calculator: {calculator}\n" if calculator else ""
    sites = "".join(
        f"  - symbol: {symbol}\n    coordinates: [ {place}, {place}, {place} ]\n    mass: {mass}\n{moment}"
        for symbol, place, mass in (("Na", 0.0, 20.0), ("Cl", 0.5, 30.0))
    )
    lattice = "  lattice:\n" + rows(8.0 * np.eye(3)) + "\n  points:\n"
    blocks = "".join(
        f"  - # ({i}, {j})\n" + rows((1 if i == j else -1) * np.diag(springs)).replace("  - [", "    - [") + "\n"
        for i in (1, 2)
        for j in (1, 2)
    )
    return (
        f'phonopy:\n  version: "2.30.0"\n{line}supercell_matrix:\n{rows(np.eye(3, dtype=int))}\nprimitive_matrix:\n'
        f"{rows(np.eye(3))}\nunit_cell:\n{lattice}{sites}supercell:\n{lattice}{sites}"
        f"force_constants:\n  format: full\n  shape: [ 2, 2 ]\n  elements:\n{blocks}"
    )


def load(folder, text, **options):
    folder.mkdir(exist_ok=True)
    (folder / "phonopy.yaml").write_text(text)
    (folder / "BORN").write_text(BORN)
    return cj.load_lattice(folder / "phonopy.yaml", **options)


def frequency(spring):
    """THz, for a spring in eV/Å²."""
    return np.sqrt(spring * constants.e * 1e20 * (1 / 20 + 1 / 30) / constants.atomic_mass) / (2e12 * np.pi)


def test_every_program_is_tested():
    assert set(CALCULATORS) == set(UNITS)


@pytest.mark.parametrize("calculator", UNITS)
def test_frequency_volume_and_dielectric_constant(tmp_path, calculator):
    """By hand; the frequency is also phonopy's own, whose units are of CODATA 1986 and 2002."""
    length, constant = UNITS[calculator]
    lattice = load(tmp_path, document(calculator))
    volume = (8 * length) ** 3
    assert lattice.crystal.volume == pytest.approx(volume, rel=1e-7)
    assert lattice.modes[0].frequency == pytest.approx(frequency(0.1 * constant), rel=1e-6)
    own = phonopy.load(tmp_path / "phonopy.yaml", is_nac=False, symmetrize_fc=False)
    assert lattice.modes[0].frequency == pytest.approx(own.run_qpoints([[0, 0, 0]]).frequencies[0, -1], abs=1e-6)
    share = constants.e / (constants.epsilon_0 * volume * 1e-10 * 0.1 * constant)
    own_share = lattice.modes[0].dielectric_share(lattice.crystal.volume)
    np.testing.assert_allclose(own_share, share * np.eye(3), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("calculator", ["qe", "cp2k", "vasp"])
def test_a_file_that_names_no_program(tmp_path, calculator):
    """The argument says which; so does that of a structure file, whose lengths ASE gives in Å."""
    length, constant = UNITS[calculator]
    named = load(tmp_path, document(calculator))
    assert load(tmp_path / "b", document(None), calculator=calculator).modes[0].frequency == named.modes[0].frequency
    structure = (
        f"x\n1.0\n{8 * length} 0 0\n0 {8 * length} 0\n0 0 {8 * length}\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
    )
    (tmp_path / "POSCAR").write_text(structure)
    blocks = "".join(
        f"{i} {j}\n" + "\n".join(" ".join(map(str, row)) for row in (1 if i == j else -1) * 0.1 * np.eye(3)) + "\n"
        for i in (1, 2)
        for j in (1, 2)
    )
    (tmp_path / "FORCE_CONSTANTS").write_text(f"2 2\n{blocks}")
    read = cj.load_lattice(tmp_path / "POSCAR", supercell=(1, 1, 1), calculator=calculator)
    assert read.crystal.volume == pytest.approx(named.crystal.volume, rel=1e-6)
    assert read.modes[0].frequency == pytest.approx(
        frequency(0.1 * constant) * np.sqrt(np.sum(1 / read.masses) / (1 / 20 + 1 / 30)), rel=1e-5
    )


def test_another_program_is_refused(tmp_path):
    with pytest.raises(cj.InputError, match="calculator must be left out, or 'qe' as in the file, but got 'vasp'"):
        load(tmp_path, document("qe"), calculator="vasp")
    with pytest.raises(cj.InputError, match=r"calculator must be one of abacus, .* but got 'espresso'"):
        load(tmp_path, document(None), calculator="espresso")
    with pytest.raises(cj.InputError, match=r"phonopy.yaml: calculator must be one of .* but the file names 'other'"):
        load(tmp_path, document("other"))


def test_broken_symmetry(tmp_path):
    """1, 4 and 9 eV/Å² along x, y, z of a cubic cell are refused; a part in 10³ is told, a part in 10⁵ is noise."""
    with pytest.raises(cj.InputError, match=r"phonopy.yaml: force constants must have the symmetry .* by 48 % of the"):
        load(tmp_path, document(None, (1.0, 4.0, 9.0)))
    with pytest.warns(UserWarning, match=r"break the symmetry of the crystal by 0.3 % of the largest"):
        told = load(tmp_path, document(None, (1.0, 1.003, 1.006)))
    assert told.modes[0].frequency == pytest.approx(frequency(1.003), rel=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path, document(None, (1.0, 1.00001, 1.0)))


def test_moments_are_left_out(tmp_path):
    """A ferromagnet with cubic force constants has their modes; one with others is refused."""
    moment = "    magnetic_moment: 1.0\n"
    assert load(tmp_path, document(None, moment=moment)).modes[0].degeneracy == 3
    with pytest.raises(cj.InputError, match="are they of another structure, supercell or magnetic order"):
        load(tmp_path, document(None, (1.0, 1.0, 2.0), moment))


def test_one_atom_and_another_number_of_atoms(tmp_path, capsys):
    (tmp_path / "POSCAR").write_text("x\n1.0\n4 0 0\n0 4 0\n0 0 4\nNa\n1\nDirect\n0 0 0\n")
    (tmp_path / "FORCE_CONSTANTS").write_text("1 1\n1 1\n0 0 0\n0 0 0\n0 0 0\n")
    assert cj.load_lattice(tmp_path / "POSCAR", supercell=(1, 1, 1)).modes == ()
    assert main(["phonons", str(tmp_path / "POSCAR"), "--supercell", "1,1,1", "--out", str(tmp_path / "x.csv")]) == 0
    assert "POSCAR: no optical modes, one atom per cell" in capsys.readouterr().out
    assert (tmp_path / "x.csv").read_text().startswith("number,irrep,degeneracy,frequency_thz,infrared,charge_x,")
    assert (tmp_path / "x.csv").read_text().count("\n") == 1
    assert main(["phonons", str(tmp_path / "POSCAR"), "--supercell", "1,1,1", "--out", str(tmp_path / "x.png")]) == 2
    assert "POSCAR: must have optical modes to draw, but has one atom per cell" in capsys.readouterr().err
    (tmp_path / "FORCE_CONSTANTS").write_text(
        "2 2\n" + "".join(f"{i} {j}\n0 0 0\n0 0 0\n0 0 0\n" for i in (1, 2) for j in (1, 2))
    )
    with pytest.raises(cj.InputError, match=r"FORCE_CONSTANTS: "):
        cj.load_lattice(tmp_path / "POSCAR", supercell=(1, 1, 1))
