"""What came out of an optimisation, for files."""

import math
import os
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .._types import Array, Float
from ..control import MomentPerFluence, PeakAngularMomentum, PeakMoment, PulseOptimum
from ..pulse import AbstractPulse, GaussianPulse
from ._csv import write_csv

WIDTHS = {"frequency": 0.01, "damping": 0.01, "field": 0.01, "timing": 0.01}
"""the deviations that sensitivities are told for: 1 %, and 10 fs"""
_SHIFT = 0.1
"""ps, between the centres that are tried for the paper's pulse"""
_PER_PERIOD = 32
_DENSE = 1 << 14
_SHARE = 1e-3
"""of the largest spectral amplitude, from which a frequency counts as one of the pulse"""


class Comparison(NamedTuple):
    """The paper's pulse beside the best one, on the same chain."""

    pulse: GaussianPulse
    value: float
    """its objective"""
    gain: float | None
    """the best objective over `value`; None where that is not positive"""


def is_peak(objective: object) -> bool:
    """Whether the objective is a largest value, wherever in time that is."""
    return isinstance(objective, PeakMoment | PeakAngularMomentum | MomentPerFluence)


def paper_pulse(optimum: PulseOptimum) -> Comparison:
    """The paper's pulse with the carrier at the first mode, as strong as the constraints of fluence and field allow.

    That is with the fluence of the best pulse, or with the largest peak field if this makes it weaker; other
    constraints are not asked of it. Its envelope peaks 3 ps after the first of the times, or later, where that does
    more for an objective that looks at certain times.
    """
    problem = optimum.problem
    times, limit = np.asarray(problem.chain.times), problem.constraints.peak_field
    earliest = float(times[0]) + 3.0
    pulse = GaussianPulse(frequency=problem.chain.phonon.frequency[0], center=earliest)
    factor = math.sqrt(float(optimum.pulse.fluence / pulse.fluence))
    if limit is not None:
        factor = min(factor, float(limit / pulse.peak_field))
    centers = [earliest] if is_peak(problem.objective) else [earliest, *np.arange(earliest, times[-1], _SHIFT)[1:]]
    pulses = [replace(pulse * factor, center=center) for center in centers]
    values = [float(problem.true_value(pulse)) for pulse in pulses]
    best = int(np.argmax(values))
    gain = optimum.objective / values[best] if values[best] > 0 else None
    return Comparison(pulses[best], values[best], gain)


def near_best(optimum: PulseOptimum, share: float = 0.01) -> int:
    """How many of the starts reached the best value within that share of it, the best among them."""
    return int(np.sum(np.abs(optimum.reached - optimum.objective) <= share * abs(optimum.objective))) or 1


def field_times(optimum: PulseOptimum) -> Float[np.ndarray, " T"]:
    """Times (T,) in ps over the support of the pulse, 32 a period of the highest frequency of mode and pulse."""
    pulse = optimum.pulse
    start, end = (float(edge) for edge in pulse.support)
    highest = max(float(optimum.problem.chain.phonon.frequency.max()), highest_frequency(pulse))
    return np.linspace(start, end, math.ceil((end - start) * highest * _PER_PERIOD) + 1)


def highest_frequency(pulse: AbstractPulse) -> float:
    """The highest ν in THz with a thousandth of the largest spectral amplitude, zero for no field."""
    start, end = (float(edge) for edge in pulse.support)
    times = np.linspace(start, end, _DENSE, endpoint=False)
    spectrum = np.linalg.norm(np.fft.rfft(np.asarray(pulse(times)), axis=0), axis=-1)
    seen = np.flatnonzero(spectrum > _SHARE * spectrum.max())
    return float(seen[-1] / (end - start)) if seen.size else 0.0


def optimum_content(optimum: PulseOptimum, comparison: Comparison) -> dict[str, Any]:
    """An optimum as plain types, for JSON; what is not finite becomes None."""
    sensitivities = optimum.sensitivities()
    content = {
        "objective": optimum.objective,
        "error": optimum.error,
        "units": optimum.units,
        "bound": optimum.bound,
        "bound_reason": optimum.bound_reason,
        "ratio": optimum.ratio,
        "status": optimum.status,
        "slack": optimum.slack,
        "paper_pulse": {
            "peak_field": float(comparison.pulse.peak_field),
            "center": float(comparison.pulse.center),
            "objective": comparison.value,
            "gain": comparison.gain,
        },
        "sensitivities": {
            name: {
                "slope": found.slope,
                "curvature": found.curvature,
                "width": WIDTHS[name],
                "change": found.slope * WIDTHS[name],
                "loss": found.loss(WIDTHS[name]),
            }
            for name, found in sensitivities.items()
        },
        "reached": optimum.reached.tolist(),
        "history": optimum.history.tolist(),
        "violations": optimum.violations.tolist(),
    }
    return _finite(content)


def write_outcome(path: str | os.PathLike[str], optimum: PulseOptimum) -> None:
    """What the pulse does as a CSV file: time, field, the first pair of coordinates, L, Ω and M."""
    outcome = optimum.outcome
    columns: list[Array] = [
        outcome.times,
        optimum.pulse(outcome.times),
        outcome.motion.q[:, :2],
        outcome.motion.angular_momentum,
        outcome.rotation,
        outcome.moment,
    ]
    write_csv(
        path,
        ["time", "E_x", "E_y", "q_x", "q_y", "L", "rotation", "moment"],
        np.column_stack([np.asarray(column) for column in columns]),
        comment="time in ps, E in MV/cm, q in Å√u, L in ħ, rotation in rad/ps, moment in μ_B per cell",
    )


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
