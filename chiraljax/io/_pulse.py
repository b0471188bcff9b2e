"""Reading pulse files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import check, within
from .._validation import parse_toml, read_text
from ..pulse import (
    AbstractPulse,
    FourierPulse,
    GaussianPulse,
    SampledPulse,
    ShapedPulse,
    SplinePulse,
    SumPulse,
)
from ._pulse_schema import PulseFile

_FAMILIES: dict[str, Callable[..., AbstractPulse]] = {
    "gaussian": GaussianPulse,
    "spline": SplinePulse,
    "fourier": FourierPulse,
    "shaped": ShapedPulse,
}


def load_pulse(path: str | os.PathLike[str]) -> AbstractPulse:
    """The pulse of a TOML file, or the samples of a CSV file (see `SampledPulse.from_csv`).

    The TOML file holds tables [[gaussian]], [[sampled]], [[spline]], [[fourier]] and [[shaped]]; several add up.
    Raises `InputError` with one line that names the file, the field and what was expected.
    """
    path = Path(path)
    check(path.suffix in {".toml", ".csv"}, "", f"must be a pulse file .toml or .csv, but got {path.suffix!r}", path)
    if path.suffix == ".csv":
        return SampledPulse.from_csv(path)
    file = parse_toml(read_text(path, "a TOML file of a pulse"), PulseFile, str(path), "pulse file")
    pulses = list(_pulses(file, path))
    names = [f"[[{name}]]" for name in PulseFile.model_fields]
    expected = f"{', '.join(names[:-1])} or {names[-1]}"
    check(pulses, "", f"must have at least one table {expected}, but got none", path)
    return pulses[0] if len(pulses) == 1 else SumPulse(pulses)


def _pulses(file: PulseFile, path: Path) -> Iterator[AbstractPulse]:
    for name in PulseFile.model_fields:
        for number, table in enumerate(getattr(file, name)):
            arguments = table.model_dump(exclude_unset=True)
            with within(f"{name}.{number}", path):
                yield _pulse(name, arguments, path.parent)


def _pulse(name: str, arguments: dict[str, Any], folder: Path) -> AbstractPulse:
    if name == "sampled":
        return SampledPulse.from_csv(folder / arguments["file"])
    if "amplitudes" in arguments:
        arguments["amplitudes"] = np.reshape(arguments["amplitudes"], (-1, 2, 2))
    return _FAMILIES[name](**arguments)
