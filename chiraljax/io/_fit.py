"""The settings of a fit from a file, and its results for a file."""

import dataclasses
import math
import os
from types import GenericAlias
from typing import Any, NamedTuple, get_type_hints

from pydantic import create_model

from .._errors import within
from .._module import Module
from .._tables import ClosedTable
from .._validation import parse_toml, read_text
from ..fit import BandFit, Edge, EdgeComparison, Gap, MultiStart, Target, Variation


class FitSettings(NamedTuple):
    """The settings of a fit in a TOML file."""

    targets: list[Target] | None
    """None for the defaults of `fit_bands`"""
    variation: Variation
    search: MultiStart


def _entries(cls: type[Module], *left_out: str) -> dict[str, Any]:
    """Type and default of the fields of a class, for `pydantic.create_model`."""
    types = get_type_hints(cls)

    def default(field: dataclasses.Field) -> Any:
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        return ... if field.default is dataclasses.MISSING else field.default

    fields = [field for field in dataclasses.fields(cls) if field.name not in left_out]
    return {field.name: (types[field.name], default(field)) for field in fields}


_SEARCH, _VARIATION = _entries(MultiStart, "solver"), _entries(Variation)
_TargetTable = create_model("_TargetTable", __base__=ClosedTable, **_entries(Target))
_FIELDS: dict[str, Any] = {"target": (GenericAlias(list, (_TargetTable,)), []), **_VARIATION, **_SEARCH}
_FitFile = create_model("_FitFile", __base__=ClosedTable, **_FIELDS)


def load_fit(path: str | os.PathLike[str]) -> FitSettings:
    """Targets, variation and search of a fit, from a TOML file.

    It has a table [[target]] per `Target`, and the fields of `Variation` and `MultiStart` except the solver.

    Raises:
        InputError: with the file and the field.
    """
    file = parse_toml(read_text(path, "a TOML file of a fit"), _FitFile, str(path), "fit file")
    content: dict[str, Any] = {name: getattr(file, name) for name in _FIELDS}
    targets = []
    for i, table in enumerate(content["target"]):
        with within(f"target.{i}", path):
            targets.append(Target(**table.model_dump()))
    with within(source=path):
        variation = Variation(**{name: content[name] for name in _VARIATION})
        search = MultiStart(**{name: content[name] for name in _SEARCH})
    return FitSettings(targets or None, variation, search)


def _gap_content(comparison: EdgeComparison) -> dict[str, Any]:
    """The edges of bands and model, and what is wrong, as plain types; an infinite mass is None."""

    def plain(edge: Edge | None) -> dict[str, Any] | None:
        if edge is None:
            return None
        masses = {name: [m if math.isfinite(m) else None for m in values] for name, values in edge.masses.items()}
        return edge._asdict() | {"k": list(edge.k), "masses": masses}

    def of(gap: Gap) -> dict[str, Any]:
        return {"gap": gap.gap, "valence": plain(gap.valence), "conduction": plain(gap.conduction)}

    return {"bands": of(comparison.bands), "model": of(comparison.model), "wrong": list(comparison.wrong)}


_DIRECTION = ("components", "error", "determined", "level", "k", "slope", "advice")


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
        "gap": _gap_content(fit.comparison),
        "parameters": fit.parameters,
        "offset": fit.offset,
        "free": list(fit.free),
        "standard_errors": fit.standard_errors,
        "covariance": fit.covariance.tolist(),
        "at_bounds": list(fit.at_bounds),
        "directions": [{name: getattr(direction, name) for name in _DIRECTION} for direction in fit.directions],
        "signs": [list(names) for names in fit.signs],
        "exchanges": [
            {"pairs": [list(pair) for pair in each.pairs], "decided": each.decided, "misfits": each.misfits}
            for each in fit.exchanges
        ],
        "units": {"energies": "eV", "covariance": "eV^2", "k": "fractional"},
    }
