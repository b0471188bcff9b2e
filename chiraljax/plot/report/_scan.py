"""Reductions over all values of a variable, block by block for arrays larger than the memory."""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

STATUSES = {0: "converged", 1: "not converged", 2: "failed", -1: "not computed"}
"""meaning of the numbers of a `*_status` variable"""

_BLOCK = 4_000_000
"""numbers read at a time"""


class Extremes(NamedTuple):
    """Range and best point of the finite values of a variable."""

    best: tuple[int, ...] | None
    """indices of the largest |value|, the first of equal ones; None if no value is finite"""
    value: float | None
    low: float | None
    high: float | None
    smallest: float | None
    """the smallest |value| other than 0"""


def extremes(variable: xr.DataArray) -> Extremes:
    """The largest |value| and the range of the finite values."""
    best, value, low, high, smallest = None, None, math.inf, -math.inf, math.inf
    for start, block in _blocks(variable):
        size = np.where(np.isfinite(block), np.abs(block), -1.0)
        at = np.unravel_index(int(size.argmax()), size.shape)
        if size[at] < 0:
            continue
        index = tuple(int(i + j) for i, j in zip(start, at, strict=True))
        if value is None or best is None or size[at] > abs(value) or (size[at] == abs(value) and index < best):
            best, value = index, float(block[at])
        finite = block[size >= 0]
        low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        smallest = min(smallest, float(size[size > 0].min(initial=math.inf)))
    if best is None:
        return Extremes(None, None, None, None, None)
    return Extremes(best, value, low, high, smallest if math.isfinite(smallest) else None)


def count_statuses(variable: xr.DataArray) -> dict[int, int]:
    """The number of points with each of the `STATUSES`; NaN counts as not computed."""
    counts = dict.fromkeys(STATUSES, 0)
    for _, block in _blocks(variable):
        codes = as_status(block)
        for status in STATUSES:
            counts[status] += int(np.count_nonzero(codes == status))
    return counts


def as_status(values: np.ndarray) -> np.ndarray:
    """The values as int8: NaN as -1, other numbers than the `STATUSES` as 2, failed."""
    codes = np.nan_to_num(np.asarray(values, dtype=float), nan=-1.0)
    return np.where(np.isin(codes, list(STATUSES)), codes, 2).astype(np.int8)


def _blocks(variable: xr.DataArray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Start and values of every block: whole chunks of the store, about `_BLOCK` numbers together."""
    if not variable.size:
        return
    chunks = variable.encoding.get("chunks") or (1,) * variable.ndim
    edges = [min(chunk, size) for chunk, size in zip(chunks, variable.shape, strict=True)]
    for axis in reversed(range(variable.ndim)):
        room = max(1, _BLOCK // math.prod(edges))
        edges[axis] = min(variable.shape[axis], edges[axis] * room)
    for start in itertools.product(*(range(0, size, edge) for size, edge in zip(variable.shape, edges, strict=True))):
        part = {dim: slice(i, i + edge) for dim, i, edge in zip(variable.dims, start, edges, strict=True)}
        yield start, np.asarray(variable.isel(part).values)
