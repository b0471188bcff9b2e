"""The schema of sweep files."""

from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PlainValidator,
    PositiveFloat,
    Tag,
)

from .._tables import ClosedTable, in_unit
from ..coupling import KinematicRotation
from ..pulse import GaussianPulse
from ._optimize_schema import CouplingTable, TimesTable
from ._pulse import pulse_table

PulseTable = Annotated[Any, PlainValidator(pulse_table(default=GaussianPulse.name))]
Values = Annotated[list[float], Field(min_length=1)]
Ranges = Annotated[dict[str, tuple[float, float]], Field(min_length=1)]
_KINDS = ("values", "together", "random", "sobol")
"""Fields that say which kind of axis a table is; without one it is a grid."""


class _AxisTable(ClosedTable):
    others = _KINDS


class GridTable(_AxisTable):
    """`count` values from `start` to `stop`, both included."""

    start: float
    stop: float
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    spacing: Literal["linear", "log"] = "linear"
    units: str | None = None


class ListTable(_AxisTable):
    values: Values
    units: str | None = None


class TogetherTable(_AxisTable):
    """Parameters that take their values together."""

    together: Annotated[dict[str, Values], Field(min_length=1)]
    units: dict[str, str] = {}


class RandomTable(_AxisTable):
    """Points drawn from a box."""

    random: Ranges
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    seed: NonNegativeInt = 0
    units: dict[str, str] = {}


class SobolTable(_AxisTable):
    """Points that cover a box evenly."""

    sobol: Ranges
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    seed: NonNegativeInt = 0
    units: dict[str, str] = {}


def _kind(axis: Any) -> str:
    if not isinstance(axis, dict):
        return "list"
    return next((name for name in _KINDS if name in axis), "grid")


AxisTable = Annotated[
    Annotated[Values, Tag("list")]
    | Annotated[GridTable, Tag("grid")]
    | Annotated[ListTable, Tag("values")]
    | Annotated[TogetherTable, Tag("together")]
    | Annotated[RandomTable, Tag("random")]
    | Annotated[SobolTable, Tag("sobol")],
    Discriminator(_kind),
]


class ElectronsTable(ClosedTable):
    mu: Annotated[float, in_unit("eV")] | None = None
    doping: float | None = None
    temperature: Annotated[NonNegativeFloat, in_unit("K")] | None = None
    rtol: PositiveFloat = 1e-3
    region: Literal["zone", "gamma_cube"] = "zone"
    budget: Annotated[int, Field(ge=1)] = 1_000_000


class SweepFile(ClosedTable):
    material: str
    outputs: Annotated[list[str], Field(min_length=1)] = ["peak_moment"]
    gradients: dict[str, list[str]] = {}
    axes: Annotated[dict[str, AxisTable], Field(min_length=1)]
    pulse: PulseTable = None
    times: TimesTable | None = None
    electrons: ElectronsTable = ElectronsTable()
    coupling: CouplingTable = KinematicRotation
    memory: PositiveFloat = 4.0
