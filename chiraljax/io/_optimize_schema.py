"""The schema of optimisation files."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from ._pulse_schema import GaussianTable

Band = tuple[NonNegativeFloat, NonNegativeFloat]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GaussianFamily(GaussianTable):
    """The arguments of `GaussianPulse`; of several `pulses`, the centres are spread over the window."""

    family: Literal["gaussian"]
    peak_field: PositiveFloat | None = None
    pulses: Annotated[PositiveInt, Field(le=100)] = 1


class SplineFamily(_Table):
    family: Literal["spline"]
    start: float
    end: float
    frequency: PositiveFloat
    splines: PositiveInt


class FourierFamily(_Table):
    family: Literal["fourier"]
    start: float
    end: float
    band: Band


class ShapedFamily(_Table):
    family: Literal["shaped"]
    band: Band
    center: float
    pixels: PositiveInt
    resolution: PositiveFloat | None = None


class FileFamily(_Table):
    family: Literal["file"]
    file: str
    """a pulse file; its path counts from the folder of the optimisation file"""


def _file_is_a_family(table: Any) -> Any:
    return {"family": "file"} | table if isinstance(table, dict) and "file" in table else table


PulseTable = Annotated[
    GaussianFamily | SplineFamily | FourierFamily | ShapedFamily | FileFamily,
    Field(discriminator="family"),
    BeforeValidator(_file_is_a_family),
]


class PeakTable(_Table):
    name: Literal["peak-moment", "moment-per-fluence", "peak-angular-momentum"] = "peak-moment"


class AtTable(_Table):
    name: Literal["moment-at", "angular-momentum-at"]
    time: float


class MeanTable(_Table):
    name: Literal["mean-moment"]
    start: float
    end: float


class SwitchingTable(_Table):
    name: Literal["switching"]
    first: float
    second: float


ObjectiveTable = Annotated[PeakTable | AtTable | MeanTable | SwitchingTable, Field(discriminator="name")]


class TimesTable(_Table):
    start: float = 0.0
    end: float = 10.0
    count: Annotated[int, Field(ge=2, le=1_000_000)] = 201


class ElectronsTable(_Table):
    mu: float
    temperature: NonNegativeFloat
    rtol: PositiveFloat = 1e-3


class KinematicTable(_Table):
    name: Literal["kinematic"] = "kinematic"
    temperature: NonNegativeFloat = 300.0


class ConstantInertiaTable(_Table):
    name: Literal["constant-inertia"]
    inertia: PositiveFloat | None = None


class FixedTable(_Table):
    name: Literal["fixed"]


CouplingTable = Annotated[KinematicTable | ConstantInertiaTable | FixedTable, Field(discriminator="name")]


class ConstraintsTable(_Table):
    fluence: PositiveFloat | None = None
    peak_field: PositiveFloat | None = None
    band: Band | None = None
    window: tuple[float, float] | None = None
    ellipticity: Annotated[float, Field(ge=-1, le=1)] | None = None
    leakage: Annotated[float, Field(gt=0, lt=1)] = 1e-3


class SearchTable(_Table):
    starts: Annotated[PositiveInt, Field(le=10_000)] = 8
    steps: PositiveInt = 300
    seed: NonNegativeInt = 0
    optimizer: Literal["lbfgs", "adam"] = "lbfgs"
    learning_rate: PositiveFloat | None = None
    fixed: list[str] = []
    bounds: dict[str, tuple[float, float]] = {}


class EnsembleTable(_Table):
    frequency: NonNegativeFloat = 0.0
    damping: NonNegativeFloat = 0.0
    field: NonNegativeFloat = 0.0
    timing: NonNegativeFloat = 0.0
    samples: Annotated[int, Field(ge=2, le=4096)] = 16
    seed: NonNegativeInt = 0


class OptimizationFile(_Table):
    material: str
    pulse: PulseTable
    constraints: ConstraintsTable
    objective: ObjectiveTable = PeakTable()
    times: TimesTable = TimesTable()
    electrons: ElectronsTable | None = None
    coupling: CouplingTable = KinematicTable()
    search: SearchTable = SearchTable()
    ensemble: EnsembleTable | None = None
