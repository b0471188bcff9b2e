"""The periodic arrangement of sites."""

import re
from collections.abc import Sequence

import equinox as eqx
import numpy as np
from ase.data import atomic_numbers

from .._errors import check
from .._module import Module
from .._warnings import tell


class Crystal(Module):
    """A lattice with labelled sites; static data, compared by value.

    Args:
        lattice: three lattice vectors as rows, Å.
        species: one label per site, a chemical symbol optionally followed by digits (`"O"`, `"O2"`). Sites of
            one label have the same orbitals and parameters.
        positions: fractional coordinates per site.

    Raises:
        InputError: for a singular lattice, lists of different length, a wrong label and two sites at one place.
    """

    lattice: tuple[tuple[float, ...], ...] = eqx.field(static=True)
    species: tuple[str, ...] = eqx.field(static=True)
    positions: tuple[tuple[float, ...], ...] = eqx.field(static=True)

    def __init__(self, lattice, species: Sequence[str], positions):
        self.lattice = _rows("lattice", lattice)
        self.species = tuple(species)
        self.positions = _rows("positions", positions)

    def __check_init__(self):
        check(len(self.lattice) == 3, "lattice", f"must have 3 vectors, but got {len(self.lattice)}")
        check(self.volume > 1e-6, "lattice", "must span a volume, but its vectors are linearly dependent")
        check(
            len(self.species) == len(self.positions) > 0,
            "species and positions",
            f"must have one entry per site, but got {len(self.species)} and {len(self.positions)}",
        )
        for label in self.species:
            check(
                re.fullmatch(r"[A-Z][a-z]?\d*", label) and label.rstrip("0123456789") in atomic_numbers,
                "species",
                f"must be chemical symbols like 'O' or 'O2', but got {label!r}",
            )
        for i, position in enumerate(self.positions):
            for j in range(i):
                offset = np.subtract(position, self.positions[j])
                apart = np.linalg.norm((offset - np.round(offset)) @ self.vectors)
                check(apart > 1e-3, "positions", f"must differ, but sites {j} and {i} are at the same place")
        tell(improbable_positions(self))

    def __repr__(self) -> str:
        rows = [(f"a{i}", vector, "Å") for i, vector in enumerate(self.lattice, 1)]
        rows += [(label, position, "") for label, position in zip(self.species, self.positions, strict=True)]
        lines = [
            f"  {name:<4}" + "".join(f"{component:11.6g}" for component in row) + f" {unit}".rstrip()
            for name, row, unit in rows
        ]
        return "\n".join([f"Crystal, {len(self.species)} sites, {self.volume:.6g} Å³", *lines])

    @property
    def vectors(self) -> np.ndarray:
        """Lattice vectors as rows, (3, 3) Å."""
        return np.array(self.lattice)

    @property
    def reciprocal(self) -> np.ndarray:
        """Reciprocal lattice vectors as rows, (3, 3) rad/Å: a_i · b_j = 2π δ_ij."""
        return 2 * np.pi * np.linalg.inv(self.vectors).T

    @property
    def volume(self) -> float:
        """Volume of the unit cell, Å³."""
        return float(abs(np.linalg.det(self.vectors)))

    @property
    def shortest_distance(self) -> float:
        """Between two sites, or between a site and its image, Å."""
        cells = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        places = np.asarray(self.positions)
        offsets = places[:, None] - places
        offsets -= np.round(offsets)
        apart = np.linalg.norm((offsets[:, :, None] + cells) @ self.vectors, axis=-1)
        return float(apart[apart > 1e-6].min())

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbol of each site."""
        return tuple(label.rstrip("0123456789") for label in self.species)

    def sites(self, species: str) -> tuple[int, ...]:
        """Indices of the sites that carry the label `species`."""
        return tuple(i for i, label in enumerate(self.species) if label == species)


def improbable_positions(crystal: Crystal) -> tuple[str, ...]:
    """A sentence for each site whose fractional position is above 1 in magnitude in all components."""
    return tuple(
        f"the position of site {number} ({label}) is {position}, which is fractional and outside the cell in every "
        "direction: are these Å?"
        for number, (label, position) in enumerate(zip(crystal.species, crystal.positions, strict=True))
        if min(map(abs, position)) > 1
    )


def _rows(name: str, value) -> tuple[tuple[float, ...], ...]:
    array = np.asarray(value, dtype=float)
    check(array.ndim == 2 and array.shape[1] == 3, name, f"must be rows of 3 numbers, but got shape {array.shape}")
    check(np.all(np.isfinite(array)), name, f"must be finite, but got {array.tolist()}")
    return tuple(tuple(row) for row in array.tolist())
