"""The settings of a sweep from a file."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from .._errors import InputError, check, within
from .._validation import parse_toml, read_text
from ..brillouin import Accuracy
from ..materials import Material
from ..pulse import AbstractPulse, GaussianPulse
from ..sweeps import sobol_samples, uniform_samples
from ._optimize import material_of
from ._sweep_schema import GridTable, ListTable, RandomTable, SobolTable, SweepFile


class SweepConfiguration(NamedTuple):
    """The arguments of `plan_sweep`."""

    material: Material
    pulse: AbstractPulse
    options: dict[str, Any]
    """keyword arguments"""
    text: str
    """the file as it stands"""


def load_sweep(path: str | os.PathLike[str]) -> SweepConfiguration:
    """The material, the pulse and the options of `plan_sweep` from a TOML file.

    Paths in the file are relative to its folder.

    Raises:
        InputError: with the file and the field.
    """
    path = Path(path)
    text = read_text(path, "a TOML file of a sweep")
    file = parse_toml(text, SweepFile, str(path), "sweep file")
    times = None if file.times is None else file.times.values(path)
    with within("material", path):
        material = material_of(file.material, path.parent)
    with within("pulse", path):
        pulse = GaussianPulse() if file.pulse is None else file.pulse(path.parent)
    with within("coupling", path):
        coupling = file.coupling()
    axes = {}
    for name, axis in file.axes.items():
        with within(f"axes.{name}", path):
            axes[name] = _values(axis)
    electrons = file.electrons
    options = {
        "axes": axes,
        "outputs": file.outputs,
        "gradients": file.gradients,
        "times": times,
        "coupling": coupling,
        "memory": file.memory,
        "accuracy": Accuracy(rtol=electrons.rtol, region=electrons.region, budget=electrons.budget),
        **electrons.model_dump(include={"mu", "doping", "temperature"}),
    }
    return SweepConfiguration(material, pulse, options, text)


def _values(axis: Any) -> Any:
    """An axis for `plan_sweep`."""
    if isinstance(axis, list):
        return axis
    if isinstance(axis, GridTable):
        return _with_units(_grid(axis), axis.units)
    if isinstance(axis, ListTable):
        return _with_units(np.array(axis.values), axis.units)
    if isinstance(axis, RandomTable):
        columns: dict[str, Any] = uniform_samples(axis.random, axis.count, axis.seed)
    elif isinstance(axis, SobolTable):
        columns = sobol_samples(axis.sobol, axis.count, axis.seed)
    else:
        columns = {name: np.array(values) for name, values in axis.together.items()}
    unknown = [name for name in axis.units if name not in columns]
    check(not unknown, "units", f"must be of {', '.join(columns)}, but there are some of {', '.join(unknown)}")
    return {name: _with_units(values, axis.units.get(name)) for name, values in columns.items()}


def _grid(axis: GridTable) -> np.ndarray:
    if axis.count == 1 and axis.start != axis.stop:
        raise InputError("count", f"must be at least 2 from {axis.start:g} to {axis.stop:g}, but got 1")
    if axis.spacing == "log":
        check(axis.start > 0 and axis.stop > 0, "start", "must be positive, as must stop, where the spacing is log")
        return np.geomspace(axis.start, axis.stop, axis.count)
    return np.linspace(axis.start, axis.stop, axis.count)


def _with_units(values: np.ndarray, units: str | None) -> np.ndarray | xr.DataArray:
    return values if units is None else xr.DataArray(values, attrs={"units": units})
