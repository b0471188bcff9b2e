"""The interface of integrators of the equation of motion."""

import abc

from jaxtyping import Array, Float

from .._module import Module
from ..pulse import AbstractPulse
from ._base import AbstractModes, State
from ._bath import HeatBath
from ._motion import Motion


class AbstractSteps(Module):
    """A way to solve q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞, Eq. 4 of Geilhufe and Hergert (2023)."""

    @abc.abstractmethod
    def motion(
        self,
        phonon: AbstractModes,
        pulse: AbstractPulse,
        times: Float[Array, " T"],
        initial: State,
        bath: HeatBath | None = None,
    ) -> Motion:
        """The motion at increasing `times` (T,) in ps from `initial`, q (C,) in Å√u and q̇ (C,) in Å√u/ps.

        `Phonon.drive` checks the arguments.

        Raises:
            InputError: for a bath, times or a field that these steps do not support.
        """
