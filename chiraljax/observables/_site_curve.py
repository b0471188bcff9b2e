"""The moment along a trajectory of rotations per site, from a few patterns of them."""

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._tracing import is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import Quadrature
from ..electrons import Electrons
from ._curve import _SMALL, _angles, odd_chebyshev
from ._fermi_surface import FermiSurface
from ._magnetization import Magnetization, magnetization
from ._result import AbstractResult

_THINNEST = 0.02
"""Smallest step across the principal pattern, in units of the largest along it."""
_CHECKS = 4
"""Times at which M itself is taken."""
_MARGIN = 2
"""The largest deviation in units of that at these times: in one of twenty random trajectories it is larger."""


class MagnetizationPath(AbstractResult):
    """M(t) along a trajectory Ω_i(t), on the grid mu.shape + temperature.shape + (T,)."""

    moment: Float[Array, "*grid T"]
    """μ_B per cell, along the axis of rotation"""
    error: Float[Array, "*grid T"]
    """estimated absolute error of `moment`, of the k-sum and of the interpolation in Ω_i together, μ_B per cell"""
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: Bool[Array, ""]
    """whether the k-sum of each pattern, and the interpolation for the largest |M|, are within the tolerance"""
    quadrature: Quadrature | FermiSurface
    """the last rule used; pass it on to repeat the calculation under `jit` or for a gradient"""


def magnetization_path(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    nodes: int = 6,
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 1_000_000,
) -> MagnetizationPath:
    """M of sites that turn with Ω_i(t), `rotation` (T, sites) in rad/ps, at the cost of a few patterns {Ω_i}.

    Ω(t) = s(t) w + Σ_r y_r(t) d_r in the principal axes of the trajectory, orthonormal patterns of the sites that
    carry orbitals. Atoms of one crystal turn nearly in proportion, so y_r is small beside s and

        M(t) ≈ A(s) + Σ_r [B_r(s) y_r + C_r(s) y_r²].

    By time reversal A and C_r are odd in s, and B_r is even. A is the odd polynomial through `nodes` Chebyshev nodes
    in 0 < s < max|s|; B_r and C_r are the even and the odd part of the polynomial through M(s w + h d_r) − A(s),
    h = max|y_r|, at two thirds as many nodes of either sign. Axes with h < rtol max|s|/10 are left out unless a
    gradient is taken; one across w, of which the path says nothing, has the accuracy of B_r.

    The error of all that is the last two coefficients of A, and twice the largest deviation from M itself at four
    times far from w and from one another. If it is above the tolerance, three times as many nodes are taken where A
    lacks them, else M is evaluated at every time; so it is from the start where there are no more times than patterns.
    Under `jit`, and where `max_eigensolves` does not allow it, the error is reported and `converged` is false.

    Other arguments as in `magnetization`. Raises `InputError` as it does, and for a rotation of another shape or fewer
    than 2 nodes.
    """
    path, sites = real(rotation), len(electrons.crystal.species)
    check(
        path.ndim == 2 and path.shape[1] == sites,
        "rotation",
        f"must have shape (times, {sites}), for the sites, but got {path.shape}",
    )
    check(nodes >= 2, "nodes", f"must be at least 2, but got {nodes}")

    carrying = sorted({site for site, _, _ in electrons.orbitals})
    onto = np.eye(sites)[carrying]

    def at(patterns, budget: int) -> Magnetization:
        return magnetization(
            electrons,
            mu=mu,
            temperature=temperature,
            rotation=patterns @ onto,
            axis=axis,
            rtol=rtol,
            atol=atol,
            normalisation=normalisation,
            per_site=True,
            quadrature=quadrature,
            max_eigensolves=budget,
        )

    path = path[:, carrying]
    amplitudes, frame = _principal(path, 0.0 if is_differentiated(path) else rtol / 10)
    known = jax.lax.stop_gradient(path)
    checked = _farthest(jax.lax.stop_gradient(amplitudes), known, frame[0])
    solves, small, budget = jnp.zeros((), int), jnp.zeros((), int), max_eigensolves
    while (count := len(_nodes(nodes, len(frame))) + _CHECKS) < len(path):
        found = at(jnp.concatenate([_nodes(nodes, len(frame)) @ frame, known[checked]]), budget)
        solves, small = solves + found.eigensolves, small + found.interpolated
        values, direct = found.moment[..., :-_CHECKS], found.moment[..., -_CHECKS:]
        moment, missing = _interpolated(values, amplitudes, nodes)
        missing, seen, direct = jax.lax.stop_gradient((missing, moment, direct))
        off = missing + _MARGIN * jnp.max(jnp.abs(seen[..., checked] - direct), axis=-1)
        wanted = atol + rtol * jnp.max(jnp.abs(seen), axis=-1)
        enough = jnp.all(off <= wanted)
        if not is_traced(enough) and not enough:
            spent = int(found.eigensolves) + int(found.interpolated) // _SMALL
            if spent * len(path) <= (budget - spent) * count:
                budget -= spent
                nodes = 3 * nodes if jnp.any(missing > wanted) else len(path)
                continue
        error = jnp.max(found.error, axis=-1) + off
        return MagnetizationPath(
            moment=moment,
            error=jnp.broadcast_to(error[..., None], moment.shape),
            eigensolves=solves,
            interpolated=small,
            converged=found.converged & enough,
            quadrature=found.quadrature,
        )
    found = at(path, budget)
    return MagnetizationPath(
        moment=found.moment,
        error=found.error,
        eigensolves=solves + found.eigensolves,
        interpolated=small + found.interpolated,
        converged=found.converged,
        quadrature=found.quadrature,
    )


