"""The bonds that the hoppings of a model have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..crystal import Bonds, Crystal, bonds
from ._specification import AbstractHopping, AnyShell


@dataclass(frozen=True)
class HoppingBonds:
    """The bonds of one hopping."""

    label: str
    number: int
    """per cell, each counted once"""
    at_sites: Mapping[str, tuple[int, ...]]
    """species → number at each of its sites, in the order of the crystal"""
    shortest: float
    """Å"""
    longest: float
    """Å"""

    @property
    def length(self) -> float:
        """Midway between the shortest and the longest, Å."""
        return (self.shortest + self.longest) / 2

    @property
    def spread(self) -> float:
        """Longest minus shortest, Å."""
        return self.longest - self.shortest


def bonds_of(crystal: Crystal, hopping: AbstractHopping, shells: Mapping[str, AnyShell]) -> tuple[Bonds, HoppingBonds]:
    """The bonds of `hopping`, from the shell of lower l to the other, and what a person reads of them."""
    first, second = hopping.ordered(shells)
    pairs = bonds(crystal, first.species, second.species, hopping.shell)
    ends = {first.species: pairs.first, second.species: pairs.second}
    at_sites = {
        species: tuple(int(np.sum(end == site)) for site in crystal.sites(species)) for species, end in ends.items()
    }
    copies = 2 if first.species == second.species else 1  # bonds within one species are listed in both directions
    lengths = pairs.length
    return pairs, HoppingBonds(
        hopping.label, len(lengths) // copies, at_sites, float(lengths.min()), float(lengths.max())
    )


def bond_table(rows: Sequence[HoppingBonds]) -> str:
    """One line a hopping: bonds per cell, at each site (a number for each where they differ), length and spread."""
    sites = [
        ", ".join(
            f"{'/'.join(map(str, dict.fromkeys(counts)))} at {species}" for species, counts in row.at_sites.items()
        )
        for row in rows
    ]
    label, site = (max([*map(len, column), 5]) for column in ([row.label for row in rows], sites))
    lines = [f"{'':<{label}}  bonds  {'sites':<{site}}  length (Å)  spread (Å)"]
    lines += [
        f"{row.label:<{label}}  {row.number:5d}  {at:<{site}}  {row.length:10.5f}  {row.spread:10.5f}"
        for row, at in zip(rows, sites, strict=True)
    ]
    return "\n".join(lines)
