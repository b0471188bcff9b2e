"""Lattices from files of phonopy."""

import io
import os
import re
import warnings
from pathlib import Path
from typing import Any, cast

import ase.io
import numpy as np
import phonopy
from ase import Atoms
from phonopy.file_IO import get_born_parameters, get_io_module_to_decompress
from phonopy.harmonic.dynamical_matrix import NacParams
from phonopy.interface.calculator import calculator_info, get_calculator_physical_units
from phonopy.interface.phonopy_yaml import PhonopyYaml
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.symmetry import symmetrize_borns_and_epsilon

from .._errors import InputError, check
from .._types import ArrayLike
from ._lattice import Lattice
from ._q2r import is_q2r, q2r_model

_YAML = (".yaml", ".yml", ".yaml.xz", ".yaml.gz", ".yaml.bz2", ".yaml.lzma")
_FORCES = {"force_sets": ("FORCE_SETS",), "force_constants": ("FORCE_CONSTANTS", "force_constants.hdf5")}
CALCULATORS = tuple(sorted(calculator_info))
"""Names of phonopy for the programs whose units it knows"""
_UNIT = re.compile(r"(?m)^  (?:length|force_constants): .*$")
_MOMENT = re.compile(r"(?m)^ *magnetic_moment: *([^#\n]*).*\n")
_NEUTRAL = 0.1
"""e per atom; largest deviation of Born charges from neutrality and symmetry"""

_BUNDLED = Path(__file__).parent / "data"


def bundled_lattices() -> list[str]:
    """Names of the lattices that come with the package; `chiraljax/lattice/data/README.md` has their sources."""
    return sorted(folder.name for folder in _BUNDLED.iterdir() if folder.is_dir())


def load_lattice(
    path: str | os.PathLike[str],
    *,
    born: str | os.PathLike[str] | None = None,
    force_sets: str | os.PathLike[str] | None = None,
    force_constants: str | os.PathLike[str] | None = None,
    supercell: ArrayLike | None = None,
    calculator: str | None = None,
) -> Lattice:
    """The lattice of phonopy's files: crystal, modes at Γ, Born charges and dielectric tensor.

    The crystal is phonopy's primitive cell, in Å and eV whatever the program that calculated the forces. Without Born
    charges the modes cannot be driven. Force constants that phonopy computes from forces are symmetrised and obey the
    acoustic sum rule; those from a file are not changed.

    Args:
        path: the name of a bundled lattice; phonopy.yaml, phonopy_disp.yaml or phonopy_params.yaml; or the unit cell in
            any file that ASE reads (POSCAR, CIF, …).
        born: a BORN file, in e. Unless given, the data of the yaml file or else BORN beside it.
        force_sets: a FORCE_SETS file. Unless this or `force_constants` is given, the data of the yaml file or else a
            file of either kind beside it.
        force_constants: FORCE_CONSTANTS or force_constants.hdf5; or beside a structure file a file of q2r.x (Quantum
            ESPRESSO) without Born charges, which says which supercell it is.
        supercell: of the forces, (3,) or (3, 3); for a structure file only.
        calculator: the program that calculated the forces, by phonopy's name for it, such as "qe": it says in which
            units the forces and displacements are. Unless given, the one that the yaml file names, else "vasp" (eV, Å).

    Raises:
        InputError: with the name of the file, for one that cannot be read, forces of another supercell, Born charges
            of another cell, another calculator than that of the file, and force constants that do not have the symmetry
            of the crystal or do not obey the acoustic sum rule.
    """
    check(
        calculator is None or calculator in CALCULATORS,
        "calculator",
        f"must be one of {', '.join(CALCULATORS)}, but got {calculator!r}",
    )
    if str(path) in bundled_lattices():
        (path,) = (_BUNDLED / str(path)).glob("*.yaml")
    folder = Path(path).parent
    check(
        Path(path).is_file(),
        "",
        f"must be a bundled lattice ({', '.join(bundled_lattices())}), a file of phonopy or a structure file, but "
        "there is no such file",
        path,
    )
    check(
        Path(path).suffix != ".toml",
        "",
        "must be a file of phonopy or a structure file, but is a material file, which holds no force constants",
        path,
    )
    forces = {"force_sets": force_sets, "force_constants": force_constants}
    for file in (*forces.values(), born):
        check(file is None or Path(file).is_file(), "", "must be a file, but there is no such file", file)
    is_yaml = str(path).endswith(_YAML)
    if force_constants is not None and is_q2r(Path(force_constants)):
        check(not is_yaml, "", "must be a structure file beside force constants of q2r.x", path)
        check(calculator in (None, "qe"), "calculator", f"must be 'qe' for a file of q2r.x, but got {calculator!r}")
        check(supercell is None, "supercell", "must be left out, a file of q2r.x says which it is", path)
        cell = _guarded(path, lambda: _cell(Path(path), get_calculator_physical_units("qe").distance_to_A))
        if born is None and (folder / "BORN").is_file():
            born = folder / "BORN"
        model = _guarded(force_constants, lambda: q2r_model(Path(force_constants), cell))
        return _lattice(model, born, force_constants, path)
    check(is_yaml or supercell is not None, "supercell", "must be given with a structure file, such as (2, 2, 2)", path)
    check(not is_yaml or supercell is None, "supercell", "must be left out, the file says which it is", path)
    text = None
    if is_yaml:
        text = _guarded(path, lambda: _text(Path(path)))
        document = _guarded(path, lambda: _yaml(path, text))
        has_forces = document.force_constants is not None or _forces_in(document.dataset)
        named = document.calculator
        check(
            named is None or named in CALCULATORS,
            "calculator",
            f"must be one of {', '.join(CALCULATORS)}, but the file names {named!r}",
            path,
        )
        check(
            None in {named, calculator} or named == calculator,
            "calculator",
            f"must be left out, or {named!r} as in the file, but got {calculator!r}",
            path,
        )
        calculator = calculator or named
        options: dict[str, Any] = {"nac_params": document.nac_params}
    else:
        has_forces = False
        cell = _guarded(path, lambda: _cell(Path(path), get_calculator_physical_units(calculator).distance_to_A))
        options = {"unitcell": cell, "supercell_matrix": _matrix(path, supercell)}
    if force_sets is None and force_constants is None and not has_forces:
        beside = [(kind, folder / name) for kind, names in _FORCES.items() for name in names]
        beside = [(kind, file) for kind, file in beside if file.is_file()]
        check(
            beside, "force_sets or force_constants", "must be given, since there are none in or beside this file", path
        )
        forces |= beside[:1]
    options |= {f"{kind}_filename": str(file) for kind, file in forces.items() if file is not None}
    if born is None and options.get("nac_params") is None and (folder / "BORN").is_file():
        born = folder / "BORN"
    options |= {"nac_params": None if born is not None else options.get("nac_params"), "calculator": calculator}
    source = forces["force_constants"] or forces["force_sets"] or path
    model = _guarded(source, lambda: _model(text, options))
    if model.force_constants is None:
        raise InputError("", "must hold forces for every displacement, but some are missing", str(source))
    return _lattice(model, born, source, path)


