"""The fixed steps of the motion in a search, and Gauss's rule on them."""

import math

import equinox as eqx
from jaxtyping import Array, Float

from .._types import ArrayLike, real
from ..phonon import FixedSteps, Motion, Phonon


class Steps(eqx.Module):
    """Equal steps between the `times`, with Gauss's nodes in each step."""

    times: Float[Array, " T"]
    """ps"""
    fixed: FixedSteps

    @classmethod
    def of(cls, phonon: Phonon, times: ArrayLike) -> "Steps":
        """The steps that the motion of `phonon` needs; raises `InputError` for times that are not equally spaced."""
        return cls(real(times), FixedSteps().resolving(phonon, real(times)))

    @property
    def nodes(self) -> Float[Array, " N"]:
        """The times in ps at which the field is wanted."""
        return self.fixed.nodes(self.times)[0].ravel()

    def rule(self, start: float, end: float) -> tuple[Float[Array, " N"], Float[Array, " N"], int]:
        """Times and weights (ps) of Gauss's rule on these steps, continued to `start` and `end`.

        The third result is the number of times before the first step.
        """
        first, last = float(self.times[0]), float(self.times[-1])
        length = (last - first) / len(self.fixed.nodes(self.times)[0])
        before, after = max(0, math.ceil((first - start) / length)), max(0, math.ceil((end - last) / length))
        times, weights = self.fixed.nodes(self.times, before, after)
        return times.ravel(), weights.ravel(), before * self.fixed.stages

    def motion(self, phonon: Phonon, field: Float[Array, "N 2"], harmonic: bool) -> Motion:
        """The motion from rest under a `field` (MV/cm) at the `nodes`."""
        field = field.reshape(-1, self.fixed.stages, 2)
        return self.fixed.from_field(phonon, field, self.times, harmonic=harmonic)
