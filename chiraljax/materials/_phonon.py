"""The phonon of a material file."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_masses, atomic_numbers

from .._errors import InputError, check
from ..crystal import Crystal
from ..lattice import bundled_lattices, load_lattice
from ..phonon import AbstractPhonon, NormalModes, Phonon
from ._schema import LatticeTable, PhononTable, TermTable


def phonon_of(table: PhononTable, crystal: Crystal, folder: Path) -> AbstractPhonon:
    """The phonon that a table describes; `folder` is where the material file and those of its lattice are."""
    given = [name for name in ("pairs", "modes", "lattice") if getattr(table, name)]
    check(
        len(given) == 1, "phonon", f"must have one of pairs, modes and lattice, but has {' and '.join(given) or 'none'}"
    )
    (kind,) = given
    belongs = {"quartic_isotropic": "pairs", "anharmonic": "modes", "temperature_dependence": "pairs"}
    single = kind == "modes" or (table.lattice is not None and not table.lattice.degenerate)
    for name, owner in belongs.items():
        fits = single if owner == "modes" else not single
        check(fits or not getattr(table, name), f"phonon.{name}", f"must be left out: it is for {owner}")
    if table.lattice is not None:
        return _from_lattice(table, table.lattice, crystal, folder)
    if table.dielectric_constant is None:
        raise InputError("phonon.dielectric_constant", "must be given")
    sites = len(crystal.species)
    vectors = [vector for pair in table.pairs for vector in pair.eigenvectors]
    for name, rows in (("pairs.eigenvectors", vectors), ("modes.eigenvector", [m.eigenvector for m in table.modes])):
        for row in rows:
            check(
                len(row) == sites,
                f"phonon.{name}",
                f"must have one vector for each of the {sites} sites, but got {len(row)}",
            )
    common: dict[str, Any] = {
        "masses": table.masses or [atomic_masses[atomic_numbers[symbol]] for symbol in crystal.symbols],
        "dielectric_constant": table.dielectric_constant,
        "plane": table.plane,
        "born_charges": table.born_charges,
        "volume": crystal.volume,
    }
    if kind == "modes":
        cubic, quartic = _tensors(table.anharmonic, len(table.modes))
        return NormalModes(
            [mode.frequency for mode in table.modes],
            [mode.damping for mode in table.modes],
            [mode.charges for mode in table.modes],
            [mode.eigenvector for mode in table.modes],
            cubic=cubic,
            quartic=quartic,
            **common,
        )
    return Phonon(
        [pair.frequency for pair in table.pairs],
        [pair.damping for pair in table.pairs],
        [pair.mode_effective_charge for pair in table.pairs],
        [pair.eigenvectors for pair in table.pairs],
        quartic_isotropic=table.quartic_isotropic,
        quartic_cubic=[pair.quartic_cubic for pair in table.pairs],
        **_temperatures(table),
        **common,
    )


def _from_lattice(table: PhononTable, lattice: LatticeTable, crystal: Crystal, folder: Path) -> AbstractPhonon:
    for name in ("masses", "born_charges", "quartic_isotropic"):
        check(getattr(table, name) is None, f"phonon.{name}", "must be left out: it follows from the lattice")
    check(
        "plane" not in table.model_fields_set, "phonon.plane", "must be left out: it follows from phonon.lattice.axis"
    )
    files = {name: getattr(lattice, name) for name in ("born", "force_sets", "force_constants")}
    held = load_lattice(
        lattice.file if lattice.file in bundled_lattices() else folder / lattice.file,
        supercell=lattice.supercell,
        **{name: None if file is None else folder / file for name, file in files.items()},
    )
    options: dict[str, Any] = {
        "damping": lattice.damping[0] if len(lattice.damping) == 1 else lattice.damping,
        "axis": lattice.axis,
        "x": lattice.x,
        "frequency": lattice.frequency,
        "dielectric_constant": table.dielectric_constant,
        "crystal": crystal,
    }
    if lattice.degenerate:
        return held.phonon(modes=lattice.modes, **_temperatures(table), **options)
    check(
        not isinstance(lattice.modes, str) or lattice.modes == "all", "phonon.lattice.modes", "must be numbers or 'all'"
    )
    chosen = None if isinstance(lattice.modes, str) else lattice.modes
    modes = held.normal_modes(modes=chosen, **options)
    if not table.anharmonic:
        return modes
    cubic, quartic = _tensors(table.anharmonic, modes.frequency.shape[0])
    return held.normal_modes(modes=chosen, cubic=cubic, quartic=quartic, **options)


def _temperatures(table: PhononTable) -> dict[str, Any]:
    rows = table.temperature_dependence
    return {
        "temperatures": [row.temperature for row in rows] or None,
        "frequencies": [row.frequencies for row in rows] or None,
        "dampings": [row.dampings for row in rows] or None,
    }


def _tensors(terms: list[TermTable], modes: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric tensors of third and fourth rank from one entry for each set of places."""
    tensors = {3: np.zeros((modes,) * 3), 4: np.zeros((modes,) * 4)}
    seen = set()
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
    return tensors[3], tensors[4]
