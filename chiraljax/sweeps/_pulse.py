"""The pulse at a point of a sweep."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr

from .._errors import InputError
from .._family import family
from .._types import Array, Float
from ..pulse import AbstractPulse, SumPulse
from ._parameters import Parameter, fields, in_order, replaced
from ._plan import SweepPlan

_SAMPLES = 2001
_MOST_CORNERS = 256


def pulse_at(dataset: xr.Dataset, point: Mapping[str, int]) -> AbstractPulse:
    """The pulse of a sweep at a point.

    Args:
        dataset: the results of `sweep`.
        point: the index along each axis; axes that do not change the pulse may be left out.

    Raises:
        InputError: for a pulse of a class without a name, or of a class that is not imported.
    """
    pulse = _rebuilt(json.loads(dataset.attrs["pulse"]))
    parameters = {parameter.name: parameter for parameter in fields("pulse", pulse)}
    varied = [parameters[str(name)] for name in dataset.coords if str(name) in parameters]
    for parameter in in_order(varied):
        values = dataset[parameter.name]
        pulse = parameter.changed(pulse, float(values.values[point[str(values.dims[0])]]))
    return pulse


def field_at(dataset: xr.Dataset) -> Callable[[Mapping[str, int]], tuple[np.ndarray, np.ndarray]] | None:
    """A function from a point of a sweep to times (T,) in ps and the field (T, 2) in MV/cm of its pulse.

    Returns:
        The function, or None if `pulse_at` cannot rebuild the pulse.
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


def pulses_of(plan: SweepPlan) -> list[AbstractPulse]:
    """The pulses at the corners of a sweep, where each axis has a least or a largest value; at most 256 of them."""
    driven, rows = corners(plan, ("pulse",))
    return [replaced(plan.chain, driven, row).pulse for row in rows]


def corners(
    plan: SweepPlan, parts: Sequence[str], *, middle: bool = False
) -> tuple[tuple[Parameter, ...], Float[Array, "corners P"]]:
    """The parameters of these parts that the axes vary, and their values where each has an end, or the `middle`.

    At most 256 combinations; of more, random ones.
    """
    varied = tuple(parameter for parameter in plan.varied if parameter.part in parts)
    axes = [axis for axis in plan.axes if axis.touches(*parts)]
    places = []
    for axis in axes:
        ends = {int(find(values)) for values in axis.values for find in (np.argmin, np.argmax)}
        places.append(sorted(ends | {axis.size // 2} if middle else ends))
    count = prod(map(len, places))
    chosen = range(count) if count <= _MOST_CORNERS else np.random.default_rng(0).integers(0, count, _MOST_CORNERS)
    rows = []
    for number in chosen:
        point = {}
        for axis, own in zip(axes, places, strict=True):
            number, place = divmod(int(number), len(own))
            point[axis.name] = np.array([own[place]])
        rows.append(plan.values(varied, point, list(point)).reshape(-1))
    return varied, jnp.asarray(rows)


def _rebuilt(described: Any) -> Any:
    if isinstance(described, dict):
        classes: dict[str, Any] = {cls.__qualname__: cls for cls in (SumPulse, *family(AbstractPulse).values())}
        if described["class"] not in classes:
            raise InputError("pulse", f"must be of a class with a name to be rebuilt, but is a {described['class']}")
        return classes[described["class"]](
            **{name: _rebuilt(value) for name, value in described.items() if name != "class"}
        )
    if isinstance(described, list) and any(isinstance(part, dict) for part in described):
        return tuple(_rebuilt(part) for part in described)
    return np.array(described) if isinstance(described, list) else described
