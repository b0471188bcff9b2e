"""Bands as a table of numbers."""

import re
from pathlib import Path

import numpy as np

from ..._errors import check, within
from ...fit import Bands
from .._csv import COMPONENTS, read_table
from ._format import BandFormat, Head
from ._spin import given

_HEADER = "k1,k2,k3,e1,e2,… with at most one column weight"
_ENERGY = re.compile(r"([^\W\d]*)[ _]?(\d+) ?(?:\(eV\)|\[eV\]|/ ?eV)?", re.IGNORECASE)
_FIRST = re.compile(r"""#?\s*["']?(?:\w*["']?[,;\t ]\s*["']?)?k_?[1x]["']?\s*[,;\t ]""", re.IGNORECASE)
"""the start of a header, perhaps behind # or the name of a column of row numbers"""


def read_csv(path: Path, spin_orbit: bool | None) -> Bands:
    """Bands from the columns k1,k2,k3,e1,e2,… and an optional column weight, in any order of the energies."""
    names, rows = read_table(path, "a CSV file of bands", _HEADER)
    names = [name.lower() for name in names[3:]]
    energies = [i for i, name in enumerate(names, 3) if name != "weight"]
    matches = [_ENERGY.fullmatch(names[i - 3]) for i in energies]
    numbered = {int(match[2]) for match in matches if match}
    one_prefix = len({match[1] for match in matches if match}) == 1
    with within(source=path):
        check(
            energies and all(matches) and one_prefix and len(numbered) == len(energies) and names.count("weight") <= 1,
            "header",
            f"must be {_HEADER}, but got {','.join([*COMPONENTS, *names])}",
        )
    weights = rows[:, 3 + names.index("weight")] if "weight" in names else None
    return Bands(
        rows[:, :3],
        np.sort(rows[:, energies], axis=1),
        weights,
        spin_orbit=given(spin_orbit),
        source=f"{path.name}, CSV",
    )


def _recognised(head: Head) -> bool:
    if head.text.startswith(("{", "<")):
        return False
    lines = [line for line in head.text.splitlines() if line.strip()]
    begin = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return head.name.endswith((".csv", ".tsv")) or any(_FIRST.match(line) for line in lines[: begin + 1])


FORMAT = BandFormat(
    "csv",
    "columns k1,k2,k3,e1,e2,… and, if need be, weight, as `chiraljax bands --out FILE.csv` writes; also separated by ; "
    "or tabs or spaces, with the names behind # or without names, and with decimal commas",
    _recognised,
    read_csv,
    last=True,
)
