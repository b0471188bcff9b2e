"""Energies of a fit and of other models relative to the conduction edge of the bands."""

import numpy as np

from .._errors import check
from ..electrons import Electrons
from ..fit import BandFit


def levels_from_edge(fit: BandFit, electrons: Electrons | None = None, k: np.ndarray | None = None) -> np.ndarray:
    """Levels of a model relative to its first empty level at the conduction edge of the bands.

    The edge is the k-point where the first empty level of the bands is lowest; a model may have its minimum elsewhere.
    If no target contains this level, energies are relative to the reference of the bands, with the offset of the fit.

    Args:
        fit: gives the bands.
        electrons: the model, by default the fit.
        k: fractional (K, 3), by default those of the bands.

    Returns:
        (K, n) eV, of spin-orbitals if the bands have spin–orbit coupling, else of orbitals.

    Raises:
        InputError: for a model with another number of levels.
    """
    model = fit.electrons if electrons is None else electrons
    check(
        model.size == fit.electrons.size, "others", f"must have {fit.electrons.size} levels, but one has {model.size}"
    )
    if not fit.bands.spin_orbit:
        model = model.without_spin_orbit()

    def levels(k):
        return np.asarray(model.energies(k))[..., :: 1 if fit.bands.spin_orbit else 2]

    edge = edge_of(fit)
    zero = -fit.offset if edge is None else levels(fit.bands.k[edge[0]])[..., first_empty(fit)]
    return levels(fit.bands.k if k is None else k) - zero


def bands_from_edge(fit: BandFit) -> np.ndarray:
    """Fitted energies of the bands (K, m) in eV, in the columns of `fit.match`, relative to the conduction edge."""
    edge = edge_of(fit)
    return fit.match.energies - (0.0 if edge is None else edge[1])


def edge_of(fit: BandFit) -> tuple[int, float] | None:
    """Row and energy (eV) of the lowest first empty level of the bands; None if no target contains it."""
    lowest = fit.match.energies[:, fit.match.levels == first_empty(fit)]
    return (int(np.argmin(lowest)), float(lowest.min())) if lowest.size else None


def first_empty(fit: BandFit) -> int:
    """Index of the first empty level."""
    return fit.electrons.filling // (1 if fit.bands.spin_orbit else 2)


def shares(fit: BandFit) -> np.ndarray:
    """Projection (K, m), from 0 to 1, of each energy on its target."""
    weights = np.asarray(fit.bands.weights)
    return fit.match.weights / (weights / weights.mean())[:, None]
