"""The composed chain, from a pulse to the magnetic moment."""

import jax
import jax.numpy as jnp
import numpy as np
from diffrax import RESULTS

from ._checks import is_traced
from ._errors import InputError, check
from ._types import Array, ArrayLike, Bool, Float, Int
from .brillouin import Quadrature
from .coupling import AbstractCoupling, KinematicRotation
from .materials import Material
from .observables import AbstractResult, FermiSurface, magnetization
from .phonon import Motion
from .pulse import AbstractPulse


class Simulation(AbstractResult):
    """The moment on the grid mu.shape + temperature.shape + times.shape, and what led to it."""

    moment: Float[Array, "*grid T"]
    """μ_B per cell, along the axis of rotation"""
    error: Float[Array, "*grid T"]
    """estimated absolute error of `moment`, of the k-sum and of the interpolation in Ω together, μ_B per cell"""
    rotation: Float[Array, " T"]
    """Ω(t), rad/ps"""
    motion: Motion
    eigensolves: Int[Array, ""]
    """diagonalisations spent"""
    converged: Bool[Array, ""]
    """whether the phonon's motion reached the end and the k-sum met its tolerance"""
    quadrature: Quadrature | FermiSurface
    """the last rule used; pass it on to repeat the simulation under `jit` or for a gradient"""


def simulate(
    material: Material,
    pulse: AbstractPulse,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    times: ArrayLike,
    coupling: AbstractCoupling | None = None,
    rotations: int = 6,
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 500_000,
    max_steps: int | None = None,
) -> Simulation:
    """M(t) of a pulse: the phonon is driven from rest, Ω(t) follows from it, M follows Ω adiabatically.

    Time reversal makes M an odd function of Ω. It is evaluated at `rotations` Chebyshev nodes in
    0 < Ω ≤ max|Ω(t)| and interpolated by the odd polynomial through them, so the cost does not depend
    on the number of times. The last coefficient of that polynomial is the interpolation error.

    Arguments: `mu` (eV, from the conduction-band edge), `temperature` of the electrons (K), any shapes;
    `times` (T,) ps, increasing, the phonon at rest at the first; `coupling`, `KinematicRotation` unless
    given; the others as in `magnetization`.

    Raises `InputError` for a material without a phonon, for a motion that `max_steps` (see `drive`) did not
    bring to its end (under `jit`, where nothing raises, the error is infinite and `converged` false), and as
    `drive` and `magnetization` do.
    """
    if material.phonon is None:
        raise InputError(f"material must have a phonon to be driven, but {material.name} has none")
    check(rotations >= 2, f"rotations must be at least 2, but got {rotations}")
    coupling = KinematicRotation() if coupling is None else coupling
    motion = material.phonon.drive(pulse, times, max_steps=max_steps)
    moved = motion.status == RESULTS.successful
    check(
        is_traced(moved) or moved,
        "max_steps must be larger for this pulse and these times: the motion of the phonon did not reach their end",
    )
    rotation = coupling(motion)
    fastest = jax.lax.stop_gradient(jnp.max(jnp.abs(rotation)))
    fastest = jnp.where(fastest > 0, fastest, 1.0)
    angles = np.pi * (2 * np.arange(rotations) + 1) / (4 * rotations)
    result = magnetization(
        material.electrons,
        mu=mu,
        temperature=temperature,
        rotation=fastest * np.cos(angles),
        axis=coupling.axis,
        rtol=rtol,
        atol=atol,
        normalisation=normalisation,
        quadrature=quadrature,
        max_eigensolves=max_eigensolves,
    )
    odd = 2 * np.arange(rotations) + 1
    to_coefficients = 2 / rotations * np.cos(odd[:, None] * angles)
    coefficients = result.moment @ to_coefficients.T
    moment = jnp.sum(coefficients[..., None, :] * _chebyshev(rotation / fastest, rotations), axis=-1)
    worst = (
        jnp.where(moved, 0.0, jnp.inf)
        + jnp.max(result.error, axis=-1)
        + jnp.abs(jax.lax.stop_gradient(coefficients[..., -1]))
    )
    return Simulation(
        moment=moment,
        error=jnp.broadcast_to(worst[..., None], moment.shape),
        rotation=rotation,
        motion=motion,
        eigensolves=result.eigensolves,
        converged=result.converged & moved,
        quadrature=result.quadrature,
    )


def _chebyshev(x: Float[Array, " T"], terms: int) -> Float[Array, "T terms"]:
    """T_1, T_3, T_5, … at x by their recurrence, whose derivative is finite at x = ±1 too."""
    columns = [x, 4 * x**3 - 3 * x]
    for _ in range(2, terms):
        columns.append((4 * x**2 - 2) * columns[-1] - columns[-2])
    return jnp.stack(columns[:terms], axis=-1)
