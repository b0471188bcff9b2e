"""The results of an optimisation for files."""

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..control import Comparison, PulseOptimum
from ..pulse import GaussianPulse
from ._csv import write_csv

WIDTH = 0.01
"""the deviation of the sensitivities: 1 %, or 0.01 ps"""


def optimum_content(optimum: PulseOptimum, comparisons: Mapping[str, Comparison]) -> dict[str, Any]:
    """An optimum as plain types, for JSON; numbers that are not finite become None.

    Args:
        optimum: of `optimize_pulse`.
        comparisons: with other pulses, by the name of their entry.
    """
    fields = ("objective", "error", "units", "bound", "bound_reason", "ratio", "status", "slack")
    searched = ("reached", "history", "violations")
    content = {name: getattr(optimum, name) for name in fields}
    content |= {name: _beside(comparison) for name, comparison in comparisons.items()}
    content |= {
        "sensitivities": {
            name: {
                "slope": sensitivity.slope,
                "curvature": sensitivity.curvature,
                "width": WIDTH,
                "change": sensitivity.slope * WIDTH,
                "loss": sensitivity.loss(WIDTH),
            }
            for name, sensitivity in optimum.sensitivities().items()
        },
    }
    return _finite(content | {name: getattr(optimum, name).tolist() for name in searched})


def _beside(comparison: Comparison) -> dict[str, float | None]:
    """Strength, centre of a Gaussian, objective and gain."""
    pulse = comparison.pulse
    center = {"center": float(pulse.center)} if isinstance(pulse, GaussianPulse) else {}
    return {
        "fluence": float(pulse.fluence),
        "peak_field": float(pulse.peak_field),
        **center,
        "objective": comparison.value,
        "gain": comparison.gain,
    }


def write_outcome(path: str | os.PathLike[str], optimum: PulseOptimum) -> None:
    """Write a CSV file of time, field, the first two normal coordinates, L, Ω and M."""
    outcome = optimum.outcome.to_xarray()
    columns = [
        outcome[name].transpose("time", ...).values
        for name in ("time", "field", "q", "angular_momentum", "rotation", "moment")
    ]
    columns[2] = columns[2][:, :2]
    write_csv(
        path,
        ["time", "E_x", "E_y", *["q_x", "q_y"][: columns[2].shape[1]], "L", "rotation", "moment"],
        np.column_stack(columns),
        comment="time in ps, E in MV/cm, q in Å√u, L in ħ, rotation in rad/ps, moment in μ_B per cell",
    )


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
