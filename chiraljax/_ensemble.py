"""The composed chain in a warm lattice: many random motions, and the distribution of what follows from them."""

import equinox as eqx
import jax
import jax.numpy as jnp
from diffrax import RESULTS
from jaxtyping import PRNGKeyArray

from ._errors import InputError, check
from ._tracing import is_traced
from ._types import Array, ArrayLike, Bool, Float, Int
from ._units import HBAR
from .brillouin import Quadrature
from .coupling import AbstractCoupling
from .materials import Material
from .observables import AbstractResult, FermiSurface, magnetization_curve
from .phonon import AbstractPhonon, Motion
from .pulse import AbstractPulse


class Distribution(eqx.Module):
    """A quantity in each of N motions, and its statistics at each time."""

    samples: Float[Array, "*grid N T"]

    @property
    def mean(self) -> Float[Array, "*grid T"]:
        return jnp.mean(self.samples, axis=-2)

    @property
    def spread(self) -> Float[Array, "*grid T"]:
        """Standard deviation of a single motion, from N − 1 degrees of freedom."""
        return jnp.std(self.samples, axis=-2, ddof=1)

    @property
    def standard_error(self) -> Float[Array, "*grid T"]:
        """Standard deviation of `mean`: spread/√N."""
        return self.spread / self.samples.shape[-2] ** 0.5


class EnsembleSimulation(AbstractResult):
    """N motions, and the moment on the grid mu.shape + temperature.shape for each of them at T times."""

    angular_momentum: Distribution
    """L, ħ"""
    inertia: Distribution
    """moment of inertia of the modes about the axis, q² of a `Phonon`, Å²u"""
    rotation: Distribution
    """Ω, rad/ps"""
    moment: Distribution
    """M_z, μ_B per cell, along the axis of rotation"""
    phonon: AbstractPhonon
    times: Float[Array, " T"]
    """ps"""
    q: Float[Array, "N T C"]
    """normal coordinates, Å√u"""
    velocity: Float[Array, "N T C"]
    """q̇, Å√u/ps"""
    error: Float[Array, "*grid"]
    """estimated absolute error of each motion's moment, of the k-sum and of the interpolation in Ω, μ_B per cell; the
    statistical error is not in it"""
    eigensolves: Int[Array, ""]
    converged: Bool[Array, ""]
    quadrature: Quadrature | FermiSurface

    @property
    def rotation_of_mean(self) -> Float[Array, " T"]:
        """ħ⟨L⟩/⟨q²⟩ in rad/ps: for harmonic modes the Ω that `KinematicRotation` gives the undisturbed motion."""
        return HBAR * self.angular_momentum.mean / self.inertia.mean

    @property
    def rotation_of_mean_error(self) -> Float[Array, " T"]:
        """Standard error of `rotation_of_mean` in rad/ps, the fluctuations of the inertia included."""
        remainder = HBAR * self.angular_momentum.samples - self.rotation_of_mean * self.inertia.samples
        return Distribution(remainder).standard_error / self.inertia.mean

    def motion(self, sample: int) -> Motion:
        """One of the motions."""
        return Motion(self.phonon, self.times, self.q[sample], self.velocity[sample], RESULTS.successful)


def simulate_ensemble(
    material: Material,
    pulse: AbstractPulse,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    lattice_temperature: ArrayLike,
    times: ArrayLike,
    samples: int,
    key: PRNGKeyArray,
    statistics: str = "quantum",
    coupling: AbstractCoupling | None = None,
    rotations: int = 6,
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 500_000,
    substeps: int | None = None,
) -> EnsembleSimulation:
    """M(t) of a pulse in a lattice at `lattice_temperature`: mean and spread over random motions in a heat bath.

    Each of `samples` motions starts from thermal equilibrium and is driven by the pulse and by the noise that belongs
    to its damping (`langevin`). M follows Ω adiabatically in each, by one M(Ω) for all, so the cost in electrons does
    not depend on their number.

    Ω of a motion is ħL/⟨q²⟩, its own angular momentum over the moment of inertia of the ensemble at that time. Then
    the mean of Ω is ⟨L⟩/⟨q²⟩, and since a bath leaves the mean of a harmonic motion undisturbed and adds q_T² to its
    square, that is L/(q² + q_T²) of `KinematicRotation`. Its own ħL/q² would not do: in thermal equilibrium that is
    ω₀/√2 times Student's t with two degrees of freedom, which has no variance, because q² may pass close to zero.
    A `coupling` is asked for the Ω of each motion by itself: `ConstantInertia` says what it means, but the thermal
    inertia that `KinematicRotation` adds would be there twice.

    Arguments: `mu` (eV, from the conduction-band edge), `temperature` of the electrons (K), any shapes;
    `lattice_temperature` (K), one number; `times` (T,) ps, equally spaced; `key` of `jax.random`; `statistics` and
    `substeps` as in `langevin`, the other arguments as in `magnetization`.

    Raises `InputError` for a material without a phonon, fewer than two samples or two rotations, and as `langevin`
    and `magnetization` do.
    """
    phonon = material.phonon
    if phonon is None:
        raise InputError("material", f"must have a phonon to be driven, but {material.name} has none")
    check(samples >= 2, "samples", f"must be at least 2, but got {samples}")
    check(rotations >= 2, "rotations", f"must be at least 2, but got {rotations}")
    check(
        coupling is None or not coupling.per_site, "coupling", "must be one rotation for all sites, but resolves them"
    )
    substeps = phonon.substeps(times) if substeps is None else substeps
    times = jnp.asarray(times, dtype=float)

    def sample(key):
        motion = phonon.langevin(
            pulse, times, temperature=lattice_temperature, key=key, statistics=statistics, substeps=substeps
        )
        inertia = jnp.einsum("ta,ab,tb->t", motion.q, phonon.inertia, motion.q)
        alone = None if coupling is None else coupling(motion)
        return motion.q, motion.velocity, motion.angular_momentum, inertia, alone

    q, velocity, momentum, inertia, rotation = jax.vmap(sample)(jax.random.split(key, samples))
    if rotation is None:
        rotation = HBAR * momentum / jnp.mean(inertia, axis=0)
    fastest = jax.lax.stop_gradient(jnp.max(jnp.abs(rotation)))
    moved = jnp.isfinite(fastest)
    check(is_traced(moved) or moved, "substeps", "must be larger for this phonon: a motion did not stay finite")
    curve = magnetization_curve(
        material.electrons,
        mu=mu,
        temperature=temperature,
        fastest=jnp.where(fastest > 0, fastest, 1.0),
        axis=phonon.axis if coupling is None else coupling.axis,
        nodes=rotations,
        rtol=rtol,
        atol=atol,
        normalisation=normalisation,
        quadrature=quadrature,
        max_eigensolves=max_eigensolves,
    )
    return EnsembleSimulation(
        angular_momentum=Distribution(momentum),
        inertia=Distribution(inertia),
        rotation=Distribution(rotation),
        moment=Distribution(curve(rotation)),
        phonon=phonon,
        times=times,
        q=q,
        velocity=velocity,
        error=curve.error,
        eigensolves=curve.eigensolves,
        converged=curve.converged & moved,
        quadrature=curve.quadrature,
    )
