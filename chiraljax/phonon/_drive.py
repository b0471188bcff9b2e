"""The driven motion of a lattice."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._units import FIELD_FORCE
from ..pulse import AbstractPulse
from ._base import AbstractModes
from ._motion import Motion

_TOLERANCE = 1e-13


@eqx.filter_jit
def drive(
    phonon: AbstractModes,
    pulse: AbstractPulse,
    times: Float[Array, " T"],
    initial: tuple[Float[Array, " C"], Float[Array, " C"]],
    max_steps: int,
) -> Motion:
    """Solve q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞ (Eq. 4 of the paper).

    Dopri8 with adaptive steps, at most an eighth of the shortest period and a sixteenth of the pulse, so
    that no pulse is stepped over. The unknowns are q and q̇/ω₀ over the static response to the peak field, or over the
    initial amplitude if that is larger, so the tolerance means the same for every pulse. `DirectAdjoint` is the one
    adjoint of diffrax that works in forward and in reverse mode; `benchmarks/drive.py` has its cost.
    """
    modes = phonon.oscillators
    omega, damping = modes.angular_frequency, modes.damping
    force = modes.charges * FIELD_FORCE / phonon.dielectric_constant
    static = jnp.max(jnp.linalg.norm(force, axis=-1) / omega**2) * pulse.peak_field
    q, velocity = initial
    begun = jnp.max(jnp.maximum(jnp.abs(q), jnp.abs(velocity / omega)))
    largest = jax.lax.stop_gradient(jnp.maximum(static, begun))
    field = pulse.prepared()
    scale = jnp.where(largest > 0, largest, 1.0)

    def slope(t, state, _):
        q, v = state
        driven = (force @ field(t) + phonon.anharmonic_force(scale * q)) / (scale * omega)
        return omega * v, driven - damping * v - omega * q

    begin, end = pulse.support
    longest = jnp.minimum(jnp.pi / (4 * jnp.max(omega)), (end - begin) / 16)
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
    return Motion(phonon, times, scale * q, scale * omega * v, solution.result)
