"""Samples of a field from a CSV file."""

import os
import re
from fractions import Fraction

import numpy as np

from .._columns import read_columns
from .._conversion import factor_of
from .._errors import check, within

_HEADER = ["t", "E_x", "E_y"]
_UNITS = ["ps", "MV/cm", "MV/cm"]
_COLUMN = re.compile(r"(\w+)\s*(?:\(([^()]+)\)|\[([^][]+)\]|/\s*\(([^()]+)\)|/([^][()]+))?")
"""A name, and a unit as in "t (fs)", "t [fs]", "t/fs" or "E_x/(kV/cm)"."""
_FOREIGN = re.compile(r"\b(?:[fnuµ]s|[kGmuµ]?V/(?:cm|m|nm|Å|angstrom)|MV/m)\b")
"""a unit other than ps and MV/cm"""


def read_field(path: str | os.PathLike[str], time_unit: str | None = None, field_unit: str | None = None) -> np.ndarray:
    """The table (T, 3) of t in ps and E_x, E_y in MV/cm; `InputError` names file, row and column.

    A header without units is in `time_unit` and `field_unit`, which are ps and MV/cm unless given. A file of two
    columns, t and E_x, has E_y = 0.
    """
    given = [time_unit, field_unit, field_unit]
    for unit, own, name in zip(given, _UNITS, ("time_unit", "field_unit", "field_unit"), strict=True):
        if unit is not None:
            factor_of(unit, own, name)
    columns = read_columns(path, "a CSV file of a pulse", _known, "t,E_x,E_y")
    said = _FOREIGN.search(columns.comments) if columns.names is None and None in (time_unit, field_unit) else None
    fits = "must have the header t,E_x,E_y with its units, or time_unit and field_unit be given, as a comment has"
    check(not said, "", f"{fits} {said and said[0]}", path)
    width = len(columns.names or columns.rows[0][1]) if columns.rows else len(_HEADER)
    header = _HEADER[:2] if width == 2 else _HEADER
    units, factors = _units(columns.names or header, given, columns.place, path)
    with within(source=path):
        table = columns.numbers(header, factors)
        back = np.flatnonzero(np.diff(table[:, 0]) <= 0) if len(table) else []
        if len(back):
            (_, before), (row, cells) = columns.rows[back[0] : back[0] + 2]
            message = f"must be later than {float(before[0]):g} {units[0]} in the row before, but is {cells[0]}"
            check(False, f"row {row}, column t", message)
        check(len(table) >= 4, "", f"must have at least four samples, but got {len(table)}")
    return np.pad(table, ((0, 0), (0, 3 - len(header))))


def _known(name: str) -> bool:
    column = _COLUMN.fullmatch(name)
    return column is not None and _own(column[1]) in _HEADER


def _own(name: str) -> str:
    """t, E_x or E_y for time, E, Ex, Ey and the like; else the name."""
    return {"time": "t", "t": "t", "e": "E_x", "ex": "E_x", "ey": "E_y"}.get(name.lower().replace("_", ""), name)


def _units(
    header: list[str], given: list[str | None], row: int, path: str | os.PathLike[str]
) -> tuple[list[str], list[Fraction]]:
    """The unit of each column, and that unit in those of the package."""
    columns = [_COLUMN.fullmatch(name.strip()) for name in header]
    check(
        [column and _own(column[1]) for column in columns] in (_HEADER, _HEADER[:2]),
        f"row {row}",
        f"must be the header t,E_x,E_y, but got {','.join(name.strip() for name in header)}",
        path,
    )
    written = [next((part.strip() for part in column.groups()[1:] if part), None) for column in columns if column]
    check(
        len({unit is None for unit in written[1:]}) == 1,
        f"row {row}",
        f"must give the unit of both E_x and E_y or of none, but got {','.join(name.strip() for name in header)}",
        path,
    )
    units, factors = [], []
    for name, own, said, argued in zip(_HEADER, _UNITS, written, given, strict=False):
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
