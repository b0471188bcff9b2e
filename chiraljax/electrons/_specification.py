"""Shells of orbitals and the integrals between them, of which a Slater–Koster model consists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from .._errors import check
from ._orbitals import LETTERS, names
from ._two_centre import INTEGRALS

CrystalField = Literal["none", "cubic", "axial", "orbitals"]

CUBIC = {2: {"t2g": ("xy", "yz", "zx"), "eg": ("x2-y2", "3z2-r2")}}
"""orbitals of each group of a cubic crystal field, by l"""


class AbstractShell:
    """The orbitals of one l on every site of a species, with values or without."""

    species: str
    orbital: str
    crystal_field: CrystalField

    @property
    def l(self) -> int:
        return LETTERS.index(self.orbital[-1])

    @property
    def name(self) -> str:
        return f"{self.species}.{self.orbital}"

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Orbitals of each crystal-field group; empty for `axial`, whose groups are |m| along the axis."""
        orbitals = names(self.l)
        if self.crystal_field == "cubic":
            return dict(CUBIC[self.l])
        if self.crystal_field == "orbitals":
            return {orbital: (orbital,) for orbital in orbitals}
        if self.crystal_field == "axial":
            return dict.fromkeys(("parallel", "perpendicular") if self.l == 1 else INTEGRALS[: self.l + 1], ())
        return {"energy": orbitals}

    def parameter(self, group: str) -> str:
        """The name of the model's parameter for the on-site energy of a group, or for ξ with the group `xi`."""
        return f"{self.name}.{group}"


@dataclass(frozen=True)
class ShellKind(AbstractShell):
    """A shell without the values of its parameters."""

    species: str
    orbital: str
    crystal_field: CrystalField
    axis: str | None
    has_spin_orbit: bool


@dataclass(frozen=True)
class Shell(AbstractShell):
    """The orbitals of one l on every site of a species."""

    species: str
    orbital: str
    """`"p"`, or with a principal number, `"5d"`"""
    onsite: Mapping[str, float]
    """energy (eV) of each group of the crystal field"""
    crystal_field: CrystalField = "none"
    """`none`: one group `energy`; `cubic`: t2g and eg in the Cartesian axes (d only); `axial`: by |m| about the bond to
    the nearest site of species `axis`, for p `parallel` and `perpendicular`, else sigma, pi, delta, phi; `orbitals`:
    every orbital by its name"""
    axis: str | None = None
    """species; for `axial` only"""
    spin_orbit: float | None = None
    """ξ of ξ L·S/ħ², eV"""
    rotation_weight: float = 1.0
    """factor on Ω·J of this shell"""

    @property
    def kind(self) -> ShellKind:
        return ShellKind(self.species, self.orbital, self.crystal_field, self.axis, self.spin_orbit is not None)

    def validate(self) -> None:
        """Raise `InputError` unless the shell is complete."""
        check(
            re.fullmatch(r"\d*[spdf]", self.orbital),
            f"orbital of {self.species}",
            f"must end in s, p, d or f, but got {self.orbital!r}",
        )
        check(
            self.crystal_field != "cubic" or self.l in CUBIC,
            f"crystal_field of shell {self.name}",
            "must not be 'cubic': that is for d shells",
        )
        check(
            (self.axis is not None) == (self.crystal_field == "axial"),
            f"axis of shell {self.name}",
            "must name a species exactly when crystal_field is 'axial'",
        )
        _same_keys(f"onsite of shell {self.name}", self.onsite, self.groups)


AnyShell = TypeVar("AnyShell", bound=AbstractShell)


class AbstractHopping:
    """The two-centre integrals between two shells at one neighbour distance, with values or without."""

    between: tuple[str, str]
    shell: int

    @property
    def label(self) -> str:
        return f"hopping {'–'.join(self.between)} shell {self.shell}"

    def ordered(self, shells: Mapping[str, AnyShell]) -> tuple[AnyShell, AnyShell]:
        """Its two shells, lower l first; for equal l in the order of `between`."""
        first, second = sorted((shells[name] for name in self.between), key=lambda shell: shell.l)
        return first, second

    def parameters(self, shells: Mapping[str, AnyShell]) -> dict[str, str]:
        """The name of the model's parameter for each integral, from sigma on."""
        first, second = self.ordered(shells)
        pair, orbitals = f"{first.species}-{second.species}", f"{first.orbital}{second.orbital}"
        return {integral: f"{pair}.{orbitals}_{integral}.{self.shell}" for integral in INTEGRALS[: first.l + 1]}


@dataclass(frozen=True)
class HoppingKind(AbstractHopping):
    """A hopping without the values of its integrals."""

    between: tuple[str, str]
    shell: int


@dataclass(frozen=True)
class Hopping(AbstractHopping):
    """The two-centre integrals between two shells at one neighbour distance."""

    between: tuple[str, str]
    """names of the two shells, such as `("O.p", "Ta.d")`"""
    shell: int
    """number of the neighbour shell between the two species, from 1"""
    integrals: Mapping[str, float]
    """sigma, pi, … in eV; the direction runs from the shell of lower l to the other"""

    @property
    def kind(self) -> HoppingKind:
        first, second = self.between
        return HoppingKind((first, second), self.shell)

    def validate(self, shells: Mapping[str, Shell]) -> tuple[Shell, Shell]:
        """The two shells, lower l first. Raises `InputError` for unknown shells or missing integrals."""
        for name in self.between:
            check(name in shells, self.label, f"must join declared shells, but {name!r} is not one of {list(shells)}")
        first, second = self.ordered(shells)
        _same_keys(f"integrals of {self.label}", self.integrals, INTEGRALS[: first.l + 1])
        return first, second


def _same_keys(field: str, values: Mapping[str, float], expected) -> None:
    missing = [key for key in expected if key not in values]
    unknown = [key for key in values if key not in expected]
    check(not missing, field, f"must have {list(expected)}, but {missing} is missing")
    check(not unknown, field, f"must have {list(expected)}, but got {unknown} as well")
