"""A sweep as a table."""

import os
from collections.abc import Iterator

import numpy as np
import xarray as xr

from .._errors import check
from ._csv import write_csv

_ROWS = 100_000
"""Most rows in memory."""


def write_sweep_csv(path: str | os.PathLike[str], dataset: xr.Dataset) -> None:
    """Write a CSV file with one row per point: the coordinates, then every variable.

    A variable with fewer axes is repeated along the others.

    Raises:
        InputError: for a dataset without variables.
    """
    variables = [str(name) for name in dataset.data_vars]
    check(variables, "sweep", "must hold a variable to be written, but holds none")
    longest = sorted((dataset[name].dims for name in variables), key=len, reverse=True)
    axes = list(dict.fromkeys(str(axis) for dims in longest for axis in dims))
    coordinates = sorted(
        (str(name) for name in dataset.coords), key=lambda name: [axes.index(str(dim)) for dim in dataset[name].dims]
    )
    write_csv(path, [*coordinates, *variables], _rows(dataset, axes, [*coordinates, *variables]))


def _rows(dataset: xr.Dataset, axes: list[str], columns: list[str]) -> Iterator[tuple]:
    shape = tuple(dataset.sizes[axis] for axis in axes)
    inner = int(np.prod(shape[1:], dtype=int))
    step = max(1, _ROWS // max(1, inner))
    for start in range(0, shape[0], step):
        part = dataset.isel({axes[0]: slice(start, start + step)})
        own = [(part[name].dims, part[name].values) for name in columns]
        block = [
            np.broadcast_to(_aligned(values, dims, axes), [part.sizes[axis] for axis in axes]) for dims, values in own
        ]
        yield from zip(*(values.ravel() for values in block), strict=True)


def _aligned(values: np.ndarray, dims: tuple, axes: list[str]) -> np.ndarray:
    """`values` with one axis for each of `axes`, of length 1 if it is not among `dims`."""
    ordered = values.transpose([dims.index(axis) for axis in axes if axis in dims])
    return ordered.reshape([values.shape[dims.index(axis)] if axis in dims else 1 for axis in axes])
