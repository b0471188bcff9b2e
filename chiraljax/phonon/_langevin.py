"""The noise of a heat bath, as `propagate` takes it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._base import AbstractModes
from ._propagate import free_motion

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(10)
_NODES = (_POINTS + 1) / 2


@eqx.filter_jit
def bath_noise(
    phonon: AbstractModes, square: Float[Array, " C"], ends: Float[Array, " ends"]
) -> Float[Array, "C ends 2 ends 2"]:
    """What standard normal numbers (C, ends, 2) are multiplied by for q and q̇ that the bath adds at `ends` of a step.

    The bath keeps ⟨q²⟩ at `square`: its force is √(2η k_BT_eff) ξ(t) with k_BT_eff = ω₀²⟨q²⟩. Between one end and the
    next, δ later, it adds a Gaussian with the covariance 2η k_BT_eff ∫₀^δ g gᵀ ds to the harmonic motion, where
    g = (q, q̇) is Green's function, and these then move freely: exact for any step. The integral is by Gauss's ten
    points, in the units δ of q and 1 of q̇, in which its condition is 14 for ω₀δ ≪ 1.

    A Runge–Kutta method for stochastic equations instead heats a weakly damped mode by its own error, more the smaller
    η: diffrax's ShARK with 64 steps a period by 0.4 % for KTaO₃; `benchmarks/langevin.py` has bias and cost.
    """
    modes = phonon.oscillators
    omega, damping = modes.angular_frequency, modes.damping
    gaps = jnp.diff(ends, prepend=0.0)
    green = free_motion(omega, damping, gaps[:, None] * _NODES)[..., 1]
    green = green.at[..., 0].divide(gaps[:, None])
    covariance = jnp.einsum("cjmd,cjme,m->cjde", green, green, _WEIGHTS / 2)
    width = (jnp.sqrt(2 * damping) * omega * jnp.sqrt(square))[:, None] * jnp.sqrt(gaps)
    units = jnp.stack([gaps, jnp.ones_like(gaps)], axis=-1)[:, :, None]
    root = width[..., None, None] * units * jnp.linalg.cholesky(covariance)
    later = np.tril(np.ones((len(ends), len(ends))))
    after = jnp.where(later, ends[:, None] - ends, 0.0)
    free = free_motion(omega, damping, after) * later[..., None, None]
    return jnp.einsum("cijde,cjef->cidjf", free, root)
