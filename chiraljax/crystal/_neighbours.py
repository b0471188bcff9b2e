"""Neighbour shells, found by distance."""

from functools import lru_cache

import numpy as np
from ase.neighborlist import primitive_neighbor_list

from .._errors import check
from .._module import Module
from .._types import Bool, Float, Int
from ._crystal import Crystal

_SAME_SHELL = 5e-3
"""A shell ends where the next distance is larger by more than this fraction"""
_MOST = 30
"""Number of the outermost neighbour shell that is searched."""


class Bonds(Module):
    """B ordered pairs of sites: from `first` in the home cell to `second` in the cell at `cell`."""

    first: Int[np.ndarray, " B"]
    """site index"""
    second: Int[np.ndarray, " B"]
    """site index"""
    cell: Int[np.ndarray, "B 3"]
    """lattice translation of the second site"""
    vector: Float[np.ndarray, "B 3"]
    """Å, from the first site to the second"""

    @property
    def length(self) -> Float[np.ndarray, " B"]:
        """|vector| (B,) in Å."""
        return np.linalg.norm(self.vector, axis=1)

    def __repr__(self) -> str:
        lengths = ", ".join(f"{low:.6g}" for low, _ in _shells(self.length)[:4])
        return f"Bonds, {len(self.first)} of {lengths} Å"

    def at(self, chosen: Bool[np.ndarray, " B"]) -> "Bonds":
        """The bonds that the mask `chosen` selects."""
        return Bonds(self.first[chosen], self.second[chosen], self.cell[chosen], self.vector[chosen])


def bonds(crystal: Crystal, first: str, second: str, shell: int) -> Bonds:
    """All bonds from sites labelled `first` to sites labelled `second` in neighbour shell number `shell`.

    Shells are numbered from 1, by increasing distance between these two species in the whole crystal. One shell has all
    distances without a gap of more than 0.5 %, as small strains and rounded positions leave them.

    Raises:
        InputError: if a species has no site or the shell number is not from 1 to 30.
    """
    for species in (first, second):
        check(crystal.sites(species), "species", f"must name sites of the crystal, but there is no {species!r}")
    check(1 <= shell <= _MOST, "shell", f"must count from 1 to {_MOST}, but got {shell}")
    cutoff = 1.5 * crystal.volume ** (1 / 3)
    labels = np.array(crystal.species)
    while True:
        pairs = _pairs_within(crystal, cutoff)
        chosen = (labels[pairs.first] == first) & (labels[pairs.second] == second)
        shells = _shells(pairs.length[chosen])
        if len(shells) >= shell and shells[shell - 1][1] * (1 + _SAME_SHELL) < cutoff:
            low, high = shells[shell - 1]
            return pairs.at(chosen & (pairs.length >= low) & (pairs.length <= high))
        cutoff *= 1.5


@lru_cache(maxsize=32)
def _pairs_within(crystal: Crystal, cutoff: float) -> Bonds:
    first, second, cell, vector = primitive_neighbor_list(
        "ijSD",
        pbc=(True, True, True),
        cell=crystal.vectors,
        positions=np.array(crystal.positions) @ crystal.vectors,
        cutoff=cutoff,
    )
    return Bonds(first, second, cell, vector)


def _shells(distances: np.ndarray) -> list[tuple[float, float]]:
    """The smallest and the largest distance of each shell."""
    if not len(distances):
        return []
    ascending = np.sort(distances)
    parts = np.split(ascending, np.flatnonzero(ascending[1:] > (1 + _SAME_SHELL) * ascending[:-1]) + 1)
    return [(float(part[0]), float(part[-1])) for part in parts]
