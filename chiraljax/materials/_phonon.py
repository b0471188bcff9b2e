"""The phonon of a material file."""

import dataclasses
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_masses, atomic_numbers

from .._errors import InputError, check
from ..crystal import Crystal
from ..phonon import Phonon, TemperatureTable
from ._schema import LatticeTable, PhononTable, TermTable


def phonon_of(table: PhononTable, crystal: Crystal, folder: Path) -> Phonon:
    """The phonon that a table describes; `folder` holds the material file and the files of its lattice."""
    kinds = [name for name in ("pairs", "modes", "lattice") if getattr(table, name)]
    check(
        len(kinds) == 1, "phonon", f"must have one of pairs, modes and lattice, but has {' and '.join(kinds) or 'none'}"
    )
    check(
        not (table.modes and table.quartic_isotropic), "phonon.quartic_isotropic", "must be left out: it is for pairs"
    )
    if table.lattice is not None:
        return _from_lattice(table, table.lattice, crystal, folder)
    if table.dielectric_constant is None:
        raise InputError("phonon.dielectric_constant", "must be given")
    sites = len(crystal.species)
    rows = table.pairs or table.modes
    for vectors in (vectors for row in rows for vectors in row.eigenvectors):
        check(
            len(vectors) == sites,
            f"phonon.{kinds[0]}.eigenvectors",
            f"must have one vector for each of the {sites} sites, but got {len(vectors)}",
        )
    cubic, quartic = _tensors(table.anharmonic, 2 * len(table.pairs) or len(table.modes))
    return Phonon(
        [row.frequency for row in rows],
        [row.damping for row in rows],
        [row.mode_effective_charge for row in rows],
        [row.eigenvectors for row in rows],
        table.masses or [atomic_masses[atomic_numbers[symbol]] for symbol in crystal.symbols],
        table.dielectric_constant,
        table.quartic_isotropic if table.pairs else None,
        [pair.quartic_cubic for pair in table.pairs] or None,
        cubic=cubic,
        quartic=quartic,
        temperatures=_temperatures(table),
        plane=table.plane,
        born_charges=table.born_charges,
        volume=crystal.volume,
    )


def _from_lattice(table: PhononTable, options: LatticeTable, crystal: Crystal, folder: Path) -> Phonon:
    from ..lattice import bundled_lattices, load_lattice

    for name in ("masses", "born_charges", "quartic_isotropic"):
        check(getattr(table, name) is None, f"phonon.{name}", "must be left out: it follows from the lattice")
    check(
        "plane" not in table.model_fields_set, "phonon.plane", "must be left out: it follows from phonon.lattice.axis"
    )
    files = {name: getattr(options, name) for name in ("born", "force_sets", "force_constants")}
    try:
        lattice = load_lattice(
            options.file if options.file in bundled_lattices() else folder / options.file,
            supercell=options.supercell,
            calculator=options.calculator,
            **{name: None if file is None else folder / file for name, file in files.items()},
        )
    except InputError as error:
        raise InputError("phonon.lattice", f"must be of files that can be read, but got {error}") from None
    common: dict[str, Any] = {
        "damping": options.damping[0] if len(options.damping) == 1 else options.damping,
        "axis": options.axis,
        "x": options.x,
        "frequency": options.frequency,
        "dielectric_constant": table.dielectric_constant,
        "crystal": crystal,
    }
    if options.degenerate:
        phonon = lattice.phonon(modes=options.modes, **common)
    else:
        modes = options.modes
        check(not isinstance(modes, str) or modes == "all", "phonon.lattice.modes", "must be numbers or 'all'")
        phonon = lattice.normal_modes(modes=None if isinstance(modes, str) else modes, **common)
    cubic, quartic = _tensors(table.anharmonic, phonon.oscillators.frequency.size)
    return dataclasses.replace(phonon, temperatures=_temperatures(table), cubic=cubic, quartic=quartic)


def _temperatures(table: PhononTable) -> TemperatureTable | None:
    rows = table.temperatures
    if not rows:
        return None
    return TemperatureTable(
        [row.temperature for row in rows], [row.frequency for row in rows], [row.damping for row in rows]
    )


def _tensors(terms: list[TermTable], modes: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Symmetric tensors of third and fourth rank from one entry per set of places; None without entries of a rank."""
    tensors = {3: np.zeros((modes,) * 3), 4: np.zeros((modes,) * 4)}
    seen: set[tuple[int, ...]] = set()
    for term in terms:
        check(
            max(term.modes) < modes, "phonon.anharmonic.modes", f"must be from 0 to {modes - 1}, but got {term.modes}"
        )
        places = tuple(sorted(term.modes))
        check(
            places not in seen,
            "phonon.anharmonic",
            f"must name each set of modes once, but {term.modes} is there twice",
        )
        seen.add(places)
        for order in set(permutations(places)):
            tensors[len(places)][order] = term.value
    ranks = {len(places) for places in seen}
    cubic, quartic = (tensors[rank] if rank in ranks else None for rank in (3, 4))
    return cubic, quartic
