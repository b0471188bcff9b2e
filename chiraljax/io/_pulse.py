"""Pulse files."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat

from .._errors import InputError, check
from .._validation import parse_toml, read_text
from ..pulse import AbstractPulse, GaussianPulse, SampledPulse, SumPulse


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GaussianTable(_Table):
    """The arguments of `GaussianPulse`; one that is left out has its default there."""

    peak_field: NonNegativeFloat | None = None
    frequency: PositiveFloat | None = None
    duration: PositiveFloat | None = None
    center: float | None = None
    ellipticity: Annotated[float, Field(ge=-1, le=1)] | None = None
    phase: float | None = None
    chirp: float | None = None
    angle: float | None = None
    delay: float | None = None


class SampledTable(_Table):
    file: str
    """a CSV file t,E_x,E_y; its path counts from the folder of the pulse file"""


class PulseFile(_Table):
    gaussian: list[GaussianTable] = []
    sampled: list[SampledTable] = []


def load_pulse(path: str | os.PathLike[str]) -> AbstractPulse:
    """The pulse of a TOML file, or the samples of a CSV file (see `SampledPulse.from_csv`).

    The TOML file holds [[gaussian]] and [[sampled]] tables; several add up.
    Raises `InputError` with one line that names the file, the field and what was expected.
    """
    path = Path(path)
    check(path.suffix in {".toml", ".csv"}, f"{path}: must be a pulse file .toml or .csv, but got {path.suffix!r}")
    if path.suffix == ".csv":
        return SampledPulse.from_csv(path)
    file = parse_toml(read_text(path, "a TOML file of a pulse"), PulseFile, str(path), "pulse file")
    try:
        pulses = [
            *(GaussianPulse(**table.model_dump(exclude_unset=True)) for table in file.gaussian),
            *(SampledPulse.from_csv(path.parent / table.file) for table in file.sampled),
        ]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    check(pulses, f"{path}: must have at least one table [[gaussian]] or [[sampled]], but got none")
    return pulses[0] if len(pulses) == 1 else SumPulse(pulses)
