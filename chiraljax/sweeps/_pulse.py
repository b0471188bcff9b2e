"""The pulse at a point of a sweep, from its store alone."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from .. import pulse as families
from .._errors import InputError
from ..pulse import AbstractPulse
from ._parameters import fields, in_order

_SAMPLES = 2001


def pulse_at(dataset: xr.Dataset, point: Mapping[str, int]) -> AbstractPulse:
    """The pulse of a sweep at the place `point` along its axes, which may leave out those that do not change it.

    Raises `InputError` for a sweep of a pulse of one's own class, which a store does not hold.
    """
    pulse = _rebuilt(json.loads(dataset.attrs["pulse"]))
    known = {parameter.name: parameter for parameter in fields("pulse", pulse)}
    chosen = [known[str(name)] for name in dataset.coords if str(name) in known]
    for parameter in in_order(chosen):
        values = dataset[parameter.name]
        pulse = parameter.changed(pulse, float(values.values[point[str(values.dims[0])]]))
    return pulse


def field_at(dataset: xr.Dataset) -> Callable[[Mapping[str, int]], tuple[np.ndarray, np.ndarray]] | None:
    """A function from a point of a sweep to times (T,) in ps and the field (T, 2) in MV/cm there.

    None for a sweep of a pulse of one's own class.
    """
    try:
        _rebuilt(json.loads(dataset.attrs["pulse"]))
    except InputError:
        return None

    def field(point: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
        pulse = pulse_at(dataset, point)
        start, end = (float(side) for side in pulse.support)
        times = np.linspace(start, end, _SAMPLES)
        return times, np.asarray(pulse(times))

    return field


def _rebuilt(described: Any) -> Any:
    if isinstance(described, dict):
        family = getattr(families, described["class"], None)
        if family is None:
            raise InputError("pulse", f"must be of a family of chiraljax to be rebuilt, but is a {described['class']}")
        return family(**{name: _rebuilt(value) for name, value in described.items() if name != "class"})
    if isinstance(described, list) and any(isinstance(part, dict) for part in described):
        return tuple(_rebuilt(part) for part in described)
    return np.array(described) if isinstance(described, list) else described
