"""CASTEP's seedname.bands."""

import re
from pathlib import Path

import numpy as np

from ..._errors import check
from ..._validation import read_text
from ...fit import Bands
from ...units import BOHR, HARTREE
from ._channels import channel
from ._common import filled_bands, numbers, wanted_points, whole
from ._format import BandFormat
from ._spin import agreed, given

_BEGIN = "Number of k-points"


def read_castep(path: Path, spin_orbit: bool | None, spin: str | None = None) -> Bands:
    """Bands from `seedname.bands`; it does not say whether a single component is of spinors.

    Not through ASE, which needs as many eigenvalues of either spin.
    """
    lines = [line.split() for line in read_text(path, "seedname.bands of CASTEP").splitlines() if line.strip()]
    check(len(lines) > 9 and " ".join(lines[0]).startswith(_BEGIN), "", "must be .bands of CASTEP, but is not whole")
    count, spins = whole(_BEGIN, lines[0][-1]), whole("Number of spin components", lines[1][-1])
    check(spins <= 2, "Number of spin components", f"must be 1 or 2, but got {spins}")
    electrons = numbers("Number of electrons", lines[2][3:])
    bands = [whole("Number of eigenvalues", word) for word in lines[3][3:]]
    fits = len(electrons) == len(bands) == spins
    check(fits, "", f"must have electrons and eigenvalues of {spins} spins, but has {len(electrons)} and {len(bands)}")
    size = 1 + spins + sum(bands)
    body = lines[9:]
    check(len(body) == count * size, "", f"must have {count * size} lines below the cell, but got {len(body)}")
    starts = [line[:1] == ["K-point"] and len(line) == 6 and line[1].isdigit() for line in body[::size]]
    check(all(starts), "K-point", "must have its number, three components and a weight, but has not")
    blocks = sorted((body[i : i + size] for i in range(0, len(body), size)), key=lambda block: int(block[0][1]))
    points = np.array([numbers("K-point", block[0][2:6]) for block in blocks])
    ends = np.cumsum([1 + each for each in bands])
    tables = []
    for size, end in zip(bands, ends, strict=True):
        words = [line[0] for block in blocks for line in block[1 + end - size : 1 + end]]
        tables.append(HARTREE * numbers("eigenvalues", words).reshape(count, size))
    which = channel(tables, spin)
    spinors = given(spin_orbit) if spins == 1 else agreed(False, spin_orbit)
    kept, weights = wanted_points(points[:, 3])
    energies = np.sort(tables[which][kept], axis=1)
    filled = filled_bands(energies, float(electrons[which]) * spins, spinors)
    level = HARTREE * numbers("Fermi energy", lines[4][-spins:])[which]
    reference = float(level if filled is None else energies[:, filled - 1].max())
    lattice = BOHR * np.array([numbers("Unit cell vectors", line) for line in lines[6:9]]).reshape(3, 3)
    source = f"{path.name}, CASTEP"
    return Bands(points[kept, :3], energies, weights, {}, spinors, filled, reference, source, lattice=lattice)


FORMAT = BandFormat(
    "castep",
    "`seedname.bands` of CASTEP",
    lambda head: head.text.startswith(_BEGIN) and re.search("Unit cell vectors", head.text) is not None,
    read_castep,
    takes_spin=True,
)
