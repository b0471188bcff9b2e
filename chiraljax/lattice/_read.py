"""Lattices from the files of phonopy."""

import os
import warnings
from pathlib import Path
from typing import Any, cast

import ase.io
import numpy as np
import phonopy
from ase import Atoms
from phonopy.file_IO import get_born_parameters
from phonopy.harmonic.dynamical_matrix import NacParams
from phonopy.interface.calculator import get_calculator_physical_units
from phonopy.interface.phonopy_yaml import PhonopyYaml
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.symmetry import symmetrize_borns_and_epsilon

from .._errors import InputError, check
from .._types import ArrayLike
from ._lattice import Lattice

_YAML = (".yaml", ".yml", ".yaml.xz", ".yaml.gz", ".yaml.bz2", ".yaml.lzma")
_FORCES = {"force_sets": ("FORCE_SETS",), "force_constants": ("FORCE_CONSTANTS", "force_constants.hdf5")}
_NEUTRAL = 0.1
"""e an atom: Born charges that are further from neutrality and symmetry are of another cell, or far from converged"""


_BUNDLED = Path(__file__).parent / "data"


def bundled_lattices() -> list[str]:
    """Names of the lattices that come with the package; `chiraljax/lattice/data/README.md` says how they were made."""
    return sorted(folder.name for folder in _BUNDLED.iterdir() if folder.is_dir())


def load_lattice(
    path: str | os.PathLike[str],
    *,
    born: str | os.PathLike[str] | None = None,
    force_sets: str | os.PathLike[str] | None = None,
    force_constants: str | os.PathLike[str] | None = None,
    supercell: ArrayLike | None = None,
) -> Lattice:
    """The lattice of phonopy's files: crystal, modes at Γ, Born charges and dielectric tensor.

    Arguments:

    - `path`: a bundled lattice by name; phonopy.yaml, phonopy_disp.yaml or phonopy_params.yaml; or the unit cell in any
      file that ASE reads (POSCAR, CIF, …), with the `supercell` (3,) or (3, 3) of the forces.
    - `force_sets` (FORCE_SETS) or `force_constants` (FORCE_CONSTANTS, force_constants.hdf5), and `born` (BORN, in e):
      unless given, what the yaml file holds, or else files of these names beside it.

    The crystal is phonopy's primitive cell. Without Born charges modes can be looked at, but not driven. Force
    constants are symmetrised and obey the acoustic sum rule where phonopy makes them from forces; those that are read
    are taken as they are.

    Raises `InputError`, naming the file, for one that cannot be read, forces of another supercell and Born charges of
    another cell.
    """
    if str(path) in bundled_lattices():
        path = _yaml_in(_BUNDLED / str(path))
    where = Path(path)
    given = {"force_sets": force_sets, "force_constants": force_constants, "born": born}
    for name in (path, *given.values()):
        check(name is None or Path(name).is_file(), "", "must be a file, but there is no such file", name)
    is_yaml = where.name.endswith(_YAML)
    check(is_yaml or supercell is not None, "supercell", "must be given with a structure file, such as (2, 2, 2)", path)
    check(not is_yaml or supercell is None, "supercell", "must be left out, the file says which it is", path)
    if is_yaml:
        held = _guarded(path, lambda: _yaml(where))
        has_forces = held.force_constants is not None or _forces_in(held.dataset)
        options: dict[str, Any] = {"phonopy_yaml": str(where), "nac_params": held.nac_params}
    else:
        has_forces = False
        options = {"unitcell": _guarded(path, lambda: _cell(where)), "supercell_matrix": _matrix(path, supercell)}
    if force_sets is None and force_constants is None and not has_forces:
        found = [(key, where.parent / name) for key, names in _FORCES.items() for name in names]
        found = [(key, file) for key, file in found if file.is_file()]
        check(
            found, "force_sets or force_constants", "must be given, since there are none in or beside this file", path
        )
        given[found[0][0]] = found[0][1]
    for key in _FORCES:
        if given[key] is not None:
            options[f"{key}_filename"] = str(given[key])
    if born is None and options.get("nac_params") is None and (where.parent / "BORN").is_file():
        born = where.parent / "BORN"
    options["nac_params"] = None if born is not None else options.get("nac_params")
    forces = given["force_constants"] or given["force_sets"] or path
    made = _guarded(forces, lambda: phonopy.load(is_nac=False, log_level=0, **options))
    if made.force_constants is None:
        raise InputError("", "must hold forces for every displacement, but some are missing", str(forces))
    held = made.nac_params if born is None else _born(born, made)
    if held is not None:
        made.nac_params = _checked(born or path, made, held)
    return Lattice(made, str(path))


