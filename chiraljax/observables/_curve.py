"""The moment as a function of the angular velocity, from a few values of it."""

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_positive
from .._errors import check
from .._tracing import is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, Scalar, real
from ..brillouin import Quadrature
from ..electrons import Electrons
from ._fermi_surface import FermiSurface
from ._magnetization import magnetization
from ._result import AbstractResult

MOST_NODES = 54
"""Nodes at most."""
_SMALL = 8
"""Diagonalisations of interpolated bands that count as one of H."""


class MagnetizationCurve(AbstractResult):
    """M(Ω) for |Ω| ≤ `fastest` on the grid mu.shape + temperature.shape: an odd polynomial, called with Ω.

    `paired`, the grid is the common shape of mu and temperature.
    """

    coefficients: Float[Array, "*grid nodes"]
    """μ_B per cell, of the Chebyshev polynomials T₁, T₃, T₅, … of Ω/fastest"""
    fastest: Scalar
    """rad/ps"""
    error: Float[Array, "*grid"]
    """estimated absolute error, of the k-sum and of the interpolation together, μ_B per cell"""
    carriers: Float[Array, "*grid"]
    """electrons minus holes at Ω = 0, per cell: time reversal makes them even in Ω, the nodes are interpolated so"""
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: Bool[Array, ""]
    """whether the k-sum at each node, and the interpolation for the largest |M|, are within the tolerance"""
    quadrature: Quadrature | FermiSurface
    """the last rule used; pass it on to repeat the calculation under `jit` or for a gradient"""

    def __call__(self, rotation: ArrayLike) -> Float[Array, "..."]:
        """M (μ_B per cell) at Ω (rad/ps): grid + rotation.shape. Worthless beyond ±`fastest`."""
        rotation = real(rotation)
        terms = odd_chebyshev(rotation / self.fastest, self.coefficients.shape[-1])
        return jnp.tensordot(self.coefficients, terms, axes=1)

    @property
    def slope(self) -> Float[Array, "*grid"]:
        """dM/dΩ at Ω = 0, μ_B ps/rad per cell: the linear `susceptibility` along the axis."""
        degree = 2 * np.arange(self.coefficients.shape[-1]) + 1
        return self.coefficients @ (degree * (-1.0) ** (degree // 2)) / self.fastest

    def crossover(self, fraction: float = 0.1) -> Float[Array, "*grid"]:
        """The smallest Ω (rad/ps) at which M differs from its linear part by more than `fraction` of that part.

        Infinite where none does up to `fastest`. Raises `InputError` for a fraction that is not positive.
        """
        check_positive("fraction", fraction)
        rotation = self.fastest * jnp.linspace(0, 1, 1001)[1:]
        linear = self.slope[..., None] * rotation
        off = jnp.abs(self(rotation) - linear) > fraction * jnp.abs(linear)
        return jnp.where(jnp.any(off, axis=-1), rotation[jnp.argmax(off, axis=-1)], jnp.inf)


def magnetization_curve(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    fastest: ArrayLike,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    nodes: int = 6,
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    paired: bool = False,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 1_000_000,
) -> MagnetizationCurve:
    """M(Ω) for all |Ω| ≤ `fastest` (rad/ps) at the cost of a few values of Ω.

    Time reversal makes M an odd function of Ω. It is evaluated at `nodes` Chebyshev nodes in 0 < Ω < `fastest` and
    interpolated by the odd polynomial through them; the error of that is its last two coefficients. M bends where ħΩ
    passes k_BT and the splitting of the levels at μ: if the error is above the tolerance, three times as many nodes,
    the first among them, are taken, up to 54; not with a given `quadrature` or under `jit`. Other arguments as in
    `magnetization`. Raises `InputError` as it does, and for a `fastest` that is not positive or fewer than 2 nodes.
    """
    check_positive("fastest", fastest)
    check(nodes >= 2, "nodes", f"must be at least 2, but got {nodes}")
    fastest = jax.lax.stop_gradient(real(fastest))
    options = {
        "mu": mu,
        "temperature": temperature,
        "axis": axis,
        "rtol": rtol,
        "atol": atol,
        "normalisation": normalisation,
        "paired": paired,
    }

    def at(angles: np.ndarray, budget: int):
        return magnetization(
            electrons, rotation=fastest * np.cos(angles), quadrature=quadrature, max_eigensolves=budget, **options
        )

    angles = _angles(nodes)
    found = at(angles, max_eigensolves)
    moment, carriers, error = found.moment, found.carriers, found.error
    solves, small = found.eigensolves, found.interpolated
    summed = found.converged
    while True:
        odd = 2 * np.arange(len(angles)) + 1
        coefficients = moment @ (2 / len(angles) * np.cos(odd[:, None] * angles)).T
        missing = jnp.sum(jnp.abs(jax.lax.stop_gradient(coefficients[..., -2:])), axis=-1)
        total = jnp.max(error, axis=-1) + missing
        largest = jnp.max(jnp.abs(jax.lax.stop_gradient(moment)), axis=-1)
        enough = jnp.all(missing <= atol + rtol * largest)
        if quadrature is not None or is_traced(enough) or enough or 3 * len(angles) > MOST_NODES:
            break
        spent = int(solves) + int(small) // _SMALL
        if max_eigensolves < 3 * spent:
            break
        denser = _angles(3 * len(angles))
        new = np.arange(len(denser)) % 3 != 1
        more = at(denser[new], max_eigensolves - spent)
        pieces = ((more.moment, moment), (more.carriers, carriers), (more.error, error))
        moment, carriers, error = (_merged(new, *parts) for parts in pieces)
        angles, solves, small = denser, solves + more.eigensolves, small + more.interpolated
        summed &= more.converged
    return MagnetizationCurve(
        coefficients=coefficients,
        fastest=fastest,
        error=total,
        carriers=carriers @ _at_rest(angles),
        eigensolves=solves,
        interpolated=small,
        converged=summed & enough,
        quadrature=found.quadrature,
    )


def _angles(nodes: int) -> np.ndarray:
    """The nodes are cos of these; every third of three times as many is one of them."""
    return np.pi * (2 * np.arange(nodes) + 1) / (4 * nodes)


def _at_rest(angles: np.ndarray) -> np.ndarray:
    """Weights of the values at the nodes in that at Ω = 0 of the even polynomial in T₀, T₂, … through them."""
    m = np.arange(1, len(angles))
    return (1 + 2 * (-1.0) ** m @ np.cos(2 * m[:, None] * angles)) / len(angles)


def _merged(new: np.ndarray, more: Array, few: Array) -> Array:
    order = np.argsort(np.concatenate([np.flatnonzero(new), np.flatnonzero(~new)]))
    return jnp.concatenate([more, few], axis=-1)[..., order]


def odd_chebyshev(x: Float[Array, "..."], terms: int) -> Float[Array, "terms ..."]:
    """T_1, T_3, T_5, … at x by their recurrence, whose derivative is finite at x = ±1 too."""
    rows = [x, 4 * x**3 - 3 * x]
    for _ in range(2, terms):
        rows.append((4 * x**2 - 2) * rows[-1] - rows[-2])
    return jnp.stack(rows[:terms])
