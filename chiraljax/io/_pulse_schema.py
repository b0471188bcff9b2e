"""The schema of pulse files."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat


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


Amplitudes = Annotated[list[tuple[float, float, float, float]], Field(min_length=1)]
"""one row a mode: Re A_x, Im A_x, Re A_y, Im A_y"""


class SplineTable(_Table):
    """The arguments of `SplinePulse`."""

    start: float
    end: float
    frequency: PositiveFloat
    amplitudes: Amplitudes


class FourierTable(_Table):
    """The arguments of `FourierPulse`."""

    start: float
    end: float
    first: Annotated[int, Field(ge=2, strict=True)]
    amplitudes: Amplitudes


class ShapedTable(_Table):
    """The arguments of `ShapedPulse`; without `resolution` it is that of a pixel."""

    band: tuple[PositiveFloat, PositiveFloat]
    center: float
    resolution: PositiveFloat | None = None
    amplitudes: Amplitudes


class PulseFile(_Table):
    gaussian: list[GaussianTable] = []
    sampled: list[SampledTable] = []
    spline: list[SplineTable] = []
    fourier: list[FourierTable] = []
    shaped: list[ShapedTable] = []