def _yaml_in(folder: Path) -> Path:
    (file,) = folder.glob("*.yaml")
    return file


def _guarded(path, read):
    """What `read` returns; whatever phonopy or ASE raise becomes one line that names the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except InputError:
        raise
    except Exception as error:  # of any kind: parsers of three packages meet a file of any content
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError("", f"cannot be read with its crystal and supercell: {reason[:200]}", str(path)) from None


def _yaml(path: Path) -> PhonopyYaml:
    held = PhonopyYaml()
    held.read(str(path))
    check(held.unitcell is not None, "", "must hold a unit cell, as phonopy.yaml does", path)
    return held


def _forces_in(dataset) -> bool:
    if dataset is None:
        return False
    return "forces" in dataset or ("first_atoms" in dataset and all("forces" in one for one in dataset["first_atoms"]))


def _cell(path: Path) -> PhonopyAtoms:
    atoms = cast(Atoms, ase.io.read(path))
    check(all(atoms.pbc), "", "must hold a structure that is periodic in three directions", path)
    return PhonopyAtoms(symbols=atoms.symbols, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())


def _matrix(path, supercell: ArrayLike | None) -> np.ndarray:
    matrix = np.asarray(supercell)
    check(
        matrix.shape in {(3,), (3, 3)} and np.all(matrix == np.rint(matrix)),
        "supercell",
        f"must be 3 or 3×3 integers, but got {matrix.tolist()}",
        path,
    )
    return matrix.astype(int)


def _born(path, made: phonopy.Phonopy) -> NacParams:
    """Charges (atoms, 3, 3) and dielectric tensor of a BORN file, which lists one atom of each orbit."""
    cell, symmetry = made.primitive, made.primitive_symmetry
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    there = sum(bool(line.split()) for line in lines[2:])
    independent = [cell.symbols[atom] for atom in symmetry.get_independent_atoms()]
    check(
        there == len(independent),
        "",
        f"must have the Born charges of the {len(independent)} inequivalent atoms of the cell ("
        f"{', '.join(independent)}), but has {there}: is it of another cell?",
        path,
    )
    with open(path, encoding="utf-8") as file:
        found = _guarded(path, lambda: get_born_parameters(file, cell, symmetry))
    units = get_calculator_physical_units(made.calculator)
    return {"factor": units.nac_factor, **found}


def _checked(path, made: phonopy.Phonopy, held: NacParams) -> NacParams:
    """Its Born charges and dielectric tensor with the symmetry of the crystal and neutral; phonopy takes off the mean.

    Charges that are far from neutral, or from the symmetry of their sites, are not of this cell.
    """
    charges, tensor = np.asarray(held["born"], dtype=float), np.asarray(held["dielectric"], dtype=float)
    check(
        np.all(np.isfinite(charges)) and np.all(np.isfinite(tensor)) and np.all(np.linalg.eigvalsh(tensor) > 0),
        "Born charges",
        "must be finite numbers, and the dielectric tensor positive",
        path,
    )
    neutral = charges - charges.mean(axis=0)
    symmetric, tensor = _guarded(path, lambda: symmetrize_borns_and_epsilon(neutral, tensor, made.primitive))
    worst = abs(charges - symmetric).max()
    check(
        worst <= _NEUTRAL,
        "Born charges",
        f"must add up to zero over the cell and have its symmetry, but are off by {worst:.2g} e an"
        " atom: are they of another cell?",
        path,
    )
    return {**held, "born": symmetric, "dielectric": tensor}
