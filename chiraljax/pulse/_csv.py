"""Samples of a field from a CSV file."""

import csv
import math
import os

import numpy as np

from .._errors import InputError, check

_HEADER = ["t", "E_x", "E_y"]


def read_field(path: str | os.PathLike[str]) -> np.ndarray:
    """The table (T, 3) of t in ps and E_x, E_y in MV/cm; `InputError` names file, row and column."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            numbered = [(n, line) for n, line in enumerate(file, 1) if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError("", f"must be a readable CSV file of a pulse, but {reason}", str(path)) from None
    check(numbered, "", "must have the header t,E_x,E_y, but is empty", path)
    rows = csv.reader(line for _, line in numbered)
    header = [name.strip() for name in next(rows)]
    check(header == _HEADER, f"row {numbered[0][0]}", f"must be the header t,E_x,E_y, but got {','.join(header)}", path)
    table: list[list[float]] = []
    for (number, _), row in zip(numbered[1:], rows, strict=False):
        check(len(row) == 3, f"row {number}", f"must have 3 columns t,E_x,E_y, but got {len(row)}", path)
        table.append([_number(path, number, name, text) for name, text in zip(_HEADER, row, strict=True)])
        check(
            len(table) < 2 or table[-1][0] > table[-2][0],
            f"row {number}, column t",
            f"must be later than {table[-2:][0][0]:g} ps in the row before, but is {row[0].strip()}",
            path,
        )
    check(len(table) >= 4, "", f"must have at least four samples, but got {len(table)}", path)
    return np.array(table)


def _number(path: str | os.PathLike[str], row: int, column: str, text: str) -> float:
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    check(
        math.isfinite(value), f"row {row}, column {column}", f"must be a finite number, but got {text.strip()!r}", path
    )
    return value
