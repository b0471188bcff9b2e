"""Atoms and the cell in figures."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from ..crystal import Crystal
from ._style import SERIES

_ON_BOUNDARY = 1e-6
"""fractional"""


def species_colors(species: Sequence[str]) -> dict[str, str]:
    """A colour for each species, in the order of first appearance."""
    return dict(zip(dict.fromkeys(species), SERIES * len(species), strict=False))


def drawn_radii(crystal: Crystal) -> np.ndarray:
    """Drawn radii (sites,) in Å, linear in the covalent radii, with gaps between the atoms."""
    return np.array([0.15 + 0.12 * covalent_radii[atomic_numbers[symbol]] for symbol in crystal.symbols])


def whole_cell(crystal: Crystal) -> tuple[np.ndarray, np.ndarray]:
    """Sites of the cell (N,), with images of sites on its boundary, and their positions (N, 3) in Å."""
    sites, places = [], []
    for site, position in enumerate(np.asarray(crystal.positions) % 1.0):
        position = np.where(position > 1 - _ON_BOUNDARY, 0.0, position)
        for shift in product(*((0, 1) if part < _ON_BOUNDARY else (0,) for part in position)):
            sites.append(site)
            places.append(position + shift)
    return np.array(sites), np.array(places) @ crystal.vectors


def cell_edges(crystal: Crystal) -> np.ndarray:
    """Start and end of each edge of the cell (12, 2, 3), Å."""
    corners = np.array(list(product((0, 1), repeat=3)))
    ends = [(a, b) for a in corners for b in corners if np.sum(b - a) == np.sum(np.abs(b - a)) == 1]
    return np.array(ends) @ crystal.vectors
