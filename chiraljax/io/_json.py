"""Labelled results as JSON."""

import json
import os

import numpy as np
import xarray as xr

from .._atomic import atomic_path


def to_json(dataset: xr.Dataset) -> dict:
    """Coordinates, variables and attributes by name; arrays as nested lists, their units under `units`.

    NaN, which JSON does not have, becomes None.
    """
    arrays = {str(name): array for name, array in (dataset.coords | dataset.data_vars).items()}
    units = {name: array.attrs["units"] for name, array in arrays.items() if "units" in array.attrs}
    values = {name: _lists(array.values) for name, array in arrays.items()}
    return values | {str(name): value for name, value in dataset.attrs.items()} | {"units": units}


def write_json(path: str | os.PathLike[str], content: object, *, compact: bool = False) -> None:
    """Write `content` of plain types, indented or `compact` on one line.

    Raises:
        ValueError: for NaN and infinities.
    """
    indent, separators = (None, (",", ":")) if compact else (1, None)
    text = json.dumps(content, indent=indent, separators=separators, allow_nan=False, ensure_ascii=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _lists(values: np.ndarray):
    if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
        values = values.astype(object)
        values[~np.isfinite(values.astype(float))] = None
    return values.tolist()
