"""The part of a field that lies in a spectral band."""

from itertools import pairwise

import numpy as np
from jaxtyping import Complex, Float
from scipy import integrate, optimize

from ..._errors import check
from ...phonon import Phonon
from ...units import FIELD_FORCE
from ._response import Response, fastest, rule

Band = tuple[float, float]

_PERIODS = 150
"""of the highest frequency, up to which durations are tried"""


def inside(band: Band, left: Float[np.ndarray, " N"], right: Float[np.ndarray, " M"]) -> Float[np.ndarray, "N M"]:
    """B_in(s, s′) = 2∫cos 2πν(s−s′) dν over the band, 1/ps: ∫∫ e* B_in e is the part of ∫|e|² within it."""
    low, high = band
    lag = left[:, None] - right
    return 2 * high * np.sinc(2 * high * lag) - 2 * low * np.sinc(2 * low * lag)


def concentration(band: Band, duration: float) -> float:
    """The largest fraction of ∫|e|² that a field of `duration` ps has in the band.

    The largest eigenvalue of B_in: D. Slepian and H. O. Pollak, Bell Syst. Tech. J. 40, 43 (1961).
    """
    times, weights = rule(0.0, duration, band[1])
    root = np.sqrt(weights)
    return float(np.linalg.eigvalsh(root[:, None] * inside(band, times, times) * root)[-1])


def check_band(band: Band, leakage: float, duration: float) -> None:
    """Raise `InputError` unless a field of `duration` ps can have all but `leakage` of ∫|e|² in the band."""
    outside = 1 - concentration(band, duration)
    if outside < leakage:
        return
    short, long = duration, 2 * duration
    while (tried := long * band[1] < _PERIODS) and 1 - concentration(band, long) >= leakage:
        short, long = long, 2 * long
    while tried and long - short > 0.01 * short:
        middle = (short + long) / 2
        short, long = (middle, long) if 1 - concentration(band, middle) >= leakage else (short, middle)
    enough = f"{long:.3g} ps" if tried else f"more than {short:.3g} ps"
    check(
        False,
        "band, leakage, start and end",
        f"must leave a field: one of {duration:g} ps has at least {outside:.3g} of its fluence"
        f" outside {band[0]:g} to {band[1]:g} THz, but got the leakage {leakage:g}; {enough} or a"
        f" leakage above {outside:.3g} would do",
    )


def into_band(
    field: Complex[np.ndarray, " N"], response: Response, band: Band, leakage: float
) -> Complex[np.ndarray, " N"]:
    """`field` mixed with the smallest share of its part in the band that leaves a fraction `leakage` outside."""
    within = inside(band, response.times, response.times) * response.weights

    def excess(share: float) -> float:
        mixed = (1 - share) * field + share * part
        weighted = response.weights * mixed.conj()
        return 1 - aim - float(np.real((weighted @ within @ mixed) / (weighted @ mixed)))

    aim = leakage * (1 - 1e-6)
    while True:
        part = within @ field
        if excess(0.0) <= 0:
            return field
        if excess(1.0) <= 0:
            share = optimize.root_scalar(excess, bracket=(0.0, 1.0), xtol=1e-14).root
            return (1 - share) * field + share * part
        field = part


def stationary_response(phonon: Phonon, band: Band, time: float) -> tuple[Response, Float[np.ndarray, "n n"]]:
    """The response at `time` to fields of any duration strictly in the band, and its Gramian W.

    z(t) = ∫χ(ν) ê(ν) e^{−2πiνt} dν with χ = c/(ω₀² − ω² − iηω) gives W = 2 Re ∫ g g† dν over the band, g = (χ, −iωχ)
    of each pair. The kernel is the part of G in the band, 2 Re ∫ g e^{2πiν(s−t)} dν, on a window that holds it.
    """
    damping, omega0 = np.asarray(phonon.damping), np.asarray(phonon.angular_frequency)
    check(
        np.all(damping > 0),
        "phonon",
        f"must be damped where leakage is 0, since the field lasts for ever, but got {damping.min():g}",
    )
    force = np.asarray(phonon.mode_effective_charge * FIELD_FORCE / phonon.dielectric_constant)

    def spectrum(nu: float) -> Complex[np.ndarray, " n"]:
        omega = 2 * np.pi * nu
        chi = force / (omega0**2 - omega**2 - 1j * damping * omega)
        return np.stack([chi, -1j * omega * chi], axis=1).ravel()

    poles = [float(nu) for nu in np.asarray(phonon.frequency) if band[0] < nu < band[1]]
    edges = np.unique([*band, *poles])

    def gram(nu: float) -> Float[np.ndarray, "n n"]:
        g = spectrum(nu)
        return 2 * np.real(np.outer(g, g.conj()))

    gramian = sum(integrate.quad_vec(gram, a, b, epsrel=1e-11, epsabs=0.0)[0] for a, b in pairwise(edges))
    reach = 20 / (band[1] - band[0]) + 20 / float(damping.min())
    top = max(band[1], fastest(phonon))
    times, weights = rule(time - reach, time + reach, 3 * top)
    nus, steps = rule(band[0], band[1], 2 * reach)
    phases = np.exp(2j * np.pi * nus[:, None] * (times - time))
    kernel = 2 * np.real((np.array([spectrum(nu) for nu in nus]).T * steps) @ phases)
    return Response(times, weights, kernel), np.asarray(gramian)
