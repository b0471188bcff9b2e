"""A sweep as one page of HTML."""

import base64
import json
import math
from collections.abc import Callable
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.colors import to_hex
from plotly.colors import cmocean

from ..._errors import check
from .._style import COLORS
from ._labels import attribute_rows, axis_entry, describe, jsonable
from ._scan import STATUSES, Extremes, as_status, count_statuses, extremes
from ._thin import shown_indices

Field = Callable[[dict[str, int]], tuple[np.ndarray, np.ndarray]]

_BOUND = 24_000_000
"""most bytes of values on a page: six million float32, 32 MB as base64"""

_DIVERGING = [[i / 11, color] for i, color in enumerate(cmocean.balance)]
_DIVERGING.insert(6, [0.5, "rgb(241, 236, 235)"])  # the middle of cmocean, which is missing in Plotly's twelve colours


def sweep_report(dataset: xr.Dataset, *, title: str, field: Field | None = None) -> str:
    """A self-contained interactive HTML page of a sweep.

    Args:
        dataset: variables on the axes of the sweep, and on "time". `X_error` is the error of `X` and of `peak_X`. A
            status, `X_status` (0 converged, 1 not, 2 failed, -1 not computed), marks every variable that has its axes.
            An axis with further coordinates is a list of samples of these. A lazy dataset is read block by block. The
            attribute `unfinished` says what is missing, and stands in the first line.
        title: the heading.
        field: a function from a point, an index along each axis of a variable except time, to the times (T,) in ps and
            the field (T, 2) in MV/cm of its pulse. No pulse is shown if it raises `KeyError` for a missing axis.

    Returns:
        The text of the page. With more than about 6 million numbers it shows a part of them along the longest axes, and
        says so; the best points are those of all numbers.

    Raises:
        InputError: if no variable of numbers has an axis.
    """
    variables = {
        str(name): array for name, array in dataset.data_vars.items() if array.ndim and array.dtype.kind in "fiub"
    }
    statuses = {name: array for name, array in variables.items() if name.endswith("_status")}
    check(len(variables) > len(statuses), "dataset", "must have a variable of numbers with at least one axis.")
    payload, arrays = _contents(dataset, variables, statuses, field)
    folder = files(__name__.rpartition(".")[0])
    scripts = [f'<script type="text/plain" id="values-{i}">{text}</script>' for i, text in enumerate(arrays)]
    return Template(folder.joinpath("page.html").read_text("utf-8")).substitute(
        title=escape(title),
        style=folder.joinpath("page.css").read_text("utf-8"),
        plotly=files("plotly").joinpath("package_data/plotly.min.js").read_text("utf-8"),
        data=json.dumps(payload, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
        arrays="\n".join(scripts),
        script="".join(folder.joinpath(name).read_text("utf-8") for name in ("values.js", "plots.js", "page.js")),
    )


def _contents(
    dataset: xr.Dataset, variables: dict[str, xr.DataArray], statuses: dict[str, xr.DataArray], field: Field | None
) -> tuple[dict[str, Any], list[str]]:
    """The description of the page, and the values of each variable as base64."""
    dims = {name: tuple(map(str, array.dims)) for name, array in variables.items()}
    sizes = {str(dim): size for dim, size in dataset.sizes.items()}
    ranges = {name: extremes(array) for name, array in variables.items() if name not in statuses}
    points = ((names, 4, ranges[name].best) if name in ranges else (names, 1, None) for name, names in dims.items())
    shown = shown_indices(points, sizes, _BOUND)
    entries, arrays = [], []
    for name, array in variables.items():
        indices = shown[dims[name]]
        part = array.isel({dim: index for dim, index in indices.items() if len(index) < sizes[dim]}).values
        arrays.append(_encode(as_status(part) if name in statuses else _float32(part)))
        entry = {**describe(name, array.attrs), "dims": dims[name], "shown": [indices[dim].tolist() for dim in indices]}
        more = {} if name in statuses else _range_and_best(name, ranges[name], variables, field)
        entries.append({**entry, "isStatus": name in statuses, **more})
    used = {dim for names in dims.values() for dim in names}
    return {
        "axes": [axis_entry(dataset, dim) for dim in sizes if dim in used],
        "variables": entries,
        "counts": [
            {**describe(name.removesuffix("_status"), {}), "of": count_statuses(array)}
            for name, array in statuses.items()
        ],
        "statuses": STATUSES,
        "numbers": sum(array.size for array in variables.values()),
        "numbersShown": sum(math.prod(map(len, shown[names].values())) for names in dims.values()),
        "unfinished": str(dataset.attrs.get("unfinished", "")),
        "attributes": attribute_rows(dataset, set(variables)),
        "sequential": [[x, to_hex(mpl.colormaps["viridis"](x))] for x in np.linspace(0, 1, 33)],
        "diverging": _DIVERGING,
        "colors": COLORS,
    }, arrays


def _range_and_best(
    name: str, extreme: Extremes, variables: dict[str, xr.DataArray], field: Field | None
) -> dict[str, Any]:
    """Range and best point of a variable, and the names of its error and statuses."""
    dims = variables[name].dims
    related = [other for other, array in variables.items() if set(array.dims) <= set(dims)]
    error = next((e for e in (f"{name}_error", f"{name.removeprefix('peak_')}_error") if e in related), None)
    statuses = [other for other in related if other.endswith("_status")]
    best = None
    if extreme.best is not None:
        point = {str(dim): index for dim, index in zip(dims, extreme.best, strict=True)}
        best = {
            "index": extreme.best,
            "value": extreme.value,
            "error": jsonable(_at(variables[error], point)) if error else None,
            "statuses": [int(as_status(_at(variables[status], point))) for status in statuses],
            "pulse": _pulse(field, point),
        }
    limits = {"low": extreme.low, "high": extreme.high, "smallest": extreme.smallest}
    return {**limits, "error": error, "statuses": statuses, "best": best}


def _float32(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype("<f4")


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")


def _at(array: xr.DataArray, point: dict[str, int]) -> np.ndarray:
    return np.asarray(array.isel({dim: point[str(dim)] for dim in array.dims}).values)


def _pulse(field: Field | None, point: dict[str, int]) -> dict[str, Any] | None:
    """Times and components of the pulse at a point; None if the point does not determine it."""
    if field is None:
        return None
    try:
        times, values = field({dim: index for dim, index in point.items() if dim != "time"})
    except KeyError:
        return None
    values = np.asarray(values)
    return {"times": jsonable(np.asarray(times)), "x": jsonable(values[:, 0]), "y": jsonable(values[:, 1])}
