"""How to optimise a pulse, from a file."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optax
import tomlkit

from .._errors import check, within
from .._validation import parse_toml, read_text
from ..control import (
    AbstractObjective,
    AngularMomentumAt,
    Ensemble,
    MeanMoment,
    MomentAt,
    MomentPerFluence,
    PeakAngularMomentum,
    PeakMoment,
    Switching,
)
from ..coupling import AbstractCoupling, ConstantInertia, FixedRotation, KinematicRotation
from ..materials import Material, bundled_materials, load_material
from ..pulse import AbstractPulse, FourierPulse, GaussianPulse, ShapedPulse, SplinePulse, SumPulse
from ._optimize_schema import CouplingTable, GaussianFamily, OptimizationFile, SearchTable
from ._pulse import load_pulse

_OBJECTIVES: dict[str, Callable[..., AbstractObjective]] = {
    "peak-moment": PeakMoment,
    "moment-at": MomentAt,
    "mean-moment": MeanMoment,
    "moment-per-fluence": MomentPerFluence,
    "switching": Switching,
    "peak-angular-momentum": PeakAngularMomentum,
    "angular-momentum-at": AngularMomentumAt,
}
_COUPLINGS: dict[str, Callable[..., AbstractCoupling]] = {
    "fixed": FixedRotation,
    "kinematic": KinematicRotation,
    "constant-inertia": ConstantInertia,
}
_FAMILIES: dict[str, Callable[..., AbstractPulse]] = {
    "spline": SplinePulse.zeros,
    "fourier": FourierPulse.in_band,
    "shaped": ShapedPulse.zeros,
}
_LEARNING_RATE = 0.05


class Optimization(NamedTuple):
    """What `optimize_pulse` is to be called with."""

    material: Material
    pulse: AbstractPulse
    options: dict[str, Any]
    """keyword arguments"""
    text: str
    """the file as it was understood, in TOML and without comments"""


def load_optimization(path: str | os.PathLike[str]) -> Optimization:
    """The material, the pulse to begin with and the options of `optimize_pulse` that a TOML file gives.

    Paths in the file count from its folder. Raises `InputError` with one line that names the file, the field and what
    was expected.
    """
    path = Path(path)
    text = read_text(path, "a TOML file of an optimisation")
    file = parse_toml(text, OptimizationFile, str(path), "pulse optimisation file")
    with within("material", path):
        material = material_of(file.material, path.parent)
    with within("pulse", path):
        pulse = _pulse(file, path.parent)
    with within("objective", path):
        objective = _OBJECTIVES[file.objective.name](**file.objective.model_dump(exclude={"name"}))
    electrons, times = file.electrons, file.times
    check(
        electrons is not None or not objective.of_moment,
        "electrons",
        f"is required for the objective {file.objective.name}, but missing",
        path,
    )
    check(times.end > times.start, "times.end", f"must be after start, {times.start:g} ps, but is {times.end:g}", path)
    options = file.constraints.model_dump() | file.search.model_dump(exclude={"optimizer", "learning_rate"})
    options |= {} if electrons is None else electrons.model_dump()
    options["objective"] = objective
    options["times"] = np.linspace(times.start, times.end, times.count)
    options["coupling"] = coupling_of(file.coupling)
    with within("search", path):
        options |= _optimizer(file.search)
    if file.ensemble is not None:
        with within("ensemble", path):
            options["ensemble"] = Ensemble(**file.ensemble.model_dump())
    understood = tomlkit.dumps(file.model_dump(mode="json", exclude_unset=True))
    return Optimization(material, pulse, options, understood)


def material_of(name: str, folder: Path) -> Material:
    """A bundled material, or that of a file whose path counts from `folder`."""
    return load_material(name if name in bundled_materials() else folder / name)


def coupling_of(table: CouplingTable) -> AbstractCoupling:
    """The coupling that a table of a file describes."""
    return _COUPLINGS[table.name](**table.model_dump(exclude={"name"}, exclude_none=True))


def _pulse(file: OptimizationFile, folder: Path) -> AbstractPulse:
    table = file.pulse
    if table.family == "file":
        return load_pulse(folder / table.file)
    if isinstance(table, GaussianFamily):
        return _gaussians(table, file)
    return _FAMILIES[table.family](**table.model_dump(exclude={"family"}))


def _gaussians(table: GaussianFamily, file: OptimizationFile) -> AbstractPulse:
    arguments = table.model_dump(exclude={"family", "pulses"}, exclude_none=True)
    if table.pulses == 1:
        return GaussianPulse(**arguments)
    check("center" not in arguments, "center", "must not stand beside pulses, whose centres are spread over the window")
    start, end = file.constraints.window or (file.times.start, file.times.end)
    centers = start + (end - start) * (np.arange(table.pulses) + 0.5) / table.pulses
    return SumPulse(GaussianPulse(center=center, **arguments) for center in centers)


def _optimizer(search: SearchTable) -> dict[str, Any]:
    if search.optimizer == "lbfgs":
        check(
            search.learning_rate is None, "learning_rate", "must not stand beside the optimizer lbfgs, which has none"
        )
        return {}
    rate = search.learning_rate or _LEARNING_RATE
    return {"optimizer": optax.adam(optax.cosine_decay_schedule(rate, search.steps))}
