"""The function that the search climbs."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import check
from .._types import Scalar, real
from ..observables import MagnetizationCurve
from ..pulse import AbstractPulse, GaussianPulse
from ._constraints import Constraints
from ._deviations import Deviations
from ._forecast import Forecast
from ._lagrangian import Violations
from ._meter import FieldMeter
from ._objectives import AbstractObjective
from ._outcome import Outcome
from ._parameters import PulseSpace, widest_support
from ._search import Search

Objective = AbstractObjective | Callable[[Outcome], Scalar]

_STRENGTH = 1.2
"""s of random starts: the fluence is sin² 1.2 = 0.87 of the largest"""
_HARMONICS = 3
"""The polarisation of a field is measured up to this times the highest frequency of the phonon"""


def _is_curve(leaf: object) -> bool:
    return leaf is None or isinstance(leaf, MagnetizationCurve)


class PulseProblem(eqx.Module):
    """From coordinates x (n + 1,) to the objective, over `scale`, and the violations.

    The last coordinate s is the strength: the fluence is `largest_fluence`·sin² s, so its limit is met by construction.
    """

    space: PulseSpace
    forecast: Forecast
    meter: FieldMeter
    before: int = eqx.field(static=True)
    """number of times of the meter before those of the forecast"""
    constraints: Constraints
    objective: Objective
    scale: Scalar
    deviations: Float[Array, "samples 4"] | None

    @classmethod
    def of(
        cls,
        pulse: AbstractPulse,
        forecast: Forecast,
        constraints: Constraints,
        objective: Objective,
        search: Search,
        deviations: Deviations | None,
    ) -> "PulseProblem":
        """The problem of the family of `pulse`, with `scale` 1."""
        times, weights, before = forecast.steps.rule(*widest_support(pulse, forecast.times))
        meter = constraints.meter(times, weights, _HARMONICS * forecast.highest, isinstance(pulse, GaussianPulse))
        space = PulseSpace(pulse, meter, forecast.times, search)
        drawn = None if deviations is None else jnp.asarray(deviations.drawn())
        return cls(space, forecast, meter, before, constraints, objective, jnp.ones(()), drawn)

    @property
    def units(self) -> str:
        """Units of the objective; empty for a function."""
        return self.objective.units if isinstance(self.objective, AbstractObjective) else ""

    @property
    def anywhere(self) -> bool:
        """Whether the objective is the largest value at any time."""
        return isinstance(self.objective, AbstractObjective) and self.objective.anywhere

    def __call__(self, x: Float[Array, " n"]) -> tuple[Scalar, Violations]:
        pulse, field = self.pulse(x)
        smooth = self.objective.smooth if isinstance(self.objective, AbstractObjective) else self.objective
        value = self._mean(smooth, pulse, field)
        return value / self.scale, self.constraints.violations(self.meter, field)

    @eqx.filter_jit
    def pulse(self, x: Float[Array, " n"]) -> tuple[AbstractPulse, Float[Array, "N 2"]]:
        """The pulse at `x`, and its field at the times of the meter."""
        shape = self.space.pulse(x[:-1])
        if self.constraints.ellipticity is not None:
            shape = shape.with_ellipticity(self.constraints.ellipticity)
        field = shape(self.meter.times)
        own = self.meter.fluence(field)
        largest = self.constraints.largest_fluence(self.meter)
        strength = jnp.sin(x[-1]) * jnp.sqrt(largest / jnp.where(own > 0, own, 1.0))
        return shape * strength, field * strength

    @eqx.filter_jit
    def true_value(self, pulse: AbstractPulse) -> Scalar:
        """The objective of `pulse`, or its mean over the deviations."""
        return self._mean(self.objective, pulse, pulse(self.meter.times))

    @eqx.filter_jit
    def nominal_value(self, pulse: AbstractPulse) -> Scalar:
        """The objective of `pulse` without deviations."""
        return eqx.tree_at(lambda p: p.deviations, self, None, is_leaf=lambda leaf: leaf is None).true_value(pulse)

    def with_curve(self, curve: MagnetizationCurve) -> "PulseProblem":
        """The same with this M(Ω)."""
        return eqx.tree_at(lambda p: p.forecast.curve, self, curve, is_leaf=_is_curve)

    def slack(self, pulse: AbstractPulse) -> dict[str, dict[str, float]]:
        """`Constraints.slack` of `pulse`."""
        return self.constraints.slack(pulse, _HARMONICS * self.forecast.highest)

    def driven(self, pulse: AbstractPulse) -> Outcome:
        """The outcome of `pulse` by the adaptive drive."""
        return self.forecast.driven(pulse, self.meter.fluence(pulse(self.meter.times)))

    def _mean(self, objective: Callable[[Outcome], Scalar], pulse: AbstractPulse, field: Float[Array, "N 2"]) -> Scalar:
        fluence = self.meter.fluence(field)
        if self.deviations is None:
            inside = field[self.before : self.before + self.forecast.steps.nodes.size]
            return objective(self.forecast.outcome(pulse, inside, fluence))
        return jnp.mean(
            jax.vmap(lambda deviation: objective(self.forecast.varied(pulse, deviation, fluence)))(self.deviations)
        )

    def starts(self, count: int, seed: int) -> Float[np.ndarray, "count n"]:
        """`count` starts: the pulse of the space unless it has no field, and random ones.

        Random start n is the same for any `count`. Raises `InputError` for a pulse that does not overlap the times.
        """
        template = self.space.template
        first, last = (float(edge) for edge in template.support)
        times = self.forecast.times
        check(
            first < float(times[-1]) and last > float(times[0]),
            "pulse",
            f"must act between the first and the last of times, {float(times[0]):g} and "
            f"{float(times[-1]):g} ps, but acts from {first:g} to {last:g} ps",
        )
        rows = [np.append(self.space.random(np.random.default_rng([seed, start])), _STRENGTH) for start in range(count)]
        own = float(self.meter.fluence(template(self.meter.times)))
        if own > 0:
            share = own / float(self.constraints.largest_fluence(self.meter))
            rows[0] = np.append(self.space.of_template(), np.arcsin(np.sqrt(min(share, np.sin(_STRENGTH) ** 2))))
        return np.array(rows)

    def scaled(self, rows: Float[Array, "starts n"], limit: float | None) -> "PulseProblem":
        """The problem with the `limit`, or the largest value at the `rows`, as `scale`.

        Raises `InputError` for an objective that is not finite there.
        """
        if limit is None:
            values = np.array([float(self.true_value(self.pulse(row)[0])) for row in rows])
            check(
                np.all(np.isfinite(values)),
                "objective",
                f"must be finite for the pulses that the search begins with, but is {values}",
            )
            limit = float(np.abs(values).max()) or 1.0
        return eqx.tree_at(lambda p: p.scale, self, real(limit))
