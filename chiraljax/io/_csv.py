"""Tables of numbers as CSV."""

import csv
import math
import os
from collections.abc import Iterable, Sequence

import numpy as np

from .._errors import InputError, check
from .._validation import read_text
from ._atomic import atomic_path

_COMPONENTS = ["k1", "k2", "k3"]


def write_csv(path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Iterable]) -> None:
    """A header of `columns` and the `rows` below it, numbers with all their digits."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_plain(value) for value in row] for row in rows)


def read_kpoints(path: str | os.PathLike[str]) -> np.ndarray:
    """Fractional k-points (K, 3) from a file with the header k1,k2,k3; lines that start with # are comments.

    Raises `InputError` naming the file, the row and what was expected.
    """
    lines = read_text(path, "a CSV file of k-points").splitlines()
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    check(numbered, f"{path}: must have the header k1,k2,k3, but the file is empty")
    (first, header), *body = [(n, [cell.strip() for cell in line.split(",")]) for n, line in numbered]
    check(header == _COMPONENTS, f"{path}: row {first}: must be the header k1,k2,k3, but got {','.join(header)}")
    check(body, f"{path}: must have at least one k-point, but there is none below the header")
    return np.array([_kpoint(f"{path}: row {n}", cells) for n, cells in body])


def _kpoint(where: str, cells: list[str]) -> list[float]:
    check(len(cells) == 3, f"{where}: must have 3 columns k1,k2,k3, but got {len(cells)}")
    return [_finite(f"{where}: {name}", cell) for name, cell in zip(_COMPONENTS, cells, strict=True)]


def _finite(where: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: must be a finite number, but got {cell!r}")
    return value


def _plain(value):
    return value.item() if hasattr(value, "item") else value
