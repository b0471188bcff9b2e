"""Names, units and coordinates on the page."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr


def describe(name: str, attrs: Mapping[Any, Any]) -> dict[str, str]:
    """Name, label and unit; the label is the long name, or follows from the name."""
    return {"name": name, "label": str(attrs.get("long_name") or _label(name)), "unit": _unit(attrs)}


def axis_entry(dataset: xr.Dataset, dim: str) -> dict[str, Any]:
    """An axis with its values and further coordinates; it is drawn by index unless its values are monotonic."""
    values = dataset[dim].values if dim in dataset.coords else np.arange(dataset.sizes[dim])
    attrs = dataset[dim].attrs if dim in dataset.coords else {}
    further = [
        {**_axis_label(str(name), array.attrs), "values": _values(array.values), "numeric": array.dtype.kind in "fiub"}
        for name, array in dataset.coords.items()
        if array.dims == (dim,) and name != dim
    ]
    steps = np.diff(values.astype(float)) if values.dtype.kind in "fiub" else np.array([np.nan])
    ordered = bool(np.all(np.isfinite(steps)) and (np.all(steps > 0) or np.all(steps < 0)))
    return {**_axis_label(dim, attrs), "values": _values(values), "ordered": ordered, "coordinates": further}


def attribute_rows(dataset: xr.Dataset, shown: set[str]) -> list[tuple[str, str]]:
    """Attributes as text, JSON indented; then the variables that are not in `shown`."""
    rows = [(str(name), _indented(value)) for name, value in dataset.attrs.items()]
    for name, array in dataset.data_vars.items():
        if str(name) not in shown:
            value = f"{array.values.item()} {_unit(array.attrs)}" if not array.ndim else f"not shown: {array.dtype}"
            rows.append((str(name), value.strip()))
    return rows


def jsonable(values: np.ndarray) -> Any:
    """Numbers with 8 digits, more than the precision of float32; None for numbers that are not finite."""
    if values.ndim:
        return [jsonable(np.asarray(value)) for value in values]
    value = float(values)
    return float(f"{value:.8g}") if math.isfinite(value) else None


def _values(values: np.ndarray) -> list[Any]:
    if values.dtype.kind in "fiub":
        return [value if math.isfinite(value) else None for value in map(float, values)]
    return [str(value) for value in values]


def _axis_label(name: str, attrs: Mapping[Any, Any]) -> dict[str, str]:
    return {"name": name, "label": str(attrs.get("long_name") or name), "unit": _unit(attrs)}


def _label(name: str) -> str:
    derivative = re.fullmatch(r"d_(.+)_d_(.+)", name)
    if derivative:
        return f"∂ {_label(derivative[1])} / ∂ {derivative[2]}"
    return name.replace("_", " ")


def _unit(attrs: Mapping[Any, Any]) -> str:
    return str(attrs.get("units", "")).replace("mu_B", "μ_B").replace("hbar", "ħ")


def _indented(value: Any) -> str:
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except ValueError:
            return value
        return json.dumps(parsed, indent=2, ensure_ascii=False) if isinstance(parsed, dict | list) else value
    return str(value)
