"""Band structures of pymatgen and the Materials Project, as JSON."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..._errors import InputError, check
from ..._validation import one_line, read_text
from ...fit import Bands
from ._channels import channel
from ._common import filled_below
from ._format import BandFormat, Head
from ._spin import agreed, given
from ._vasp import labelled

_MODULE = re.compile(r'"@module":\s*"pymatgen\.electronic_structure\.bandstructure"')
_WHAT = "must be a band structure of pymatgen or the Materials Project"


def read_pymatgen(path: Path, spin_orbit: bool | None, spin: str | None = None) -> Bands:
    """Bands from `BandStructure.as_dict()`, written by the `json` module or monty.

    It says neither whether its bands are with spin–orbit coupling, unless they are of two spins, nor how many electrons
    there are: the bands below the Fermi level are filled if no band crosses it.
    """
    try:
        file = json.loads(read_text(path, "a band structure of pymatgen"))
    except ValueError as error:
        raise InputError("", f"{_WHAT}, but {one_line(error)}") from None
    check(isinstance(file, dict), "", f"{_WHAT}, but is none")
    k = _array("kpoints", file.get("kpoints"), 2)
    tables = [table.T for table in _by_spin("bands", file.get("bands"), 2)]
    which = channel(tables, spin)
    energies = tables[which]
    check(len(energies) == len(k), "bands", f"must be given at {len(k)} k-points, but are at {len(energies)}")
    spinors = agreed(False, spin_orbit) if len(tables) == 2 else given(spin_orbit)
    projected = {}
    if file.get("projections"):
        every = _by_spin("projections", file["projections"], 4)
        check(len(every) == len(tables), "projections", f"must be of {len(tables)} spins, but are of {len(every)}")
        table = every[which].transpose(1, 0, 3, 2)
        projected = labelled(table, energies, _species(file.get("structure")), np.ones(len(k), dtype=bool))
    energies = np.sort(energies, axis=1)
    level = None if file.get("efermi") is None else float(_array("efermi", file["efermi"], 0))
    filled = None if level is None else filled_below(energies, level)
    return Bands(
        k,
        energies,
        None,
        projected,
        spinors,
        filled,
        level if filled is None else float(energies[:, filled - 1].max()),
        f"{path.name}, pymatgen",
        tuple(_species(file["structure"])) if file.get("structure") else (),
        _lattice(file.get("structure")),
    )


def _array(field: str, value: Any, dimensions: int) -> np.ndarray:
    """A list of lists, or what monty makes of an array, as numbers."""
    if isinstance(value, dict):
        value = value.get("data")
    check(value is not None, field, "must be in a band structure of pymatgen, but is missing")
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        array = np.array([])
    fits = array.ndim == dimensions and array.size > 0
    check(fits, field, f"must be numbers in {dimensions} dimensions, but is not; the file is of pymatgen")
    return array


def _by_spin(field: str, tables: Any, dimensions: int) -> list[np.ndarray]:
    """The tables of one spin, "1", or of up and down, "1" and "-1"."""
    fits = isinstance(tables, dict) and set(tables) in ({"1"}, {"1", "-1"})
    check(fits, field, "must be by spin, 1 or 1 and -1, but is not; the file is of pymatgen")
    return [_array(f"{field}.{name}", tables[name], dimensions) for name in ("1", "-1") if name in tables]


def _species(structure: Any) -> list[str]:
    """The symbol of each site; oxidation states, as in Ta5+, are left out."""
    try:
        return [re.match(r"[A-Za-z]+", site["species"][0]["element"])[0] for site in structure["sites"]]  # pyright: ignore
    except (KeyError, IndexError, TypeError):
        raise InputError("structure", "must be there to name the sites of projections, but is missing") from None


def _lattice(structure: Any) -> np.ndarray | None:
    """The lattice vectors, Å, if there are any."""
    try:
        return np.array(structure["lattice"]["matrix"], dtype=float).reshape(3, 3)
    except (KeyError, TypeError, ValueError):
        return None


def _recognised(head: Head) -> bool:
    if not head.text.startswith("{"):
        return False
    text = read_text(head.path, "a file of bands")
    return bool(_MODULE.search(text)) or all(f'"{name}"' in text for name in ("kpoints", "bands", "efermi"))


FORMAT = BandFormat(
    "pymatgen",
    "a band structure of pymatgen or the Materials Project (`as_dict()`) as JSON",
    _recognised,
    read_pymatgen,
    takes_spin=True,
)
