"""Test before a search whether any pulse meets all constraints."""

import math

import numpy as np
from jaxtyping import Array, Float

from .._errors import check
from ..phonon import Phonon
from ._constraints import Constraints
from .limit import concentration

_EASY, _PERIODS = 10.0, 150.0
"""Band times duration above which the least leakage is negligible, and periods above which it is too expensive"""

Edges = tuple[float, float]


def check_feasible(
    constraints: Constraints, phonon: Phonon, times: Float[Array, " T"], support: Edges | None = None
) -> None:
    """Raise `InputError` for constraints that no pulse, or none that drives `phonon` in `times` (ps), meets.

    `support` (ps) holds all pulses of the family, if it is known. λ is the largest fraction in the band of a field in
    the window. A field with the fraction δ outside the window and outside the band has 2 arccos √(1−δ) ≥ arccos √λ; one
    with nothing outside its support has arccos √(1−δ) ≥ arccos √λ. H. J. Landau and H. O. Pollak, Bell Syst. Tech. J.
    40, 65 (1961).
    """
    leakage = float(constraints.leakage)
    check(leakage > 0, "leakage", "must be positive in a search, but is 0")
    band, window = _edges(constraints.band), _edges(constraints.window)
    if band is not None and phonon.harmonic:
        frequency, width = np.asarray(phonon.oscillators.frequency), np.asarray(phonon.oscillators.damping) / 2 / np.pi
        check(
            np.any((frequency + width >= band[0]) & (frequency - width <= band[1])),
            "band",
            f"must hold a frequency of the phonon, {np.unique(frequency).tolist()} THz, but is {band[0]:g} to"
            f" {band[1]:g} THz",
        )
    if window is not None:
        _check_overlap(window, "times", (float(times[0]), float(times[-1])))
        if support is not None:
            _check_overlap(window, "pulse", support)
    if band is not None and support is not None:
        _check_concentration(band, support, leakage, "pulse", 1)
    if band is not None and window is not None:
        first, last = window if support is None else support
        _check_concentration(band, (max(window[0], first), min(window[1], last)), leakage, "window", 2)


def _edges(pair: Float[Array, "2"] | None) -> Edges | None:
    return None if pair is None else (float(pair[0]), float(pair[1]))


def _check_overlap(window: Edges, name: str, edges: Edges) -> None:
    check(
        window[0] < edges[1] and window[1] > edges[0],
        "window",
        f"must overlap the {name}, {edges[0]:g} to {edges[1]:g} ps, but is {window[0]:g} to {window[1]:g} ps",
    )


def _check_concentration(band: Edges, edges: Edges, leakage: float, name: str, leaks: int) -> None:
    """Raise `InputError` if no field with that number of leaks is in the band (THz) and between the `edges` (ps)."""
    low, high = band
    duration = edges[1] - edges[0]
    if (high - low) * duration > _EASY or high * duration > _PERIODS:
        return
    angle = leaks * math.asin(math.sqrt(leakage))
    outside = 1 - concentration((low, high), duration)
    enough = math.sin(math.asin(math.sqrt(min(max(outside, 0.0), 1.0))) / leaks) ** 2
    check(
        angle >= math.pi / 2 or math.sin(angle) ** 2 >= outside,
        "band",
        f"must leave a field within the {name}, but one of {duration:g} ps has at least {outside:.3g} of its fluence"
        f" outside {low:g} to {high:g} THz; {name} or band must be wider, or leakage above {enough:.3g}, but is"
        f" {leakage:g}",
    )
