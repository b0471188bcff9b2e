"""Samples of a field from a CSV file."""

import csv
import math
import os
import re
from fractions import Fraction

import numpy as np

from .._conversion import factor_of, scaled
from .._errors import InputError, check

_HEADER = ["t", "E_x", "E_y"]
_UNITS = ["ps", "MV/cm", "MV/cm"]
_COLUMN = re.compile(r"(\w+)\s*(?:\(([^()]+)\)|\[([^][]+)\]|/\s*\(([^()]+)\)|/([^][()]+))?")
"""A name, and a unit as in "t (fs)", "t [fs]", "t/fs" or "E_x/(kV/cm)"."""


def read_field(path: str | os.PathLike[str], time_unit: str | None = None, field_unit: str | None = None) -> np.ndarray:
    """The table (T, 3) of t in ps and E_x, E_y in MV/cm; `InputError` names file, row and column.

    A header without units is in `time_unit` and `field_unit`, which are ps and MV/cm unless given.
    """
    given = [time_unit, field_unit, field_unit]
    for unit, own, name in zip(given, _UNITS, ("time_unit", "field_unit", "field_unit"), strict=True):
        if unit is not None:
            factor_of(unit, own, name)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            numbered = [(n, line) for n, line in enumerate(file, 1) if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError("", f"must be a readable CSV file of a pulse, but {reason}", str(path)) from None
    check(numbered, "", "must have the header t,E_x,E_y, but is empty", path)
    rows = csv.reader(line for _, line in numbered)
    units, factors = _units(next(rows), given, numbered[0][0], path)
    table: list[list[float]] = []
    before = -math.inf
    for (number, _), row in zip(numbered[1:], rows, strict=False):
        check(len(row) == 3, f"row {number}", f"must have 3 columns t,E_x,E_y, but got {len(row)}", path)
        columns = zip(_HEADER, row, factors, strict=True)
        table.append([_number(path, number, name, text, factor) for name, text, factor in columns])
        check(
            len(table) < 2 or table[-1][0] > table[-2][0],
            f"row {number}, column t",
            f"must be later than {before:g} {units[0]} in the row before, but is {row[0].strip()}",
            path,
        )
        before = float(row[0])
    check(len(table) >= 4, "", f"must have at least four samples, but got {len(table)}", path)
    return np.array(table)


def _units(
    header: list[str], given: list[str | None], row: int, path: str | os.PathLike[str]
) -> tuple[list[str], list[Fraction]]:
    """The unit of each column, and that unit in those of the package."""
    columns = [_COLUMN.fullmatch(name.strip()) for name in header]
    check(
        [column and column[1] for column in columns] == _HEADER,
        f"row {row}",
        f"must be the header t,E_x,E_y, but got {','.join(name.strip() for name in header)}",
        path,
    )
    written = [next((part.strip() for part in column.groups()[1:] if part), None) for column in columns if column]
    check(
        (written[1] is None) == (written[2] is None),
        f"row {row}",
        f"must give the unit of both E_x and E_y or of none, but got {','.join(name.strip() for name in header)}",
        path,
    )
    units, factors = [], []
    for name, own, said, argued in zip(_HEADER, _UNITS, written, given, strict=True):
        unit = said or argued or own
        factors.append(factor_of(unit, own, f"row {row}, column {name}", path))
        units.append(unit)
        check(
            argued is None or factor_of(argued, own, name) == factors[-1],
            f"row {row}, column {name}",
            f"must be in {argued}, which was asked for, but is in {unit}",
            path,
        )
    return units, factors


def _number(path: str | os.PathLike[str], row: int, column: str, text: str, factor: Fraction) -> float:
    value = scaled(text, factor)
    check(
        math.isfinite(value), f"row {row}, column {column}", f"must be a finite number, but got {text.strip()!r}", path
    )
    return value
