"""The file `filband` of bands.x of Quantum ESPRESSO."""

import re
from pathlib import Path

import numpy as np

from ..._errors import InputError, check
from ..._types import ArrayLike
from ..._validation import read_text
from ...fit import Bands
from ._common import whole
from ._format import BandFormat
from ._spin import given

_HEADER = re.compile(r"\s*&plot\s+nbnd\s*=\s*(\d+)\s*,\s*nks\s*=\s*(\d+)\s*/")
_NUMBER = re.compile(r"[-+]?\d+\.\d*(?:[eEdD][-+]?\d+)?")
"""columns of fixed width need no space before a sign"""
_SAME = 1e-4
"""2π/alat; bands.x writes six decimals"""


def read_bands_x(path: Path, spin_orbit: bool | None, k: ArrayLike | None = None) -> Bands:
    """Bands from what bands.x writes: Cartesian k in 2π/alat without the lattice, so the fractional `k` must be given.

    It has neither electrons nor a Fermi level: `filled` and `reference` are None.
    """
    text = read_text(path, "bands of bands.x of Quantum ESPRESSO")
    header = _HEADER.match(text)
    check(header, "", "must begin with &plot nbnd=…, nks=… / as bands.x writes it, but does not")
    assert header is not None
    bands, points = whole("nbnd", header[1]), whole("nks", header[2])
    values = np.array([float(re.sub("[dD]", "e", word)) for word in _NUMBER.findall(text[header.end() :])])
    expected = f"must be nks = {points} k-points with nbnd = {bands} energies each, {points * (3 + bands)} numbers"
    check(values.size == points * (3 + bands), "", f"{expected}, but has {values.size}")
    table = values.reshape(points, 3 + bands)
    if k is None:
        needs = "must be given: bands.x writes Cartesian k without the lattice; they are those of K_POINTS crystal"
        raise InputError("k", f"{needs} in the input of pw.x, or data-file-schema.xml beside it has all")
    fractional = np.asarray(k, dtype=float)
    check(fractional.shape == (points, 3), "k", f"must have the shape {(points, 3)}, but got {fractional.shape}")
    away = table[:, :3] - fractional @ np.linalg.lstsq(fractional, table[:, :3], rcond=None)[0]
    fits = np.abs(away).max() < _SAME * max(1.0, np.abs(table[:, :3]).max())
    check(fits, "k", "must be those of the file in some lattice, in its order, but are not")
    spinors = given(spin_orbit)
    source = f"{path.name}, bands.x of Quantum ESPRESSO"
    return Bands(fractional, np.sort(table[:, 3:], axis=1), spin_orbit=spinors, source=source)


FORMAT = BandFormat(
    "espresso-bands",
    "`filband` of bands.x of Quantum ESPRESSO, at the fractional k-points `k=`; without electrons and Fermi level",
    lambda head: head.text.startswith("&plot"),
    read_bands_x,
    takes_k=True,
)
