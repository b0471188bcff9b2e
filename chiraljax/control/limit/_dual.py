"""The multipliers of the constraints with the lowest bound."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import linalg, optimize

from ._ratio import Ratio

_ROUNDS, _EVALUATIONS, _MEMORY = 20, 1000, 30
_CHANGE = 1e-9
"""relative change of the bound in a round at which the search ends"""
_STEP = 1e-13
"""relative change of the bound in a step at which a round ends"""
_OUTSIDE = 1e2
"""log of the bound if D is not positive"""
_FLOOR = 1e-13
"""smallest D of a node, relative; it is zero for nodes without effect on the motion"""


class DualProblem(NamedTuple):
    """The largest ratio of x = `rows` e under constraints, between fields times √weights on N nodes."""

    rows: Float[np.ndarray, "n N"]
    ratio: Ratio
    fluence: float | None
    """of ∫|e|², (MV/cm)² ps"""
    caps: Float[np.ndarray, " N"] | None
    """of |e_i|²"""
    outside: Float[np.ndarray, "N N"] | None
    """A of e†Ae ≤ 0"""


class Multipliers(NamedTuple):
    """D = λ + m + μA; the bound does not change with their common factor."""

    fluence: float
    """λ"""
    leakage: float
    """μ"""
    peak: Float[np.ndarray, " N"]
    """m"""

    def inverse(self, problem: DualProblem, rows: Float[np.ndarray, "n N"]) -> Float[np.ndarray, "n N"]:
        """`rows` D⁻¹; raises `LinAlgError` for a D that is not positive."""
        local = self.fluence + self.peak
        if problem.outside is None:
            return rows / np.maximum(local, _FLOOR * local.max())
        matrix = np.diag(local) + self.leakage * problem.outside
        factor = linalg.cho_factor(matrix, lower=True, check_finite=False, overwrite_a=True)
        return linalg.cho_solve(factor, rows.T, check_finite=False).T

    def positive(self, problem: DualProblem) -> bool:
        """Whether D is positive; it is for a small enough μ."""
        try:
            self.inverse(problem, problem.rows)
        except linalg.LinAlgError:
            return False
        return True

    def budget(self, problem: DualProblem) -> float:
        """The largest e†De of fields that meet the constraints."""
        peak = 0.0 if problem.caps is None else self.peak @ problem.caps
        return float(peak + self.fluence * (problem.fluence or 0.0))


def minimise(problem: DualProblem, start: Multipliers) -> Multipliers:
    """The multipliers of the lowest bound, searched from `start` by rounds of L-BFGS-B, each with a new memory.

    The bound is `Ratio.largest` of the Gramian `rows` D⁻¹ `rows`ᵀ and the budget, quasi-convex in the multipliers. With
    one pair it is reached: S has one positive eigenvalue, so the semidefinite program of which this is the dual has a
    solution of rank one. At the maximiser, e†De = budget, the logarithm of the bound has the slope
    c/(x†Jx + c) (b_k − e†A_k e)/budget in the multiplier of e†A_k e ≤ b_k.
    """
    nodes = problem.rows.shape[1]
    single = np.array([problem.fluence is not None, problem.outside is not None])
    caps = np.zeros(0) if problem.caps is None else problem.caps
    limits = np.concatenate([np.array([problem.fluence or 0.0, 0.0])[single], caps])
    limits = limits / (problem.fluence or caps.sum())
    first, peaks = int(single[0]), int(single.sum())
    scale = np.ones(len(limits))
    scale[peaks:] = 1 / np.sqrt(nodes * limits[peaks:])

    def unpack(y: Float[np.ndarray, " Y"]) -> Multipliers:
        fluence, leakage = (float(y[0]) if single[0] else 0.0), (float(y[first]) if single[1] else 0.0)
        return Multipliers(fluence, leakage, y[peaks:] if len(caps) else np.zeros(nodes))

    def bound(scaled: Float[np.ndarray, " Y"]) -> tuple[float, Float[np.ndarray, " Y"]]:
        multipliers = unpack(scaled * scale)
        try:
            half = multipliers.inverse(problem, problem.rows)
        except linalg.LinAlgError:
            return _OUTSIDE, np.zeros_like(scaled)
        gramian = half @ problem.rows.T
        budget = multipliers.budget(problem)
        value, x, v = problem.ratio.largest((gramian + gramian.T) / 2, budget)
        e = v @ half
        used = np.abs(e) ** 2
        left = [(problem.fluence or 0.0) - float(used.sum())] if single[0] else []
        if problem.outside is not None:
            left.append(-float(np.vdot(e, problem.outside @ e).real))
        slope = np.concatenate([left, caps - used if len(caps) else np.zeros(0)])
        weight = problem.ratio.rest / problem.ratio.denominator(x) / budget
        return float(np.log(value)), weight * slope * scale

    while not start.positive(problem):
        start = start._replace(leakage=0.9 * start.leakage)
    y = np.array([start.fluence, start.leakage])[single]
    y, last = np.concatenate([y, start.peak if len(caps) else []]), np.inf
    for _ in range(_ROUNDS):
        result = optimize.minimize(
            bound,
            y / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None)] * len(y),
            options={"maxfun": _EVALUATIONS, "ftol": _STEP, "gtol": _CHANGE, "maxcor": _MEMORY},
        )
        y = result.x * scale
        y = y / (limits @ y)
        if last - result.fun < _CHANGE:
            break
        last = result.fun
    return unpack(y)
