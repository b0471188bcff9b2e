"""Neighbour shells, found by distance."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from ase.neighborlist import primitive_neighbor_list

from .._errors import check
from ._crystal import Crystal

_SAME_DISTANCE = 1e-3
"""Distances (Å) closer than this belong to one shell."""


_MOST = 30
"""Neighbour shells further out are a mistake, and a long search."""


class Bonds(NamedTuple):
    """Ordered pairs of sites: from `first` in the home cell to `second` in the cell at `cell`."""

    first: np.ndarray
    """(B,) site index"""
    second: np.ndarray
    """(B,) site index"""
    cell: np.ndarray
    """(B, 3) integer lattice translation of the second site"""
    vector: np.ndarray
    """(B, 3) Å, from the first site to the second"""


def bonds(crystal: Crystal, first: str, second: str, shell: int) -> Bonds:
    """All bonds from sites labelled `first` to sites labelled `second` in neighbour shell number `shell`.

    Shells count from 1, by increasing distance between those two species in the whole crystal.
    Raises `InputError` if a species has no site or if the shell number is not positive.
    """
    for species in (first, second):
        check(crystal.sites(species), "species", f"must name sites of the crystal, but there is no {species!r}")
    check(1 <= shell <= _MOST, "shell", f"must count from 1 to {_MOST}, but got {shell}")
    cutoff = 1.5 * crystal.volume ** (1 / 3)
    while True:
        found = _within(crystal, cutoff)
        species = np.array(crystal.species)
        chosen = (species[found.first] == first) & (species[found.second] == second)
        distance = np.linalg.norm(found.vector, axis=1)
        shells = _distinct(distance[chosen])
        if len(shells) >= shell:
            chosen &= np.abs(distance - shells[shell - 1]) < _SAME_DISTANCE
            return Bonds(*(part[chosen] for part in found))
        cutoff *= 1.5


@lru_cache(maxsize=32)
def _within(crystal: Crystal, cutoff: float) -> Bonds:
    first, second, cell, vector = primitive_neighbor_list(
        "ijSD",
        pbc=(True, True, True),
        cell=crystal.vectors,
        positions=np.array(crystal.positions) @ crystal.vectors,
        cutoff=cutoff,
    )
    return Bonds(first, second, cell, vector)


def _distinct(distances: np.ndarray) -> list[float]:
    shells: list[float] = []
    for distance in np.sort(distances):
        if not shells or distance - shells[-1] > _SAME_DISTANCE:
            shells.append(float(distance))
    return shells
