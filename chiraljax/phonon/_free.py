"""The free motion of damped oscillators in closed form, and the rule for its integrals."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


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


def gauss(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss's rule on the unit interval."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    return (nodes + 1) / 2, weights / 2


def _series(x: Float[Array, "*shape"], odd: int) -> Float[Array, "*shape"]:
    """cos√x, or sin√x/√x if `odd`, by Horner's rule."""
    total = jnp.ones_like(x)
    for n in range(13, 0, -1):
        total = 1 - x / ((2 * n + odd) * (2 * n + odd - 1)) * total
    return total
