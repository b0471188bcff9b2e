"""From many starts to the best parameters."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx

from .._parallel import side_by_side
from .._types import Array, Bool, Float, Int
from ._levels import Levels
from ._multistart import MultiStart
from ._space import Space
from ._starts import onto_moments
from ._target import Match

SEARCH_POINTS = 24
"""k-points of the search; its best minima are then fitted to all k-points"""
CANDIDATES = 32
"""guesses per start"""
_BATCH = 64
"""searches that a GPU runs together; on a CPU all would wait for the slowest one"""
_SEARCH_STEPS, _FINAL_STEPS = 100, 400
_PERFECT = 1e-10
"""eV²: a loss that only bands of the model itself reach"""
_KEPT = 4
"""starts/4 minima are fitted to all k-points"""
_HOPS, _ORIGINS, _NOISE = 3, 4, (0.03, 1.0)
"""rounds of starts from the best 4 minima with noise (eV): crossings of levels make shallow minima"""
_SAME = 1e-4
"""relative difference in loss within which two minima count as one"""

_ALIKE = 1e-2
"""eV within which parameters of two minima count as one"""
_JUDGED = 12
"""minima of which the character is compared with that of the bands"""
_WRONG, _TOLERATED = 1.0, 0.05
"""eV that a level in other shells than in the bands counts as, and the share of it that projections leave open"""

OnStep = Callable[[int, int, float], object]


class Minimum(NamedTuple):
    """Ends of local searches, one per start, of ascending loss."""

    x: Float[Array, "S F"]
    loss: Float[Array, " S"]
    steps: Int[Array, " S"]
    converged: Bool[Array, " S"]


class Residuals(eqx.Module):
    """√w (E_n(k; θ) − ε_nk), and the residuals of the priors."""

    levels: Levels
    space: Space
    columns: Int[np.ndarray, " m"]
    energies: Float[np.ndarray, "K m"]
    root_weights: Float[np.ndarray, "K m"]
    prior_scale: float

    def __call__(self, x: Float[Array, " F"], _: Any = None) -> Float[Array, " N"]:
        """The residuals at x; their sum of squares is the loss, eV²."""
        energies = self.levels(self.space.values(x))[:, self.columns]
        prior = jnp.sqrt(self.space.prior_weight * self.prior_scale) * (self.space.inside(x) - self.space.prior_value)
        return jnp.concatenate([(self.root_weights * (energies - self.energies)).ravel(), prior])

    def loss(self, x: Float[Array, " F"]) -> Float[Array, ""]:
        """The sum of the squared residuals."""
        return jnp.sum(self(x) ** 2)

    def at(self, rows: np.ndarray, times: np.ndarray | float = 1.0) -> "Residuals":
        """The residuals at some of the k-points, each counted `times`."""
        energies = self.energies[rows]
        root_weights = self.root_weights[rows] * np.sqrt(np.broadcast_to(times, len(rows)))[:, None]
        return Residuals(self.levels.at(rows), self.space, self.columns, energies, root_weights, self.prior_scale)


def residuals(levels: Levels, space: Space, match: Match, noise: float) -> Residuals:
    """The residuals of a fit; a prior counts as one datum with the expected residual `noise` (eV)."""
    counts = match.loss.sum() ** 2 / (match.loss**2).sum()
    scale = noise**2 * match.loss.sum() / counts
    return Residuals(levels, space, match.levels, match.energies, np.sqrt(match.loss), float(scale))


def minimise(
    whole: Residuals,
    guesses: Float[np.ndarray, "S F"],
    options: MultiStart,
    coarse: Any,
    solver: Any,
    hidden: list[tuple[str, ...]],
    on_step: OnStep,
    misfit: Callable[[np.ndarray], float] | None = None,
) -> Minimum:
    """Local minima of the loss: guesses are screened, refined on a few k-points, disturbed by noise, fitted to all.

    `coarse` is the solver of the search, `solver` that of the last step. `hidden` are sign changes that change the
    energies only by spin–orbit coupling; they are tried on the best minimum.

    With `misfit`, the share of the levels that are in other shells than in the bands at the parameters (P,), the best
    minima are those of the lowest loss + (`_WRONG` times this share beyond `_TOLERATED` above the smallest)².
    """
    starts = options.starts
    part = _sample(whole)
    x = jnp.asarray(guesses)
    if options.draw != "noise" and len(part.columns) == part.levels.size:
        order = np.argsort(part.columns)
        x = onto_moments(part.levels, part.space, jnp.asarray(part.energies[:, order]), x)
    if len(x) > starts:
        losses = np.concatenate([np.asarray(_losses(part, chunk)) for chunk in np.array_split(x, -(-len(x) // 64))])
        x = x[jnp.asarray(np.argsort(losses)[:starts])]
    kept = max(2, starts // _KEPT)
    total = len(x) + _HOPS * starts + kept + len(hidden)
    minima = _ranked(refine(part, x, coarse, _SEARCH_STEPS, _after(0, total, on_step)), part.space, misfit)
    random = np.random.default_rng(options.seed)
    for hop in range(_HOPS):
        before, lowest = len(x) + hop * starts, float(minima.loss[0])
        if lowest < _PERFECT:
            break
        origins = _distinct(minima, _ORIGINS, part.space, misfit)
        size = np.exp(random.uniform(np.log(_NOISE[0]), np.log(_NOISE[1]), (starts, 1)))
        noise = size * random.normal(size=(starts, x.shape[1]))
        disturbed = part.space.outside(part.space.inside(minima.x[np.resize(origins, starts)]) + noise)
        more = refine(part, disturbed, coarse, _SEARCH_STEPS, _after(before, total, on_step))
        minima = _ranked(_joined([minima, more]), part.space, misfit)
        if not float(minima.loss[0]) < lowest * (1 - _SAME):
            break
    best = minima.x[_distinct(minima, kept, part.space, misfit)]
    mirrored = [jnp.where(jnp.asarray([name in signs for name in part.space.free]), -1.0, 1.0) for signs in hidden]
    images = [part.space.outside(part.space.inside(best[0]) * signs) for signs in mirrored]
    best = jnp.concatenate([best, jnp.array(images).reshape(-1, best.shape[1])])
    last = total - len(best)
    return _ranked(refine(whole, best, solver, _FINAL_STEPS, _after(last, total, on_step)), whole.space, misfit)


def refine(
    residuals: Residuals, x: Float[Array, "S F"], solver, max_steps: int, on_step: Callable[[int, float], object]
):
    """A local search from each start, one start per core at a time; on a GPU in batches."""
    size = 1 if jax.default_backend() == "cpu" else _BATCH
    batches = [x[i : i + size] for i in range(0, len(x), size)]
    done, best = 0, np.inf

    def run(batch):
        nonlocal done, best
        padded = jnp.concatenate([batch, jnp.repeat(batch[-1:], size - len(batch), axis=0)])
        ends = jax.block_until_ready(_refine(residuals, padded, solver, max_steps))
        ends = jax.tree.map(lambda part: part[: len(batch)], ends) if len(batch) < size else ends
        done, best = done + len(batch), min(best, float(ends.loss.min()))
        on_step(done, best)
        return ends

    return _joined(side_by_side(run, batches, alone=False))


def _ranked(minima: Minimum, space: Space, misfit: Callable[[np.ndarray], float] | None) -> Minimum:
    """The best `_JUDGED` distinct minima in the order of the loss with the misfit, then the others."""
    if misfit is None:
        return minima
    loss = np.asarray(minima.loss)
    judged = _distinct(minima, _JUDGED, space, misfit)
    shares = np.array([misfit(np.asarray(space.values(minima.x[index]))) for index in judged])
    beyond = np.maximum(shares - shares.min() - _TOLERATED, 0.0)
    first = judged[np.argsort(loss[judged] + (_WRONG * beyond) ** 2, kind="stable")]
    order = jnp.asarray(np.concatenate([first, np.setdiff1d(np.arange(len(loss)), first)]))
    return Minimum(*(field[order] for field in minima))


def _joined(parts: list[Minimum]) -> Minimum:
    """All minima, of ascending loss."""
    fields = [np.concatenate([np.asarray(field) for field in each]) for each in zip(*parts, strict=True)]
    loss = fields[1]
    order = np.argsort(np.where(np.isfinite(loss), loss, np.inf))
    return Minimum(*(jnp.asarray(field[order]) for field in fields))


@eqx.filter_jit
def _refine(residuals: Residuals, x, solver, max_steps):
    def descend(start):
        with jax.numpy_dtype_promotion("standard"):  # optax, inside OptaxMinimiser, mixes integers of both sizes
            solution = optx.least_squares(residuals, solver, start, max_steps=max_steps, throw=False)
        return Minimum(
            solution.value,
            residuals.loss(solution.value),
            solution.stats["num_steps"],
            solution.result == optx.RESULTS.successful,
        )

    return jax.vmap(descend)(x)


@eqx.filter_jit
def _losses(residuals: Residuals, x):
    return jax.lax.map(residuals.loss, x)


def _after(before: int, total: int, on_step: OnStep) -> Callable[[int, float], object]:
    return lambda done, best: on_step(before + done, total, best)


def _sample(whole: Residuals) -> Residuals:
    """Residuals at some of the k-points, drawn evenly along the sum of their weights: the loss is about the same."""
    if len(whole.energies) <= SEARCH_POINTS:
        return whole
    weights = (whole.root_weights**2).sum(axis=1)
    share = weights / weights.sum()
    drawn = np.searchsorted(np.cumsum(share), (np.arange(SEARCH_POINTS) + 0.5) / SEARCH_POINTS)
    rows, count = np.unique(drawn, return_counts=True)
    return whole.at(rows, count / (SEARCH_POINTS * share[rows]))


def _distinct(minima: Minimum, count: int, space: Space, misfit: Callable[[np.ndarray], float] | None) -> np.ndarray:
    """Indices of the first minima that differ in loss, at most `count`; with a `misfit` also in sizes of parameters."""
    losses, kept = np.asarray(minima.loss), [0]
    sizes = None if misfit is None else np.abs(np.asarray(jax.vmap(space.values)(minima.x)))
    for index in range(1, len(losses)):
        if len(kept) == count:
            break
        same = np.abs(losses[index] - losses[kept]) <= _SAME * losses[kept]
        if sizes is not None:
            same &= np.abs(sizes[index] - sizes[kept]).max(axis=1) <= _ALIKE
        if not same.any():
            kept.append(index)
    return np.array(kept)
