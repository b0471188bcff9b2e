"""The chain from a pulse to the magnetic moment."""

from pathlib import Path

from .._door import door
from .._errors import InputError
from .._module import Module
from .._types import Array, ArrayLike, Float
from ..brillouin import Accuracy
from ..coupling import AbstractCoupling, KinematicRotation, coupling_of
from ..electrons import Electrons
from ..materials import Material, material_of
from ..observables import (
    MOST_NODES,
    AbstractInterpolant,
    Filling,
    MagnetizationCurve,
    MagnetizationPath,
    magnetization_curve,
    magnetization_path,
)
from ..phonon import AbstractSteps, AutomaticSteps, HeatBath, Motion, Phonon
from ..pulse import AbstractPulse, GaussianPulse


class Chain(Module):
    """E(t) → u(t) → Ω(t) → M(Ω) → M(t), step by step.

    Every calculation from a pulse to a moment goes through here: one simulation, an ensemble, the search for a pulse,
    a sweep. They differ in how the motion is integrated and in the accuracy of the sum over the zone; both are passed
    in.
    """

    electrons: Electrons
    phonon: Phonon | None
    """None if nothing is driven"""
    pulse: AbstractPulse
    coupling: AbstractCoupling
    filling: Filling | None
    """None if no moment is wanted"""

    @classmethod
    @door
    def of(
        cls,
        material: Material | str | Path,
        pulse: AbstractPulse | None = None,
        coupling: AbstractCoupling | str | None = None,
        filling: Filling | None = None,
    ) -> "Chain":
        """The chain of a material; `pulse` is that of the paper and `coupling` `KinematicRotation` unless given.

        Args:
            material: itself, or as `load_material` takes it.
            coupling: itself, or its name in files with the defaults of its class.
        """
        material = material_of(material)
        return cls(
            material.electrons,
            material.phonon,
            GaussianPulse() if pulse is None else pulse,
            KinematicRotation() if coupling is None else coupling_of(coupling),
            filling,
        )

    @property
    def driven(self) -> Phonon:
        """The phonon.

        Raises:
            InputError: for a material without one.
        """
        if self.phonon is None:
            raise InputError("material", "must have a phonon to be driven, but has none")
        return self.phonon

    @property
    def axis(self) -> tuple[float, float, float]:
        """Unit vector about which the lattice turns, and along which M is the moment; z without a phonon."""
        return (0.0, 0.0, 1.0) if self.phonon is None else self.coupling.axis_of(self.phonon)

    def motion(
        self,
        times: ArrayLike,
        *,
        steps: AbstractSteps = AutomaticSteps(),
        surface: str = "screened",
        initial: tuple[ArrayLike, ArrayLike] | None = None,
        bath: HeatBath | None = None,
    ) -> Motion:
        """The motion of the phonon, from rest at the first of `times` (T,) in ps; see `Phonon.drive`."""
        return self.driven.drive(self.pulse, times, steps=steps, surface=surface, initial=initial, bath=bath)

    def rotation(self, motion: Motion) -> Float[Array, "T *sites"]:
        """Ω(t) in rad/ps that the electrons feel; of every site if the coupling is per site."""
        return self.coupling(motion)

    def response(
        self, rotation: ArrayLike | AbstractInterpolant, accuracy: Accuracy, most: int = MOST_NODES
    ) -> MagnetizationCurve:
        """M(Ω) up to the largest `rotation`; see `magnetization_curve`."""
        filling = self._filled
        return magnetization_curve(
            self.electrons,
            mu=filling.mu,
            temperature=filling.temperature,
            paired=filling.paired,
            rotation=rotation,
            axis=self.axis,
            per_site=self.coupling.per_site,
            accuracy=accuracy,
            most=most,
        )

    def moment(self, rotation: Float[Array, "..."], accuracy: Accuracy) -> MagnetizationPath:
        """M(t) along Ω (..., T) or Ω_i (..., T, sites) in rad/ps: the electrons follow the rotation adiabatically."""
        filling = self._filled
        return magnetization_path(
            self.electrons,
            mu=filling.mu,
            temperature=filling.temperature,
            rotation=rotation,
            axis=self.axis,
            per_site=self.coupling.per_site,
            accuracy=accuracy,
        )

    @property
    def _filled(self) -> Filling:
        if self.filling is None:
            raise InputError("mu and temperature", "must be given for a moment, but are not")
        return self.filling
