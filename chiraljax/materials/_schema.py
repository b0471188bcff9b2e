"""The schema of a material file."""

from typing import Annotated, Any, Literal

from pydantic import (
    AllowInfNan,
    Field,
    NonNegativeFloat,
    PlainValidator,
    PositiveFloat,
    PositiveInt,
)

from .._tables import ClosedTable, in_unit, one_of
from ..electrons import AbstractTerm

Number = Annotated[float, AllowInfNan(False)]
Energy = Annotated[Number, in_unit("eV")]
Length = Annotated[Number, in_unit("angstrom")]
Frequency = Annotated[PositiveFloat, in_unit("THz")]
Damping = Annotated[NonNegativeFloat, in_unit("rad/ps")]
Vector = tuple[Number, Number, Number]
LatticeVector = tuple[Length, Length, Length]


class Site(ClosedTable):
    species: str
    """chemical symbol, optionally followed by digits to tell inequivalent sites apart"""
    position: Vector
    """fractional"""


class Path(ClosedTable):
    points: dict[str, Vector]
    """fractional"""
    segments: list[tuple[str, str]]


class CrystalTable(ClosedTable):
    lattice: tuple[LatticeVector, LatticeVector, LatticeVector]
    """lattice vectors as rows, Å"""
    sites: Annotated[list[Site], Field(min_length=1)]
    path: Path | None = None
    """of band structures; the standard path of the lattice unless given"""


class ShellTable(ClosedTable):
    species: str
    orbital: str
    onsite: dict[str, Energy]
    """eV, by crystal-field group"""
    crystal_field: Literal["none", "cubic", "axial", "orbitals"] = "none"
    axis: str | None = None
    spin_orbit: Energy | None = None
    """eV"""
    rotation_weight: Number = 1.0


class HoppingTable(ClosedTable):
    between: tuple[str, str]
    shell: PositiveInt
    sigma: Energy
    """eV, as the others"""
    pi: Energy | None = None
    delta: Energy | None = None
    phi: Energy | None = None

    @property
    def integrals(self) -> dict[str, float]:
        return self.model_dump(include={"sigma", "pi", "delta", "phi"}, exclude_none=True)


class ElectronsTable(ClosedTable):
    source: str = ""
    filling: Annotated[int, Field(ge=0)]
    """filled spin-orbitals per cell"""
    rotation_sign: Literal[1, -1] = 1
    shells: Annotated[list[ShellTable], Field(min_length=1)]
    hoppings: list[HoppingTable] = []
    terms: list[Annotated[Any, PlainValidator(one_of(AbstractTerm, "name"))]] = []


class PairTable(ClosedTable):
    frequency: Frequency
    """THz"""
    damping: Damping
    """rad/ps"""
    mode_effective_charge: Number
    """e/√u"""
    eigenvectors: tuple[list[Vector], list[Vector]]
    """mass-weighted, one vector per site for each of the two modes"""
    quartic_cubic: Number = 0.0
    """1/(ps² Å² u)"""


class ModeTable(ClosedTable):
    frequency: Frequency
    """THz"""
    damping: Damping
    """rad/ps"""
    mode_effective_charge: tuple[Number, Number]
    """e/√u, for the field's x and y"""
    eigenvectors: tuple[list[Vector]]
    """mass-weighted, one vector per site for the one mode"""


class TermTable(ClosedTable):
    modes: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=3, max_length=4)]
    """coordinates of ∂³V or ∂⁴V in any order, numbered from 0, one per mode and two per pair"""
    value: Number
    """1/(ps² Å √u) or 1/(ps² Å² u)"""


class LatticeTable(ClosedTable):
    file: str
    """of phonopy, or a structure file with `supercell`, in the folder of the material file; or a bundled lattice"""
    born: str | None = None
    force_sets: str | None = None
    force_constants: str | None = None
    supercell: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None
    calculator: str | None = None
    """phonopy's name of the program that calculated the forces, unless the file names it; gives their units"""
    axis: Vector = (0.0, 0.0, 1.0)
    """about which the lattice turns and along which the light travels"""
    x: Vector | None = None
    """its part across the axis is the direction of the field's x"""
    modes: list[int] | str | None = None
    """numbers as in the lattice's table, or "all"; the lowest pair unless given"""
    degenerate: bool = True
    """true for pairs that turn in circles, false for single modes that the light drives"""
    frequency: list[Frequency] | None = None
    """THz, one per set of modes, in place of those of the force constants"""
    damping: Annotated[list[Damping], Field(min_length=1)]
    """rad/ps, one for all or one per set of modes"""


class TemperatureRow(ClosedTable):
    temperature: Annotated[NonNegativeFloat, in_unit("K")]
    """K"""
    frequency: list[Frequency]
    """THz, one per set of modes"""
    damping: list[Damping]
    """rad/ps, one per set of modes"""


class PhononTable(ClosedTable):
    source: str = ""
    dielectric_constant: PositiveFloat | None = None
    """ε∞; may be left out where a lattice has Born charges"""
    masses: list[PositiveFloat] | None = None
    """u, one per site; without it, the standard atomic weights"""
    plane: tuple[Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    """orthonormal vectors along which the field's x and y point"""
    born_charges: list[tuple[Vector, Vector, Vector]] | None = None
    """e, one tensor per site: rows are the dipole's components, columns those of the displacement"""
    pairs: list[PairTable] = []
    modes: list[ModeTable] = []
    lattice: LatticeTable | None = None
    """exactly one of the three is given"""
    quartic_isotropic: list[list[Number]] | None = None
    """1/(ps² Å² u), symmetric; of pairs"""
    anharmonic: list[TermTable] = []
    temperatures: list[TemperatureRow] = []
    """for `Phonon.at_temperature`"""


class MaterialFile(ClosedTable):
    name: str
    source: str = ""
    crystal: CrystalTable
    electrons: ElectronsTable
    phonon: PhononTable | None = None