def _lattice(model: phonopy.Phonopy, born, source, path) -> Lattice:
    """The lattice of phonopy's model, whose force constants come from the file `source`."""
    nac = model.nac_params if born is None else _born(born, model)
    if nac is not None:
        model.nac_params = _symmetric(born or path, model, nac)
    constants, cells = np.asarray(model.force_constants), (len(model.primitive), len(model.supercell))
    check(
        constants.shape in {(count, cells[1], 3, 3) for count in cells} and np.all(np.isfinite(constants)),
        "",
        f"must hold finite force constants of {cells[0]} or {cells[1]} by {cells[1]} atoms, those of the cell and its "
        f"supercell, but has the shape {constants.shape}",
        source,
    )
    return Lattice(_plain(model), str(path))


def _model(text: str | None, options: dict[str, Any]) -> phonopy.Phonopy:
    """phonopy's model of a yaml file or, if None, of the unit cell in `options`.

    Where more atoms are displaced than those of the primitive cell, as without symmetry, phonopy solves only for the
    force constants of the whole supercell.
    """

    def load(compact: bool) -> phonopy.Phonopy:
        file = {} if text is None else {"phonopy_yaml": io.StringIO(text)}
        return phonopy.load(is_nac=False, is_compact_fc=compact, log_level=0, **file, **options)

    try:
        return load(compact=True)
    except RuntimeError:
        return load(compact=False)


def _plain(model: phonopy.Phonopy) -> phonopy.Phonopy:
    """The model in Å and eV, by phonopy's table of the units of its calculator, and without magnetic moments.

    phonopy has no representations of magnetic groups; that the force constants have those of the crystal is checked.
    """
    units, ours = (get_calculator_physical_units(name) for name in (model.calculator, None))
    if units == ours and model.unitcell.magnetic_moments is None:
        return model
    cell = model.unitcell.copy()
    cell.cell = cell.cell * units.distance_to_A
    cell.magnetic_moments = None
    other = phonopy.Phonopy(
        cell,
        supercell_matrix=model.supercell_matrix,
        primitive_matrix=model.primitive_matrix,
        symprec=model.symmetry.tolerance * units.distance_to_A,
    )
    other.force_constants = np.asarray(model.force_constants) * (units.factor / ours.factor) ** 2
    if model.nac_params is not None:
        other.nac_params = {**model.nac_params, "factor": ours.nac_factor}
    return other


