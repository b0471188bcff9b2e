"""Moments where k_BT is too small for a sum over points: a sharp Fermi surface in interpolated bands."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._tracing import concrete, is_differentiated
from .._types import Array, Float
from .._units import BOLTZMANN
from ..brillouin import Quadrature, Tetrahedra, occupied
from ..electrons import Electrons
from ._interpolation import BandGroup, Levels, interpolate, levels
from ._refine import Estimate

_SPREAD = 14.0
"""k_BT on either side of μ where −f' is sampled: e⁻¹⁴ of it lies outside."""
_SAMPLES = 65
_SHARED_STEP = 1 / 3
"""k_BT of the coldest pair between levels that pairs share."""
_ROW = 64
"""Neighbouring levels that are looked at together."""
_BLOCK = 128
"""Pairs that are averaged together."""
_TWOFOLD = 1e-9
"""eV: levels closer than this at every node are one."""


class FermiSurface(eqx.Module):
    """A rule for a table of pairs (μ, T), some at low temperature: for each pair a group of bands and its grid."""

    smooth: Quadrature
    """for the pairs that a sum over points serves"""
    parts: tuple[tuple[BandGroup, Tetrahedra], ...]
    method: tuple[tuple[int, bool], ...] = eqx.field(static=True)
    """for each pair the part (−1 for the smooth rule), and whether between tetrahedra or at the nodes alone"""

    def of_pairs(self, pairs: Sequence[int]) -> "FermiSurface":
        """The rule for some of the pairs, in that order, with the parts that they need."""
        chosen = [self.method[pair] for pair in pairs]
        used = sorted({part for part, _ in chosen if part >= 0})
        method = tuple((used.index(part) if part >= 0 else -1, sharp) for part, sharp in chosen)
        return FermiSurface(self.smooth, tuple(self.parts[part] for part in used), method)


def extrapolated(found: Levels, grid: Tetrahedra, filled: int, mu: Array, temperature: Array) -> tuple[Array, Array]:
    """`between_tetrahedra` at spacings h and 2h of a grid, extrapolated to h = 0: (4 S₁ − S₂)/3, and its error.

    Linear interpolation errs by h²; the error given is a third of what the extrapolation adds.
    """
    (fine, doubt), (coarse, _) = (
        between_tetrahedra(found, grid, spacing, filled, mu, temperature) for spacing in (0, 1)
    )
    return (4 * fine - coarse) / 3, jax.lax.stop_gradient(jnp.abs(fine - coarse) / 9 + doubt)


def between_tetrahedra(
    found: Levels, grid: Tetrahedra, spacing: int, filled: int, mu: Array, temperature: Array
) -> tuple[Float[Array, "2 s"], Float[Array, "2 s"]]:
    """Moment and carriers of the states below a sharp Fermi level, averaged over −f', and the error of that average.

    The error is a quarter of what half as many levels of the average change. Many warm pairs share their levels.
    """
    shared = _sharing(found, mu, temperature)
    if shared.any():
        parts = np.zeros((2, 2, len(mu)))
        parts[..., shared] = _on_shared_levels(found, grid, spacing, filled, mu[shared], temperature[shared])
        if not shared.all():
            parts[..., ~shared] = between_tetrahedra(found, grid, spacing, filled, mu[~shared], temperature[~shared])
        value, error = jnp.asarray(parts)
        return value, error
    around, weights = _thermal_levels()
    at = mu[:, None] + BOLTZMANN * temperature[:, None] * around
    values = jnp.concatenate([found.values, jnp.ones_like(found.values)])
    sums = occupied(found.energies, values, grid.corners[spacing], grid.volumes[spacing], at, weights)
    value, fewer = jnp.transpose(sums, (1, 2, 0))
    return value - jnp.array([[0.0], [filled]]), jax.lax.stop_gradient(jnp.abs(value - fewer) / 4)


