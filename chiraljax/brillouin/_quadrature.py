"""Quadrature rules over the Brillouin zone, reduced by symmetry."""

from collections.abc import Sequence
from functools import lru_cache

import equinox as eqx
import numpy as np

from .._errors import check
from ._mesh import Mesh, frozen, signed_permutations, stars

_WARP = 0.6
"""α of the map in `zone`: any value in [0, 1) converges; of 0, 0.6, 0.8 and 0.9 this one needs the fewest points for
the moment of KTaO₃ at 300 K (docs/conventions.md has the model)"""
GAMMA_CUBE = 0.05
"""Half-width of the cube around Γ over which the paper averages"""


class Quadrature(eqx.Module):
    """Nodes and weights: the average of F over the region is Σ_i w_i F(k_i).

    A second set of weights on the same nodes is the rule with half as many points per axis; the difference of the two
    sums estimates the error.
    """

    k: np.ndarray
    """(K, 3) fractional"""
    weights: np.ndarray
    """(K,), sum 1"""
    coarse: np.ndarray
    """(K,), sum 1: the embedded rule"""
    region: str = eqx.field(static=True, default="zone")
    """`"zone"` or `"gamma_cube"`"""
    group: tuple = eqx.field(static=True, default=(), repr=False)
    """operations on k by which the nodes were reduced: the rule is for integrands that are invariant under them"""
    mesh: Mesh | None = None
    """the nodes as integer points; without it nothing tells what the rule does not resolve"""


def zone(n: int, operations=None, periodic: Sequence[bool] = (True, True, True)) -> Quadrature:
    """The trapezoidal rule along every component of k that H depends on.

    It converges faster than any power of 1/n for smooth periodic integrands. If the operations only permute and reflect
    the components of k, the periodic map k = u − α sin(2πu)/2π draws the points towards the planes k_i = 0, with the
    same convergence.

    Args:
        n: points per component, even and at least 4.
        operations: (g, 3, 3) integer matrices on k under which the integrand is invariant; one point per star is kept.
        periodic: whether H depends on each component.

    Raises:
        InputError: for another n.
    """
    check(n >= 4 and n % 2 == 0, "n", f"must be even and at least 4, but got {n}")
    group = frozen(operations)
    warp = _WARP if signed_permutations(group) else 0.0
    return _zone(n, group, tuple(bool(p) for p in periodic), warp)


@lru_cache(maxsize=32)
def _zone(n: int, group: tuple, periodic: tuple, warp: float) -> Quadrature:
    axes = [np.arange(n) if moves else np.zeros(1, int) for moves in periodic]
    index, count = stars(axes, np.array(group), modulus=n)
    u = index / n
    jacobian = np.where(periodic, 1 - warp * np.cos(2 * np.pi * u), 1.0).prod(axis=1)
    cells = float(n) ** sum(periodic)
    weights = count * jacobian / cells
    even = np.all(index % 2 == 0, axis=1)
    coarse = np.where(even, weights * 2.0 ** sum(periodic), 0.0)
    k = u - warp * np.sin(2 * np.pi * u) / (2 * np.pi)
    return Quadrature(k, weights, coarse, "zone", group, Mesh(index, group, n))


def gamma_cube(n: int, half_width: float = GAMMA_CUBE, operations=None) -> Quadrature:
    """The Clenshaw–Curtis rule with n + 1 points per axis on the cube |k_i| ≤ `half_width`.

    The weights are normalised to that cube, not to the zone. Clenshaw and Curtis, Numer. Math. 2, 197 (1960).

    Args:
        n: intervals per axis, a multiple of 4.
        half_width: fractional, in (0, ½].
        operations: as in `zone`; those that do not map the cube onto itself are ignored.

    Raises:
        InputError: for values outside these ranges.
    """
    check(n >= 4 and n % 4 == 0, "n", f"must be a multiple of 4, but got {n}")
    check(0 < half_width <= 0.5, "half_width", f"must be in (0, 0.5], but got {half_width}")
    group = tuple(operation for operation in frozen(operations) if signed_permutations((operation,)))
    return _gamma_cube(n, half_width, group)


@lru_cache(maxsize=32)
def _gamma_cube(n: int, half_width: float, group: tuple) -> Quadrature:
    index, count = stars([np.arange(-(n // 2), n // 2 + 1)] * 3, np.array(group), modulus=None)
    weights = count * (_clenshaw_curtis(n)[index + n // 2] / 2).prod(axis=1)
    even = np.all((index + n // 2) % 2 == 0, axis=1)
    coarse = count * (_clenshaw_curtis(n // 2)[(index + n // 2) // 2] / 2).prod(axis=1)
    k, coarse = half_width * np.sin(np.pi * index / n), np.where(even, coarse, 0.0)
    return Quadrature(k, weights, coarse, "gamma_cube", group, Mesh(index, group, None))


def _clenshaw_curtis(n: int) -> np.ndarray:
    """Weights at cos(πj/n), j = 0 … n, for ∫_{−1}^{1}; n even."""
    j = np.arange(n + 1)[:, None]
    m = np.arange(1, n // 2 + 1)[None]
    b = np.where(m == n // 2, 1.0, 2.0)
    inner = 1 - np.sum(b / (4 * m**2 - 1) * np.cos(2 * m * j * np.pi / n), axis=1)
    return np.where((j[:, 0] == 0) | (j[:, 0] == n), 1.0, 2.0) / n * inner
