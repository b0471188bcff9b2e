"""Tables of numbers as CSV."""

import csv
import os
import reprlib
from collections.abc import Iterable, Sequence

import numpy as np

from .._atomic import atomic_path
from .._columns import read_columns
from .._errors import check, within

COMPONENTS = ["k1", "k2", "k3"]
"""header of a fractional k-point"""
_CARTESIAN = ["kx", "ky", "kz"]


def write_csv(
    path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Iterable], *, comment: str | None = None
) -> None:
    """Write a CSV file: the line `# comment` if given, the header `columns`, and `rows` with all digits."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        if comment is not None:
            file.write(f"# {comment}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_plain(value) for value in row] for row in rows)


def read_kpoints(path: str | os.PathLike[str]) -> np.ndarray:
    """Fractional k-points (K, 3) from a file with the columns k1,k2,k3.

    Raises:
        InputError: with the file and the row.
    """
    names, rows = read_table(path, "a CSV file of k-points", "k1,k2,k3")
    with within(source=path):
        check(names == COMPONENTS, "", f"must have the columns k1,k2,k3 alone, but also has {','.join(names[3:])}")
    return rows


def read_table(path: str | os.PathLike[str], kind: str, header: str) -> tuple[list[str], np.ndarray]:
    """The names and numbers of columns that begin with k1, k2 and k3; a file without names has e1, e2, … behind them.

    Raises `InputError`, with file and row, for a row that does not fit and names that do not begin so.
    """
    columns = read_columns(path, kind, lambda name: component(name) is not None, header)
    with within(source=path):
        names = columns.names
        if names is None:
            width = len(columns.rows[0][1])
            names = [*COMPONENTS, *(f"e{i}" for i in range(1, width - 2))]
        names = [component(name) or name for name in names]
        place = f"row {columns.place}"
        check(
            names[:3] != _CARTESIAN,
            place,
            "must have fractional k1,k2,k3, but kx,ky,kz are Cartesian; turn them with the reciprocal lattice",
        )
        check(names[:3] == COMPONENTS, place, f"must be the header {header}, but got {_shown(names)}")
        check(columns.rows, "", "must have at least one k-point, but there is none below the header")
        return names, columns.numbers(names)


def component(name: str) -> str | None:
    """k1, K_1 and kx as k1 and kx; None for other names."""
    plain = name.lower().replace("_", "")
    return plain if plain in (*COMPONENTS, *_CARTESIAN) else None


def _shown(names: list[str]) -> str:
    return reprlib.repr(",".join(names))[1:-1]


def _plain(value):
    return value.item() if hasattr(value, "item") else value
