"""The schema of optimisation files."""

from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field, NonNegativeFloat, PlainValidator, PositiveFloat, create_model

from .._errors import check
from .._tables import ClosedTable, fields_of, in_unit, one_of, table_of
from ..control import AbstractObjective, Constraints, Deviations, PeakMoment, Search
from ..coupling import AbstractCoupling, KinematicRotation
from ._pulse import pulse_table

PulseTable = Annotated[Any, PlainValidator(pulse_table(constructor=lambda cls: cls.begin))]
ObjectiveTable = Annotated[Any, PlainValidator(one_of(AbstractObjective, "name"))]
CouplingTable = Annotated[Any, PlainValidator(one_of(AbstractCoupling, "name"))]


class TimesTable(ClosedTable):
    start: Annotated[float, in_unit("ps")] = 0.0
    end: Annotated[float, in_unit("ps")] = 10.0
    count: Annotated[int, Field(ge=2, le=1_000_000)] = 201

    def values(self, source: object) -> Float[np.ndarray, " T"]:
        """The times (T,) in ps; raises `InputError` with the file `source` if they do not increase."""
        check(
            self.end > self.start,
            "times.end",
            f"must be after start, {self.start:g} ps, but is {self.end:g}",
            source,
        )
        return np.linspace(self.start, self.end, self.count)


class ElectronsTable(ClosedTable):
    mu: Annotated[float, in_unit("eV")]
    temperature: Annotated[NonNegativeFloat, in_unit("K")]
    rtol: PositiveFloat = 1e-3


class _SearchTable(ClosedTable):
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: PositiveFloat | None = None
    fixed: list[str] = []
    bounds: dict[str, tuple[float, float]] = {}


SearchTable = create_model("SearchTable", __base__=_SearchTable, **fields_of(Search))
ConstraintsTable = Annotated[Any, PlainValidator(table_of(Constraints))]
DeviationsTable = Annotated[Any, PlainValidator(table_of(Deviations))]


class OptimizationFile(ClosedTable):
    material: str
    pulse: PulseTable
    constraints: ConstraintsTable
    objective: ObjectiveTable = PeakMoment
    times: TimesTable | None = None
    electrons: ElectronsTable | None = None
    coupling: CouplingTable = KinematicRotation
    search: SearchTable = SearchTable()  # pyright: ignore[reportInvalidTypeForm]
    deviations: DeviationsTable = None
