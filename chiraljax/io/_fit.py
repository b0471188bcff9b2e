"""How to fit, from a file, and what came out, for one."""

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from .._validation import parse_toml, read_text
from ..fit import BandFit, Target


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TargetTable(_Table):
    """The fields of `Target`."""

    name: str
    levels: tuple[int, int]
    bands: tuple[int, int] | None = None
    window: tuple[float, float] | None = None
    projection: str | None = None
    weight: PositiveFloat = 1.0
    edge: float | None = None
    edge_weight: NonNegativeFloat = 0.0
    edge_width: PositiveFloat = 0.5


class PriorTable(_Table):
    value: float
    width: PositiveFloat


class TieTable(_Table):
    to: str
    factor: float = 1.0


class FitFile(_Table):
    target: list[TargetTable] = []
    fixed: list[str] = []
    ties: dict[str, TieTable] = {}
    bounds: dict[str, tuple[float, float]] = {}
    priors: dict[str, PriorTable] = {}
    noise: PositiveFloat = 0.1
    start: Literal["uniform", "harrison", "noise"] = "uniform"
    restarts: Annotated[PositiveInt, Field(le=100_000)] = 64
    seed: NonNegativeInt = 0


def load_fit_options(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The keyword arguments of `fit_bands` that a TOML file gives; `targets` is missing if the file has none.

    Raises `InputError` with one line that names the file, the field and what was expected.
    """
    file = parse_toml(read_text(path, "a TOML file of a fit"), FitFile, str(path), "fit file")
    options: dict[str, Any] = file.model_dump(include={"fixed", "bounds", "noise", "start", "restarts", "seed"})
    options["ties"] = {name: (tie.to, tie.factor) for name, tie in file.ties.items()}
    options["priors"] = {name: (prior.value, prior.width) for name, prior in file.priors.items()}
    if file.target:
        options["targets"] = [Target(**table.model_dump()) for table in file.target]
    return options


def fit_content(fit: BandFit) -> dict[str, Any]:
    """A fit as plain types, for JSON; energies in eV."""
    return {
        "source": fit.bands.source,
        "spin_orbit": fit.bands.spin_orbit,
        "k_points": len(fit.bands),
        "converged": fit.converged,
        "loss": fit.loss,
        "losses": fit.losses.tolist(),
        "rms": fit.rms,
        "largest": {
            name: {"error": error, "k": fit.bands.k[row].tolist(), "level": level}
            for name, (error, row, level) in fit.largest.items()
        },
        "edge": None if fit.edge is None else {"rms": fit.edge[0], "largest": fit.edge[1]},
        "parameters": fit.parameters,
        "offset": fit.offset,
        "free": list(fit.free),
        "standard_errors": fit.standard_errors,
        "covariance": fit.covariance.tolist(),
        "at_bounds": fit.at_bounds,
        "directions": [{**direction._asdict(), "advice": direction.advice} for direction in fit.directions],
        "signs": [list(names) for names in fit.signs],
        "units": {"energies": "eV", "covariance": "eV^2", "k": "fractional"},
    }
