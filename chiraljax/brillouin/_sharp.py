"""Thermal averages over a sharp Fermi surface between tetrahedra."""

import jax
import jax.numpy as jnp
import numpy as np

from .._tracing import array_namespace, is_differentiated
from .._types import Array, Float
from ..units import BOLTZMANN
from ._nodes import NodeStates
from ._tetrahedra import Tetrahedra, occupied

_SPREAD = 14.0
"""k_BT on either side of μ where −f' is sampled: e⁻¹⁴ of it lies outside"""
_SAMPLES = 65
_SHARED_STEP = 1 / 3
"""Distance of the levels that pairs share, in k_BT of the coldest pair"""
_ROW = 64
"""Neighbouring levels per call of `occupied`"""
_BLOCK = 128
"""Pairs that are averaged together"""


def extrapolated(
    states: NodeStates, grid: Tetrahedra, filled: int, mu: Array, temperature: Array
) -> tuple[Array, Array]:
    """`between_tetrahedra` at spacings h and 2h of a grid, extrapolated to h = 0: (4 S₁ − S₂)/3, and its error.

    The error of linear interpolation is of order h²; that of the result is a third of what the extrapolation adds, plus
    the error of `between_tetrahedra`.
    """
    (fine, error), (coarse, _) = (
        between_tetrahedra(states, grid, spacing, filled, mu, temperature) for spacing in (0, 1)
    )
    return (4 * fine - coarse) / 3, jax.lax.stop_gradient(jnp.abs(fine - coarse) / 9 + error)


def between_tetrahedra(
    states: NodeStates, grid: Tetrahedra, spacing: int, filled: int, mu: Array, temperature: Array
) -> tuple[Float[Array, "q s"], Float[Array, "q s"]]:
    """Sums of the operators and the carriers over the states below a sharp level, averaged over the level with −f'.

    The error of that average is a quarter of its change with half as many levels. Many warm pairs share their levels.

    Args:
        spacing: 0 for the tetrahedra between neighbouring nodes, 1 for those between every second node.
        filled: number of bands that are filled in the undoped crystal.
        mu: (s,) eV, absolute.
        temperature: (s,) K.

    Returns:
        averages and errors, (q, s).
    """
    shared = _sharing(states, mu, temperature)
    if shared.any():
        parts = np.zeros((2, len(states.values) + 1, len(mu)))
        centre, heat = np.asarray(mu), np.asarray(temperature)
        parts[..., shared] = _on_shared_levels(
            states, grid, spacing, filled, *map(jnp.asarray, (centre[shared], heat[shared]))
        )
        if not shared.all():
            parts[..., ~shared] = between_tetrahedra(
                states, grid, spacing, filled, *map(jnp.asarray, (centre[~shared], heat[~shared]))
            )
        return jnp.asarray(parts[0]), jnp.asarray(parts[1])
    around, weights = thermal_levels()
    xp = array_namespace((states, mu, temperature))
    centre, thermal = xp.asarray(mu), BOLTZMANN * xp.asarray(temperature)
    at = jnp.asarray(centre[:, None] + thermal[:, None] * around)
    sums = occupied(
        states.energies, _with_unit(states.values), grid.corners[spacing], grid.volumes[spacing], at, weights
    )
    value, fewer = xp.transpose(xp.asarray(sums), (1, 2, 0))
    error = jax.lax.stop_gradient(xp.abs(value - fewer) / 4)
    of_filled = np.zeros((len(value), 1))
    of_filled[-1] = filled
    return jnp.asarray(value - of_filled), jnp.asarray(error)


def _sharing(states: NodeStates, mu: Array, temperature: Array) -> np.ndarray:
    """(s,) the pairs above a temperature that minimises the number of common levels and of other pairs' own levels."""
    if is_differentiated((states, mu, temperature)):
        return np.zeros(len(mu), bool)
    thermal, centre = BOLTZMANN * np.asarray(temperature), np.asarray(mu)
    lowest = np.unique(thermal[thermal > 0])
    span = np.ptp(centre) + 2 * _SPREAD * thermal.max(initial=0)
    own = _SAMPLES * np.array([np.sum(thermal < least) for least in lowest])
    levels = own + span / (_SHARED_STEP * lowest) + _ROW
    if levels.min(initial=np.inf) >= _SAMPLES * len(mu):
        return np.zeros(len(mu), bool)
    return thermal >= lowest[np.argmin(levels)]


def _on_shared_levels(
    states: NodeStates, grid: Tetrahedra, spacing: int, filled: int, mu: Array, temperature: Array
) -> np.ndarray:
    """`between_tetrahedra` from the sums below equidistant levels around all μ: (2, q, s)."""
    thermal, centre = BOLTZMANN * np.asarray(temperature), np.asarray(mu)
    low, high = np.min(centre - _SPREAD * thermal), np.max(centre + _SPREAD * thermal)
    rows = 1 + int((high - low) / (_SHARED_STEP * thermal.min())) // _ROW
    at = np.linspace(low, high, rows * _ROW)
    steps = jnp.asarray(at.reshape(rows, _ROW))
    below = occupied(
        states.energies, _with_unit(states.values), grid.corners[spacing], grid.volumes[spacing], steps, np.eye(_ROW)
    )
    below = np.array(below).reshape(len(at), -1)
    below[:, -1] -= filled

    def average(every, pairs):
        falling = np.exp(-np.abs(at[::every, None] - centre[pairs]) / thermal[pairs])
        weights = falling / (1 + falling) ** 2
        return below[::every].T @ weights / weights.sum(axis=0)

    blocks = np.array_split(np.arange(len(centre)), -(-len(centre) // _BLOCK))
    value, fewer = (np.concatenate([average(every, pairs) for pairs in blocks], axis=1) for every in (1, 2))
    return np.stack([value, np.abs(value - fewer) / 4])


def _with_unit(values: Float[Array, "a N m"]) -> Float[Array, "q N m"]:
    """The expectation values, and 1 for the carriers."""
    xp = array_namespace(values)
    return jnp.asarray(xp.concatenate([xp.asarray(values), np.ones((1, *values.shape[1:]))]))


def thermal_levels() -> tuple[np.ndarray, np.ndarray]:
    """x (65,) and weights (65, 2), with all x and with every second, of an average over 1/(4 cosh²(x/2))."""
    x = 3 * np.sinh(np.linspace(-1, 1, _SAMPLES) * np.arcsinh(_SPREAD / 3))
    weights = np.sqrt(9 + x**2) / np.cosh(x / 2) ** 2
    both = np.stack([weights, np.where(np.arange(_SAMPLES) % 2 == 0, weights, 0)], axis=-1)
    return x, both / both.sum(axis=0)
