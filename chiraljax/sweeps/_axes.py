"""The axes of a sweep: grids, lists, samples, and parameters that vary together."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import qmc

from .._checks import check_finite
from .._conversion import converted
from .._errors import InputError, check, within
from .._types import ArrayLike
from ..chain import Chain
from ..observables import per_cell
from ._outputs import OUTPUTS
from ._parameters import FILLING, Parameter, parameters
from ._parameters import parameter as parameter_of

_PER_VOLUME = "1/cm3"
_RESERVED = {"time", "working", "motion_status", "electrons_status", "moment_error", *OUTPUTS}


class Axis(NamedTuple):
    """A dimension of the results, along which parameters take values together."""

    name: str
    parameters: tuple[Parameter, ...]
    values: tuple[np.ndarray, ...]
    """(N,) of each parameter"""

    @property
    def size(self) -> int:
        return len(self.values[0])

    def touches(self, *parts: str) -> bool:
        """Whether a parameter is one of these parts."""
        return any(parameter.part in parts for parameter in self.parameters)


def uniform_samples(ranges: Mapping[str, Sequence[float]], count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random points of an axis of a sweep, uniformly distributed in a box.

    Args:
        ranges: parameter → (low, high).
        count: the number of points.
        seed: of the random numbers.

    Returns:
        Parameter → values (count,).

    Raises:
        InputError: for a count below one, no ranges, or a range that is not finite and increasing.
    """
    low, high = _box(ranges, count)
    return _columns(ranges, low + (high - low) * np.random.default_rng(seed).random((count, len(low))))


def sobol_samples(ranges: Mapping[str, Sequence[float]], count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Points of a scrambled Sobol sequence in a box, which cover it more evenly than random points.

    Sobol, USSR Comput. Math. Math. Phys. 7, 86 (1967); scrambling of Owen as in `scipy.stats.qmc.Sobol`.

    Args:
        ranges: parameter → (low, high).
        count: the number of points; best a power of two.
        seed: of the scrambling.

    Returns:
        Parameter → values (count,).

    Raises:
        InputError: as `uniform_samples`.
    """
    low, high = _box(ranges, count)
    points = qmc.Sobol(len(low), rng=seed).random_base2(max(0, int(count - 1).bit_length()))[:count]
    return _columns(ranges, low + (high - low) * points)


def _box(ranges: Mapping[str, Sequence[float]], count: int) -> tuple[np.ndarray, np.ndarray]:
    check(count >= 1, "count", f"must be at least 1, but got {count}")
    check(len(ranges) > 0, "ranges", "must name a parameter, but got none")
    for name, bounds in ranges.items():
        check(np.shape(bounds) == (2,), f"range of {name}", f"must be (low, high), but got {bounds}")
        check_finite(f"range of {name}", bounds)
        check(bounds[0] < bounds[1], f"range of {name}", f"must increase, but got {tuple(bounds)}")
    low, high = np.array(list(ranges.values()), float).T
    return low, high


def _columns(ranges: Mapping[str, Any], points: np.ndarray) -> dict[str, np.ndarray]:
    return {name: points[:, i] for i, name in enumerate(ranges)}


def axes_of(axes: Mapping[str, Any], chain: Chain) -> tuple[Axis, ...]:
    """The axes of `sweep` as objects, checked against `chain`.

    Raises `InputError` for an unknown parameter, one that two axes vary, an empty axis, other units, and values out of
    range.
    """
    check(axes, "axes", "must hold at least one axis, but got none")
    result = tuple(_axis(name, values, chain) for name, values in axes.items())
    seen: dict[str, str] = {}
    for axis in result:
        for parameter in axis.parameters:
            name = parameter.name
            check(name not in seen, "axes", f"must vary {name} along one axis, but {seen.get(name)} and {axis.name} do")
            seen[name] = axis.name
    check(not {"mu", "doping"} <= set(seen), "axes", "must vary either mu or doping, but got both: one gives the other")
    return result


def _axis(name: str, values: Any, chain: Chain) -> Axis:
    check(name not in _RESERVED and "/" not in name, "axes", f"must not have an axis called {name!r}")
    together = isinstance(values, Mapping)
    check(not together or values, f"axes.{name}", "must vary a parameter, but names none")
    columns = dict(values) if together else {name: values}
    taken = name not in columns and name in [*FILLING, *(parameter.name for parameter in parameters(chain))]
    check(not taken, "axes", f"{name} must have another name, since it varies {', '.join(columns)} and not {name}")
    with within(f"axes.{name}" if together else "axes"):
        varied = tuple(parameter_of(column, chain) for column in columns)
    arrays = tuple(_values(parameter, columns[parameter.name], chain) for parameter in varied)
    check(
        len({len(array) for array in arrays}) == 1,
        "axes",
        f"{name} must have as many values of each parameter, but got "
        f"{', '.join(f'{len(array)} of {parameter.name}' for parameter, array in zip(varied, arrays, strict=True))}",
    )
    return Axis(name, varied, arrays)


def _values(parameter: Parameter, values: ArrayLike | xr.DataArray, chain: Chain) -> np.ndarray:
    name = parameter.name
    unit = values.attrs.get("units") if isinstance(values, xr.DataArray) else None
    try:
        array = np.atleast_1d(np.array(values, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"axes.{name}", f"must hold numbers, but got {values!r}") from None
    check(array.ndim == 1, f"axes.{name}", f"must be a list, but got the shape {array.shape}")
    check(array.size > 0, f"axes.{name}", "must hold at least one value, but is empty")
    if name == "doping" and unit == _PER_VOLUME:
        array, unit = np.asarray(per_cell(array, chain.electrons.crystal)), parameter.unit
    known = name != "doping" or unit in (None, parameter.unit)
    check(known, f"axes.{name}", f"must be in {parameter.unit} or {_PER_VOLUME}, but is in {unit}")
    if unit is not None and parameter.unit:
        array = converted(array, unit, parameter.unit, f"axes.{name}")
    parameter.check(chain, array)
    return array
