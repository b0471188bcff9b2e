"""The uncertainty of the parameters."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._result import AbstractResult, quantity
from ..electrons import Electrons
from ._levels import Levels
from ._search import Residuals

_UNDETERMINED = 1 / 3
"""A direction is not determined if its standard error is above this fraction of the width of the bounds"""
_WEAK = 0.1
"""eV: standard error along a direction above which it is reported"""
_FLOOR = 1e-10
"""eV: roundoff, below which no residual counts"""
_PROBE = 4
"""k-points per axis at which the effect of a direction is calculated"""


class Direction(AbstractResult):
    """A combination of free parameters that the data determine badly."""

    determined: bool
    """whether the data determine it better than the bounds do"""
    level: int | None = eqx.field(static=True)
    """the level that it moves most (counted from 0); None if it moves none"""
    components: dict[str, float] = quantity("1", ("free",))
    """of the unit vector, those above 0.1"""
    error: float = quantity("eV")
    """standard error along it"""
    k: tuple[float, float, float] = quantity("fractional", ("component",))
    """where it moves `level` most"""
    slope: float = quantity("1")
    """shift of `level` there, eV per eV"""

    @property
    def status(self) -> str:
        return "weakly determined" if self.determined else "not determined"

    @property
    def advice(self) -> str:
        """The target that would determine it."""
        if self.level is None:
            return "no energy of the model depends on it"
        place = ", ".join(f"{x:g}" for x in self.k)
        return (
            f"a target for level {self.level} at k = ({place}), which moves by {self.slope:.2g} eV per eV, would fix it"
        )


def residual_scale(residuals: Residuals, values: np.ndarray, free: int, copies: int) -> tuple[float, float]:
    """Variance of the residuals (eV²) and the number of independent energies behind it.

    `values` (K, m) are the residuals of the fit, eV. Energies of different weight count as (Σw)²/Σw² equal ones, and
    each Kramers pair (`copies` = 2) as one. Model errors of neighbouring k-points are correlated, so this number is an
    upper bound and the standard errors are lower bounds; the k-fold check shows by how much.
    """
    weights = residuals.root_weights**2
    count = weights.sum() ** 2 / (weights**2).sum() / copies
    variance = (weights * values**2).sum() / weights.sum() * count / max(count - free, 1.0)
    return max(variance, _FLOOR**2), count


def covariance(residuals: Residuals, slopes: np.ndarray, variance: float, count: float) -> np.ndarray:
    """Covariance (F, F) in eV² of the free parameters, from the Gauss–Newton matrix.

    [ (N/σ²) Σ w s sᵀ/Σ w + 1/width² + 3/half² ]⁻¹ with the slopes s (K, m, F), the widths of the priors and the
    half-widths of the bounds. A uniform distribution within these has the variance half²/3, so the covariance is finite
    without data.
    """
    weights = residuals.root_weights**2
    information = np.einsum("km,kmf,kmg->fg", weights, slopes, slopes) * count / (variance * weights.sum())
    space = residuals.space
    prior = np.asarray(space.prior_weight) + 3 / np.asarray(space.half) ** 2
    inverse = np.linalg.inv(information + np.diag(prior))
    return (inverse + inverse.T) / 2


def weak_directions(
    electrons: Electrons, residuals: Residuals, covariance: np.ndarray, values: np.ndarray
) -> tuple[Direction, ...]:
    """Principal axes of the covariance along which the standard error is large, the worst first.

    `values` (P,) are all parameters. The effect of each axis is calculated on a 4×4×4 mesh, for all levels.
    """
    space = residuals.space
    variances, axes = np.linalg.eigh(covariance)
    allowed = np.sqrt(np.diag(axes.T @ np.diag(np.asarray(space.half) ** 2 / 3) @ axes))
    errors = np.sqrt(np.maximum(variances, 0))
    bad = [i for i in np.argsort(-errors) if errors[i] > _WEAK or errors[i] > _UNDETERMINED * allowed[i]]
    if not bad:
        return ()
    mesh = np.stack(np.meshgrid(*[np.arange(_PROBE) / _PROBE] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    slopes = np.asarray(Levels(electrons, mesh).with_slopes(jnp.asarray(values))[1]) @ np.asarray(space.matrix)
    directions = []
    for i in bad:
        effect = np.abs(slopes @ axes[:, i])
        row, level = np.unravel_index(int(np.argmax(effect)), effect.shape)
        parts = {name: float(c) for name, c in zip(space.free, axes[:, i], strict=True) if abs(c) > 0.1}
        place = (float(mesh[row][0]), float(mesh[row][1]), float(mesh[row][2]))
        moved = int(level) if effect[row, level] > 1e-6 else None
        determined = bool(errors[i] < _UNDETERMINED * allowed[i])
        slope = float(effect[row, level])
        directions.append(Direction(determined, moved, components=parts, error=float(errors[i]), k=place, slope=slope))
    return tuple(directions)
