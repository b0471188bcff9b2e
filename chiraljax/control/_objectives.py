"""Objectives of a pulse."""

import abc
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .._checks import check_finite
from .._errors import check
from .._family import Declared
from .._parameter import parameter
from .._tracing import concrete
from .._types import Scalar
from ._outcome import Outcome

_SHARPNESS = 64.0
"""The smooth maximum of T values exceeds the true one by at most log(T)/64 of it"""
_TINY = 1e-300


class AbstractObjective(Declared):
    """A scalar of an outcome, to be made as large as possible."""

    of_moment: ClassVar[bool]
    """Whether it needs the moment"""
    anywhere: ClassVar[bool] = False
    """Whether it is the largest value at any time"""
    units: ClassVar[str]
    words: ClassVar[str] = ""
    """Its description in reports, with the names of fields in braces"""

    def describe(self) -> str:
        """Its description in a report."""
        return self.words.format(**vars(self)) or self.name

    @abc.abstractmethod
    def __call__(self, outcome: Outcome) -> Scalar:
        """The true value."""

    def smooth(self, outcome: Outcome) -> Scalar:
        """The value that the search climbs: the true one, or a smooth one near it."""
        return self(outcome)

    def error(self, outcome: Outcome, moment: Scalar) -> Scalar:
        """The error that follows from that of the `moment`, μ_B per cell."""
        return moment if self.of_moment else jnp.zeros(())

    def check(self, times: Float[Array, " T"]) -> None:
        """Check the `times` (T,) in ps of a simulation.

        Raises:
            InputError: if they do not contain the times of the objective.
        """


class PeakMoment(AbstractObjective):
    """max_t |M(t)|."""

    name = "peak-moment"
    anywhere = True
    of_moment = True
    units = "mu_B/cell"
    words = "Largest |M(t)|"

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.max(jnp.abs(outcome.moment))

    def smooth(self, outcome: Outcome) -> Scalar:
        return _smooth_peak(outcome.moment)


class PeakAngularMomentum(AbstractObjective):
    """max_t |L(t)|."""

    name = "peak-angular-momentum"
    anywhere = True
    of_moment = False
    units = "hbar"
    words = "Largest |L(t)|"

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.max(jnp.abs(outcome.motion.angular_momentum))

    def smooth(self, outcome: Outcome) -> Scalar:
        return _smooth_peak(outcome.motion.angular_momentum)


class MomentPerFluence(AbstractObjective):
    """max_t |M(t)| over the fluence of the pulse."""

    name = "moment-per-fluence"
    anywhere = True
    of_moment = True
    units = "mu_B cm^2/mJ/cell"
    words = "Largest |M(t)| over the fluence"

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.max(jnp.abs(outcome.moment)) / outcome.fluence

    def smooth(self, outcome: Outcome) -> Scalar:
        return _smooth_peak(outcome.moment) / outcome.fluence

    def error(self, outcome: Outcome, moment: Scalar) -> Scalar:
        return moment / outcome.fluence


class MomentAt(AbstractObjective):
    """|M| at the probe time `time`, one of the times of the simulation, in ps."""

    name = "moment-at"
    of_moment = True
    units = "mu_B/cell"
    words = "|M| at {time:g} ps"
    time: Scalar = parameter(unit="ps", help="one of the times", example=5.0)

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.abs(_at(outcome.times, outcome.moment, self.time))

    def check(self, times: Float[Array, " T"]) -> None:
        _check_on_grid("time", self.time, times)


class AngularMomentumAt(AbstractObjective):
    """|L| at `time`, one of the times of the simulation, in ps."""

    name = "angular-momentum-at"
    of_moment = False
    units = "hbar"
    words = "|L| at {time:g} ps"
    time: Scalar = parameter(unit="ps", help="one of the times", example=5.0)

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.abs(_at(outcome.times, outcome.motion.angular_momentum, self.time))

    def check(self, times: Float[Array, " T"]) -> None:
        _check_on_grid("time", self.time, times)


