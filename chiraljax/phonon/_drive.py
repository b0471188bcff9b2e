"""The driven motion of a phonon, from rest."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._units import FIELD_FORCE
from ..pulse import AbstractPulse
from ._base import AbstractPhonon
from ._motion import Motion

_TOLERANCE = 1e-13


@eqx.filter_jit
def drive(phonon: AbstractPhonon, pulse: AbstractPulse, times: Float[Array, " T"], max_steps: int) -> Motion:
    """Solve q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃ E/ε∞ (Eq. 4 of the paper).

    Dopri8 with adaptive steps, at most an eighth of the shortest period and a sixteenth of the pulse, so
    that no pulse is stepped over. The unknowns are q and q̇/ω₀ over the static response to the peak field,
    so the tolerance means the same for every pulse. `DirectAdjoint` is the one adjoint of diffrax that works
    in forward and in reverse mode; `benchmarks/drive.py` has its cost.
    """
    omega, damping = phonon.angular_frequency[:, None], phonon.damping[:, None]
    force = (phonon.mode_effective_charge * FIELD_FORCE / phonon.dielectric_constant)[:, None]
    static = jax.lax.stop_gradient(jnp.max(jnp.abs(force) / omega**2) * pulse.peak_field)
    scale = jnp.where(static > 0, static, 1.0)

    def slope(t, state, _):
        q, v = state
        driven = (force * pulse(t) + phonon.anharmonic_force(scale * q)) / (scale * omega)
        return omega * v, driven - damping * v - omega * q

    rest = jnp.zeros((omega.shape[0], 2))
    begin, end = pulse.support
    longest = jnp.minimum(jnp.pi / (4 * jnp.max(omega)), (end - begin) / 16)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Dopri8(),
        times[0],
        times[-1],
        None,
        (rest, rest),
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
    flat = (times.shape[0], -1)
    return Motion(phonon, times, (scale * q).reshape(flat), (scale * omega * v).reshape(flat), solution.result)
