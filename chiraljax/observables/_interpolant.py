"""Functions of the angular velocity that are linear in values at a few of them."""

import abc
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._module import Module
from .._types import Array, Bool, Float, Int, Scalar

_SLOWEST = 0.75
"""Largest ratio of successive coefficients from which the error of an interpolation is estimated"""


class AbstractInterpolant(Module):
    """F(Ω) = Σ_n c_n B_n(Ω), c linear in the values of F at the `points`; F is odd in Ω by time reversal."""

    nodes: eqx.AbstractVar[int]
    """N, along the principal direction of Ω"""

    @property
    @abc.abstractmethod
    def points(self) -> Float[Array, "p *sites"]:
        """Ω in rad/ps at which F must be known, Ω_i of all sites where they differ."""

    @property
    @abc.abstractmethod
    def tested(self) -> Float[Array, "c *sites"]:
        """Ω in rad/ps at which F itself is evaluated to test the interpolation, Ω_i of all sites where they differ."""

    @abc.abstractmethod
    def coefficients(self, values: Float[Array, "*grid p"]) -> Float[Array, "*grid n"]:
        """c from the values at the points."""

    @abc.abstractmethod
    def basis(self, rotation: Float[Array, "..."]) -> Float[Array, "n ..."]:
        """B_n at Ω (...) or Ω_i (..., sites) in rad/ps."""

    @abc.abstractmethod
    def clipped(self, rotation: Float[Array, "..."]) -> Float[Array, "..."]:
        """The nearest Ω within the range of the points."""

    @abc.abstractmethod
    def covers(self, rotation: Float[Array, "..."]) -> Bool[Array, ""]:
        """Whether all these Ω are within the range of the points."""

    @abc.abstractmethod
    def with_nodes(self, nodes: int) -> "AbstractInterpolant":
        """The same directions of Ω with another N."""

    @abc.abstractmethod
    def places(self, nodes: int) -> Int[np.ndarray, " n"]:
        """Indices of its coefficients among those of the same interpolant with more nodes."""

    def known_in(self, finer: "AbstractInterpolant") -> np.ndarray:
        """(p′,) which points of a finer interpolant are those of this one, in the same order; none unless all are."""
        return np.zeros(len(finer.points), bool)

    def tail(self, coefficients: Float[Array, "*grid n"]) -> Float[Array, "*grid"]:
        """An estimate of the error of the polynomial along the principal direction.

        With r = |c_{N−1}/c_{N−2}|, at most ¾, it is max(|c_N|, r|c_{N−1}|)/(1 − r): coefficients that fall by r each
        have |c_N| = r|c_{N−1}|, and those after it add up to less. For N = 2 it is |c_2|.
        """
        sizes = jnp.abs(coefficients[..., : self.nodes])
        if self.nodes < 3:
            return sizes[..., -1]
        before, last_but_one, last = (sizes[..., n] for n in (-3, -2, -1))
        falling = last_but_one < _SLOWEST * before
        ratio = jnp.where(falling, last_but_one / jnp.where(falling, before, 1.0), _SLOWEST)
        return jnp.maximum(last, ratio * last_but_one) / (1 - ratio)

    def at_rest(self, values: Float[Array, "*grid p"]) -> Float[Array, "*grid"]:
        """The value at Ω = 0 of a function even in Ω: of the polynomial in T₀, T₂, … through its values at the points.

        The points are those of the principal direction.
        """
        m = np.arange(1, self.nodes)
        weights = (1 + 2 * (-1.0) ** m @ np.cos(2 * m[:, None] * odd_angles(self.nodes))) / self.nodes
        return values[..., : self.nodes] @ weights


class RotationInterpolant(AbstractInterpolant):
    """The odd polynomial through N Chebyshev nodes in 0 < Ω < `fastest` (rad/ps), for one Ω of all sites.

    c_n are its coefficients of the Chebyshev polynomials T₁, T₃, T₅, … of Ω/fastest.
    """

    fastest: Scalar
    nodes: int = eqx.field(static=True)

    @property
    def tested(self) -> Float[Array, " c"]:
        return self.fastest[None]

    @property
    def points(self) -> Float[Array, " p"]:
        return self.fastest * np.cos(odd_angles(self.nodes))

    def coefficients(self, values: Float[Array, "*grid p"]) -> Float[Array, "*grid n"]:
        return odd_coefficients(values)

    def basis(self, rotation: Float[Array, "..."]) -> Float[Array, "n ..."]:
        return odd_chebyshev(rotation / self.fastest, self.nodes)

    def clipped(self, rotation: Float[Array, "..."]) -> Float[Array, "..."]:
        return jnp.clip(rotation, -self.fastest, self.fastest)

    def covers(self, rotation: Float[Array, "..."]) -> Bool[Array, ""]:
        return jnp.all(jnp.abs(rotation) <= self.fastest)

    def with_nodes(self, nodes: int) -> "RotationInterpolant":
        return RotationInterpolant(fastest=self.fastest, nodes=nodes)

    def places(self, nodes: int) -> Int[np.ndarray, " n"]:
        return np.arange(self.nodes)

    def known_in(self, finer: AbstractInterpolant) -> np.ndarray:
        return np.arange(finer.nodes) % 3 == 1 if finer.nodes == 3 * self.nodes else super().known_in(finer)


def odd_angles(nodes: int) -> np.ndarray:
    """Angles whose cosines are N Chebyshev nodes in (0, 1); every third angle of 3N nodes is one of N nodes."""
    return np.pi * (2 * np.arange(nodes) + 1) / (4 * nodes)


def odd_coefficients(values: Float[Array, "*grid nodes"]) -> Float[Array, "*grid nodes"]:
    """Coefficients of T₁, T₃, T₅, … in the odd polynomial through the values at the cosines of `odd_angles`."""
    nodes = values.shape[-1]
    odd = 2 * np.arange(nodes) + 1
    return values @ (2 / nodes * np.cos(odd[:, None] * odd_angles(nodes))).T


@partial(jax.jit, static_argnums=1)
def odd_chebyshev(x: Float[Array, "..."], terms: int) -> Float[Array, "terms ..."]:
    """T₁, T₃, T₅, … at x by their recurrence, whose derivative is finite at x = ±1 too."""
    rows = [x, 4 * x**3 - 3 * x]
    for _ in range(2, terms):
        rows.append((4 * x**2 - 2) * rows[-1] - rows[-2])
    return jnp.stack(rows[:terms])
