"""A material as a TOML file."""

import os
from collections.abc import Mapping
from importlib.metadata import version
from itertools import combinations_with_replacement

import numpy as np
import tomlkit
from tomlkit.items import Table

from .._atomic import atomic_path
from .._door import door
from .._errors import check
from .._family import family
from .._parameter import parameters_of
from .._tables import rows_of
from .._validation import parse_toml
from ..electrons import AbstractTerm
from ..materials import Material, MaterialFile, PhononTable
from ..phonon import Phonon
from ._toml import inline, lines, plain, tables


@door
def write_material(
    path: str | os.PathLike[str],
    material: Material,
    *,
    source: str | None = None,
    comments: Mapping[str, str] | None = None,
) -> None:
    """Write a material file that `load_material` reads as the same material, every number to the last bit.

    Args:
        path: ends in .toml.
        material: what to write.
        source: of the parameters of the electrons; by default that of the file from which they were loaded.
        comments: a text behind each parameter, by its name, such as `{"Ta.d.t2g": "± 0.012"}`.

    Raises:
        InputError: for another ending, a comment on an unknown parameter, text of more than one line, and a number
            that is not finite. An older file is then unchanged.
    """
    comments = comments or {}
    parameters = list(material.electrons.parameters)
    unknown = [name for name in comments if name not in parameters]
    check(str(path).endswith(".toml"), "", "must be a material file .toml", path)
    check(not unknown, "comments", f"must be on parameters among {parameters}, but got {unknown}")
    texts = {"source": source or ""} | {f"comment on {name}": comment for name, comment in comments.items()}
    for field, line in texts.items():
        check(line.isprintable(), field, f"must be one line of text, but got {line!r}")
    text = tomlkit.dumps(_document(material, source, comments))
    parse_toml(text, MaterialFile, str(path), "material file")
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _document(material: Material, source: str | None, comments: Mapping[str, str]) -> tomlkit.TOMLDocument:
    file_source, electrons_source, phonon_source = material._sources
    source = electrons_source if source is None else source
    document = tomlkit.document()
    origin = f" Electrons from: {source}" if source.isprintable() and source else ""
    document.add(tomlkit.comment(f"Written by chiraljax {version('chiraljax')}.{origin}"))
    document.add(tomlkit.nl())
    document.add("name", tomlkit.item(material.name))
    _add(document, "source", file_source)
    document.add("crystal", _crystal(material))
    document.add("electrons", _electrons(material, source, comments))
    if material.phonon is not None:
        document.add("phonon", _phonon(material.phonon, phonon_source))
    return document


def _crystal(material: Material) -> Table:
    crystal = material.crystal
    table = tomlkit.table().add(tomlkit.comment("lattice vectors as rows in Å, positions in fractions of them"))
    table.add("lattice", lines(crystal.lattice))
    sites = zip(crystal.species, crystal.positions, strict=True)
    table.add("sites", lines(inline(species=species, position=position) for species, position in sites))
    if material._path is not None:
        points, segments = material._path
        path = tomlkit.table()
        for name, place in points:
            path.add(tomlkit.key(["points", name]), list(place))
        path.add("segments", [list(segment) for segment in segments])
        table.add("path", path)
    return table


