"""How an objective changes with what is not known or not steady."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from ..pulse import AbstractPulse
from ._ensemble import VARIED
from ._problem import Problem


class Sensitivity(NamedTuple):
    """J(δ)/J(0) ≈ 1 + slope·δ + ½ curvature·δ², δ relative, or in ps for the timing of the pulse."""

    slope: float
    curvature: float

    def loss(self, deviation: float) -> float:
        """The relative loss of the mean for normal deviations of that width: −½ curvature·deviation²."""
        return -0.5 * self.curvature * deviation**2


def sensitivities(problem: Problem, pulse: AbstractPulse) -> dict[str, Sensitivity]:
    """Of the objective of `pulse` to `frequency` ω₀, `damping` η, `field` E, and `timing`, the delay of the pulse.

    By reverse and forward derivatives of the chain. Timing counts against the times, and so against a probe.
    """

    @eqx.filter_jit
    def derivatives(problem: Problem, pulse: AbstractPulse):
        def value(deviation):
            fluence = problem.meter.fluence(pulse(problem.meter.times))
            return problem.objective(problem.chain.varied(pulse, deviation, fluence))

        nominal = jnp.zeros(len(VARIED))
        return value(nominal), jax.grad(value)(nominal), jax.hessian(value)(nominal)

    value, slope, curvature = derivatives(problem, pulse)
    return {name: Sensitivity(float(slope[n] / value), float(curvature[n, n] / value)) for n, name in enumerate(VARIED)}
