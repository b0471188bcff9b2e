"""One simulation: from a pulse to the magnetic moment."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np

from .._door import door
from .._errors import check
from .._lazy import xr
from .._progress import working
from .._result import quantity
from .._tracing import concrete, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int
from .._warnings import silent, tell
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature
from ..coupling import AbstractCoupling
from ..materials import Material
from ..observables import Filling
from ..phonon import AbstractSteps, AutomaticSteps, Motion, warn_of_last
from ..pulse import AbstractPulse
from ._chain import Chain
from ._improbable import improbable_simulation


class Simulation(AbstractSum):
    """M(t) on the grid mu.shape + temperature.shape + times.shape, with the motion and the rotation."""

    chain: Chain
    motion: Motion
    moment: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"), error="error")
    """along the axis of rotation"""
    error: Float[Array, "*grid T"] = quantity("mu_B/cell", ("mu", "temperature", "time"))
    """estimated absolute error of `moment`, of k-sum and interpolation in Ω together"""
    rotation: Float[Array, "T *sites"] = quantity("rad/ps", ("time", "atom"))
    """Ω(t); of every site if the coupling is per site"""
    carriers: Float[Array, "*grid"] = quantity("1/cell", ("mu", "temperature"))
    """electrons minus holes in the electrons at rest"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    """whether the motion reached the last time and the k-sum met its tolerance"""
    rule: Quadrature | FermiSurface
    """the last rule used; `Accuracy(rule=…)` repeats the simulation under `jit` or for a gradient"""

    @property
    def status(self) -> str:
        """Status of the motion if it did not reach the last time, else of the k-sum."""
        return super().status if self.motion.status == "converged" else self.motion.status

    def _remarks(self) -> dict[str, str]:
        """The largest |M|, Ω, L and displacement with their times, and the pulse; nothing while they are traced."""
        motion, pulse = self.motion, self.chain.pulse
        values = [self.moment, self.error, self.rotation, motion.times, motion.displacements, motion.angular_momentum]
        known = [part for value in (*values, pulse.fluence, pulse.peak_field) if (part := concrete(value)) is not None]
        if len(known) < len(values) + 2 or known[0].size == 0 or np.ndim(motion.times) != 1:
            return {}
        moment, error, rotation, times, moved, momentum, fluence, field = known
        place = np.unravel_index(np.argmax(np.abs(moment)), moment.shape)
        filled = [
            f"{symbol} = {np.asarray(values)[index]:.6g} {unit}"
            for symbol, values, index, unit in (
                ("μ", self.mu, place[: np.ndim(self.mu)], "eV"),
                ("T", self.temperature, place[np.ndim(self.mu) : -1], "K"),
            )
        ]
        distance = np.linalg.norm(moved, axis=-1)
        moment_row = (
            f"{moment[place]:.4g} ± {error[place]:.1g} μ_B/cell at {times[place[-1]]:.6g} ps, {', '.join(filled)}"
        )
        return {
            "peak M": moment_row,
            "peak Ω": _peak(rotation.reshape(len(times), -1), times, "rad/ps"),
            "peak L": _peak(momentum[:, None], times, "ħ"),
            "largest |u|": _peak(distance, times, "Å"),
            "pulse": f"fluence {fluence:.4g} mJ/cm², peak field {field:.4g} MV/cm",
        }

    def to_xarray(self) -> "xr.Dataset":
        """Moment, motion, rotation and field."""
        own, motion = super().to_xarray(), self.motion.to_xarray()
        field = ("time", "component"), self.chain.pulse(self.motion.times), {"units": "MV/cm"}
        return xr.merge([own, motion], combine_attrs="override").assign(field=field)


def _peak(values: np.ndarray, times: np.ndarray, unit: str) -> str:
    """The value (T, n) of largest size, and its time."""
    row, column = np.unravel_index(np.argmax(np.abs(values)), values.shape)
    return f"{values[row, column]:.4g} {unit} at {times[row]:.6g} ps"


@door
def simulate(
    material: Material | str | Path,
    pulse: AbstractPulse,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    times: ArrayLike,
    coupling: AbstractCoupling | str | None = None,
    surface: str = "screened",
    steps: AbstractSteps = AutomaticSteps(),
    accuracy: Accuracy = Accuracy(),
    progress: bool = False,
) -> Simulation:
    """M(t) of a pulse: the phonon is driven from rest, Ω(t) follows from it, M follows Ω adiabatically.

    M(Ω) is interpolated from a few values of Ω, so the cost does not depend on the number of times (see
    `magnetization_path`).

    Args:
        material: with a phonon; itself, or as `load_material` takes it.
        mu: eV from the conduction-band edge, any shape.
        temperature: K, of the electrons, any shape.
        times: (T,) ps, increasing; the phonon is at rest at the first. A warning names the time until which to go if
            |Ω| is largest at the last while the pulse is not over.
        coupling: from the motion to Ω(t), `KinematicRotation` unless given; or its name in files.
        surface: "screened", or "fresnel" for a pulse outside the crystal, as in `Phonon.drive`.
        steps: how the motion is integrated.
        accuracy: of the sum over the zone.
        progress: whether to show on standard error what is computed and for how long.

    Raises:
        InputError: for a material without a phonon, a motion that ran out of steps (under `jit`, where nothing raises,
            the error is infinite and `converged` is false), and as `Phonon.drive` and `magnetization` do.
    """
    chain = Chain.of(material, pulse, coupling, Filling(mu, temperature))
    with silent(), working("Driving the phonon", progress):
        motion = chain.motion(times, steps=steps, surface=surface)
    check(
        is_traced(motion.converged) or motion.converged,
        "steps",
        "must be more for this pulse and these times, but the motion ran out of them before the last time",
    )
    rotation = chain.rotation(motion)
    warn_of_last(pulse, motion.times, rotation, "Ω")
    with silent(), working("Summing over the zone", progress):
        path = chain.moment(rotation, accuracy)
    return Simulation(
        moment=path.moment,
        error=path.error + jnp.where(motion.converged, 0.0, jnp.inf),
        rotation=rotation,
        carriers=path.carriers,
        mu=path.mu,
        temperature=path.temperature,
        motion=motion,
        chain=chain,
        eigensolves=path.eigensolves,
        interpolated=path.interpolated,
        converged=path.converged & motion.converged,
        rule=path.rule,
        warnings=tell(improbable_simulation(chain, rotation, motion)),
    )
