"""Other pulses beside the best one: the one that the search was given, and the paper's."""

import math
from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from .._result import AbstractResult, quantity
from ..pulse import AbstractPulse, GaussianPulse
from ._optimum import PulseOptimum

_DELAY = 3.0
"""ps, from the first time to the peak of the paper's pulse"""
_SHIFT = 0.1
"""ps, between the centres that are tried"""


class Comparison(AbstractResult):
    """Another pulse beside the best one, on the same chain."""

    pulse: AbstractPulse
    units: str
    """of the objective"""
    value: float = quantity("")
    """its objective"""
    gain: float | None = quantity("1")
    """the best objective over `value`; None if `value` is not positive"""

    def _unit(self, name: str) -> str:
        return super()._unit(name) or self.units


def given_pulse(optimum: PulseOptimum) -> Comparison | None:
    """The pulse that `optimize_pulse` was given, as strong as the constraints of fluence and field allow.

    It has the fluence of the best pulse, or the largest peak field if this makes it weaker; other constraints are
    ignored. None for a pulse without a field, such as `SplinePulse.zeros`.
    """
    pulse = optimum.problem.space.template
    if not float(pulse.fluence) > 0:
        return None
    return _beside(optimum, [pulse * _strength(optimum, pulse)])


def paper_pulse(optimum: PulseOptimum) -> Comparison:
    """The paper's pulse with the carrier at the first mode, as strong as the constraints of fluence and field allow.

    Its strength is that of `given_pulse`. Its envelope peaks 3 ps after the first time, or later if that is better for
    an objective of certain times.
    """
    problem = optimum.problem
    times = np.asarray(problem.forecast.times)
    earliest = float(times[0]) + _DELAY
    frequency = problem.forecast.phonon.oscillators.frequency[0]
    pulse = GaussianPulse(frequency=frequency, center=jnp.asarray(earliest))
    strong = pulse * _strength(optimum, pulse)
    later = [] if problem.anywhere else np.arange(earliest, times[-1], _SHIFT)[1:]
    return _beside(optimum, [replace(strong, center=jnp.asarray(center)) for center in (earliest, *later)])


def _strength(optimum: PulseOptimum, pulse: AbstractPulse) -> float:
    """The factor to the fluence of the best pulse, or to the largest peak field if that is less."""
    limit = optimum.problem.constraints.peak_field
    factor = math.sqrt(float(optimum.pulse.fluence / pulse.fluence))
    return factor if limit is None else min(factor, float(limit / pulse.peak_field))


def _beside(optimum: PulseOptimum, pulses: Sequence[AbstractPulse]) -> Comparison:
    """The best of these pulses beside the optimum."""
    values = [float(optimum.problem.true_value(pulse)) for pulse in pulses]
    best = int(np.argmax(values))
    gain = optimum.objective / values[best] if values[best] > 0 else None
    return Comparison(pulses[best], optimum.units, values[best], gain)
