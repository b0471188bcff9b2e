"""The function that is climbed."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import check
from .._types import Scalar
from ..observables import MagnetizationCurve
from ..pulse import AbstractPulse
from ._chain import Chain
from ._constraints import Constraints
from ._meter import FieldMeter
from ._objectives import AbstractObjective, Outcome
from ._parameters import PulseSpace
from ._search import Violations

Objective = AbstractObjective | Callable[[Outcome], Scalar]

_STRENGTH = 1.2
"""Where random pulses begin: a fluence of sin² 1.2 = 0.87 of the largest."""


_DRIVE_STEPS = 1 << 16


def _is_curve(leaf: object) -> bool:
    return leaf is None or isinstance(leaf, MagnetizationCurve)


class Problem(eqx.Module):
    """From coordinates x (n + 1,) to the objective, over `scale`, and the violations.

    The last coordinate s is the strength: a pulse of the shape of the others is made to have the fluence
    `largest_fluence`·sin² s, so a limit of the fluence is met by construction.
    """

    space: PulseSpace
    chain: Chain
    meter: FieldMeter
    before: int = eqx.field(static=True)
    """How many times of the meter are before those of the chain."""
    constraints: Constraints
    objective: Objective
    scale: Scalar
    deviations: Float[Array, "samples 4"] | None

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
        """The objective of `pulse`, the mean over the ensemble where there is one."""
        return self._mean(self.objective, pulse, pulse(self.meter.times))

    @eqx.filter_jit
    def nominal_value(self, pulse: AbstractPulse) -> Scalar:
        """The objective of `pulse` without deviations."""
        return eqx.tree_at(lambda p: p.deviations, self, None, is_leaf=lambda leaf: leaf is None).true_value(pulse)

    def with_curve(self, curve: MagnetizationCurve) -> "Problem":
        """The same with this M(Ω)."""
        return eqx.tree_at(lambda p: p.chain.curve, self, curve, is_leaf=_is_curve)

    def observed(self, pulse: AbstractPulse) -> Outcome:
        """What `pulse` does by the adaptive drive."""
        motion = self.chain.phonon.drive(pulse, self.chain.times, max_steps=_DRIVE_STEPS)
        return self.chain.observed(pulse, motion, self.meter.fluence(pulse(self.meter.times)))

    def _mean(self, objective: Callable[[Outcome], Scalar], pulse: AbstractPulse, field: Float[Array, "N 2"]) -> Scalar:
        fluence = self.meter.fluence(field)
        if self.deviations is None:
            inside = field[self.before : self.before + self.chain.nodes.size]
            return objective(self.chain.outcome(pulse, inside, fluence))
        return jnp.mean(
            jax.vmap(lambda deviation: objective(self.chain.varied(pulse, deviation, fluence)))(self.deviations)
        )

    def starts(self, count: int, seed: int) -> Float[np.ndarray, "count n"]:
        """Where `count` searches begin: at the pulse of the space unless it has no field, and at random.

        Random start n is the same for any `count`. Raises `InputError` for a pulse whose field ends before the times
        begin, or the other way round.
        """
        template = self.space.template
        first, last = (float(edge) for edge in template.support)
        times = self.chain.times
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
