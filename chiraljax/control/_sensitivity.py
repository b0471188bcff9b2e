"""How an objective changes with uncertain or unsteady quantities."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .._result import AbstractResult, quantity
from ..pulse import AbstractPulse
from ._deviations import VARIED
from ._problem import PulseProblem

_UNITS = {"timing": "ps"}


class Sensitivity(AbstractResult):
    """J(δ)/J(0) ≈ 1 + slope·δ + ½ curvature·δ², δ relative, or in ps for the timing of the pulse."""

    slope: float = quantity("")
    curvature: float = quantity("")
    units: str = "1"
    """of δ"""

    def loss(self, deviation: float) -> float:
        """Relative loss −½ curvature·deviation² of the mean over normal deviations of that standard `deviation`."""
        return -0.5 * self.curvature * deviation**2

    def _unit(self, name: str) -> str:
        if self.units == "1":
            return "1"
        return f"1/{self.units}" + ("^2" if name == "curvature" else "")


def sensitivities(problem: PulseProblem, pulse: AbstractPulse) -> dict[str, Sensitivity]:
    """Sensitivities of the objective to `frequency` ω₀, `damping` η, `field` E, and `timing`, the delay of the pulse.

    By reverse and forward derivatives of the chain. The times, and so a probe, are not delayed.
    """

    @eqx.filter_jit
    def derivatives(problem: PulseProblem, pulse: AbstractPulse):
        def value(deviation):
            fluence = problem.meter.fluence(pulse(problem.meter.times))
            return problem.objective(problem.forecast.varied(pulse, deviation, fluence))

        nominal = jnp.zeros(len(VARIED))
        return value(nominal), jax.grad(value)(nominal), jax.hessian(value)(nominal)

    value, slope, curvature = derivatives(problem, pulse)
    return {
        name: Sensitivity(float(slope[n] / value), float(curvature[n, n] / value), _UNITS.get(name, "1"))
        for n, name in enumerate(VARIED)
    }