def _electrons(material: Material, source: str, comments: Mapping[str, str]) -> Table:
    electrons = material.electrons
    shells, hoppings = electrons.specification
    table = tomlkit.table().add(tomlkit.comment("energies in eV"))
    _add(table, "source", source)
    table.add("filling", electrons.filling)
    table.add("rotation_sign", electrons.rotation_sign)
    rows = []
    for shell in shells:
        row = tomlkit.table().add("species", shell.species).add("orbital", shell.orbital)
        if shell.crystal_field != "none":
            row.add("crystal_field", shell.crystal_field)
        _add(row, "axis", shell.axis)
        for group, energy in shell.onsite.items():
            _parameter(row, ["onsite", group], energy, comments.get(shell.parameter(group)))
        if shell.spin_orbit is not None:
            _parameter(row, ["spin_orbit"], shell.spin_orbit, comments.get(shell.parameter("xi")))
        if shell.rotation_weight != 1:
            row.add("rotation_weight", shell.rotation_weight)
        rows.append(row)
    table.add("shells", tables(rows))
    by_name = {shell.name: shell for shell in shells}
    rows = []
    for hopping in hoppings:
        row = tomlkit.table().add("between", list(hopping.between)).add("shell", hopping.shell)
        for integral, name in hopping.parameters(by_name).items():
            _parameter(row, [integral], hopping.integrals[integral], comments.get(name))
        rows.append(row)
    if rows:
        table.add("hoppings", tables(rows))
    if electrons.terms:
        table.add("terms", tables(_term(term) for term in electrons.terms))
    return table


def _term(term: AbstractTerm) -> Table:
    check(
        type(term) in family(AbstractTerm).values(),
        "electrons.terms",
        f"must be of classes with a name, but got {type(term).__name__}",
    )
    table = tomlkit.table().add("name", term.name)
    for name, parameter in parameters_of(term).items():
        table.add(name, rows_of(parameter, getattr(term, name)))
    return table


def _phonon(phonon: Phonon, source: str) -> Table:
    table = tomlkit.table().add(
        tomlkit.comment("frequencies in THz, dampings in rad/ps, charges in e/√u, masses in u, quartic in 1/(ps² Å² u)")
    )
    _add(table, "source", source)
    table.add("dielectric_constant", plain(phonon.dielectric_constant))
    table.add("masses", plain(phonon.masses))
    if phonon.plane != PhononTable.model_fields["plane"].default:
        table.add("plane", lines(phonon.plane))
    if phonon.born_charges is not None:
        table.add("born_charges", lines((lines(tensor, "    ") for tensor in plain(phonon.born_charges)), "  "))
    if phonon.quartic_isotropic is not None and np.any(np.asarray(phonon.quartic_isotropic)):
        table.add("quartic_isotropic", lines(plain(phonon.quartic_isotropic)))
    terms = [
        inline(modes=places, value=float(tensor[places]))
        for tensor in (np.asarray(term) for term in (phonon.cubic, phonon.quartic) if term is not None)
        for places in combinations_with_replacement(range(tensor.shape[0]), tensor.ndim)
        if tensor[places] != 0
    ]
    if terms:
        table.add("anharmonic", lines(terms))
    if phonon.temperatures is not None:
        columns = (plain(getattr(phonon.temperatures, name)) for name in ("temperature", "frequency", "damping"))
        table.add(
            "temperatures",
            lines(
                inline(temperature=temperature, frequency=frequency, damping=damping)
                for temperature, frequency, damping in zip(*columns, strict=True)
            ),
        )
    table.add(
        "pairs" if phonon.degenerate else "modes",
        tables(_set(phonon, number) for number in range(len(phonon.frequency))),
    )
    return table


def _set(phonon: Phonon, number: int) -> Table:
    """A pair or a single mode."""
    row = tomlkit.table()
    row.add("frequency", plain(phonon.frequency[number]))
    row.add("damping", plain(phonon.damping[number]))
    row.add("mode_effective_charge", plain(phonon.mode_effective_charge[number]))
    if phonon.quartic_cubic is not None and float(phonon.quartic_cubic[number]) != 0:
        row.add("quartic_cubic", plain(phonon.quartic_cubic[number]))
    vectors = plain(phonon.eigenvectors[number])
    row.add("eigenvectors", lines((lines(vector, "    ") for vector in vectors), "  "))
    return row


def _parameter(table: Table, key: list[str], value: float, comment: str | None) -> None:
    item = tomlkit.item(value)
    if comment:
        item.comment(comment)
    table.add(tomlkit.key(key) if len(key) > 1 else key[0], item)


def _add(table, key: str, value: str | None) -> None:
    if value:
        table.add(key, value)
