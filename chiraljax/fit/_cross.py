"""How a fit fares on k-points that it did not see."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import optimistix as optx

from .._errors import check
from ._bands import Bands
from ._fit import BandFit, rms_by_target
from ._levels import Levels
from ._search import problem, refine
from ._target import Target, default_targets, match

_STEPS = 200


class CrossValidation(NamedTuple):
    """Root mean square errors (eV) by target on k-points inside and outside a fit."""

    elsewhere: dict[str, float]
    """of the fit itself, on all of the k-points given"""
    seen: dict[str, float]
    """of refits, on the k-points that they were made with, averaged over the folds"""
    unseen: dict[str, float]
    """of the same refits, on the k-points left out"""
    spread: dict[str, float]
    """standard deviation (eV) of each parameter over the refits times √(folds − 1): the jackknife's standard error,
    which, unlike the covariance, does not take the errors of neighbouring k-points as independent"""


def cross_validate(
    fit: BandFit, bands: Bands | None = None, *, targets: list[Target] | None = None, folds: int = 5
) -> CrossValidation:
    """k-fold check of a fit on `bands`, such as a dense mesh; on its own ones unless given.

    Each fold leaves out every `folds`-th stretch of k-points in their order; the model is fitted anew to the others,
    starting from the fit. `targets` are by default those of the fit on its own bands and the default ones on others.
    Raises `InputError` for fewer than two folds or more than k-points, and bands of the other spin–orbit kind.
    """
    if bands is None:
        bands, targets = fit.bands, list(fit.targets) if targets is None else targets
    check(2 <= folds <= len(bands), "folds", f"must be between 2 and the {len(bands)} k-points, but got {folds}")
    check(
        bands.spin_orbit == fit.bands.spin_orbit,
        "bands",
        "must be with spin–orbit coupling if those of the fit are, and without if not",
    )
    electrons = fit.electrons
    matched = match(electrons, bands, default_targets(electrons, bands) if targets is None else targets)
    levels = Levels(electrons if bands.spin_orbit else electrons.without_spin_orbit(), bands.k)
    whole = problem(levels, fit._space, matched, noise=0.1)
    own = {**fit.parameters, "offset": fit.offset}
    x = fit._space.project(jnp.asarray([own[name] for name in fit._space.names]))

    def rms(x, rows):
        found = np.asarray(levels.at(rows)(fit._space.values(x)))[:, matched.levels]
        part = matched._replace(weights=matched.weights[rows])
        return rms_by_target(part, found - matched.energies[rows])

    everything = np.arange(len(bands))
    parts = np.array_split(everything, folds)
    solver = optx.LevenbergMarquardt(rtol=1e-8, atol=1e-8)
    seen, unseen, found = [], [], []
    for left_out in parts:
        kept = np.setdiff1d(everything, left_out)
        refit = refine(whole.at(kept), x[None], solver, _STEPS, lambda done, best: None).x[0]
        seen.append(rms(refit, kept))
        unseen.append(rms(refit, left_out))
        found.append(np.asarray(fit._space.inside(refit)))
    deviation = np.std(found, axis=0) * np.sqrt(folds - 1)
    return CrossValidation(
        rms(x, everything),
        _mean(seen),
        _mean(unseen),
        dict(zip(fit.free, deviation.tolist(), strict=True)),
    )


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    """Root mean square over the folds."""
    return {name: float(np.sqrt(np.mean([part[name] ** 2 for part in parts]))) for name in parts[0]}
