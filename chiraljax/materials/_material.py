"""A crystal with its electrons and its driven phonon."""

import dataclasses
from importlib import resources
from pathlib import Path

import equinox as eqx
from ase.data import atomic_masses, atomic_numbers

from .._errors import InputError, check
from .._module import Module
from .._precision import require_x64
from .._validation import parse_toml, read_text
from ..crystal import Crystal, KPath, k_path
from ..electrons import Electrons, Hopping, Shell, slater_koster
from ..phonon import Phonon
from ._schema import MaterialFile, PhononTable

_FOLDER = resources.files("chiraljax.materials")


class Material(Module):
    """What a material file describes; built by `load_material`."""

    name: str = eqx.field(static=True)
    crystal: Crystal
    electrons: Electrons
    phonon: Phonon | None
    """None for a file without a phonon"""
    _path: tuple | None = eqx.field(static=True)
    _sources: tuple[str, str, str] = eqx.field(static=True, default=("", "", ""))
    """of the file, its electrons and its phonon"""

    def with_electrons(self, electrons: Electrons) -> "Material":
        """The same crystal and phonon with another model of the electrons, such as a fitted one.

        Raises `InputError` for electrons of another crystal.
        """
        check(electrons.crystal == self.crystal, f"electrons must be a model of the crystal of {self.name}")
        sources = (self._sources[0], "", self._sources[2])
        return dataclasses.replace(self, electrons=electrons, _sources=sources)

    def k_path(self, points: int = 40) -> KPath:
        """The path of the material file, or else the standard one of the lattice, `points` intervals a segment."""
        corners, segments = self._path or (None, None)
        return k_path(self.crystal, dict(corners) if corners else None, segments, points)


def bundled_materials() -> list[str]:
    """Names of the materials that come with the package."""
    return sorted(file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".toml"))


def load_material(name: str | Path) -> Material:
    """A bundled material by name, or the one in a TOML file of the same schema by its path.

    Raises `InputError` with one line that names the file, the field and what was expected, and
    `RuntimeError` without 64-bit arithmetic.
    """
    require_x64()
    if str(name) in bundled_materials():
        text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    else:
        text = read_text(name, f"a bundled material ({', '.join(bundled_materials())}) or a TOML file")
    file = parse_toml(text, MaterialFile, str(name), "material file")
    try:
        return _build(file)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _build(file: MaterialFile) -> Material:
    sites = file.crystal.sites
    crystal = Crystal(file.crystal.lattice, [site.species for site in sites], [site.position for site in sites])
    electrons = slater_koster(
        crystal,
        [Shell(**shell.model_dump()) for shell in file.electrons.shells],
        [Hopping(hopping.between, hopping.shell, hopping.integrals) for hopping in file.electrons.hoppings],
        file.electrons.filling,
        file.electrons.rotation_sign,
    )
    path = file.crystal.path
    for name in {name for segment in path.segments for name in segment} if path else ():
        check(
            path is not None and name in path.points,
            f"crystal.path.segments must join points of crystal.path.points, but {name!r} is not one of them",
        )
    route = (tuple(path.points.items()), tuple(path.segments)) if path else None
    sources = (file.source, file.electrons.source, file.phonon.source if file.phonon else "")
    return Material(file.name, crystal, electrons, file.phonon and _phonon(file.phonon, crystal), route, sources)


def _phonon(table: PhononTable, crystal: Crystal) -> Phonon:
    for pair in table.pairs:
        for vector in pair.eigenvectors:
            check(
                len(vector) == len(crystal.species),
                f"phonon.pairs.eigenvectors must have one vector for each of the {len(crystal.species)} sites,"
                f" but got {len(vector)}",
            )
    rows = table.temperature_dependence
    return Phonon(
        frequency=[pair.frequency for pair in table.pairs],
        damping=[pair.damping for pair in table.pairs],
        mode_effective_charge=[pair.mode_effective_charge for pair in table.pairs],
        eigenvectors=[pair.eigenvectors for pair in table.pairs],
        masses=table.masses or [atomic_masses[atomic_numbers[symbol]] for symbol in crystal.symbols],
        dielectric_constant=table.dielectric_constant,
        quartic_isotropic=table.quartic_isotropic,
        quartic_cubic=[pair.quartic_cubic for pair in table.pairs],
        temperatures=[row.temperature for row in rows] or None,
        frequencies=[row.frequencies for row in rows] or None,
        dampings=[row.dampings for row in rows] or None,
    )