class MeanMoment(AbstractObjective):
    """|mean of M| over the times from `start` to `end` in ps."""

    name = "mean-moment"
    of_moment = True
    units = "mu_B/cell"
    words = "|mean of M| from {start:g} to {end:g} ps"
    start: Scalar = parameter(unit="ps", help="first of the times", example=5.0)
    end: Scalar = parameter(unit="ps", help="last of the times", example=6.0)

    def check_together(self) -> None:
        check(self.end > self.start, "end", f"must be after start, but got {self.start} and {self.end} ps")

    def __call__(self, outcome: Outcome) -> Scalar:
        inside = self.inside(outcome.times)
        return jnp.abs(jnp.sum(jnp.where(inside, outcome.moment, 0.0)) / jnp.sum(inside.astype(float)))

    def check(self, times: Float[Array, " T"]) -> None:
        inside = concrete(self.inside(times))
        check(
            inside is None or inside[1:].any(),
            "the objective",
            f"must look at some of the times after the first, but there is none from {self.start} to {self.end} ps",
        )

    def inside(self, times: Float[Array, " T"]) -> Bool[Array, " T"]:
        slack = 1e-9 * (times[-1] - times[0])
        return (times >= self.start - slack) & (times <= self.end + slack)


class Switching(AbstractObjective):
    """The smaller of |M(first)| and |M(second)| where they have opposite signs, negative where not; times in ps."""

    name = "switching"
    of_moment = True
    units = "mu_B/cell"
    words = "|M| at {first:g} ps and, reversed, at {second:g} ps"
    first: Scalar = parameter(unit="ps", help="one of the times", example=4.0)
    second: Scalar = parameter(unit="ps", help="a later one", example=8.0)

    def __call__(self, outcome: Outcome) -> Scalar:
        return jnp.min(self._swing(outcome))

    def smooth(self, outcome: Outcome) -> Scalar:
        swing = self._swing(outcome)
        scale = _scale(swing)
        return -scale * jax.nn.logsumexp(-swing / scale)

    def check(self, times: Float[Array, " T"]) -> None:
        for name in ("first", "second"):
            _check_on_grid(name, getattr(self, name), times)
        check(self.second > self.first, "second", f"must be after first, but got {self.first} and {self.second} ps")

    def _swing(self, outcome: Outcome) -> Float[Array, "2"]:
        before = _at(outcome.times, outcome.moment, self.first)
        after = _at(outcome.times, outcome.moment, self.second)
        sign = jax.lax.stop_gradient(jnp.where(before >= after, 1.0, -1.0))
        return sign * jnp.stack([before, -after])


def _at(times: Float[Array, " T"], values: Float[Array, " T"], time: Scalar) -> Scalar:
    return values[jnp.argmin(jnp.abs(times - time))]


def _smooth_peak(values: Float[Array, " T"]) -> Scalar:
    """s log Σ 2 cosh(values/s)."""
    scale = _scale(values)
    return scale * jax.nn.logsumexp(jnp.concatenate([values, -values]) / scale)


def _scale(values: Float[Array, " T"]) -> Scalar:
    """⟨values¹⁶⟩^(1/16)/64: smooth, and at most a 64th of the largest; for zeros a tiny constant."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(values)))
    nonzero = largest > 0
    mean = jnp.mean((values / jnp.where(nonzero, largest, 1.0)) ** 16)
    return jnp.where(nonzero, largest * jnp.where(nonzero, mean, 1.0) ** (1 / 16), _TINY) / _SHARPNESS


def _check_on_grid(name: str, time: Scalar, times: Float[Array, " T"]) -> None:
    check_finite(name, time)
    grid, value = concrete(times), concrete(time)
    if grid is not None and value is not None:
        nearest = float(grid[abs(grid - value).argmin()])
        check(
            abs(nearest - value) <= 1e-6 * (grid[1] - grid[0]),
            name,
            f"must be one of the times, but got {value} ps; the nearest is {nearest:g} ps",
        )
