"""Bands in the form of this package, as JSON."""

from pathlib import Path

import numpy as np
from pydantic import ConfigDict

from ..._errors import check
from ..._tables import ClosedTable
from ..._validation import parse_json, read_text
from ...fit import Bands
from ._format import BandFormat
from ._spin import agreed, given


class BandFile(ClosedTable):
    """The schema of `Bands.to_xarray` and `chiraljax bands`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    k: list[list[float]]
    energies: list[list[float]]
    weights: list[float] | None = None
    spin_orbit: bool | None = None
    filled: int | None = None
    reference: float | None = None
    projection: list[str] = []
    projections: list[list[list[float]]] = []
    source: str = ""
    species: list[str] = []
    lattice: list[list[float]] | None = None
    rotation_thz: float | None = None
    """only in files of `chiraljax bands`, whose bands are spin-orbitals"""
    units: dict[str, str] = {}


def read_json(path: Path, spin_orbit: bool | None) -> Bands:
    """Bands from JSON."""
    return bands_from_json(read_text(path, "a JSON file of bands"), path.name, spin_orbit)


def bands_from_json(text: str, name: str, spin_orbit: bool | None) -> Bands:
    """Bands from the text of a JSON file; `name` is its source if it has none."""
    file = parse_json(text, BandFile, "band file")
    for field, unit in {"k": "fractional", "energies": "eV", "reference": "eV", "lattice": "angstrom"}.items():
        file_unit = file.units.get(field, unit)
        check(file_unit == unit, f"units.{field}", f"must be {unit}, but got {file_unit!r}")
    check(
        len(set(file.projection)) == len(file.projection) == len(file.projections),
        "projections",
        f"must have one table for each of the {len(set(file.projection))} names in projection, but"
        f" got {len(file.projections)}",
    )
    energies = _table("energies", file.energies)
    from_file = True if file.rotation_thz is not None else file.spin_orbit
    spinors = given(spin_orbit) if from_file is None else agreed(from_file, spin_orbit)
    tables = zip(file.projection, file.projections, strict=True)
    projections = {label: _table(f"projection {label}", table) for label, table in tables}
    return Bands(
        _table("k", file.k),
        energies,
        None if file.weights is None else np.array(file.weights),
        projections,
        spinors,
        file.filled,
        file.reference,
        file.source or f"{name}, chiraljax",
        tuple(file.species),
        None if file.lattice is None else _table("lattice", file.lattice),
    )


def _table(field: str, rows: list[list[float]]) -> np.ndarray:
    lengths = {len(row) for row in rows}
    check(len(lengths) == 1, field, f"must have rows of one length, but got {sorted(lengths) if rows else 'none'}")
    return np.array(rows)


FORMAT = BandFormat(
    "json",
    "what `Bands.to_xarray` gives, as JSON, or `chiraljax bands --out FILE.json`",
    lambda head: head.text.startswith("{"),
    read_json,
    last=True,
)
