"""Force constants of q2r.x: rocksalt held by springs, the same as in phonopy's FORCE_CONSTANTS."""

import itertools

import ase.io
import numpy as np
import pytest
import scipy.constants as const

import chiraljax as cj

BOHR = const.value("Bohr radius") * 1e10
EDGE = 4.2
CELL = EDGE / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
PLACES = np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
SHIFTS = np.array([shift[::-1] for shift in itertools.product(range(2), repeat=3)])
"""cells of the 2×2×2 supercell, the first component fastest"""


def springs():
    """Φ (2, 2, 8, 3, 3) in eV/Å² of an atom in the first cell and one in each cell: 5 along the bond, 0.7 across."""
    constants = np.zeros((2, 2, 8, 3, 3))
    for one, other, cell in np.ndindex(2, 2, 8):
        for image in itertools.product((-1, 0, 1), repeat=3):
            bond = (PLACES[other] - PLACES[one] + SHIFTS[cell] + 2 * np.array(image)) @ CELL
            length = np.linalg.norm(bond)
            if abs(length - EDGE / 2) < 1e-6:
                along = np.outer(bond, bond) / length**2
                constants[one, other, cell] -= 5.0 * along + 0.7 * (np.eye(3) - along)
    for one in range(2):
        constants[one, one, 0] -= constants[one].sum(axis=(0, 1))
    return constants


def q2r(constants, names=("Mg", "O"), born=False):
    """The file: Ry/bohr², lengths in units of celldm(1)."""
    unit, rydberg = EDGE / BOHR, const.value("Rydberg constant times hc in eV")
    lines = [f"  2    2   0  {unit:.7f}" + "  0.0000000" * 5]
    lines += [" ".join(f"{x:15.9f}" for x in row) for row in CELL / EDGE]
    lines += [f"   {n + 1}  '{name}  '    20000.0" for n, name in enumerate(names)]
    lines += [f"    {n + 1}    {n + 1}   " + " ".join(f"{x:.10f}" for x in PLACES[n] @ CELL / EDGE) for n in range(2)]
    lines += [" T" if born else " F", "   2   2   2"]
    for a, b, first, second in np.ndindex(3, 3, 2, 2):
        lines.append(f"   {a + 1}   {b + 1}   {first + 1}   {second + 1}")
        for number, (x, y, z) in enumerate(SHIFTS + 1):
            value = constants[second, first, number, b, a] * BOHR**2 / rydberg
            lines.append(f"   {x}   {y}   {z}  {value:.11E}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path):
    ase.io.write(tmp_path / "POSCAR", ase.Atoms(["Mg", "O"], cell=CELL, scaled_positions=PLACES, pbc=True))
    return tmp_path


def test_the_same_as_force_constants_of_phonopy(folder):
    """phonopy numbers the atoms of the supercell by atom, then cell, the first component fastest."""
    constants = springs()
    (folder / "mgo.fc").write_text(q2r(constants))
    rows = ["2 16"]
    for one, other, cell in np.ndindex(2, 2, 8):
        rows.append(f"{1 + 8 * one} {1 + 8 * other + cell}")
        rows += [" ".join(f"{x:.15f}" for x in row) for row in constants[one, other, cell]]
    (folder / "FORCE_CONSTANTS").write_text("\n".join(rows) + "\n")
    theirs = cj.load_lattice(
        folder / "POSCAR", force_constants=folder / "FORCE_CONSTANTS", supercell=(2, 2, 2), calculator="vasp"
    )
    ours = cj.load_lattice(folder / "POSCAR", force_constants=folder / "mgo.fc")
    assert ours.modes[0].frequency == pytest.approx(theirs.modes[0].frequency, rel=1e-5)
    stiffness, mass = 2 * 5.0 + 4 * 0.7, 24.305 * 15.999 / (24.305 + 15.999)
    expected = np.sqrt(stiffness * const.e * 1e20 / (mass * const.atomic_mass)) / (2 * np.pi) * 1e-12
    assert ours.modes[0].frequency == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            {"names": ("O", "Mg")},
            {},
            "the structure with atoms .'Mg', 'O'., in that order, but has .'O', 'Mg'",
        ),
        ({"born": True}, {}, "q2r.x found Born charges and took the part of the dipoles out: run q2r.x with"),
        ({}, {"supercell": (2, 2, 2)}, "supercell must be left out, a file of q2r.x says which it is"),
        ({}, {"calculator": "vasp"}, "calculator must be 'qe' for a file of q2r.x, but got 'vasp'"),
    ],
)
def test_refused(folder, text, options, message):
    (folder / "mgo.fc").write_text(q2r(springs(), **text))
    with pytest.raises(cj.InputError, match=message):
        cj.load_lattice(folder / "POSCAR", force_constants=folder / "mgo.fc", **options)


def test_cut_short(folder):
    (folder / "mgo.fc").write_text(q2r(springs())[:4000])
    with pytest.raises(cj.InputError, match=r"mgo.fc: cannot be read"):
        cj.load_lattice(folder / "POSCAR", force_constants=folder / "mgo.fc")
