"""Columns of numbers in a text file, as other programs, spreadsheets and people write them.

Separators are commas, semicolons, tabs or spaces; names may be quoted, stand behind #, or be left out; exponents may be
Fortran's (1.0D-3), and the decimal sign a comma where commas do not separate.
"""

import csv
import math
import os
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ._conversion import scaled
from ._errors import check
from ._validation import read_text

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eEdD][-+]?\d+)?")
_SPACED_UNIT = re.compile(r"\s+(?=[(\[])|(?<=/)\s+|\s+(?=/)")


class Columns(NamedTuple):
    """Names, and rows of numbers that are still text, with the decimal point and the exponent of Python."""

    names: list[str] | None
    """None for a file without a header"""
    place: int
    """the line of the names"""
    rows: list[tuple[int, list[str]]]
    """the line and the cells of each row"""
    comments: str
    """the lines that start with #"""

    def numbers(self, names: Sequence[str], factors: Sequence[Fraction] | None = None) -> np.ndarray:
        """The rows (N, len(names)), times a factor for each column.

        Raises `InputError` with the line, for one with another number of columns or no number, and the column.
        """
        listed = ",".join(names if len(names) < 6 else [*names[:3], "…", names[-1]])
        factors = factors or [Fraction(1)] * len(names)
        table = []
        for line, cells in self.rows:
            fits = len(cells) == len(names)
            check(fits, f"row {line}", f"must have {len(names)} columns {listed}, but got {len(cells)}")
            table.append([scaled(cell, factor) for cell, factor in zip(cells, factors, strict=True)])
            wrong = next((i for i, value in enumerate(table[-1]) if not math.isfinite(value)), None)
            if wrong is not None:
                message = f"must be a finite number, but got {cells[wrong][:40]!r}"
                check(False, f"row {line}, column {names[wrong]}", message)
        return np.array(table)


def read_columns(path: str | os.PathLike[str], kind: str, known: Callable[[str], bool], header: str) -> Columns:
    """The columns of the file, which is to be a `kind`.

    A comment above the numbers has their names if it has as many words and one of them is `known`. A first column that
    numbers the rows is left out if the names tell that it is none of the others.

    Raises `InputError` for a file that cannot be read or is empty; the message shows the `header` that it may have.
    """
    lines = read_text(path, kind).splitlines()
    filled = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    body = [(n, line) for n, line in filled if not line.lstrip().startswith("#")]
    check(body, "", f"must have the header {header}, but is empty", path)
    separator = _separator(body[min(1, len(body) - 1)][1])
    rows = _with_points([(n, _cells(line, separator)) for n, line in body])
    names, place = None, rows[0][0]
    if not _starts_with_number(rows[0][1]):
        names = next((cells for cells in _readings(body[0][1], separator) if any(map(known, cells))), rows[0][1])
        rows = rows[1:]
    else:
        for n, comment in filled:
            readings = _readings(comment.lstrip().lstrip("#"), separator) if n < rows[0][0] else []
            for cells in (cells for cells in readings if any(map(known, cells))):
                if len(cells) in (len(rows[0][1]), len(rows[0][1]) - 1):
                    names, place = cells, n
                    break
                named = len(cells) > 1 and known(cells[0]) and known(cells[1])
                message = f"must have a name for each of {len(rows[0][1])} columns, but got {comment.strip()[:60]}"
                check(not named, f"row {n}", message, path)
    comments = "\n".join(line for _, line in filled if line.lstrip().startswith("#"))
    return Columns(*_without_index(names, rows, known, place), comments)


def _separator(line: str) -> str | None:
    """The separator of a line of numbers; None for spaces."""
    for sign in ";\t":
        if sign in line:
            return sign
    words = line.split()
    decimal = len(words) > 1 and all(_NUMBER.fullmatch(word) or _COMMA.fullmatch(word) for word in words)
    return "," if "," in line and not decimal else None


def _cells(line: str, separator: str | None) -> list[str]:
    """The cells of a line without quotes; one empty cell at its end is none."""
    if separator is None:
        return [word.strip("\"'") for word in line.split()]
    cells = [cell.strip() for cell in next(csv.reader([line.strip(" ")], delimiter=separator, skipinitialspace=True))]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _readings(line: str, separator: str | None) -> list[list[str]]:
    """The names in a line, with the separator of the numbers, or another one."""
    line = line.strip(" ")
    signs = dict.fromkeys([separator, *(sign for sign in ";\t," if sign in line), None])
    return [_cells(line if sign else _SPACED_UNIT.sub("", line), sign) for sign in signs]


def _starts_with_number(cells: list[str]) -> bool:
    first = next((cell for cell in cells if cell), "")
    return bool(_NUMBER.fullmatch(first) or _COMMA.fullmatch(first))


def _with_points(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows with Fortran's exponents as Python's, and decimal commas as points if no number has a point."""
    numbers = [cell for _, cells in rows for cell in cells if _NUMBER.fullmatch(cell) or _COMMA.fullmatch(cell)]
    if any("," in cell for cell in numbers) and not any("." in cell for cell in numbers):
        rows = [(n, [cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell for cell in row]) for n, row in rows]
    exponent = str.maketrans("dD", "EE")
    return [(n, [cell.translate(exponent) if _NUMBER.fullmatch(cell) else cell for cell in row]) for n, row in rows]


def _without_index(
    names: list[str] | None, rows: list[tuple[int, list[str]]], known: Callable[[str], bool], place: int
) -> tuple[list[str] | None, int, list[tuple[int, list[str]]]]:
    """The table without a first column of row numbers, which has an unknown name, or none at all."""
    if not names or not rows:
        return names, place, rows
    unnamed = len(rows) > 1 and all(len(cells) == len(names) + 1 for _, cells in rows)
    first = [cells[0] for _, cells in rows]
    counts = first[0] in ("0", "1") and first == [str(int(first[0]) + i) for i in range(len(first))]
    strange = len(names) > 1 and not known(names[0]) and known(names[1])
    if not counts or not (unnamed or strange):
        return names, place, rows
    return names if unnamed else names[1:], place, [(n, cells[1:]) for n, cells in rows]
