"""The driven motion of a phonon in fixed steps, whose gradient costs about two drives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from diffrax import RESULTS
from jaxtyping import Array, Float, PRNGKeyArray

from .._units import FIELD_FORCE
from ._base import AbstractModes
from ._motion import Motion

STAGES, _QUADRATURE = 4, 10
_PICARD = 6
"""Iterations of the anharmonic force; each takes its error down by (ωh)²/2 · V''/ω², at most 1/13 · V''/ω²."""
STEPS_PER_PERIOD = 16


def _unit_gauss(points: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return (nodes + 1) / 2, weights / 2


NODES, WEIGHTS = _unit_gauss(STAGES)
"""Gauss's rule on the unit step."""
_ENDS = np.append(NODES, 1.0)
_INNER, _INNER_WEIGHTS = _unit_gauss(_QUADRATURE)
_LAGRANGE = np.stack(
    [
        np.prod([(_ENDS[:, None] * _INNER - other) / (node - other) for other in NODES if other != node], axis=0)
        for node in NODES
    ],
    axis=-1,
)
"""(end, inner node, stage): the polynomial that is one at its stage and zero at the others."""


def step_nodes(times: Float[Array, " T"], substeps: int) -> Float[Array, "steps stages"]:
    """The times (ps) at which `propagate` wants the field: Gauss's nodes of each of `substeps` steps an interval."""
    steps = (times.shape[0] - 1) * substeps
    step = (times[-1] - times[0]) / steps
    return times[0] + step * (jnp.arange(steps, dtype=float)[:, None] + NODES)


def step_ends(times: Float[Array, " T"], substeps: int) -> Float[Array, " ends"]:
    """How far into each step (ps) `propagate` knows the motion: at Gauss's nodes and at its end."""
    return (times[-1] - times[0]) / ((times.shape[0] - 1) * substeps) * _ENDS


@eqx.filter_jit
def propagate(
    phonon: AbstractModes,
    field: Float[Array, "steps stages 2"],
    times: Float[Array, " T"],
    substeps: int,
    harmonic: bool,
    initial: tuple[Float[Array, " C"], Float[Array, " C"]] | None = None,
    noise: tuple[Float[Array, "C ends 2 ends 2"], PRNGKeyArray] | None = None,
) -> Motion:
    """Solve the equation of `drive` in equal steps, from the field (MV/cm) at `step_nodes`; from rest unless given.

    `noise`: q and q̇ that independent standard normal numbers add up to at `step_ends` of each step, and their key.

    Collocation: over a step the field and the anharmonic force are the polynomials through their values at Gauss's four
    nodes, and the harmonic motion is exact, so the error is of eighth order in the step. The whole field
    enters before the loop over steps, whose reverse therefore costs the same for any number of pulse parameters.
    """
    modes = phonon.oscillators
    step = (times[-1] - times[0]) / field.shape[0]
    free = free_motion(modes.angular_frequency, modes.damping, step * _ENDS)
    green = free_motion(modes.angular_frequency, modes.damping, step * _ENDS[:, None] * (1 - _INNER))[..., 1]
    response = step * jnp.einsum("cemd,emj,e,m->cedj", green, _LAGRANGE, _ENDS, _INNER_WEIGHTS)
    to_end, to_nodes = response[:, -1], response[:, :-1, 0]
    gain = modes.charges * FIELD_FORCE / phonon.dielectric_constant
    force = jnp.einsum("ca,sja->scj", gain, field)

    known = slice(-1, None) if harmonic else slice(None)

    def advance(state, inputs):
        force, key = inputs
        undisturbed = jnp.einsum("cide,ce->cid", free[:, known], state)
        if noise is not None:
            normal = jax.random.normal(key, (len(gain), len(_ENDS), 2))
            undisturbed += jnp.einsum("cidje,cje->cid", noise[0][:, known], normal)
        if not harmonic:
            inner = jnp.zeros_like(force)
            for _ in range(_PICARD):
                q = undisturbed[:, :-1, 0] + jnp.einsum("cij,cj->ci", to_nodes, force + inner)
                inner = phonon.anharmonic_force(q.T).T
            force = force + inner
        state = undisturbed[:, -1] + jnp.einsum("cdj,cj->cd", to_end, force)
        return state, state

    begin = jnp.zeros((len(gain), 2)) if initial is None else jnp.stack(initial, axis=-1)
    keys = None if noise is None else jax.random.split(noise[1], len(force))
    _, states = jax.lax.scan(advance, begin, (force, keys))
    states = jnp.concatenate([begin[None], states[substeps - 1 :: substeps]])
    return Motion(phonon, times, states[..., 0], states[..., 1], RESULTS.successful)


def free_motion(
    omega: Float[Array, " C"], damping: Float[Array, " C"], t: Float[Array, "*times"]
) -> Float[Array, "C *times 2 2"]:
    """exp(At), A = [[0, 1], [−ω₀², −η]]: (q, q̇) a time t later; the second column is Green's function.

    With α = η/2 and x = (ω₀² − α²)t² it is e^{−αt} [cos√x + (A + α)t sin√x/√x], by series in x that hold in every
    regime of damping; 13 terms are exact to roundoff for |x| < 8.
    """
    columns = (slice(None), *[None] * t.ndim)
    omega, half = omega[columns], damping[columns] / 2
    x = (omega**2 - half**2) * t**2
    decay = jnp.exp(-half * t)
    cosine, sine = decay * _series(x, 0), decay * t * _series(x, 1)
    rows = [[cosine + half * sine, sine], [-(omega**2) * sine, cosine - half * sine]]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


def _series(x: Float[Array, "*shape"], odd: int) -> Float[Array, "*shape"]:
    """cos√x, or sin√x/√x if `odd`, by Horner's rule."""
    total = jnp.ones_like(x)
    for n in range(13, 0, -1):
        total = 1 - x / ((2 * n + odd) * (2 * n + odd - 1)) * total
    return total
