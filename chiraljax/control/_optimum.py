"""The best pulse, and how good it is."""

import math

import numpy as np

from .._lazy import xr
from .._result import AbstractResult, quantity
from .._types import Float
from ..pulse import AbstractPulse
from ._outcome import Outcome
from ._problem import PulseProblem
from ._sensitivity import Sensitivity, sensitivities

_PER_PERIOD = 32
_DENSE = 1 << 14
_SHARE = 1e-3
"""of the largest spectral amplitude, from which a frequency counts as one of the pulse"""


class PulseOptimum(AbstractResult):
    """The best pulse of a search, and how good it is.

    `status` is "converged", "not converged" in the allowed steps, or "stopped: " and the reason.
    """

    pulse: AbstractPulse
    units: str
    """of the objective; empty for a function"""
    bound_reason: str
    slack: dict[str, dict[str, float]]
    """for each constraint `limit`, `value`, and `slack` = 1 − value/limit"""
    outcome: Outcome
    """of the pulse, by the adaptive `drive`"""
    problem: PulseProblem
    ended: str
    objective: float = quantity("", error="error")
    """its true value, by the adaptive `drive`; with deviations the mean, in fixed steps"""
    error: float = quantity("")
    """the difference between adaptive and fixed steps, plus the error of M(Ω) for an objective of the moment"""
    bound: float | None = quantity("")
    """the limit for any pulse within the constraints; None if it is not known"""
    reached: Float[np.ndarray, " starts"] = quantity("", ("start",))
    """the true value that each start reached"""
    history: Float[np.ndarray, "steps starts"] = quantity("", ("step", "start"))
    """the smooth objective before each step"""
    violations: Float[np.ndarray, "steps starts"] = quantity("1", ("step", "start"))
    """the largest violation before each step, of |E|²/E_max² − 1 and log(leakage/allowed)"""

    @property
    def status(self) -> str:
        return self.ended

    @property
    def cost(self) -> str:
        steps, starts = self.history.shape
        return f"{steps} steps of {starts} starts"

    @property
    def ratio(self) -> float | None:
        """objective/bound, the certificate."""
        return None if self.bound is None else self.objective / self.bound

    def sensitivities(self) -> dict[str, Sensitivity]:
        """Sensitivities of the objective to `frequency`, `damping`, `field` and `timing`."""
        return sensitivities(self.problem, self.pulse)

    def near_best(self, share: float = 0.01) -> int:
        """How many of the starts, the best included, reached the best value within that `share` of it."""
        return int(np.sum(np.abs(self.reached - self.objective) <= share * abs(self.objective))) or 1

    def field_times(self) -> Float[np.ndarray, " T"]:
        """Times (T,) in ps over the support of the pulse, 32 per period of the highest frequency of mode and pulse."""
        start, end = (float(edge) for edge in self.pulse.support)
        highest = max(self.problem.forecast.highest, _highest_frequency(self.pulse))
        return np.linspace(start, end, math.ceil((end - start) * highest * _PER_PERIOD) + 1)

    def to_xarray(self) -> "xr.Dataset":
        """Values and history on the axes step and start, constraints by name, the `outcome` on the axis time."""
        limits = {
            name: ("constraint", [entry[name] for entry in self.slack.values()]) for name in ("limit", "value", "slack")
        }
        searched = super().to_xarray().assign(limits).assign_coords(constraint=list(self.slack))
        return xr.merge([searched, self.outcome.to_xarray()], combine_attrs="override")

    def _unit(self, name: str) -> str:
        return super()._unit(name) or self.units

    def _remarks(self) -> dict[str, str]:
        share = self.bound_reason if self.ratio is None else f"{self.ratio:.2%} of the {self.bound_reason}"
        return {
            "share of the bound": share,
            "slack": ", ".join(f"{name} {entry['slack']:.2%}" for name, entry in self.slack.items()),
        }

    def _attributes(self) -> dict[str, str]:
        return {"bound_reason": self.bound_reason}


def _highest_frequency(pulse: AbstractPulse) -> float:
    """The highest ν in THz with a thousandth of the largest spectral amplitude; zero for no field."""
    start, end = (float(edge) for edge in pulse.support)
    times = np.linspace(start, end, _DENSE, endpoint=False)
    spectrum = np.linalg.norm(np.fft.rfft(np.asarray(pulse(times)), axis=0), axis=-1)
    strong = np.flatnonzero(spectrum > _SHARE * spectrum.max())
    return float(strong[-1] / (end - start)) if strong.size else 0.0
