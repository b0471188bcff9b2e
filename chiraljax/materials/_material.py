"""A crystal with its electrons and its driven phonon."""

import dataclasses
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import equinox as eqx

from .._errors import check, within
from .._module import Module
from .._precision import require_x64
from .._tracing import concrete
from .._validation import parse_toml, read_text
from .._warnings import silent, tell
from ..crystal import Crystal, KPath, improbable_positions, k_path, route, standard_path
from ..electrons import AbstractTerm, Electrons, Hopping, Shell, slater_koster
from ..phonon import Phonon, improbable_frequencies
from ._phonon import phonon_of
from ._schema import MaterialFile

_FOLDER = resources.files("chiraljax.materials")


class Material(Module):
    """A crystal with its electrons and its phonon; read by `load_material`."""

    name: str = eqx.field(static=True)
    crystal: Crystal
    electrons: Electrons
    phonon: Phonon | None
    """None if the file has no phonon"""
    _path: tuple | None = eqx.field(static=True)
    _sources: tuple[str, str, str] = eqx.field(static=True, default=("", "", ""))
    """of the file, its electrons and its phonon"""

    def __repr__(self) -> str:
        lines = [f"Material {self.name}", repr(self.crystal), repr(self.electrons)]
        if self.phonon is not None:
            frequency = concrete(self.phonon.frequency)
            lines.append(
                "Phonon, "
                + ("not known yet" if frequency is None else f"{', '.join(f'{nu:.4g}' for nu in frequency.flat)} THz")
            )
        return "\n".join(lines)

    def with_electrons(self, electrons: Electrons) -> "Material":
        """The same crystal and phonon with another model of the electrons, such as a fitted one.

        Raises:
            InputError: for electrons of another crystal.
        """
        check(electrons.crystal == self.crystal, "electrons", f"must be a model of the crystal of {self.name}")
        sources = (self._sources[0], "", self._sources[2])
        return dataclasses.replace(self, electrons=electrons, _sources=sources)

    def with_phonon(self, phonon: Phonon | None) -> "Material":
        """The same crystal and electrons with another phonon, whose atoms are the sites in their order.

        Raises:
            InputError: for a phonon with another number of atoms.
        """
        sites = len(self.crystal.species)
        check(
            phonon is None or phonon.masses.shape == (sites,),
            "phonon",
            f"must move the {sites} sites of {self.name}, but moves {phonon and phonon.masses.shape[0]} atoms",
        )
        return dataclasses.replace(self, phonon=phonon, _sources=(*self._sources[:2], ""))

    def k_path(self, points: int = 40, path: str | None = None) -> KPath:
        """The path of the material file or else the standard path, with `points` intervals per segment.

        Args:
            points: of each segment, at least 1.
            path: another one, through named points of both, such as "0.1 M-Γ-0.1 R": a number before a name is the
                distance from Γ, and | a break.

        Raises:
            InputError: for a point without a name here.
        """
        corners, segments = self._path or (None, None)
        if path is not None:
            corners, segments = route(path, {**standard_path(self.crystal)[0], **dict(corners or {})})
        return k_path(self.crystal, dict(corners) if corners else None, segments, points)


def bundled_materials() -> list[str]:
    """Names of the materials that come with the package."""
    return sorted(file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".toml"))


def load_material(name: str | Path) -> Material:
    """A bundled material by name, or the material of a TOML file by its path.

    Raises:
        InputError: with the file and the field, for one that is wrong.
        RuntimeError: without 64-bit arithmetic.
    """
    require_x64()
    if str(name) in bundled_materials():
        text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    else:
        text = read_text(name, f"a bundled material ({', '.join(bundled_materials())}) or a TOML file")
    file = parse_toml(text, MaterialFile, str(name), "material file")
    with within(source=name):
        material = _build(file, Path(name).parent)
    tell(f"{name}: {sentence}" for sentence in _improbable(material))
    return material


def material_of(material: Material | str | Path) -> Material:
    """The material itself, or that of this name or file, by `load_material`."""
    return material if isinstance(material, Material) else load_material(material)


def _improbable(material: Material) -> Iterator[str]:
    yield from improbable_positions(material.crystal)
    filling = material.electrons.filling
    if filling % 2:
        yield (
            f"electrons.filling is {filling}, which is odd: it counts spin-orbitals, and without magnetism every level "
            "holds two electrons, so there is no gap"
        )
    if material.phonon is not None:
        yield from improbable_frequencies(material.phonon)


def _build(file: MaterialFile, folder: Path) -> Material:
    sites = file.crystal.sites
    with silent():
        crystal = Crystal(file.crystal.lattice, [site.species for site in sites], [site.position for site in sites])
    electrons = slater_koster(
        crystal,
        [Shell(**shell.model_dump()) for shell in file.electrons.shells],
        [Hopping(hopping.between, hopping.shell, hopping.integrals) for hopping in file.electrons.hoppings],
        file.electrons.filling,
        file.electrons.rotation_sign,
    )
    if file.electrons.terms:
        electrons = electrons.with_terms(*_terms(file.electrons.terms, folder))
    path = file.crystal.path
    for name in {name for segment in path.segments for name in segment} if path else ():
        check(
            path is not None and name in path.points,
            "crystal.path.segments",
            f"must join points of crystal.path.points, but {name!r} is not one of them",
        )
    route = (tuple(path.points.items()), tuple(path.segments)) if path else None
    sources = (file.source, file.electrons.source, file.phonon.source if file.phonon else "")
    return Material(
        file.name, crystal, electrons, file.phonon and phonon_of(file.phonon, crystal, folder), route, sources
    )


def _terms(tables: list[Callable[..., AbstractTerm]], folder: Path) -> Iterator[AbstractTerm]:
    for number, build in enumerate(tables):
        with within(f"electrons.terms.{number}"):
            yield build(folder)
