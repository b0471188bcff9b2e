"""Whether bands are of the crystal of a model, as far as their file says it."""

import numpy as np

from .._errors import check
from ..electrons import Electrons
from ._bands import Bands

_STRAIN = 0.05
"""largest relative difference of lengths of lattice vectors; those of functionals and of measurements differ by 3 %"""
_ANGLE = 0.05
"""largest difference of cosines of the angles between them"""


def check_crystal(electrons: Electrons, bands: Bands) -> None:
    """Raise `InputError` if the file of the bands names other atoms, another lattice or too few electrons.

    The lattice vectors must agree in length and angle, up to a rotation of all three, as k-points are given in their
    reciprocal basis.
    """
    insist = "; insist=True fits them all the same"
    crystal = electrons.crystal
    missing = sorted(set(crystal.symbols) - set(bands.species)) if bands.species else []
    check(
        not missing,
        "bands",
        f"must be of the model's crystal, with {_formula(crystal.symbols)}, but their file has "
        f"{_formula(bands.species)}{insist}",
    )
    fewer = [symbol for symbol in set(crystal.symbols) if bands.species.count(symbol) != crystal.symbols.count(symbol)]
    check(
        not bands.species or not fewer,
        "bands",
        f"must be of a cell with {_formula(crystal.symbols)}, but their file has {_formula(bands.species)}{insist}",
    )
    if bands.lattice is not None:
        lengths, cosines = zip(_shape(crystal.vectors), _shape(bands.lattice), strict=True)
        alike = np.allclose(lengths[0], lengths[1], rtol=_STRAIN) and np.allclose(cosines[0], cosines[1], atol=_ANGLE)
        check(
            alike,
            "bands",
            f"must be of the model's lattice, with vectors of {_told(lengths[0], cosines[0])}, but their file has "
            f"{_told(lengths[1], cosines[1])}{insist}",
        )
    per_band = 1 if bands.spin_orbit else 2
    if bands.filled is not None:
        surplus = per_band * bands.filled - electrons.filling
        check(
            surplus >= 0 and surplus % 2 == 0,
            "bands",
            f"must hold the model's {electrons.filling} electrons per cell and filled shells below, but hold "
            f"{per_band * bands.filled}{insist}",
        )


def _shape(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths (Å) of the vectors and cosines of the angles between 2 and 3, 3 and 1, 1 and 2."""
    lengths = np.linalg.norm(vectors, axis=1)
    products = (vectors @ vectors.T) / np.outer(lengths, lengths)
    return lengths, products[[1, 2, 0], [2, 0, 1]]


def _told(lengths: np.ndarray, cosines: np.ndarray) -> str:
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    return f"{', '.join(f'{x:.3f}' for x in lengths)} Å at {', '.join(f'{x:.0f}°' for x in angles)}"


def _formula(symbols) -> str:
    return " ".join(
        f"{each}{symbols.count(each) if symbols.count(each) > 1 else ''}" for each in dict.fromkeys(symbols)
    )
