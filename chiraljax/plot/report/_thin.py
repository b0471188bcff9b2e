"""The values that a page shows if it cannot show all."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

Dims = tuple[str, ...]


def shown_indices(
    variables: Iterable[tuple[Dims, int, tuple[int, ...] | None]], sizes: Mapping[str, int], bound: int
) -> dict[Dims, dict[str, np.ndarray]]:
    """Indices along each axis, the same for all variables with the same axes, for at most `bound` bytes.

    The stride along the longest axis of the largest variables is doubled until all fit. Strides are powers of two from
    index 0; the last index and the points to keep are always shown. So coarser indices are a subset of finer ones, and
    the errors and statuses of a variable, on fewer axes, are shown at all its points.

    Args:
        variables: the axes of each, the bytes per number, and a point to keep.
        sizes: the length of every axis.
        bound: in bytes; exceeded only if the kept points alone need more.
    """
    variables = list(variables)
    width: dict[Dims, int] = {}
    for dims, itemsize, _ in variables:
        width[dims] = width.get(dims, 0) + itemsize
    strides = {dims: dict.fromkeys(dims, 1) for dims in width}
    keep = {dims: {dim: {sizes[dim] - 1} if sizes[dim] else set() for dim in dims} for dims in width}
    for dims, _, point in variables:
        at = dict(zip(dims, point or (), strict=False))
        for fewer in (fewer for fewer in width if set(fewer) <= at.keys()):
            for dim in fewer:
                keep[fewer][dim].add(at[dim])

    def along(dims: Dims, dim: str) -> np.ndarray:
        return np.array(sorted({*range(0, sizes[dim], strides[dims][dim]), *keep[dims][dim]}), dtype=int)

    shown = {dims: {dim: along(dims, dim) for dim in dims} for dims in width}

    def numbers(dims: Dims) -> int:
        return math.prod(len(shown[dims][dim]) for dim in dims)

    while sum(width[dims] * numbers(dims) for dims in width) > bound:
        reducible = [dims for dims in width if any(strides[dims][dim] < sizes[dim] for dim in dims)]
        if not reducible:
            break
        dims = max(reducible, key=numbers)
        dim = max((dim for dim in dims if strides[dims][dim] < sizes[dim]), key=lambda dim: len(shown[dims][dim]))
        strides[dims][dim] *= 2
        shown[dims][dim] = along(dims, dim)
    return shown
