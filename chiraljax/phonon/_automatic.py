"""Equal steps where their estimated error is small enough, adaptive steps elsewhere."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._tracing import concrete, is_traced
from .._types import Scalar
from ..pulse import AbstractPulse
from ._adaptive import AdaptiveSteps
from ._base import AbstractModes, State
from ._bath import HeatBath
from ._fixed import FixedSteps, equally_spaced
from ._motion import Motion
from ._steps import AbstractSteps

_ACCURATE = 1e-8
"""of the largest |q|"""
_STEPS_PER_PULSE, _PIECES_PER_STEP, _MOST_STEPS = 16, 2, 1 << 17


class AutomaticSteps(AbstractSteps):
    """`FixedSteps` where the times are equally spaced and the steps accurate, `AdaptiveSteps` elsewhere.

    The motion is computed with n and with 2n steps per interval, n as in `FixedSteps` and at least 16 per pulse. If the
    two differ by less than 10⁻⁸ of the largest |q|, the result is the finer one; it is of eighth order, so its error is
    about 2⁸ times smaller. Under `jit` and `vmap` the steps are adaptive. In a heat bath they are fixed, and no error
    is estimated.
    """

    def motion(
        self,
        phonon: AbstractModes,
        pulse: AbstractPulse,
        times: Float[Array, " T"],
        initial: State,
        bath: HeatBath | None = None,
    ) -> Motion:
        if bath is not None:
            return FixedSteps().motion(phonon, pulse, times, initial, bath)
        if not is_traced((phonon, pulse, times, initial)):
            substeps = _substeps(phonon, pulse, times)
            if substeps is not None:
                motion, error = _with_error(phonon, pulse, times, initial, substeps, phonon.harmonic)
                error = concrete(jax.lax.stop_gradient(error))
                if error is not None and error < _ACCURATE:
                    return motion
        return AdaptiveSteps().motion(phonon, pulse, times, initial)


def _substeps(phonon: AbstractModes, pulse: AbstractPulse, times: Float[Array, " T"]) -> int | None:
    """Steps per interval that resolve the pulse; None where equal steps would be too many."""
    instants, begin, end = (concrete(jax.lax.stop_gradient(part)) for part in (times, *pulse.support))
    if instants is None or begin is None or end is None or not equally_spaced(instants):
        return None
    longest = float(end - begin) / max(_STEPS_PER_PULSE, pulse.pieces / _PIECES_PER_STEP)
    substeps = FixedSteps().resolving(phonon, times).substeps
    gap = float(np.diff(instants[:2])[0])
    if substeps is None or longest <= 0 or gap * (instants.size - 1) / longest > _MOST_STEPS:
        return None
    substeps = max(substeps, math.ceil(gap / longest))
    return substeps if substeps * (instants.size - 1) <= _MOST_STEPS else None


@eqx.filter_jit
def _with_error(
    phonon: AbstractModes,
    pulse: AbstractPulse,
    times: Float[Array, " T"],
    initial: State,
    substeps: int,
    harmonic: bool,
) -> tuple[Motion, Scalar]:
    """The motion in 2 `substeps` and the difference of that in `substeps`, relative to the largest |q|."""

    def move(arguments, substeps: int) -> Motion:
        phonon, pulse, times, initial = arguments
        steps = FixedSteps(substeps)
        field = pulse(steps.nodes(times)[0])
        return steps.from_field(phonon, field, times, harmonic=harmonic, initial=initial)

    arguments = (phonon, pulse, times, initial)
    constant = jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if eqx.is_array(leaf) else leaf, arguments)
    motion, coarse = move(arguments, 2 * substeps), move(constant, substeps)
    fine = jax.lax.stop_gradient(motion.q)
    largest = jnp.max(jnp.abs(fine))
    return motion, jnp.max(jnp.abs(fine - coarse.q)) / jnp.where(largest > 0, largest, 1.0)
