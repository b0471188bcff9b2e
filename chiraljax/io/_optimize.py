"""The settings of a pulse optimisation from a file."""

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import optax
import tomlkit

from .._errors import check, within
from .._validation import parse_toml, read_text
from ..brillouin import Accuracy
from ..control import Search
from ..materials import Material, bundled_materials, load_material
from ..phonon import default_times
from ..pulse import AbstractPulse
from ._optimize_schema import OptimizationFile

_LEARNING_RATE = 0.05


class Optimization(NamedTuple):
    """The arguments of `optimize_pulse`."""

    material: Material
    pulse: AbstractPulse
    options: dict[str, Any]
    """keyword arguments"""
    text: str
    """the file without comments"""


def load_optimization(path: str | os.PathLike[str]) -> Optimization:
    """The material, the initial pulse and the options of `optimize_pulse` from a TOML file.

    Paths in the file are relative to its folder.

    Raises:
        InputError: with the file and the field.
    """
    path = Path(path)
    text = read_text(path, "a TOML file of an optimisation")
    file = parse_toml(text, OptimizationFile, str(path), "pulse optimisation file")
    with within("material", path):
        material = material_of(file.material, path.parent)
    with within("constraints", path):
        constraints = file.constraints()
    times = default_times([]) if file.times is None else file.times.values(path)
    with within("pulse", path):
        window = times[[0, -1]] if constraints.window is None else constraints.window
        pulse = file.pulse(path.parent, window=tuple(window.tolist()))
        times = default_times([pulse]) if file.times is None else times
    with within("objective", path):
        objective = file.objective()
    electrons = file.electrons
    check(
        electrons is not None or not objective.of_moment,
        "electrons",
        f"is required for the objective {objective.name}, but missing",
        path,
    )
    options: dict[str, Any] = {"objective": objective, "constraints": constraints, "times": times}
    with within("coupling", path):
        options["coupling"] = file.coupling()
    with within("search", path):
        options["search"] = _search(file.search)
    if electrons is not None:
        options |= {"mu": electrons.mu, "temperature": electrons.temperature, "accuracy": Accuracy(rtol=electrons.rtol)}
    if file.deviations is not None:
        with within("deviations", path):
            options["deviations"] = file.deviations()
    return Optimization(material, pulse, options, tomlkit.dumps(tomllib.loads(text)))


def material_of(name: str, folder: Path) -> Material:
    """A bundled material, or the material of a file in `folder`."""
    return load_material(name if name in bundled_materials() else folder / name)


def _search(table: Any) -> Search:
    options = table.model_dump(exclude={"optimizer", "learning_rate"}, exclude_unset=True)
    if table.optimizer == "lbfgs":
        check(table.learning_rate is None, "learning_rate", "must not stand beside the optimizer lbfgs, which has none")
        return Search(**options)
    rate = table.learning_rate or _LEARNING_RATE
    search = Search(**options)
    return replace(search, optimizer=optax.adam(optax.cosine_decay_schedule(rate, search.steps)))
