"""Adaptive steps, chosen by an estimate of the error."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError, check
from .._lazy import diffrax
from .._tracing import concrete
from ..pulse import AbstractPulse
from ..units import FIELD_FORCE
from ._base import AbstractModes, State
from ._bath import HeatBath
from ._motion import Motion
from ._steps import AbstractSteps

_TOLERANCE = 1e-13
_PER_PERIOD, _PER_PULSE = 8, 16
"""smallest numbers of steps per period and per pulse"""
_STEPS_PER_PIECE = 32
"""largest number of steps on each piece of a sampled field"""


class AdaptiveSteps(AbstractSteps):
    """Dopri8 of diffrax with adaptive steps, for any times and any field; not in a heat bath.

    The error relative to the largest |q| is below 10⁻⁸ where the motion is `converged`. A step is at most ⅛ of the
    shortest period and 1/16 of the pulse, so no pulse is missed. The unknowns are q and q̇/ω₀, divided by the static
    response to the peak field or, if larger, by the initial amplitude; so the tolerance is relative for every pulse.
    `DirectAdjoint` is the only adjoint of diffrax for forward and reverse mode; `benchmarks/drive.py` has its cost.

    Args:
        max_steps: after so many steps the rest of the motion is infinite and its status "steps_exhausted". Unless
            given, several times the number that times and pulse need, or 4096 where that is not known, as under `jit`.

    Raises:
        InputError: for less than one step.
    """

    max_steps: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check(self.max_steps is None or self.max_steps >= 1, "max_steps", f"must be positive, but got {self.max_steps}")

    def motion(
        self,
        phonon: AbstractModes,
        pulse: AbstractPulse,
        times: Float[Array, " T"],
        initial: State,
        bath: HeatBath | None = None,
    ) -> Motion:
        if bath is not None:
            raise InputError("steps", "must be FixedSteps in a heat bath, but are AdaptiveSteps")
        return _solve(phonon, pulse, times, initial, self.max_steps or _default_max_steps(phonon, pulse, times))


def _default_max_steps(phonon: AbstractModes, pulse: AbstractPulse, times: Float[Array, " T"]) -> int:
    instants, frequency, begin, end = map(concrete, (times, phonon.oscillators.frequency, *pulse.support))
    needed = _STEPS_PER_PIECE * pulse.pieces + 1
    if instants is not None:
        duration = float(instants[-1] - instants[0])
        needed += 0.0 if frequency is None else 8 * duration * _PER_PERIOD * float(frequency.max())
        if begin is not None and end is not None and end > begin:
            needed += 4 * duration * _PER_PULSE / float(end - begin)
    return max(4096, 2 ** math.ceil(math.log2(needed)))


@eqx.filter_jit
def _solve(
    phonon: AbstractModes, pulse: AbstractPulse, times: Float[Array, " T"], initial: State, max_steps: int
) -> Motion:
    modes = phonon.oscillators
    omega, damping = modes.angular_frequency, modes.damping
    force = modes.charges * FIELD_FORCE / phonon.dielectric_constant
    static = jnp.max(jnp.linalg.norm(force, axis=-1) / omega**2) * pulse.peak_field
    q, velocity = initial
    initial_amplitude = jnp.max(jnp.maximum(jnp.abs(q), jnp.abs(velocity / omega)))
    largest = jax.lax.stop_gradient(jnp.maximum(static, initial_amplitude))
    field = pulse.prepared()
    scale = jnp.where(largest > 0, largest, 1.0)

    def slope(t, state, _):
        q, v = state
        driven = (force @ field(t) + phonon.anharmonic_force(scale * q)) / (scale * omega)
        return omega * v, driven - damping * v - omega * q

    begin, end = pulse.support
    longest = jnp.minimum(2 * jnp.pi / (_PER_PERIOD * jnp.max(omega)), (end - begin) / _PER_PULSE)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Dopri8(),
        times[0],
        times[-1],
        None,
        (q / scale, velocity / (scale * omega)),
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(
            rtol=_TOLERANCE, atol=_TOLERANCE, dtmax=jax.lax.stop_gradient(longest)
        ),
        adjoint=diffrax.DirectAdjoint(),
        max_steps=max_steps,
        throw=False,
    )
    assert solution.ys is not None
    q, v = solution.ys
    return Motion(phonon, times, scale * q, scale * omega * v, solution.result == diffrax.RESULTS.successful)
