"""Tables of numbers as CSV."""

import csv
import math
import os
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .._atomic import atomic_path
from .._errors import check, within
from .._validation import read_text

COMPONENTS = ["k1", "k2", "k3"]
"""header of a fractional k-point"""


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
    """Fractional k-points (K, 3) from a file with the header k1,k2,k3; lines that start with # are comments.

    Raises:
        InputError: with the file and the row.
    """

    def check_header(header: list[str]) -> None:
        check(header == COMPONENTS, "header", f"must be k1,k2,k3, but got {','.join(header)}")

    return read_table(path, "a CSV file of k-points", check_header)[1]


def read_table(
    path: str | os.PathLike[str], kind: str, check_header: Callable[[list[str]], None]
) -> tuple[list[str], np.ndarray]:
    """The header and the numbers below it, one row per k-point; lines that start with # are comments.

    Raises `InputError`, with file and row, for a row that does not fit, and the errors of `check_header`.
    """
    lines = read_text(path, kind).removeprefix("\ufeff").splitlines()
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    check(numbered, "", "must have the header k1,k2,k3, but the file is empty", path)
    (first, header), *body = [(n, [cell.strip() for cell in line.split(",")]) for n, line in numbered]
    with within(source=path):
        with within(f"row {first}"):
            check_header(header)
        check(body, "", "must have at least one k-point, but there is none below the header")
        return header, np.array([_numbers(f"row {n}", header, cells) for n, cells in body])


def _numbers(row: str, header: list[str], cells: list[str]) -> list[float]:
    names = ",".join(header if len(header) < 6 else [*header[:3], "…", header[-1]])
    check(len(cells) == len(header), row, f"must have {len(header)} columns {names}, but got {len(cells)}")
    return [_finite(f"{row}.{name}", cell) for name, cell in zip(header, cells, strict=True)]


def _finite(field: str, cell: str) -> float:
    try:
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    check(math.isfinite(value), field, f"must be a finite number, but got {cell!r}")
    return value


def _plain(value):
    return value.item() if hasattr(value, "item") else value
