"""The fixed part of a Slater–Koster Hamiltonian: the coefficients of its parameters in each matrix element."""

import copy
import dataclasses
import hashlib
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._errors import check
from ..crystal import Crystal, bonds
from ._bonds import HoppingBonds, bonds_of
from ._orbitals import PAULI, angular_momentum, names
from ._specification import Hopping, Shell
from ._two_centre import two_centre


class _Entries(NamedTuple):
    """Matrix elements of one parameter: (E, 3) cells, (E,) rows, columns and coefficients."""

    parameter: str
    cell: np.ndarray
    row: np.ndarray
    column: np.ndarray
    coefficient: np.ndarray


class Structure:
    """H is linear in its parameters θ: H(k) = M(k) + M(k)†, M(k) = Σ_R e^{2πi k·R} Σ_p θ_p C_p(R).

    One of every pair of opposite bonds is kept, so H(k) is exactly Hermitian. The nonzero C_p(R)[a, b] are the list
    (`cell`, `row`, `column`, `parameter`, `coefficient`). It holds the names of the parameters without values, and is
    compared and hashed by content, so that equal models share compiled programs.
    """

    def __init__(
        self, shells: list[Shell], hoppings: list[Hopping], order: list[tuple[int, int]], entries: list["_Entries"]
    ):
        self.shells = tuple(shell.kind for shell in shells)
        self.hoppings = tuple(hopping.kind for hopping in hoppings)
        self.blocks = tuple(order)
        """(site, shell) of each block of orbitals, in the order of the matrix"""
        sizes = [2 * shells[shell].l + 1 for _, shell in order]
        self.starts = tuple(int(start) for start in np.cumsum([0, *sizes]))
        self.names = tuple(dict.fromkeys(part.parameter for part in entries)) + self.spin_orbit_names
        cells, self.cell = np.unique(np.concatenate([part.cell for part in entries]), axis=0, return_inverse=True)
        self.cells = cells.astype(float)
        self.row = np.concatenate([part.row for part in entries])
        self.column = np.concatenate([part.column for part in entries])
        self.coefficient = np.concatenate([part.coefficient for part in entries])
        self.parameter = np.concatenate([np.full(len(part.row), self.names.index(part.parameter)) for part in entries])

    @cached_property
    def _digest(self) -> str:
        arrays = (self.cells, self.cell, self.row, self.column, self.parameter, self.coefficient)
        kinds = repr((self.names, self.blocks, self.shells, self.hoppings))
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays) + kinds.encode()
        return hashlib.sha256(content).hexdigest()

    def __eq__(self, other):
        return isinstance(other, Structure) and self._digest == other._digest

    def __hash__(self):
        return hash(self._digest)

    def __repr__(self):
        return f"Structure(orbitals={self.n_orbitals}, cells={len(self.cells)}, parameters={len(self.names)})"

    @property
    def n_orbitals(self) -> int:
        return self.starts[-1]

    @property
    def spin_orbit_names(self) -> tuple[str, ...]:
        return tuple(shell.parameter("xi") for shell in self.shells if shell.has_spin_orbit)

    def specification(self, values: Mapping[str, float], weights: Sequence[float]) -> tuple[list[Shell], list[Hopping]]:
        """The shells and hoppings of this structure, with these parameters (eV) and rotation weights."""
        shells = [
            Shell(
                shell.species,
                shell.orbital,
                {group: values[shell.parameter(group)] for group in shell.groups},
                shell.crystal_field,
                shell.axis,
                values[shell.parameter("xi")] if shell.has_spin_orbit else None,
                weight,
            )
            for shell, weight in zip(self.shells, weights, strict=True)
        ]
        by_name = {shell.name: shell for shell in shells}
        hoppings = [
            Hopping(
                hopping.between, hopping.shell, {key: values[name] for key, name in hopping.parameters(by_name).items()}
            )
            for hopping in self.hoppings
        ]
        return shells, hoppings

    @cached_property
    def lattice(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All R of H(R), (R, 3) integers in ascending order, and the indices of `cells` and of −`cells` in them."""
        kept = self.cells.astype(int)
        cells, place = np.unique(np.concatenate([kept, -kept]), axis=0, return_inverse=True)
        return cells, place[: len(kept)], place[len(kept) :]

    def without_spin_orbit(self) -> "Structure":
        """The same structure without the ξ of its shells."""
        bare = copy.copy(self)
        bare.__dict__.pop("_digest", None)
        bare.shells = tuple(dataclasses.replace(shell, has_spin_orbit=False) for shell in self.shells)
        bare.names = tuple(name for name in self.names if name not in self.spin_orbit_names)
        return bare

    def orbital_momentum(self, shell: int) -> np.ndarray:
        """L of one shell on all its sites, (3, n, n), in ħ."""
        total = np.zeros((3, self.n_orbitals, self.n_orbitals), dtype=complex)
        for start, end, (_, which) in zip(self.starts[:-1], self.starts[1:], self.blocks, strict=True):
            if which == shell:
                total[:, start:end, start:end] = angular_momentum(self.shells[shell].l)
        return total

    def spin_orbit(self, shell: int) -> np.ndarray:
        """L·S/ħ² of one shell, (2n, 2n)."""
        return np.sum([np.kron(L, s / 2) for L, s in zip(self.orbital_momentum(shell), PAULI, strict=True)], axis=0)

    @cached_property
    def spin(self) -> np.ndarray:
        """Pauli matrices σ on the basis, (3, 2n, 2n)."""
        return np.kron(np.eye(self.n_orbitals)[None], PAULI)

    @cached_property
    def angular_momentum(self) -> np.ndarray:
        """L of every shell on every site, (3, 2n, 2n), in ħ; block-diagonal in `blocks`."""
        orbital = np.sum([self.orbital_momentum(shell) for shell in range(len(self.shells))], axis=0)
        return np.array([np.kron(L, np.eye(2)) for L in orbital])

    @cached_property
    def total_momentum(self) -> np.ndarray:
        """J = L + S of every shell on every site, (3, 2n, 2n), in ħ."""
        return self.angular_momentum + self.spin / 2

    @cached_property
    def owners(self) -> tuple[np.ndarray, np.ndarray]:
        """Site and shell of each spin-orbital, (2n,) each."""
        site, shell = np.repeat(np.array(self.blocks), 2 * np.diff(self.starts), axis=0).T
        return site, shell


def assemble(crystal: Crystal, shells: list[Shell], hoppings: list[Hopping]) -> tuple[Structure, dict[str, float]]:
    """The structure of a model and the values of its parameters (eV).

    Raises `InputError` for a shell that is incomplete, without sites or declared twice, an ambiguous axis, a hopping
    that is declared twice or between undeclared shells, and a value that is not finite.
    """
    check(shells, "shells", "must not be empty: a model needs at least one")
    by_name = {shell.name: shell for shell in shells}
    check(len(by_name) == len(shells), "shells", f"must differ, but got {[shell.name for shell in shells]}")
    for shell in shells:
        shell.validate()
        sites = crystal.sites(shell.species)
        check(sites, f"shell {shell.name}", f"must have sites, but the crystal has no {shell.species!r}")
    order = [
        (site, which)
        for site, label in enumerate(crystal.species)
        for which, shell in enumerate(shells)
        if shell.species == label
    ]
    starts = np.cumsum([0] + [2 * shells[shell].l + 1 for _, shell in order])
    start = {block: int(first) for block, first in zip(order, starts, strict=False)}

    entries: list[_Entries] = []
    values: dict[str, float] = {}
    for which, shell in enumerate(shells):
        for site in crystal.sites(shell.species):
            for group, matrix in _crystal_field(crystal, shell, site).items():
                name = shell.parameter(group)
                values[name] = shell.onsite[group]
                at = start[site, which]
                entries.append(_entries(name, np.zeros((1, 3), int), [at], [at], matrix[None] / 2))
    declared = set()
    for hopping in hoppings:
        first, second = hopping.validate(by_name)
        key = (frozenset(hopping.between), hopping.shell)
        check(key not in declared, hopping.label, "must be declared once, but is declared twice")
        declared.add(key)
        pairs, found = bonds_of(crystal, hopping, by_name)
        _warn_of_uneven(crystal, found)
        directions = pairs.vector / np.linalg.norm(pairs.vector, axis=1, keepdims=True)
        angular = two_centre(first.l, second.l, directions)
        i, j = shells.index(first), shells.index(second)
        copies = 2 if first is second else 1  # bonds within one shell are listed in both directions
        for m, (integral, name) in enumerate(hopping.parameters(by_name).items()):
            values[name] = hopping.integrals[integral]
            rows = [start[site, i] for site in pairs.first]
            columns = [start[site, j] for site in pairs.second]
            entries.append(_entries(name, pairs.cell, rows, columns, angular[:, m] / copies))
    values |= {shell.parameter("xi"): shell.spin_orbit for shell in shells if shell.spin_orbit is not None}
    for name, value in values.items():
        check(np.isfinite(value), f"parameter {name}", f"must be finite, but got {value}")
    return Structure(shells, hoppings, order, entries), values


def _warn_of_uneven(crystal: Crystal, found: HoppingBonds) -> None:
    """Warn if sites of one species have different numbers of bonds in a hopping: a shell may have been split."""
    for species, numbers in found.at_sites.items():
        if len(set(numbers)) > 1:
            sites = crystal.sites(species)
            warnings.warn(
                f"{found.label}: the {species} sites {', '.join(map(str, sites))} have {', '.join(map(str, numbers))}"
                f" bonds of {found.shortest:.5g} to {found.longest:.5g} Å; the next shell may belong to this one",
                stacklevel=4,
            )


def _crystal_field(crystal: Crystal, shell: Shell, site: int) -> dict[str, np.ndarray]:
    if shell.crystal_field == "axial":
        axis = _axis(crystal, shell, site)
        return dict(zip(shell.groups, two_centre(shell.l, shell.l, axis[None])[0], strict=True))
    orbitals = names(shell.l)
    return {
        group: np.diag([float(orbital in members) for orbital in orbitals]) for group, members in shell.groups.items()
    }


def _axis(crystal: Crystal, shell: Shell, site: int) -> np.ndarray:
    assert shell.axis is not None
    pairs = bonds(crystal, shell.species, shell.axis, 1)
    vectors = pairs.vector[pairs.first == site]
    check(len(vectors), f"axis of shell {shell.name}", f"must reach a {shell.axis}, but site {site} has none in reach")
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    collinear = np.allclose(np.abs(directions @ directions[0]), 1, atol=1e-6)
    check(
        collinear, f"axis of shell {shell.name}", f"must be one line, but the bonds to {shell.axis} point several ways"
    )
    return directions[0]


def _entries(parameter: str, cell, row, column, blocks: np.ndarray) -> _Entries:
    which, a, b = np.nonzero(np.abs(blocks) > 1e-15)
    return _Entries(
        parameter,
        np.asarray(cell)[which],
        np.asarray(row)[which] + a,
        np.asarray(column)[which] + b,
        blocks[which, a, b],
    )
