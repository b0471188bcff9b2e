"""Motion, rotation and moment of a pulse."""

import numpy as np
from jaxtyping import Array, Float

from .._lazy import xr
from .._result import AbstractResult, quantity
from .._types import Scalar
from ..phonon import Motion
from ..pulse import AbstractPulse


class Outcome(AbstractResult):
    """Motion, rotation and moment of a pulse; an objective is a function of it."""

    pulse: AbstractPulse
    motion: Motion
    times: Float[Array, " T"] = quantity("ps", ("time",), label="time")
    """equally spaced"""
    rotation: Float[Array, "T *sites"] = quantity("rad/ps", ("time", "atom"))
    """Ω(t); of every site if the coupling is per site"""
    moment: Float[Array, " T"] = quantity("mu_B/cell", ("time",))
    """M(t); NaN without a chemical potential and a temperature"""
    fluence: Scalar = quantity("mJ/cm^2")
    """of the field between the first and the last time"""

    @property
    def status(self) -> str:
        return self.motion.status

    def to_xarray(self) -> "xr.Dataset":
        """Field, motion, Ω and M on the axis time, with units."""
        field = ("time", "component"), np.asarray(self.pulse(self.times)), {"units": "MV/cm"}
        merged = xr.merge([super().to_xarray(), self.motion.to_xarray()], combine_attrs="override")
        return merged.assign(field=field)
