"""Signs of parameters that change no energy."""

import itertools

import numpy as np

from ._levels import Levels

_ENTRY = 1e-9


def sign_symmetries(levels: Levels) -> list[tuple[str, ...]]:
    """Generators of the sign changes that change no energy, each the names of the parameters that it reverses.

    Changing the sign of some basis orbitals, D = diag(±1), multiplies every ∂H/∂θ_p by s_p = ±1 if D_a D_b = s_p for
    all its nonzero elements; the reversed parameters are those with s_p = −1. With D = (−1)^d and s = (−1)^σ these are
    the linear equations d_a + d_b + σ_p = 0 over GF(2), whose null space is calculated exactly. The k-points of
    `levels` must be few and generic.
    """
    names, n, count = levels.names, levels.size, len(levels.names)
    assert levels.elements is not None  # those of few k-points are kept
    diagonal, upper = (np.abs(np.asarray(part)).max(axis=0) > _ENTRY for part in levels.elements)
    present = [(a, a, p) for a, p in np.argwhere(diagonal)]
    present += [(levels.pattern.rows[x], levels.pattern.columns[x], p) for x, p in np.argwhere(upper)]
    equations = np.zeros((len(present), n + count), dtype=bool)
    for row, (a, b, p) in enumerate(present):
        for column in (a, b, n + p):
            equations[row, column] ^= True
    solutions = _null_space(np.unique(equations, axis=0))
    reduced = _independent(solutions[:, n:])
    return [tuple(name for name, reversed_ in zip(names, row, strict=True) if reversed_) for row in reduced]


def nearest_signs(values: np.ndarray, names: tuple[str, ...], symmetries, to: np.ndarray) -> np.ndarray:
    """`values` (P,) with the equivalent signs that are nearest `to`."""
    best = values
    for chosen in itertools.product((False, True), repeat=len(symmetries)):
        signs = np.ones(len(names))
        for symmetry, use in zip(symmetries, chosen, strict=True):
            if use:
                signs *= [-1 if name in symmetry else 1 for name in names]
        if np.sum((signs * values - to) ** 2) < np.sum((best - to) ** 2):
            best = signs * values
    return best


def _null_space(equations: np.ndarray) -> np.ndarray:
    """A basis of the solutions over GF(2), one per row."""
    reduced, pivots = _reduce(equations)
    columns = equations.shape[1]
    loose = [column for column in range(columns) if column not in pivots]
    solutions = np.zeros((len(loose), columns), dtype=bool)
    for row, column in enumerate(loose):
        solutions[row, column] = True
        for pivot_row, pivot in enumerate(pivots):
            solutions[row, pivot] = reduced[pivot_row, column]
    return solutions


def _independent(rows: np.ndarray) -> np.ndarray:
    """A reduced basis of the space that the rows span over GF(2)."""
    reduced, pivots = _reduce(rows)
    return reduced[: len(pivots)]


def _reduce(rows: np.ndarray) -> tuple[np.ndarray, list[int]]:
    rows, pivots = rows.copy(), []
    for column in range(rows.shape[1]):
        below = np.flatnonzero(rows[len(pivots) :, column])
        if not len(below):
            continue
        top = len(pivots)
        rows[[top, top + below[0]]] = rows[[top + below[0], top]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != top]] ^= rows[top]
        pivots.append(column)
        if len(pivots) == len(rows):
            break
    return rows, pivots