def _sharing(found: Levels, mu: Array, temperature: Array) -> np.ndarray:
    """(s,) the pairs above a temperature, chosen such that common levels for them and own ones for others are few."""
    if is_differentiated((found, mu, temperature)):
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
    found: Levels, grid: Tetrahedra, spacing: int, filled: int, mu: Array, temperature: Array
) -> np.ndarray:
    """`between_tetrahedra` from the sums below equidistant levels around all μ: (2, 2, s)."""
    thermal, centre = BOLTZMANN * np.asarray(temperature), np.asarray(mu)
    low, high = np.min(centre - _SPREAD * thermal), np.max(centre + _SPREAD * thermal)
    rows = 1 + int((high - low) / (_SHARED_STEP * thermal.min())) // _ROW
    at = np.linspace(low, high, rows * _ROW)
    values = jnp.concatenate([found.values, jnp.ones_like(found.values)])
    steps = jnp.asarray(at.reshape(rows, _ROW))
    below = occupied(found.energies, values, grid.corners[spacing], grid.volumes[spacing], steps, np.eye(_ROW))
    below = np.asarray(below).reshape(-1, 2) - [0, filled]

    def average(every, pairs):
        falling = np.exp(-np.abs(at[::every, None] - centre[pairs]) / thermal[pairs])
        weights = falling / (1 + falling) ** 2
        return below[::every].T @ weights / weights.sum(axis=0)

    blocks = np.array_split(np.arange(len(centre)), -(-len(centre) // _BLOCK))
    value, fewer = (np.concatenate([average(every, pairs) for pairs in blocks], axis=1) for every in (1, 2))
    return np.stack([value, np.abs(value - fewer) / 4])


def _thermal_levels() -> tuple[np.ndarray, np.ndarray]:
    """x and weights (with all x, with every second) of an average over 1/(4 cosh²(x/2)), denser around 0."""
    x = 3 * np.sinh(np.linspace(-1, 1, _SAMPLES) * np.arcsinh(_SPREAD / 3))
    weights = np.sqrt(9 + x**2) / np.cosh(x / 2) ** 2
    both = np.stack([weights, np.where(np.arange(_SAMPLES) % 2 == 0, weights, 0)], axis=-1)
    return x, both / both.sum(axis=0)


def evaluate(
    electrons: Electrons,
    axis: np.ndarray,
    mu: Array,
    temperature: Array,
    rotation: Array,
    rule: FermiSurface,
    smooth: Callable,
) -> Estimate:
    """Every pair by the method that the rule has for it; `smooth(mu, temperature)` gives those of the point rule.

    `rotation` is Ω (r,), or Ω_i (r, sites).
    """
    table = jnp.zeros((3, len(mu), len(rotation)))
    solves = interpolated = 0
    number = np.array([part for part, _ in rule.method])
    pairs = np.flatnonzero(number < 0)
    if len(pairs):
        first = smooth(mu[pairs], temperature[pairs])
        table, solves = table.at[:, pairs].set(jnp.stack(first[:3])), first.eigensolves
    for part, (group, grid) in enumerate(rule.parts):
        pairs = np.flatnonzero(number == part)
        sharp = np.flatnonzero([rule.method[pair][1] for pair in pairs])
        solves += len(rotation) * group.solves(electrons, axis)
        interpolated += len(rotation) * grid.n_nodes
        for r, omega in enumerate(rotation):
            bands = interpolate(electrons, group, axis, omega)
            filled = group.filled(electrons)
            found = levels(bands.series, grid, filled, mu[pairs], temperature[pairs])
            value, error = found.sums[0], jax.lax.stop_gradient(jnp.abs(found.sums[0] - found.sums[1]))
            if len(sharp):
                if is_differentiated((electrons, rotation)):
                    _check_split(omega, found.energies)
                inner, doubt = extrapolated(found, grid, filled, mu[pairs[sharp]], temperature[pairs[sharp]])
                value, error = value.at[:, sharp].set(inner), error.at[:, sharp].set(doubt)
            rows = jnp.stack([value[0] + bands.rest, value[1], error[0] + bands.rest_error])
            table = table.at[:, pairs, r].set(rows)
    return Estimate(table[0], table[1], table[2], solves, rule, interpolated)


def _check_split(omega: Array, energies: Array) -> None:
    """A gradient needs ⟨σ⟩ of single levels: at rest there is none, nor where opposite Ω_i leave levels twofold."""
    speed, known = (concrete(jax.lax.stop_gradient(part)) for part in (omega, energies))
    check(
        speed is None or np.any(speed != 0),
        "rotation",
        "must not be 0 for a gradient at this temperature, where levels without a splitting have"
        " none: take `susceptibility`",
    )
    check(
        known is None or np.all(np.any(np.diff(known) > _TWOFOLD, axis=0)),
        "rotation",
        "must split all levels for a gradient at this temperature, where those without a"
        " splitting have none: take a sum over points",
    )