def _guarded(path, read):
    """The value of `read()`; any error of phonopy or ASE becomes an `InputError` with the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except InputError:
        raise
    except Exception as error:  # parsers of three packages raise errors of any kind
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError("", f"cannot be read with its crystal and supercell: {reason[:200]}", str(path)) from None


def _text(path: Path) -> str:
    """A yaml file as this version of phonopy takes it.

    Earlier ones spelt the units of CP2K with a capital, which it takes for other units; and it finds every translation
    twice in a supercell whose magnetic moments are all zero.
    """
    with get_io_module_to_decompress(path).open(path, "rt", encoding="utf-8") as file:
        text = file.read()
    text = _UNIT.sub(lambda line: line[0].replace("Angstrom", "angstrom"), text)
    moments = (number for line in _MOMENT.findall(text) for number in line.strip(" []").split(","))
    return text if any(float(number) for number in moments) else _MOMENT.sub("", text)


def _yaml(path, text: str) -> PhonopyYaml:
    document = PhonopyYaml()
    document.read(io.StringIO(text))
    check(document.unitcell is not None, "", "must hold a unit cell, as phonopy.yaml does", path)
    return document


def _forces_in(dataset) -> bool:
    if dataset is None:
        return False
    return "forces" in dataset or (
        "first_atoms" in dataset and all("forces" in atom for atom in dataset["first_atoms"])
    )


def _cell(path: Path, unit: float) -> PhonopyAtoms:
    """The structure with lengths in `unit` (Å)."""
    atoms = cast(Atoms, ase.io.read(path))
    check(all(atoms.pbc), "", "must hold a structure that is periodic in three directions", path)
    return PhonopyAtoms(
        symbols=atoms.symbols, cell=atoms.cell.array / unit, scaled_positions=atoms.get_scaled_positions()
    )


def _matrix(path, supercell: ArrayLike | None) -> np.ndarray:
    matrix = np.asarray(supercell)
    check(
        matrix.shape in {(3,), (3, 3)} and np.all(matrix == np.rint(matrix)),
        "supercell",
        f"must be 3 or 3×3 integers, but got {matrix.tolist()}",
        path,
    )
    return matrix.astype(int)


def _born(path, model: phonopy.Phonopy) -> NacParams:
    """Charges (atoms, 3, 3) and dielectric tensor of a BORN file, which lists one atom of each orbit."""
    cell, symmetry = model.primitive, model.primitive_symmetry
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    count = sum(bool(line.split()) for line in lines[2:])
    independent = [cell.symbols[atom] for atom in symmetry.get_independent_atoms()]
    check(
        count == len(independent),
        "",
        f"must have the Born charges of the {len(independent)} inequivalent atoms of the cell ("
        f"{', '.join(independent)}), but has {count}: is it of another cell?",
        path,
    )
    with open(path, encoding="utf-8") as file:
        parameters = _guarded(path, lambda: get_born_parameters(file, cell, symmetry))
    return {"factor": get_calculator_physical_units(model.calculator).nac_factor, **parameters}


def _symmetric(path, model: phonopy.Phonopy, nac: NacParams) -> NacParams:
    """Neutral Born charges and dielectric tensor with the symmetry of the crystal; phonopy subtracts the mean charge.

    Raises `InputError` for charges that are far from neutral or from the symmetry of their sites.
    """
    charges, tensor = np.asarray(nac["born"], dtype=float), np.asarray(nac["dielectric"], dtype=float)
    check(
        np.all(np.isfinite(charges)) and np.all(np.isfinite(tensor)) and np.all(np.linalg.eigvalsh(tensor) > 0),
        "Born charges",
        "must be finite numbers, and the dielectric tensor positive",
        path,
    )
    neutral = charges - charges.mean(axis=0)
    symmetric, tensor = _guarded(path, lambda: symmetrize_borns_and_epsilon(neutral, tensor, model.primitive))
    worst = abs(charges - symmetric).max()
    check(
        worst <= _NEUTRAL,
        "Born charges",
        f"must add up to zero over the cell and have its symmetry, but are off by {worst:.2g} e an"
        " atom: are they of another cell?",
        path,
    )
    return {**nac, "born": symmetric, "dielectric": tensor}