def _principal(
    path: Float[Array, "T sites"], least: float
) -> tuple[Float[Array, "T axes"], Float[Array, "axes sites"]]:
    """Amplitudes and patterns (rad/ps) whose product is the path, amplitudes of the first from −1 to 1.

    Patterns that reach no further than `least` of the first are left out; with 0, none is.
    """
    known = jax.lax.stop_gradient(path)
    axes = jnp.linalg.eigh(known.T @ known)[1].T[::-1]
    reach = jnp.max(jnp.abs(known @ axes.T), axis=0)
    if least > 0:
        kept = np.union1d(0, np.flatnonzero(reach > least * reach[0]))
        axes, reach = axes[kept], reach[kept]
    first = jnp.where(reach[0] > 0, reach[0], 1.0)
    reach = jnp.maximum(reach, _THINNEST * first).at[0].set(first)
    return path @ axes.T / reach, reach[:, None] * axes


def _farthest(amplitudes: Float[Array, "T axes"], path, pattern) -> Int[Array, "times"]:
    """Times off the principal pattern at which the amplitudes differ most from one another; M(−Ω) is −M(Ω).

    Where the path is one pattern, fast rotations are taken, and none at rest, where gradients may not exist.
    """
    distance = jnp.linalg.norm(path - jnp.outer(path @ pattern / (pattern @ pattern), pattern), axis=1)
    distance = distance + 1e-6 * jnp.linalg.norm(path, axis=1)
    folded = amplitudes * jnp.where(amplitudes[:, :1] < 0, -1, 1)
    chosen, apart = [jnp.argmax(distance)], jnp.inf
    while len(chosen) < _CHECKS:
        apart = jnp.minimum(apart, jnp.linalg.norm(folded - folded[chosen[-1]], axis=1))
        chosen.append(jnp.argmax(apart * distance))
    return jnp.stack(chosen)


def _nodes(nodes: int, axes: int) -> Float[np.ndarray, "patterns axes"]:
    """Amplitudes of the patterns: along the first axis, then away from it on each other one."""
    side = _side_angles(nodes)
    along = np.zeros((nodes, axes))
    along[:, 0] = np.cos(_angles(nodes))
    away = np.zeros((axes - 1, len(side), axes))
    away[..., 0] = np.cos(side)
    away[np.arange(axes - 1), :, np.arange(1, axes)] = 1.0
    return np.concatenate([along, away.reshape(-1, axes)])


def _side_angles(nodes: int) -> np.ndarray:
    """Those of an even number of Chebyshev nodes, as 0 is none of an even number: levels may be twofold there."""
    count = 2 * -(-nodes // 3)
    return np.pi * (2 * np.arange(count) + 1) / (2 * count)


def _interpolated(
    values: Float[Array, "*grid patterns"], amplitudes: Float[Array, "T axes"], nodes: int
) -> tuple[Float[Array, "*grid T"], Float[Array, "*grid"]]:
    """M from its values at the `_nodes`, and the last two coefficients of A, in sum."""
    angles, side = _angles(nodes), _side_angles(nodes)
    odd, order = 2 * np.arange(nodes) + 1, np.arange(len(side))
    along = values[..., :nodes] @ (2 / nodes * np.cos(odd[:, None] * angles)).T
    moment = along @ odd_chebyshev(amplitudes[:, 0], nodes)
    rest = values[..., nodes:].reshape(*values.shape[:-1], -1, len(side))
    rest = rest - (along @ np.cos(odd[:, None] * side))[..., None, :]
    away = rest @ (np.where(order == 0, 1, 2) / len(side) * np.cos(side[:, None] * order))
    powers = jnp.stack([amplitudes[:, 1:], amplitudes[:, 1:] ** 2])[order % 2]
    moment = moment + jnp.einsum("...ak,kt,kta->...t", away, _chebyshev(amplitudes[:, 0], len(side)), powers)
    return moment, jnp.sum(jnp.abs(along[..., -2:]), axis=-1)


def _chebyshev(x: Float[Array, "T"], terms: int) -> Float[Array, "terms T"]:
    """T_0, T_1, T_2, … at x by their recurrence, whose derivative is finite at x = ±1 too."""
    rows = [jnp.ones_like(x), x]
    for _ in range(2, terms):
        rows.append(2 * x * rows[-1] - rows[-2])
    return jnp.stack(rows)
