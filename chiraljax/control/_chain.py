"""The chain from a pulse to its outcome, on a fixed grid of times and with M(Ω) known beforehand."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar
from ..coupling import AbstractCoupling
from ..observables import MagnetizationCurve
from ..phonon import Motion, Phonon
from ..phonon._propagate import NODES, WEIGHTS, propagate, step_nodes
from ..pulse import AbstractPulse
from ._ensemble import varied
from ._objectives import Outcome


class Chain(eqx.Module):
    """Pulse → motion → Ω → M(Ω); one evaluation drives the phonon once and diagonalises nothing.

    Where |Ω| is above the largest of M(Ω), M is that there: nothing can be gained from where M(Ω) is not known.
    """

    phonon: Phonon
    coupling: AbstractCoupling
    curve: MagnetizationCurve | None
    times: Float[Array, " T"]
    substeps: int = eqx.field(static=True)
    harmonic: bool = eqx.field(static=True)

    @property
    def nodes(self) -> Float[Array, " N"]:
        """The times in ps at which the field is wanted."""
        return step_nodes(self.times, self.substeps).ravel()

    def steps(self, start: float, end: float) -> tuple[int, int]:
        """How many steps of the integrator reach back to `start` and on to `end` (ps) from the first and last time."""
        first, last = float(self.times[0]), float(self.times[-1])
        step = (last - first) / ((self.times.shape[0] - 1) * self.substeps)
        return max(0, math.ceil((first - start) / step)), max(0, math.ceil((end - last) / step))

    def rule(self, before: int, after: int) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
        """Times and weights (ps) of Gauss's rule on the steps of the integrator, and so many more on either side."""
        steps = (self.times.shape[0] - 1) * self.substeps
        step = (self.times[-1] - self.times[0]) / steps
        times = self.times[0] + step * (jnp.arange(-before, steps + after, dtype=float)[:, None] + NODES)
        return times.ravel(), jnp.tile(step * WEIGHTS, before + steps + after)

    def outcome(self, pulse: AbstractPulse, field: Float[Array, "N 2"], fluence: Scalar) -> Outcome:
        """What `pulse` does, from its `field` (MV/cm) at `nodes` and its `fluence`."""
        stages = field.reshape(-1, WEIGHTS.size, 2)
        motion = propagate(self.phonon, stages, self.times, self.substeps, self.harmonic)
        return self.observed(pulse, motion, fluence)

    def varied(self, pulse: AbstractPulse, deviation: Float[Array, "4"], fluence: Scalar) -> Outcome:
        """What `pulse` does where frequency, damping, field and timing deviate (see `Ensemble`)."""
        field = (1 + deviation[2]) * pulse(self.nodes - deviation[3])
        chain = eqx.tree_at(lambda chain: chain.phonon, self, varied(self.phonon, deviation))
        return chain.outcome(pulse, field, fluence)

    def observed(self, pulse: AbstractPulse, motion: Motion, fluence: Scalar) -> Outcome:
        """What follows from the `motion` under `pulse`."""
        rotation = self.coupling(motion)
        moment = jnp.full_like(rotation, jnp.nan)
        if self.curve is not None:
            moment = self.curve(jnp.clip(rotation, -self.curve.fastest, self.curve.fastest))
        return Outcome(pulse, self.times, motion, rotation, moment, fluence)
