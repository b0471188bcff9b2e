"""The paper's pulse beside the best one."""

import math
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from .._result import AbstractResult, quantity
from ..pulse import GaussianPulse
from ._optimum import PulseOptimum

_DELAY = 3.0
"""ps, from the first time to the peak of the paper's pulse"""
_SHIFT = 0.1
"""ps, between the centres that are tried"""


class Comparison(AbstractResult):
    """The paper's pulse beside the best one, on the same chain."""

    pulse: GaussianPulse
    units: str
    """of the objective"""
    value: float = quantity("")
    """its objective"""
    gain: float | None = quantity("1")
    """the best objective over `value`; None if `value` is not positive"""

    def _unit(self, name: str) -> str:
        return super()._unit(name) or self.units


def paper_pulse(optimum: PulseOptimum) -> Comparison:
    """The paper's pulse with the carrier at the first mode, as strong as the constraints of fluence and field allow.

    It has the fluence of the best pulse, or the largest peak field if this makes it weaker; other constraints are
    ignored. Its envelope peaks 3 ps after the first time, or later if that is better for an objective of certain times.
    """
    problem = optimum.problem
    times, limit = np.asarray(problem.forecast.times), problem.constraints.peak_field
    earliest = float(times[0]) + _DELAY
    frequency = problem.forecast.phonon.oscillators.frequency[0]
    pulse = GaussianPulse(frequency=frequency, center=jnp.asarray(earliest))
    factor = math.sqrt(float(optimum.pulse.fluence / pulse.fluence))
    if limit is not None:
        factor = min(factor, float(limit / pulse.peak_field))
    later = [] if problem.anywhere else np.arange(earliest, times[-1], _SHIFT)[1:]
    pulses = [replace(pulse * factor, center=jnp.asarray(center)) for center in (earliest, *later)]
    values = [float(problem.true_value(pulse)) for pulse in pulses]
    best = int(np.argmax(values))
    gain = optimum.objective / values[best] if values[best] > 0 else None
    return Comparison(pulses[best], optimum.units, values[best], gain)
