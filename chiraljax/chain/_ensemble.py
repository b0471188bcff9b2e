"""Many simulations in a warm lattice, and the distribution of their results."""

from pathlib import Path

import jax
import jax.numpy as jnp

from .._door import door
from .._errors import check
from .._module import Module
from .._progress import working
from .._result import quantity
from .._tracing import is_traced
from .._types import Array, ArrayLike, Bool, Float, Int
from .._warnings import silent, tell
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..coupling import AbstractCoupling
from ..materials import Material
from ..observables import Filling
from ..phonon import FixedSteps, HeatBath, Motion, warn_of_last
from ..pulse import AbstractPulse
from ..units import HBAR
from ._chain import Chain
from ._improbable import improbable_simulation


class Distribution(Module):
    """A quantity in each of N motions, and its statistics at each time."""

    samples: Float[Array, "..."]
    axis: int = -2
    """the axis of the motions"""

    @property
    def mean(self) -> Float[Array, "..."]:
        return jnp.mean(self.samples, axis=self.axis)

    @property
    def spread(self) -> Float[Array, "..."]:
        """Standard deviation of a single motion, from N − 1 degrees of freedom."""
        return jnp.std(self.samples, axis=self.axis, ddof=1)

    @property
    def standard_error(self) -> Float[Array, "..."]:
        """Standard deviation of `mean`: spread/√N."""
        return self.spread / self.samples.shape[self.axis] ** 0.5


class EnsembleSimulation(AbstractSum):
    """N motions, and the moment on the grid mu.shape + temperature.shape for each of them at T times."""

    chain: Chain
    times: Float[Array, " T"] = quantity("ps", ("time",), label="time")
    q: Float[Array, "N T C"] = quantity("angstrom sqrt(u)", ("sample", "time", "coordinate"))
    """normal coordinates"""
    velocity: Float[Array, "N T C"] = quantity("angstrom sqrt(u)/ps", ("sample", "time", "coordinate"))
    """q̇"""
    rotations: Float[Array, "N T *sites"] = quantity("rad/ps", ("sample", "time", "atom"))
    """Ω of each motion"""
    moments: Float[Array, "*grid N T"] = quantity("mu_B/cell", ("mu", "temperature", "sample", "time"))
    """M_z of each motion, along the axis of rotation"""
    error: Float[Array, "*grid"] = quantity("mu_B/cell", ("mu", "temperature"))
    """estimated absolute error of each motion's moment, of k-sum and interpolation in Ω, without the statistical
    error"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    rule: Quadrature | FermiSurface

    @property
    def cost(self) -> str:
        return f"{self.q.shape[0]:,} motions, {super().cost}"

    @property
    def moment(self) -> Distribution:
        """M_z in μ_B per cell."""
        return Distribution(self.moments)

    @property
    def rotation(self) -> Distribution:
        """Ω in rad/ps."""
        return Distribution(self.rotations, axis=0)

    @property
    def angular_momentum(self) -> Distribution:
        """L in ħ."""
        turning = self.chain.driven.turning
        return Distribution(jnp.einsum("nta,ab,ntb->nt", self.q, turning, self.velocity) / HBAR)

    @property
    def inertia(self) -> Distribution:
        """Moment of inertia of the modes about the axis, q² of degenerate pairs, in Å²u."""
        return Distribution(jnp.einsum("nta,ab,ntb->nt", self.q, self.chain.driven.inertia, self.q))

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
        return Motion(self.chain.driven, self.times, self.q[sample], self.velocity[sample])


@door
def simulate_ensemble(
    material: Material | str | Path,
    pulse: AbstractPulse,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    lattice_temperature: ArrayLike,
    times: ArrayLike,
    samples: int,
    seed: int = 0,
    statistics: str = "quantum",
    coupling: AbstractCoupling | str | None = None,
    steps: FixedSteps = FixedSteps(),
    accuracy: Accuracy = Accuracy(),
    progress: bool = False,
) -> EnsembleSimulation:
    """M(t) of a pulse in a lattice at `lattice_temperature`: mean and spread over random motions in a heat bath.

    Each motion starts from thermal equilibrium and is driven by the pulse and by the noise that belongs to its damping
    (`HeatBath`). M follows Ω adiabatically. One M(Ω) serves all motions, so the number of diagonalisations does not
    grow with `samples`.

    Without a `coupling`, Ω of a motion is ħL/⟨q²⟩: its own angular momentum over the mean moment of inertia of the
    ensemble at that time. The mean of Ω is then ħ⟨L⟩/⟨q²⟩. A bath does not change the mean of a harmonic motion and
    adds q_T² to its square, so this is ħL/(q² + q_T²) of `KinematicRotation`. The ratio ħL/q² of one motion has no
    variance, because q² may pass close to zero: in thermal equilibrium it is ω₀/√2 times Student's t with two degrees
    of freedom.

    Args:
        material: as in `simulate`.
        mu: eV from the conduction-band edge, any shape.
        temperature: K, of the electrons, any shape.
        lattice_temperature: K, one number.
        times: (T,) ps, equally spaced; a warning as of `simulate` if the mean of |Ω| is largest at the last.
        samples: number of motions, at least two.
        seed: of the random numbers.
        statistics: as in `HeatBath`.
        coupling: gives Ω of each motion by itself, such as `ConstantInertia`. `KinematicRotation` and `SiteRotation`
            would count the thermal inertia twice.
        steps: how the motion is integrated.
        accuracy: of the sum over the zone.
        progress: whether to show on standard error what is computed and for how long.

    Raises:
        InputError: for a material without a phonon, fewer than two samples, and as `Phonon.drive` and `magnetization`
            do.
    """
    check(samples >= 2, "samples", f"must be at least 2, but got {samples}")
    chain = Chain.of(material, pulse, coupling, Filling(mu, temperature))
    times = jnp.asarray(times, dtype=float)
    steps = steps.resolving(chain.driven, times)

    def sample(key):
        motion = chain.motion(times, steps=steps, bath=HeatBath(lattice_temperature, key, statistics))
        return motion.q, motion.velocity, None if coupling is None else chain.rotation(motion)

    with silent(), working(f"Driving {samples} motions", progress):
        q, velocity, rotation = jax.vmap(sample)(jax.random.split(jax.random.key(seed), samples))
    if rotation is None:
        momentum = jnp.einsum("nta,ab,ntb->nt", q, chain.driven.turning, velocity)
        rotation = momentum / jnp.mean(jnp.einsum("nta,ab,ntb->nt", q, chain.driven.inertia, q), axis=0)
    finite = jnp.all(jnp.isfinite(rotation))
    check(
        is_traced(finite) or finite,
        "steps",
        "must be more for this phonon, but a motion did not stay finite with these",
    )
    warn_of_last(pulse, times, jnp.mean(rotation, axis=0), "Ω")
    with silent(), working("Summing over the zone", progress):
        curve = chain.response(rotation, accuracy)
    return EnsembleSimulation(
        chain=chain,
        times=times,
        q=q,
        velocity=velocity,
        rotations=rotation,
        moments=curve(rotation),
        error=curve.error,
        mu=curve.mu,
        temperature=curve.temperature,
        eigensolves=curve.eigensolves,
        interpolated=curve.interpolated,
        converged=curve.converged & finite,
        rule=curve.rule,
        warnings=tell(improbable_simulation(chain, rotation)),
    )
