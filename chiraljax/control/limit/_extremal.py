"""The lowest bound, and the field that comes near it."""

import numpy as np
from jaxtyping import Complex, Float
from scipy.interpolate import PchipInterpolator

from ...phonon import Phonon
from ._band import inside, into_band, stationary_response
from ._dual import Multipliers, Problem, minimise
from ._given import Constraints
from ._ratio import Ratio
from ._response import Response, fastest, response

_FINER = 3
"""times the nodes that the quadrature needs, so that a spline through the field has its value to 10⁻⁵"""

Field = tuple[float, float, Float[np.ndarray, " N"], Complex[np.ndarray, " N"]]


def extremal(phonon: Phonon, ratio: Ratio, time: float, given: Constraints) -> Field:
    """The bound on `ratio` at `time`, the value of a field that meets the constraints, its times (N,) and e (N,).

    The multipliers are sought first on as few nodes as the quadrature allows.
    """
    if given.band is not None and given.strict:
        seen, gramian = stationary_response(phonon, given.band, time)
        value, x, v = ratio.largest(gramian, given.energy or 0.0)
        return value, ratio(x), seen.times, v @ seen.kernel
    top = max(fastest(phonon), given.band[1] if given.band else 0.0)
    end = given.end if given.band else time
    coarse, fine = (response(phonon, time, given.start, end, top, finer) for finer in (1, _FINER))
    if not np.any(coarse.kernel):
        return 0.0, 0.0, fine.times, np.zeros(len(fine.times), complex)
    found = Multipliers(1.0, 1.0, np.ones(len(coarse.times) - 2))
    if given.peak_field is None and given.band is None:
        found = found._replace(leakage=0.0, peak=np.zeros(len(fine.times) - 2))
    else:
        found = minimise(_problem(coarse, ratio, given), found)
        peak = PchipInterpolator(coarse.times[1:-1], found.peak)(fine.times[1:-1])
        found = minimise(_problem(fine, ratio, given), found._replace(peak=np.maximum(peak, 0.0)))
    return _evaluate(fine, _problem(fine, ratio, given), found, given)


def _problem(seen: Response, ratio: Ratio, given: Constraints) -> Problem:
    times, weights = seen.times[1:-1], seen.weights[1:-1]
    root, outside = np.sqrt(weights), None
    if given.band is not None:
        within = root[:, None] * inside(given.band, times, times) * root
        outside = (1 - given.leakage) * np.eye(len(times)) - within
    caps = None if given.peak_field is None else weights * given.peak_field**2
    return Problem(seen.kernel[:, 1:-1] * root, ratio, given.energy, caps, outside)


def _evaluate(seen: Response, problem: Problem, found: Multipliers, given: Constraints) -> Field:
    """The bound of the multipliers, and the field D⁻¹Gᵀv made to meet the constraints.

    (λ + m + μ(1 − leakage)) e = Gᵀv + μ B_in e gives it at the ends of the window too.
    """
    half = found.inverse(problem, problem.rows)
    gramian = half @ problem.rows.T
    value, _, v = problem.ratio.largest((gramian + gramian.T) / 2, found.budget(problem))
    root = np.sqrt(seen.weights[1:-1])
    local, source = found.fluence + np.pad(found.peak, 1, mode="edge"), v @ seen.kernel
    if given.band is not None:
        source = source + found.leakage * (inside(given.band, seen.times, seen.times[1:-1]) @ (root * (v @ half)))
        local = local + found.leakage * (1 - given.leakage)
    field = np.where(local > 0, source / np.where(local > 0, local, 1.0), 0.0)
    if given.peak_field is not None:
        field = field / np.maximum(np.abs(field) / given.peak_field, 1.0)
    if given.band is not None:
        field = into_band(field, seen, given.band, given.leakage)
    over = [1.0]
    if given.peak_field is not None:
        over.append(float(np.abs(field).max()) / given.peak_field)
    if given.energy is not None:
        over.append(float(np.sqrt(seen.weights @ np.abs(field) ** 2 / given.energy)))
    field = field / max(over)
    return value, problem.ratio(seen.kernel @ (seen.weights * field)), seen.times, field
