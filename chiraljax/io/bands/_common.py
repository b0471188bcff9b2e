"""Functions for all formats: numbers in text, and conclusions from energies."""

import gzip
import math
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..._errors import InputError, check
from ..._validation import opened

_GAP = 1e-3
"""eV by which a level may exceed an edge that was found on other k-points"""


def beside(path: Path, name: str) -> Path:
    """The file of that name in the folder of `path`, or the one that gzip packed of it if there is only that."""
    plain, packed = path.with_name(name), path.with_name(f"{name}.gz")
    return packed if packed.is_file() and not plain.is_file() else plain


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The path, or that of an unpacked copy of what gzip packed, for libraries that open files themselves."""
    with opened(path) as file, tempfile.TemporaryDirectory() as folder:
        if not isinstance(file, gzip.GzipFile):
            yield path
            return
        copy = Path(folder) / path.name.removesuffix(".gz")
        try:
            with copy.open("wb") as target:
                shutil.copyfileobj(file, target)
        except (EOFError, OSError, zlib.error):
            raise InputError("", "must be a whole file, but what gzip packed is not") from None
        yield copy


def numbers(field: str, words: Sequence[str]) -> np.ndarray:
    """The words as finite numbers; raises `InputError` with the first that is not one."""
    try:
        values = np.array([math.nan if "_" in word else word for word in words], dtype=float)
    except ValueError:
        values = np.array([_number(word) for word in words])
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise InputError(field, f"must be finite numbers, but got {str(words[wrong[0]])[:40]!r}")
    return values


def whole(field: str, word: str) -> int:
    """The word as a positive whole number; raises `InputError` for another word."""
    fits = word.isascii() and word.isdigit() and len(word) < 10 and int(word) > 0
    check(fits, field, f"must be a positive number, but got {word[:40]!r}")
    return int(word)


def filled_bands(energies: np.ndarray, electrons: float, spin_orbit: bool) -> int | None:
    """The number of filled columns for that number of electrons; None for a metal."""
    count = electrons if spin_orbit else electrons / 2
    whole_count = round(count)
    if abs(count - whole_count) > 1e-6 or not 0 < whole_count <= energies.shape[1]:
        return None
    below, above = energies[:, :whole_count], energies[:, whole_count:]
    return whole_count if above.size == 0 or below.max() < above.min() else None


def filled_below(energies: np.ndarray, level: float) -> int | None:
    """The number of columns below `level`, a valence-band maximum or a Fermi level; None if a column crosses it."""
    counts = np.unique(np.sum(energies <= level + _GAP, axis=1))
    return int(counts[0]) if len(counts) == 1 and counts[0] > 0 else None


def ascending(energies: np.ndarray, table: np.ndarray) -> np.ndarray:
    """A table (K, B, …) of the bands in the order of ascending energies (K, B)."""
    order = np.argsort(energies, axis=1, kind="stable")
    return np.take_along_axis(table, order.reshape(*order.shape, *(1,) * (table.ndim - 2)), axis=1)


def wanted_points(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The mask (K,) of the k-points to use, and their weights: only k-points of zero weight, if there are any.

    A hybrid functional needs the whole mesh, so its bands are computed at additional k-points of zero weight.
    """
    zero = weights == 0
    if np.any(zero):
        return zero, None
    return np.ones(len(weights), dtype=bool), weights


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan
