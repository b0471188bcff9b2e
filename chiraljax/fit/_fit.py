"""From bands to the parameters of a Slater–Koster model."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
import optimistix as optx

from .._door import door
from .._errors import check
from .._progress import counted
from ..electrons import Electrons
from ._band_fit import BandFit
from ._bands import Bands
from ._character import Characters
from ._comparison import compare
from ._exchanges import exchanged, nearest_exchange, site_exchanges
from ._levels import OFFSET, Levels
from ._multistart import MultiStart
from ._same_crystal import check_crystal
from ._search import CANDIDATES, Minimum, OnStep, Residuals, minimise, residuals
from ._signs import sign_symmetries
from ._space import Space, space
from ._starts import starting_points
from ._statistics import covariance, residual_scale, weak_directions
from ._target import Match, Target, default_targets, held_targets, match, rms_by_target
from ._variation import Variation, check_names

_HOLDS = (30.0, 300.0)
"""How many times more energies near both edges count where a fit without it has other edges than the bands"""
_JUDGED_POINTS, _COMPARED_POINTS = 24, 200
"""k-points at which characters decide between minima, and at which they are compared with those of the bands"""
_EDGE = 0.3
"""eV above the conduction edge that count as near it"""


@door
def fit_bands(
    electrons: Electrons,
    bands: Bands,
    *,
    targets: Sequence[Target] | None = None,
    variation: Variation = Variation(),
    search: MultiStart = MultiStart(),
    insist: bool = False,
    on_step: OnStep = lambda done, total, best: None,
    progress: bool = False,
) -> BandFit:
    """Least-squares Slater–Koster parameters of `bands`, with their uncertainty.

    The search has four steps. Random guesses are moved to where the first two moments of the levels are those of the
    bands. The best of 32 guesses per start are refined on 24 k-points. The best minima are disturbed by noise and
    refined again, as long as this finds a better one. The best ones are fitted to all k-points. The loss is the sum
    over targets of weight times mean square error, eV². Which minima are the best also depends on the projections of
    the bands, if they have any: a level in other shells than in the bands counts as an error of 1 eV, with 5 % of it
    for free.

    The result is compared with the bands (`BandFit.comparison`). If the default targets lead to another gap, or to an
    edge at another k, of another degeneracy or in other orbitals, the fit is repeated with energies near both edges
    counting 31 times, then 301 times, and the one with the least wrong is kept.

    Bands without spin–orbit coupling are fitted with matrices of half the size; ξ then keeps its value. Energies count
    from `bands.reference`; an `offset` is fitted if the on-site energies cannot include it.

    Args:
        electrons: the model. Its parameters are used only if they are fixed, for signs that change no energy, and with
            `MultiStart(draw="noise")`.
        targets: which levels correspond to which bands; `default_targets` unless given.
        variation: free parameters and their bounds.
        search: number of searches, their starts and the solver.
        insist: fit bands of another crystal all the same: of other atoms, another lattice or too few electrons,
            where their file says it.
        on_step: called with the searches done, their total and the best loss.
        progress: whether to show a bar of them on standard error.

    Returns:
        a `BandFit`; if the search does not converge, its best parameters, with `converged` false.

    Raises:
        InputError: for a model, bands, targets and a variation that do not fit together, and bands of another crystal.
    """
    check(
        electrons.has_spin_orbit or not bands.spin_orbit,
        "electrons",
        "must have a spin–orbit term (spin_orbit of a shell), as the bands have spin–orbit coupling, but have none",
    )
    check(not electrons.terms, "electrons", "must have no further terms in a fit, because those are not linear in θ")
    if not insist:
        check_crystal(electrons, bands)
    with counted("Fitting", progress, on_step) as step:
        if targets is not None:
            return _fit(electrons, bands, tuple(targets), variation, search, step)
        targets = default_targets(electrons, bands)
        fits = [_fit(electrons, bands, tuple(targets), variation, search, step)]
        for weight in _HOLDS if fits[0].comparison.another else ():
            if not fits[-1].comparison.wrong:
                break
            held = held_targets(electrons, bands, targets, weight)
            fits.append(_fit(electrons, bands, tuple(held), variation, search, step))
    return min(fits, key=lambda fit: (fit.comparison.serious, len(fit.comparison.wrong)))


def _fit(
    electrons: Electrons,
    bands: Bands,
    targets: tuple[Target, ...],
    variation: Variation,
    search: MultiStart,
    on_step: OnStep,
) -> BandFit:
    model = electrons if bands.spin_orbit else electrons.without_spin_orbit()
    matched = match(electrons, bands, targets)
    levels = Levels(model, bands.k)
    check_names("fixed", variation.fixed, list(electrons.parameters))
    fixed = [name for name in variation.fixed if name in model.parameters]
    varied = space(model, levels.names, matched.energies, dataclasses.replace(variation, fixed=fixed))
    check(
        matched.energies.size >= len(varied.free),
        "targets",
        f"must hold at least as many energies as there are free parameters, {len(varied.free)},"
        f" but hold {matched.energies.size}",
    )
    whole = residuals(levels, varied, matched, variation.noise)
    coarse, fine = search.solver, search.solver
    if search.solver is None:
        coarse, fine = (optx.LevenbergMarquardt(rtol=error, atol=error) for error in (1e-4, 1e-10))
    count = search.starts * (1 if search.draw == "noise" else CANDIDATES)
    guesses = starting_points(search.draw, count, model, varied, search.seed)
    gauge, hidden = _symmetries(electrons, varied, bands.spin_orbit)
    exchanges = site_exchanges(model, varied)
    characters = Characters.of(model, bands, matched, _JUDGED_POINTS)

    def misfit(values: np.ndarray) -> float:
        assert characters is not None
        images = exchanged(values, varied.names, exchanges)
        return min(characters.misfit(dict(zip(varied.names, image, strict=True))) for image in images)

    judge = None if characters is None else misfit
    minima = minimise(whole, guesses, search, coarse, fine, hidden, on_step, judge)
    return _result(electrons, bands, targets, matched, whole, minima, gauge, exchanges)


def _symmetries(electrons: Electrons, varied: Space, spin_orbit: bool):
    """Sign changes of free parameters that change no energy, and those that change one only by spin–orbit coupling."""

    tied = (np.asarray(varied.matrix) != 0).sum(axis=0) > 1
    with_prior = np.asarray(varied.prior_weight) > 0
    alone = {name for name, bound in zip(varied.free, tied | with_prior, strict=True) if not bound}

    def symmetries_of(model: Electrons):
        symmetries = sign_symmetries(Levels(model, np.random.default_rng(0).uniform(size=(2, 3))))
        return [symmetry for symmetry in symmetries if set(symmetry) <= alone]

    bare = symmetries_of(electrons.without_spin_orbit())
    if not spin_orbit:
        return bare, []
    gauge = symmetries_of(electrons)
    return gauge, [symmetry for symmetry in bare if symmetry not in gauge]


def _result(electrons, bands, targets, matched: Match, whole: Residuals, minima: Minimum, gauge, found) -> BandFit:
    varied = whole.space
    values = np.asarray(varied.values(minima.x[0]))
    initial = np.array([float(electrons.parameters.get(name, 0.0)) for name in varied.names])
    alike = electrons if bands.spin_orbit else electrons.without_spin_orbit()
    characters = Characters.of(alike, bands, matched, _COMPARED_POINTS)
    values, exchanges = nearest_exchange(values, varied.names, found, gauge, initial, alike, characters)
    energies, slopes = whole.levels.with_slopes(jnp.asarray(values))
    compared = np.asarray(energies)
    energies = compared[:, matched.levels]
    slopes = np.asarray(slopes)[:, matched.levels] @ np.asarray(varied.matrix)
    errors = energies - matched.energies
    variance, count = residual_scale(whole, errors, len(varied.free), 2 if bands.spin_orbit else 1)
    spread = covariance(whole, slopes, variance, count)
    named = dict(zip(varied.names, values.tolist(), strict=True))
    misfit = None if characters is None else characters.misfit(named)
    offset = named.pop(OFFSET)
    model = electrons.with_parameters(named)
    fitted = model if bands.spin_orbit else model.without_spin_orbit()
    return BandFit(
        electrons=model,
        offset=offset,
        free=varied.free,
        covariance=spread,
        directions=weak_directions(whole.levels.electrons, whole, spread, values),
        at_bounds=tuple(varied.at_bounds(values)),
        signs=tuple(gauge),
        exchanges=exchanges,
        misfit=misfit,
        rms=rms_by_target(matched, errors),
        largest=_largest(matched, errors),
        edge=_edge(electrons, bands, matched, errors),
        comparison=compare(fitted, bands, matched, compared, offset),
        loss=float(minima.loss[0]),
        losses=np.asarray(minima.loss),
        converged=bool(minima.converged[0]),
        bands=bands,
        targets=targets,
        match=matched,
        residuals=errors,
        _space=varied,
    )


def _largest(matched: Match, residuals: np.ndarray) -> dict[str, tuple[float, int, int]]:
    largest = {}
    for name, part in matched.groups:
        weights = matched.weights[:, part]
        errors = np.where(weights >= 0.5 * weights.max(), np.abs(residuals[:, part]), -1.0)
        row, column = np.unravel_index(int(np.argmax(errors)), errors.shape)
        level = int(matched.levels[part][column])
        largest[name] = (float(residuals[row, part.start + column]), int(row), level)
    return largest


def _edge(electrons, bands: Bands, matched: Match, residuals: np.ndarray) -> tuple[float, float] | None:
    filled = electrons.filling // (1 if bands.spin_orbit else 2)
    empty = matched.levels >= filled
    if not np.any(matched.levels == filled):
        return None
    energies, errors = matched.energies[:, empty], residuals[:, empty]
    near = errors[energies <= energies.min() + _EDGE]
    return float(np.sqrt(np.mean(near**2))), float(np.abs(near).max())
