"""A measured or computed field, interpolated by a cubic spline."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jaxtyping import Array, Float, Real

from .._errors import InputError, check
from .._parameter import parameter
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from ._base import AbstractPulse, between
from ._csv import read_field


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
        cls, path: str | os.PathLike[str], *, time_unit: str | None = None, field_unit: str | None = None
    ) -> "SampledPulse":
        """Read a file with the header `t,E_x,E_y`, or without one; lines that start with # are comments.

        The header may give units, as in `t (fs),E_x (kV/cm),E_y (kV/cm)`; also in brackets or after a slash.

        Args:
            time_unit: of a header without one, such as "fs"; ps unless given.
            field_unit: likewise, such as "kV/cm"; MV/cm unless given.

        Raises:
            InputError: with the file, the row and the expected value; also for a unit that is not known, and for a
                header with another unit than the argument.
        """
        table = read_field(path, time_unit, field_unit)
        return cls(table[:, 0], table[:, 1:])

    def __call__(self, t: Real[ArrayLike, "*batch"]) -> Float[Array, "*batch 2"]:
        return self._at(self._curvature(), t)

    @property
    def pieces(self) -> int:
        return self.times.shape[0] - 1

    def prepared(self) -> Callable[[Real[ArrayLike, "..."]], Float[Array, "..."]]:
        return partial(self._at, self._curvature())

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
        """Not possible, since samples have no carrier.

        Raises:
            InputError: always.
        """
        raise InputError("with_ellipticity", "needs a pulse with a carrier, but got a SampledPulse")

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
