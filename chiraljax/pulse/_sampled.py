"""A measured or computed field, interpolated by a cubic spline."""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jaxtyping import Array, Float, Real

from .._checks import check_between, check_positive
from .._errors import check
from .._family import check_arguments
from .._parameter import Parameter, parameter
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from ._base import AbstractPulse, between
from ._csv import read_field
from ._hilbert import hilbert

_FINER = 4
"""intervals of the Hilbert transform in the shortest between two samples"""
_MOST = 1 << 20
"""of these intervals"""
_TAPER = 0.1
"""share of a window over which it rises, and falls"""

_BASELINE = Parameter("ps", "two times; the mean field between them is subtracted", shape=(2,), example=(0.0, 1.0))
_WINDOW = Parameter("ps", "start and end, outside which the field is cut off", shape=(2,), example=(0.5, 5.5))
_RISE = Parameter("ps", "over which the window rises, and falls; else a tenth of it", 0.0, exclusive=True, example=0.5)
_ELLIPSE = Parameter("1", "+1 counter-clockwise, as behind a quarter-wave plate", -1.0, 1.0, example=-1.0)
_DELAY = Parameter("ps", "moves the trace to later times", example=2.0)


class SampledPulse(AbstractPulse):
    """The natural cubic spline (twice continuously differentiable) through samples of a field, zero outside them.

    The arguments are the fields, in this order; both are differentiable.

    Raises:
        InputError: for samples that do not increase in time, differ in number, or are not finite.
    """

    name: ClassVar[str] = "sampled"
    columns: ClassVar[tuple[str, ...]] = ("t", "E_x", "E_y")

    times: Float[Array, " T"] = parameter(unit="ps", help="at least four, increasing", shape=("T",))
    field: Float[Array, "T 2"] = parameter(unit="MV/cm", help="E at these times", shape=("T", 2))

    def __init__(self, times: ArrayLike, field: ArrayLike) -> None:
        self.times, self.field = real(times), real(field)

    def check_together(self) -> None:
        check(self.times.size >= 4, "times", f"must hold at least four times, but got {self.times.size}")
        check(
            self.field.shape == (*self.times.shape, 2),
            "field",
            f"must have the shape {(*self.times.shape, 2)}, but got {self.field.shape}",
        )
        times = concrete(self.times)
        if times is not None:
            worst = int(np.argmin(np.diff(times)))
            check(
                times[worst + 1] > times[worst],
                "times",
                f"must increase, but got {times[worst + 1]} ps after {times[worst]} ps",
            )

    @classmethod
    def from_csv(
        cls,
        path: str | os.PathLike[str],
        *,
        time_unit: str | None = None,
        field_unit: str | None = None,
        baseline: Annotated[ArrayLike | None, _BASELINE] = None,
        window: Annotated[ArrayLike | None, _WINDOW] = None,
        taper: Annotated[ArrayLike | None, _RISE] = None,
        ellipticity: Annotated[ArrayLike | None, _ELLIPSE] = None,
        delay: Annotated[ArrayLike | None, _DELAY] = None,
    ) -> "SampledPulse":
        """Read a file with the header `t,E_x,E_y`, or without one; lines that start with # are comments.

        A linear field may have one column, `t,E_x` or `t,E`, along x. The header may give units, as in
        `t (fs),E_x (kV/cm),E_y (kV/cm)`; also in brackets or after a slash. What the other arguments ask for is done
        in their order; times count from the zero of the file.

        Args:
            time_unit: of a header without one, such as "fs"; ps unless given.
            field_unit: likewise, such as "kV/cm"; MV/cm unless given.
            baseline: (2,) ps, see `without_baseline`.
            window: (2,) ps, see `windowed`.
            taper: ps, of the window.
            ellipticity: see `with_ellipticity`.
            delay: ps, see `delayed`.

        Raises:
            InputError: with the file, the row and the expected value; also for a unit that is not known, for a header
                with another unit than the argument, and for what the methods refuse.
        """
        steps = {"baseline": baseline, "window": window, "taper": taper, "ellipticity": ellipticity, "delay": delay}
        given = {name: value for name, value in steps.items() if value is not None}
        check_arguments(cls.from_csv, **given)
        check(taper is None or window is not None, "taper", "must stand beside window, but there is none")
        table = read_field(path, time_unit, field_unit)
        pulse = cls(table[:, 0], table[:, 1:])
        if baseline is not None:
            pulse = pulse.without_baseline(real(baseline)[0], real(baseline)[1])
        if window is not None:
            pulse = pulse.windowed(real(window)[0], real(window)[1], taper)
        if ellipticity is not None:
            pulse = pulse.with_ellipticity(ellipticity)
        return pulse if delay is None else pulse.delayed(delay)

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return self._at(self._curvature(), real(t))

    @property
    def pieces(self) -> int:
        return self.times.shape[0] - 1

    def prepared(self) -> Callable[[Real[ArrayLike, "..."]], Float[Array, "..."]]:
        return partial(self._at, self._curvature())

    @eqx.filter_jit
    def _at(self, curvature: Float[Array, "T 2"], t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        t = real(t)
        left = jnp.clip(jnp.searchsorted(self.times, t, side="right") - 1, 0, self.times.shape[0] - 2)
        width = self.times[left + 1] - self.times[left]
        b = ((t - self.times[left]) / width)[..., None]
        a = 1 - b
        chord = a * self.field[left] + b * self.field[left + 1]
        bend = (a**3 - a) * curvature[left] + (b**3 - b) * curvature[left + 1]
        inside = (t >= self.times[0]) & (t <= self.times[-1])
        return jnp.where(inside[..., None], chord + bend * (width**2 / 6)[..., None], 0.0)

    def __mul__(self, factor: Real[ArrayLike, ""]) -> "SampledPulse":
        return replace(self, field=self.field * real(factor))

    def with_ellipticity(self, ellipticity: Real[ArrayLike, ""]) -> "SampledPulse":
        """The same trace as behind a wave plate: its `ellipticity` ε from −1 to 1, its fluence and its major axis.

        The trace E along its major axis n (by Stokes' parameters of all its frequencies; E itself if it is linear) and
        its Hilbert transform H, which is E with every frequency a quarter of a period later, give E n + ε H m, m 90°
        counter-clockwise from n, times a factor that keeps the fluence.

        This is a plate that works at all frequencies alike, which a real one does only in a narrow band. H falls off as
        slowly as 1/t, or 1/t² if ∫E dt = 0, and is cut off at the ends of the trace: leave some time without a field
        before and after it, and remove its baseline first.

        Raises:
            InputError: for another ε.
        """
        ellipticity = real(ellipticity)
        check_between("ellipticity", ellipticity, -1.0, 1.0)
        return _behind_plate(self, ellipticity, self._intervals())

    def delayed(self, delay: Real[ArrayLike, ""]) -> "SampledPulse":
        """The same trace later by `delay` in ps, of either sign."""
        return replace(self, times=self.times + real(delay))

    def without_baseline(self, start: Real[ArrayLike, ""], end: Real[ArrayLike, ""]) -> "SampledPulse":
        """The trace minus the mean of its samples from `start` to `end` in ps, where there is no pulse yet.

        Raises:
            InputError: for no samples between these times.
        """
        start, end = real(start), real(end)
        chosen = (self.times >= start) & (self.times <= end)
        known = concrete(chosen)
        check(
            known is None or known.any(),
            "baseline",
            f"must be two times with samples between them, but there are none from {start} to {end} ps",
        )
        return replace(self, field=self.field - jnp.mean(self.field, axis=0, where=chosen[:, None]))

    def windowed(
        self, start: Real[ArrayLike, ""], end: Real[ArrayLike, ""], taper: Real[ArrayLike, ""] | None = None
    ) -> "SampledPulse":
        """The trace times a window that is zero before `start` and after `end` in ps, such as before an echo.

        The window rises from 0 to 1 within `taper` ps as sin², and falls likewise; a tenth of its length unless given.
        Samples outside are left out where the times are known.

        Raises:
            InputError: for an `end` that is not two tapers later than the `start`, and fewer than four samples inside.
        """
        start, end = real(start), real(end)
        rise = _TAPER * (end - start) if taper is None else real(taper)
        length, twice = concrete(end - start), concrete(2 * rise)
        check(length is None or length > 0, "window", f"must end after its start, {start} ps, but ends at {end} ps")
        check_positive("taper", rise)
        fits = length is None or twice is None or twice <= length
        check(fits, "taper", f"must be at most half of the window, but is {rise} ps")
        from_end = jnp.minimum(self.times - start, end - self.times)
        factor = jnp.sin(0.5 * jnp.pi * jnp.clip(from_end / rise, 0.0, 1.0)) ** 2
        inside = concrete((self.times >= start) & (self.times <= end))
        if inside is None:
            return replace(self, field=self.field * factor[:, None])
        check(inside.sum() >= 4, "window", f"must hold at least four samples, but holds {inside.sum()}")
        return SampledPulse(self.times[inside], (self.field * factor[:, None])[inside])

    @property
    def peak_field(self) -> Scalar:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest |E| at the samples and eight times between each two, in MV/cm."""
        return self.largest_field()

    @property
    def edges(self) -> Float[Array, " T"]:
        return self.times

    @property
    def quadrature(self) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
        """Nodes and weights in ps: Gauss's rule between the samples, exact for |E|² of a cubic."""
        return between(self.times)

    @property
    def support(self) -> tuple[Scalar, Scalar]:
        """The first and the last time, in ps."""
        return self.times[0], self.times[-1]

    @eqx.filter_jit
    def _curvature(self) -> Float[Array, "T 2"]:
        """Second derivatives at the samples: continuity of the slope, and no curvature at the ends."""
        width = jnp.diff(self.times)
        slope = jnp.diff(self.field, axis=0) / width[:, None]
        operator = lx.TridiagonalLinearOperator((width[:-1] + width[1:]) / 3, width[1:-1] / 6, width[1:-1] / 6)

        def solve(jump: Float[Array, " n"]) -> Float[Array, " n"]:
            return lx.linear_solve(operator, jump, lx.Tridiagonal()).value

        interior = jax.vmap(solve, in_axes=1, out_axes=1)(jnp.diff(slope, axis=0))
        return jnp.pad(interior, ((1, 1), (0, 0)))

    def _intervals(self) -> int:
        """Number of equal intervals that resolve the samples; for times that are traced, of equally spaced ones."""
        times = concrete(self.times)
        count = self.times.shape[0] - 1
        if times is not None:
            count = math.ceil((times[-1] - times[0]) / np.diff(times).min() - 1e-6)
        return min(_FINER * count, _MOST)


@eqx.filter_jit
def _behind_plate(pulse: SampledPulse, ellipticity: Scalar, intervals: int) -> SampledPulse:
    grid = jnp.linspace(pulse.times[0], pulse.times[-1], intervals + 1)
    even = pulse(grid)
    later = hilbert(even)
    axis = _major_axis(even, later)
    across = jnp.stack([-axis[1], axis[0]])
    delayed = SampledPulse(grid, later)(jnp.clip(pulse.times, grid[0], grid[-1])) @ axis
    turned = replace(pulse, field=jnp.outer(pulse.field @ axis, axis) + ellipticity * jnp.outer(delayed, across))
    before, after = pulse.fluence, turned.fluence
    return turned * jnp.where(after > 0, jnp.sqrt(jnp.where(after > 0, before / after, 1.0)), 1.0)


def _major_axis(even: Float[Array, "N 2"], later: Float[Array, "N 2"]) -> Float[Array, "2"]:
    """By Stokes' parameters |E_x|² − |E_y|² and 2 Re E_x E_y* of the analytic signal, added up; x for a circle."""
    (xx, xy), (_, yy) = even.T @ even + later.T @ later
    along = xx - yy + jnp.where((xx == yy) & (xy == 0), 1.0, 0.0)
    angle = jnp.arctan2(2 * xy, along) / 2
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)])
