"""Functions of the angular velocities of all sites, near a few patterns of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array, Bool, Float, Int
from ._interpolant import AbstractInterpolant, odd_angles, odd_chebyshev, odd_coefficients

_THINNEST = 0.02
"""Smallest step across the principal pattern, in units of the largest along it"""
_OUTSIDE = 1e-3
_CHECKS = 4
"""Rotations at which F itself is evaluated"""


class SiteInterpolant(AbstractInterpolant):
    """F({Ω_i}) ≈ A(s) + Σ_r [B_r(s) y_r + C_r(s) y_r²] for Ω = s w + Σ_r y_r d_r, orthogonal patterns w and d_r.

    By time reversal A and C_r are odd in s, and B_r is even. A is the odd polynomial through N Chebyshev nodes in
    0 < s < 1; B_r and C_r are the even and the odd part of the polynomial through F(s w + d_r) − A(s), at 2⌈N/3⌉ nodes
    of either sign of s.

    Args:
        patterns: w, then the d_r, (axes, sites) in rad/ps, as long as the largest Ω along them.
        checks: (c, sites) rotations at which F itself is evaluated, to test the interpolation.
        nodes: N.
    """

    patterns: Float[Array, "axes sites"]
    checks: Float[Array, "c sites"]
    nodes: int = eqx.field(static=True)

    @classmethod
    def along(
        cls, rotations: Float[Array, "T sites"], carrying: Int[np.ndarray, " c"], nodes: int, least: float
    ) -> "SiteInterpolant":
        """In the principal axes of trajectories (rad/ps) of the sites `carrying` orbitals; F ignores the other sites.

        Patterns that reach at most `least` times as far as the first are left out; with 0, none is.
        """
        mask = np.isin(np.arange(rotations.shape[1]), carrying).astype(float)
        rotations = jax.lax.stop_gradient(rotations) * mask
        carried = rotations[:, carrying]
        axes = jnp.linalg.eigh(carried.T @ carried)[1].T[::-1]
        reach = jnp.max(jnp.abs(carried @ axes.T), axis=0)
        if least > 0:
            kept = np.union1d(0, np.flatnonzero(reach > least * reach[0]))
            axes, reach = axes[kept], reach[kept]
        first = jnp.where(reach[0] > 0, reach[0], 1.0)
        reach = jnp.maximum(reach, _THINNEST * first).at[0].set(first)
        patterns = jnp.zeros((len(axes), rotations.shape[1])).at[:, carrying].set(reach[:, None] * axes)
        amplitudes = rotations @ _dual(patterns).T
        checks = rotations[_farthest(amplitudes, patterns[0], rotations)]
        return cls(patterns=patterns, checks=checks, nodes=nodes)

    @property
    def points(self) -> Float[Array, "p sites"]:
        axes, side = len(self.patterns), side_angles(self.nodes)
        along = np.zeros((self.nodes, axes))
        along[:, 0] = np.cos(odd_angles(self.nodes))
        away = np.zeros((axes - 1, len(side), axes))
        away[..., 0] = np.cos(side)
        away[np.arange(axes - 1), :, np.arange(1, axes)] = 1.0
        return jnp.concatenate([along, away.reshape(-1, axes)]) @ self.patterns

    @property
    def tested(self) -> Float[Array, "c sites"]:
        return self.checks

    def amplitudes(self, rotation: Float[Array, "*times sites"]) -> Float[Array, "*times axes"]:
        """s and y_r, each from −1 to 1 on the trajectories."""
        return rotation @ _dual(self.patterns).T

    def coefficients(self, values: Float[Array, "*grid p"]) -> Float[Array, "*grid n"]:
        side = side_angles(self.nodes)
        odd, order = 2 * np.arange(self.nodes) + 1, np.arange(len(side))
        along = odd_coefficients(values[..., : self.nodes])
        rest = values[..., self.nodes :].reshape(*values.shape[:-1], -1, len(side))
        rest = rest - (along @ np.cos(odd[:, None] * side))[..., None, :]
        away = rest @ (np.where(order == 0, 1, 2) / len(side) * np.cos(side[:, None] * order))
        return jnp.concatenate([along, away.reshape(*values.shape[:-1], -1)], axis=-1)

    def basis(self, rotation: Float[Array, "*times sites"]) -> Float[Array, "n *times"]:
        s, *others = jnp.moveaxis(self.amplitudes(rotation), -1, 0)
        even_and_odd = _chebyshev(s, len(side_angles(self.nodes)))
        parts = [odd_chebyshev(s, self.nodes)]
        for y in others:
            powers = jnp.stack([y, y**2])[np.arange(len(even_and_odd)) % 2]
            parts.append(even_and_odd * powers)
        return jnp.concatenate(parts)

    def clipped(self, rotation: Float[Array, "*times sites"]) -> Float[Array, "*times sites"]:
        return jnp.clip(self.amplitudes(rotation), -1.0, 1.0) @ self.patterns

    def covers(self, rotation: Float[Array, "*times sites"]) -> Bool[Array, ""]:
        """Whether all amplitudes are from −1 to 1, and no more than 10⁻³ of w lies outside the patterns."""
        amplitudes = self.amplitudes(rotation)
        mask = jnp.any(self.patterns != 0, axis=0).astype(float)
        outside = jnp.abs(rotation * mask - amplitudes @ self.patterns)
        return jnp.all(jnp.abs(amplitudes) <= 1) & jnp.all(outside <= _OUTSIDE * jnp.max(jnp.abs(self.patterns[0])))

    def with_nodes(self, nodes: int) -> "SiteInterpolant":
        return SiteInterpolant(patterns=self.patterns, checks=self.checks, nodes=nodes)

    def places(self, nodes: int) -> Int[np.ndarray, " n"]:
        few, many = len(side_angles(self.nodes)), len(side_angles(nodes))
        sides = nodes + many * np.arange(len(self.patterns) - 1)[:, None] + np.arange(few)
        return np.concatenate([np.arange(self.nodes), sides.ravel()])


def side_angles(nodes: int) -> np.ndarray:
    """Angles of an even number of Chebyshev nodes in (−1, 1): none is at 0, where levels may be twofold."""
    count = 2 * -(-nodes // 3)
    return np.pi * (2 * np.arange(count) + 1) / (2 * count)


def _dual(patterns: Float[Array, "axes sites"]) -> Float[Array, "axes sites"]:
    """Rows whose products with Ω are the amplitudes of the orthogonal patterns."""
    return patterns / jnp.sum(patterns**2, axis=1, keepdims=True)


def _farthest(
    amplitudes: Float[Array, "T axes"], pattern: Float[Array, " sites"], rotations: Float[Array, "T sites"]
) -> Int[Array, "times"]:
    """Times off the principal pattern at which the amplitudes, up to a common sign, differ most from one another.

    If the trajectory is one pattern, fast rotations are chosen, and none at rest, where gradients may not exist.
    """
    distance = jnp.linalg.norm(rotations - amplitudes[:, :1] * pattern, axis=1)
    distance = distance + 1e-6 * jnp.linalg.norm(rotations, axis=1)
    folded = amplitudes * jnp.where(amplitudes[:, :1] < 0, -1, 1)
    chosen, apart = [jnp.argmax(distance)], jnp.inf
    while len(chosen) < _CHECKS:
        apart = jnp.minimum(apart, jnp.linalg.norm(folded - folded[chosen[-1]], axis=1))
        chosen.append(jnp.argmax(apart * distance))
    return jnp.stack(chosen)


def _chebyshev(x: Float[Array, "..."], terms: int) -> Float[Array, "terms ..."]:
    """T₀, T₁, T₂, … at x by their recurrence, whose derivative is finite at x = ±1 too."""
    rows = [jnp.ones_like(x), x]
    for _ in range(2, terms):
        rows.append(2 * x * rows[-1] - rows[-2])
    return jnp.stack(rows)
