"""The errors of a fit on k-points that were left out of it."""

import jax.numpy as jnp
import numpy as np
import optimistix as optx

from .._errors import check
from .._result import AbstractResult, quantity
from ._band_fit import BandFit
from ._bands import Bands
from ._levels import Levels
from ._search import refine, residuals
from ._target import Target, default_targets, match, rms_by_target

_STEPS = 200


class CrossValidation(AbstractResult):
    """Root mean square errors by target on k-points inside and outside a fit."""

    converged: bool
    """whether every refit met its tolerance"""
    elsewhere: dict[str, float] = quantity("eV", ("target",))
    """of the fit itself, on all k-points of the check"""
    seen: dict[str, float] = quantity("eV", ("target",))
    """of refits, on their own k-points, root mean square over the folds"""
    unseen: dict[str, float] = quantity("eV", ("target",))
    """of the same refits, on the k-points left out"""
    spread: dict[str, float] = quantity("eV", ("free",))
    """standard deviation of each parameter over the refits times √(folds − 1): the jackknife's standard error, which,
    unlike the covariance, does not assume independent errors of neighbouring k-points"""

    @property
    def status(self) -> str:
        return "converged" if self.converged else "not converged"

    @property
    def report(self) -> str:
        """All errors as text."""
        header = f"{'k-fold check, rms in eV':<26}{'this fit':>10}{'refits':>10}{'left out':>10}"
        rows = [
            f"  {name:<24}{value:>10.4f}{self.seen[name]:>10.4f}{self.unseen[name]:>10.4f}"
            for name, value in self.elsewhere.items()
        ]
        spread = [f"  {name:<24}{value:>10.4f}" for name, value in self.spread.items()]
        return "\n".join([header, *rows, "Jackknife errors of the parameters, eV", *spread]) + "\n"


def cross_validate(
    fit: BandFit, bands: Bands | None = None, *, targets: list[Target] | None = None, folds: int = 5
) -> CrossValidation:
    """k-fold check of a fit.

    The k-points in their order are cut into `folds` parts. Each fold leaves out one part; the model is fitted to the
    others, starting from the `fit`.

    Args:
        bands: such as those on a dense mesh; those of the fit unless given.
        targets: unless given, those of the fit for its own bands and `default_targets` for other bands.
        folds: from 2 to the number of k-points.

    Raises:
        InputError: for another number of folds, and for bands with spin–orbit coupling if those of the fit have none,
            or the other way round.
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
    whole = residuals(levels, fit._space, matched, noise=0.1)
    own = {**fit.parameters, "offset": fit.offset}
    x = fit._space.project(jnp.asarray([own[name] for name in fit._space.names]))

    def rms(x, rows):
        energies = np.asarray(levels.at(rows)(fit._space.values(x)))[:, matched.levels]
        part = matched.at(rows)
        return rms_by_target(part, energies - part.energies)

    everything = np.arange(len(bands))
    parts = np.array_split(everything, folds)
    solver = optx.LevenbergMarquardt(rtol=1e-8, atol=1e-8)
    seen, unseen, values, converged = [], [], [], True
    for left_out in parts:
        kept = np.setdiff1d(everything, left_out)
        refit = refine(whole.at(kept), x[None], solver, _STEPS, lambda done, best: None)
        seen.append(rms(refit.x[0], kept))
        unseen.append(rms(refit.x[0], left_out))
        values.append(np.asarray(fit._space.inside(refit.x[0])))
        converged &= bool(refit.converged[0])
    deviation = np.std(values, axis=0) * np.sqrt(folds - 1)
    spread = dict(zip(fit.free, deviation.tolist(), strict=True))
    return CrossValidation(converged, rms(x, everything), _mean(seen), _mean(unseen), spread)


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    """Root mean square over the folds."""
    return {name: float(np.sqrt(np.mean([part[name] ** 2 for part in parts]))) for name in parts[0]}
