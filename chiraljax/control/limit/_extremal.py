"""The lowest bound, and the field that comes near it."""

import numpy as np
from jaxtyping import Complex, Float
from scipy.interpolate import PchipInterpolator

from ...phonon import Phonon
from ._admissible import Admissible
from ._band import inside, into_band, stationary_response
from ._dual import DualProblem, Multipliers, minimise
from ._ratio import Ratio
from ._response import Response, fastest, response

_FINER = 3
"""times the nodes that the quadrature needs, for a spline through the field accurate to 10⁻⁵"""

Field = tuple[float, float, Float[np.ndarray, " N"], Complex[np.ndarray, " N"]]


def extremal(phonon: Phonon, ratio: Ratio, time: float, fields: Admissible) -> Field:
    """The bound on `ratio` at `time`, the value of a field that meets the constraints, its times (N,) and e (N,).

    The multipliers are searched first on the fewest nodes that the quadrature allows.
    """
    if fields.band is not None and fields.strict:
        stationary, gramian = stationary_response(phonon, fields.band, time)
        value, x, v = ratio.largest(gramian, fields.energy or 0.0)
        return value, ratio(x), stationary.times, v @ stationary.kernel
    top = max(fastest(phonon), fields.band[1] if fields.band else 0.0)
    end = fields.end if fields.band else time
    coarse, fine = (response(phonon, time, fields.start, end, top, finer) for finer in (1, _FINER))
    if not np.any(coarse.kernel):
        return 0.0, 0.0, fine.times, np.zeros(len(fine.times), complex)
    multipliers = Multipliers(1.0, 1.0, np.ones(len(coarse.times) - 2))
    if fields.peak_field is None and fields.band is None:
        multipliers = multipliers._replace(leakage=0.0, peak=np.zeros(len(fine.times) - 2))
    else:
        multipliers = minimise(_problem(coarse, ratio, fields), multipliers)
        peak = PchipInterpolator(coarse.times[1:-1], multipliers.peak)(fine.times[1:-1])
        multipliers = minimise(_problem(fine, ratio, fields), multipliers._replace(peak=np.maximum(peak, 0.0)))
    return _evaluate(fine, _problem(fine, ratio, fields), multipliers, fields)


def _problem(response: Response, ratio: Ratio, fields: Admissible) -> DualProblem:
    times, weights = response.times[1:-1], response.weights[1:-1]
    root, outside = np.sqrt(weights), None
    if fields.band is not None:
        within = root[:, None] * inside(fields.band, times, times) * root
        outside = (1 - fields.leakage) * np.eye(len(times)) - within
    caps = None if fields.peak_field is None else weights * fields.peak_field**2
    return DualProblem(response.kernel[:, 1:-1] * root, ratio, fields.energy, caps, outside)


def _evaluate(response: Response, problem: DualProblem, multipliers: Multipliers, fields: Admissible) -> Field:
    """The bound of the multipliers, and the field D⁻¹Gᵀv made to meet the constraints.

    (λ + m + μ(1 − leakage)) e = Gᵀv + μ B_in e gives it at the ends of the window too.
    """
    half = multipliers.inverse(problem, problem.rows)
    gramian = half @ problem.rows.T
    value, _, v = problem.ratio.largest((gramian + gramian.T) / 2, multipliers.budget(problem))
    root = np.sqrt(response.weights[1:-1])
    local, source = multipliers.fluence + np.pad(multipliers.peak, 1, mode="edge"), v @ response.kernel
    if fields.band is not None:
        source = source + multipliers.leakage * (
            inside(fields.band, response.times, response.times[1:-1]) @ (root * (v @ half))
        )
        local = local + multipliers.leakage * (1 - fields.leakage)
    field = np.where(local > 0, source / np.where(local > 0, local, 1.0), 0.0)
    if fields.peak_field is not None:
        field = field / np.maximum(np.abs(field) / fields.peak_field, 1.0)
    if fields.band is not None:
        field = into_band(field, response, fields.band, fields.leakage)
    over = [1.0]
    if fields.peak_field is not None:
        over.append(float(np.abs(field).max()) / fields.peak_field)
    if fields.energy is not None:
        over.append(float(np.sqrt(response.weights @ np.abs(field) ** 2 / fields.energy)))
    field = field / max(over)
    return value, problem.ratio(response.kernel @ (response.weights * field)), response.times, field
