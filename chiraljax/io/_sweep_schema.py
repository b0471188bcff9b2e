"""The schema of sweep files."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PlainValidator,
    PositiveFloat,
    Tag,
)

from .._tables import in_unit
from ..coupling import KinematicRotation
from ..pulse import GaussianPulse
from ._optimize_schema import CouplingTable, TimesTable
from ._pulse import pulse_table

PulseTable = Annotated[Any, PlainValidator(pulse_table(default=GaussianPulse.name))]
Values = Annotated[list[float], Field(min_length=1)]
Ranges = Annotated[dict[str, tuple[float, float]], Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GridTable(_Table):
    """`count` values from `start` to `stop`, both included."""

    start: float
    stop: float
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    spacing: Literal["linear", "log"] = "linear"
    units: str | None = None


class ListTable(_Table):
    values: Values
    units: str | None = None


class TogetherTable(_Table):
    """Parameters that take their values together."""

    together: Annotated[dict[str, Values], Field(min_length=1)]
    units: dict[str, str] = {}


class RandomTable(_Table):
    """Points drawn from a box."""

    random: Ranges
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    seed: NonNegativeInt = 0
    units: dict[str, str] = {}


class SobolTable(_Table):
    """Points that cover a box evenly."""

    sobol: Ranges
    count: Annotated[int, Field(ge=1, le=100_000_000)]
    seed: NonNegativeInt = 0
    units: dict[str, str] = {}


def _kind(axis: Any) -> str:
    if not isinstance(axis, dict):
        return "list"
    return next((name for name in ("values", "together", "random", "sobol") if name in axis), "grid")


AxisTable = Annotated[
    Annotated[Values, Tag("list")]
    | Annotated[GridTable, Tag("grid")]
    | Annotated[ListTable, Tag("values")]
    | Annotated[TogetherTable, Tag("together")]
    | Annotated[RandomTable, Tag("random")]
    | Annotated[SobolTable, Tag("sobol")],
    Discriminator(_kind),
]


class ElectronsTable(_Table):
    mu: Annotated[float, in_unit("eV")] | None = None
    doping: float | None = None
    temperature: Annotated[NonNegativeFloat, in_unit("K")] | None = None
    rtol: PositiveFloat = 1e-3
    region: Literal["zone", "gamma_cube"] = "zone"
    budget: Annotated[int, Field(ge=1)] = 1_000_000


class SweepFile(_Table):
    material: str
    outputs: Annotated[list[str], Field(min_length=1)] = ["peak_moment"]
    gradients: dict[str, list[str]] = {}
    axes: Annotated[dict[str, AxisTable], Field(min_length=1)]
    pulse: PulseTable = None
    times: TimesTable | None = None
    electrons: ElectronsTable = ElectronsTable()
    coupling: CouplingTable = KinematicRotation
    memory: PositiveFloat = 4.0
