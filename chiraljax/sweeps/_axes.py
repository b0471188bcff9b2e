"""The axes of a sweep: grids, lists, samples, and parameters that vary together."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import qmc

from .._checks import check_finite
from .._errors import InputError, check, within
from .._types import ArrayLike
from ..chain import Chain
from ..observables import per_cell
from ._outputs import OUTPUTS
from ._parameters import FILLING, Parameter, parameter, parameters

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
    """`count` points drawn uniformly from the box of `ranges`, parameter → (low, high), for an axis of a sweep.

    Raises `InputError` for a count below one, no ranges, or a range that is not finite and increasing.
    """
    low, high = _box(ranges, count)
    return _columns(ranges, low + (high - low) * np.random.default_rng(seed).random((count, len(low))))


def sobol_samples(ranges: Mapping[str, Sequence[float]], count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """The first `count` points of a scrambled Sobol sequence in the box of `ranges`, as `uniform_samples`.

    They cover the box more evenly than random points, best so if `count` is a power of two. Sobol, USSR Comput. Math.
    Math. Phys. 7, 86 (1967); scrambling of Owen as in `scipy.stats.qmc.Sobol`.
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


def axes_of(given: Mapping[str, Any], chain: Chain) -> tuple[Axis, ...]:
    """The axes that a mapping describes, checked against `chain`.

    A name of a parameter maps to its values (N,); any other name to a mapping from parameters to values of one length,
    which vary together. Values may be `xarray.DataArray`s with units. Raises `InputError` for an unknown parameter, one
    that two axes vary, an empty axis, other units, and values out of range.
    """
    check(given, "axes", "must hold at least one axis, but got none")
    axes = tuple(_axis(name, values, chain) for name, values in given.items())
    seen: dict[str, str] = {}
    for axis in axes:
        for one in axis.parameters:
            check(
                one.name not in seen,
                "axes",
                f"must vary {one.name} along one axis, but {seen.get(one.name)} and {axis.name} do",
            )
            seen[one.name] = axis.name
    check(
        not {"mu", "doping"} <= set(seen),
        "axes",
        "must vary either mu or doping, but got both: one gives the other",
    )
    return axes


def _axis(name: str, given: Any, chain: Chain) -> Axis:
    check(name not in _RESERVED and "/" not in name, "axes", f"must not have an axis called {name!r}")
    together = isinstance(given, Mapping)
    check(not together or given, f"axes.{name}", "must vary a parameter, but names none")
    chosen = dict(given) if together else {name: given}
    taken = name not in chosen and name in [*FILLING, *(one.name for one in parameters(chain))]
    check(not taken, "axes", f"{name} must have another name, since it varies {', '.join(chosen)} and not {name}")
    with within(f"axes.{name}" if together else "axes"):
        known = {one: parameter(one, chain) for one in chosen}
    columns = {}
    for one, values in chosen.items():
        columns[one] = _values(known[one], values, chain)
    sizes = {one: len(values) for one, values in columns.items()}
    check(
        len(set(sizes.values())) == 1,
        "axes",
        f"{name} must have as many values of each parameter, but got "
        f"{', '.join((f'{size} of {one}' for one, size in sizes.items()))}",
    )
    return Axis(name, tuple(known.values()), tuple(columns.values()))


def _values(known: Parameter, given: ArrayLike | xr.DataArray, chain: Chain) -> np.ndarray:
    name = known.name
    unit = given.attrs.get("units") if isinstance(given, xr.DataArray) else None
    try:
        values = np.atleast_1d(np.array(given, dtype=float))
    except (TypeError, ValueError):
        raise InputError(f"axes.{name}", f"must hold numbers, but got {given!r}") from None
    check(values.ndim == 1, f"axes.{name}", f"must be a list, but got the shape {values.shape}")
    check(values.size > 0, f"axes.{name}", "must hold at least one value, but is empty")
    if name == "doping" and unit == _PER_VOLUME:
        values, unit = np.asarray(per_cell(values, chain.electrons.crystal)), known.unit
    check(
        unit is None or not known.unit or unit == known.unit,
        "axes",
        f"{name} must be in {known.unit}{(f' or {_PER_VOLUME}' if name == 'doping' else '')}, but its units are {unit}",
    )
    known.check(chain, values)
    return values
