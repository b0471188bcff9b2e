"""The composed chain, from a pulse to the magnetic moment."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from diffrax import RESULTS

from ._errors import InputError, check
from ._tracing import is_traced
from ._types import Array, ArrayLike, Bool, Float, Int
from .brillouin import Quadrature
from .coupling import AbstractCoupling, FixedRotation, KinematicRotation
from .materials import Material
from .observables import AbstractResult, FermiSurface, magnetization_curve, magnetization_path
from .phonon import Motion
from .pulse import AbstractPulse


class Simulation(AbstractResult):
    """The moment on the grid mu.shape + temperature.shape + times.shape, and what led to it."""

    moment: Float[Array, "*grid T"]
    """μ_B per cell, along the axis of rotation"""
    error: Float[Array, "*grid T"]
    """estimated absolute error of `moment`, of the k-sum and of the interpolation in Ω together, μ_B per cell"""
    rotation: Float[Array, "T *sites"]
    """Ω(t), rad/ps; of every site where the coupling resolves them"""
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
    surface: str = "screened",
    rotations: int = 6,
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 500_000,
    max_steps: int | None = None,
) -> Simulation:
    """M(t) of a pulse: the phonon is driven from rest, Ω(t) follows from it, M follows Ω adiabatically.

    M(Ω) is interpolated from `rotations` values of Ω up to max|Ω(t)| (see `magnetization_curve`), so the cost does
    not depend on the number of times. Nor does that of a coupling that resolves the sites (`SiteRotation`), which takes
    M at `rotations` + 4 patterns of Ω_i, and at two thirds of `rotations` more for each further direction that the
    patterns take, 18 to 22 in KTaO₃, of k-sums with a part of the symmetries; only where these are not accurate enough
    is it one k-sum a time (see `observables.magnetization_path`).

    Arguments: `mu` (eV, from the conduction-band edge), `temperature` of the electrons (K), any shapes;
    `times` (T,) ps, increasing, the phonon at rest at the first; `coupling`, `KinematicRotation` about the phonon's
    axis unless given; `surface` as in `Phonon.drive`, "fresnel" for a pulse outside the crystal; the others as in
    `magnetization`.

    Raises `InputError` for a material without a phonon, for a coupling about another axis, for a motion that
    `max_steps` (see `drive`) did not bring to its end (under `jit`, where nothing raises, the error is infinite and
    `converged` false), and as `drive` and `magnetization` do.
    """
    if material.phonon is None:
        raise InputError("material", f"must have a phonon to be driven, but {material.name} has none")
    check(rotations >= 2, "rotations", f"must be at least 2, but got {rotations}")
    phonon = material.phonon
    coupling = KinematicRotation(axis=phonon.axis) if coupling is None else coupling
    check(
        isinstance(coupling, FixedRotation) or np.allclose(coupling.axis, phonon.axis, atol=1e-9),
        "coupling",
        f"must have the axis of the phonon, {list(phonon.axis)}, but has {list(coupling.axis)}",
    )
    motion = phonon.drive(pulse, times, surface=surface, max_steps=max_steps)
    moved = motion.status == RESULTS.successful
    check(
        is_traced(moved) or moved,
        "max_steps",
        "must be larger for this pulse and these times: the motion of the phonon did not reach their end",
    )
    rotation = coupling(motion)
    options: dict[str, Any] = {
        "mu": mu,
        "temperature": temperature,
        "axis": coupling.axis,
        "rtol": rtol,
        "atol": atol,
        "normalisation": normalisation,
        "quadrature": quadrature,
        "max_eigensolves": max_eigensolves,
    }
    if coupling.per_site:
        found = magnetization_path(material.electrons, rotation=rotation, nodes=rotations, **options)
        moment, error = found.moment, found.error
    else:
        fastest = jax.lax.stop_gradient(jnp.max(jnp.abs(rotation)))
        fastest = jnp.where(fastest > 0, fastest, 1.0)
        found = magnetization_curve(material.electrons, fastest=fastest, nodes=rotations, **options)
        moment, error = found(rotation), found.error[..., None]
    worst = jnp.where(moved, 0.0, jnp.inf) + error
    return Simulation(
        moment=moment,
        error=jnp.broadcast_to(worst, moment.shape),
        rotation=rotation,
        motion=motion,
        eigensolves=found.eigensolves,
        converged=found.converged & moved,
        quadrature=found.quadrature,
    )
