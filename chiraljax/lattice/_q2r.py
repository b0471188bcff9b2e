"""Force constants that q2r.x of Quantum ESPRESSO wrote."""

import re
from pathlib import Path

import numpy as np
import phonopy
from phonopy.interface.qe import PH_Q2R
from phonopy.structure.atoms import PhonopyAtoms

from .._errors import check

_FIRST = re.compile(r"\s*\d+\s+\d+\s+-?\d+(\s+-?\d+\.\d*){6}\s*$")
"""numbers of species and of atoms, ibrav, and six celldm"""
_APART = 1e-3
"""Largest distance of an atom of the structure from that of the file, in units of celldm(1)"""


def is_q2r(path: Path) -> bool:
    """Whether the file begins as those of q2r.x do."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return _FIRST.match(file.readline(200)) is not None


def q2r_model(path: Path, cell: PhonopyAtoms) -> phonopy.Phonopy:
    """phonopy's model of the force constants (Ry/bohr²) of the unit `cell` (bohr), read by phonopy's own parser.

    Raises:
        InputError: for another crystal, and for force constants without their dipole part, as q2r.x writes where it
            finds Born charges.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    species, atoms, ibrav = map(int, lines[0].split()[:3])
    unit, first = float(lines[0].split()[3]), 1 + (3 if ibrav == 0 else 0)
    names = [line.split("'")[1].strip() for line in lines[first : first + species]]
    rows = [line.split() for line in lines[first + species : first + species + atoms]]
    check(not lines[first + species + atoms].strip().startswith("T"), "", _WITHOUT_DIPOLES, path)
    labels = [re.match(r"[A-Z][a-z]?", names[int(row[1]) - 1]) for row in rows]
    theirs, ours = [label[0] if label else "?" for label in labels], list(cell.symbols)
    check(theirs == ours, "", f"must be of the structure with atoms {ours}, in that order, but has {theirs}", path)
    shift = (np.array([row[2:5] for row in rows], float) * unit - cell.positions) @ np.linalg.inv(cell.cell)
    far = np.abs((shift - np.rint(shift)) @ cell.cell).max() / unit
    check(far < _APART, "", f"must be of the structure given, but an atom is {far:.3g} celldm(1) away from it", path)
    reader = PH_Q2R(path)
    reader.run(cell)
    model = phonopy.Phonopy(cell, supercell_matrix=np.diag(np.asarray(reader.dimension)), calculator="qe")
    model.force_constants = reader.fc
    return model


_WITHOUT_DIPOLES = (
    "must hold whole force constants, but q2r.x found Born charges and took the part of the dipoles out: run q2r.x with"
    " a file of Γ that ph.x wrote with epsil = .false., and give the Born charges in a BORN file"
)
