"""VASP's vasprun.xml and EIGENVAL."""

import warnings
from pathlib import Path

import numpy as np

from ..._errors import InputError, check
from ..._validation import one_line, read_text
from ...fit import Bands
from ._channels import channel, electrons_in
from ._common import ascending, beside, filled_bands, numbers, unpacked, wanted_points, whole
from ._format import BandFormat, Head
from ._procar import read_poscar, read_procar, summed
from ._spin import agreed, given

_SHELLS = "spdf"
ORBITALS = ["s", "py", "pz", "px", "dxy", "dyz", "dz2", "dxz", "x2-y2"]
ORBITALS += ["fy3x2", "fxyz", "fyz2", "fz3", "fxz2", "fzx2", "fx3"]


def read_vasp(path: Path, spin_orbit: bool | None, spin: str | None = None) -> Bands:
    """Bands from vasprun.xml, or from EIGENVAL and the PROCAR beside it."""
    read = _read_vasprun if Head.of(path).text.startswith("<") else _read_eigenval
    return read(path, spin_orbit, spin)


def _read_vasprun(path: Path, spin_orbit: bool | None, spin: str | None) -> Bands:
    try:
        from pymatgen.io.vasp.outputs import Vasprun
    except ImportError:
        raise InputError("", 'must be read with pymatgen; install it with: pip install "chiraljax[dft]"') from None
    try:
        with unpacked(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = Vasprun(file, parse_projected_eigen=True, parse_potcar_file=False)
        # With a file KPOINTS_OPT the bands are at its k-points; the others are the self-consistent mesh.
        points = run.kpoints_opt_props or run
        settings, species, efermi = run.parameters, run.atomic_symbols, run.efermi
        lattice = np.array(run.initial_structure.lattice.matrix)
        k, weights = np.array(points.actual_kpoints), np.array(points.actual_kpoints_weights)
        by_spin, projected = points.eigenvalues or {}, points.projected_eigenvalues or {}
    except Exception as error:  # pymatgen passes on any error of its parser
        reason = one_line(error) or type(error).__name__
        raise InputError("", f"must be a whole vasprun.xml of VASP, but {reason}") from None
    spinors = agreed(bool(settings.get("LSORBIT") or settings.get("LNONCOLLINEAR")), spin_orbit)
    tables = _tables("eigenvalues", by_spin, 3)
    polarised = settings.get("ISPIN", 1) == 2
    check(len(tables) == 1 + polarised, "eigenvalues", f"must be of ISPIN = {1 + polarised}, but are of {len(tables)}")
    for table in tables:
        check(len(table) == len(k), "eigenvalues", f"must be given at {len(k)} k-points, but got {len(table)}")
    which = channel([table[..., 0] for table in tables], spin)
    energies, occupations = np.moveaxis(tables[which], 2, 0)
    electrons = electrons_in(occupations, weights) if polarised else settings.get("NELECT")
    kept, weights = wanted_points(weights)
    projections = {}
    if projected:
        every = _tables("projected", projected, 4)
        check(len(every) == len(tables), "projected", f"must be of {len(tables)} spins, but are of {len(every)}")
        projections = labelled(every[which], energies, species, kept)
    energies = np.sort(energies[kept], axis=1)
    return Bands(
        k[kept],
        energies,
        weights,
        projections,
        spinors,
        None if electrons is None else filled_bands(energies, float(electrons), spinors),
        None if efermi is None else float(efermi),
        f"{path.name}, VASP {run.vasp_version}",
        tuple(species),
        lattice,
    )


def labelled(table: np.ndarray, energies: np.ndarray, species: list[str], kept: np.ndarray) -> dict[str, np.ndarray]:
    *shape, columns = table.shape
    expected = [*energies.shape, len(species)]
    check(shape == expected, "projected", f"must be for {expected} k-points, bands and ions, but is for {shape}")
    check(
        columns in (3, 4, 9, 16),
        "projected",
        f"must be for s, p, d and f shells or orbitals, but has {columns} columns",
    )
    orbitals = list(_SHELLS[:columns]) if columns <= len(_SHELLS) else ORBITALS[:columns]
    return summed(ascending(energies, table)[kept], species, orbitals)


def _read_eigenval(path: Path, spin_orbit: bool | None, spin: str | None) -> Bands:
    # Not through pymatgen, which fills the end of a truncated file with zeros.
    lines = read_text(path, "EIGENVAL of VASP").splitlines()
    check(len(lines) > 6, "", "must be a whole EIGENVAL of VASP, but ends in its header")
    spins, counts = lines[0].split(), lines[5].split()
    check(
        len(spins) == 4 and len(counts) == 3,
        "",
        "must be EIGENVAL of VASP 5 or newer, but its first or sixth line is not a header of it",
    )
    check(spins[3] in ("1", "2"), "ISPIN", f"must be 1 or 2, but got {spins[3]!r}")
    channels = int(spins[3])
    width = 1 + 2 * channels  # its number, the energies, the occupations
    electrons, count, bands = (whole(n, word) for n, word in zip(("NELECT", "k-points", "NBANDS"), counts, strict=True))
    values = numbers("eigenvalues", " ".join(lines[6:]).split())
    expected = count * (4 + width * bands)
    check(
        len(values) == expected,
        "",
        f"must have {expected} numbers for {count} k-points with {bands} bands, energies and"
        f" occupations, but got {len(values)}",
    )
    blocks = values.reshape(count, 4 + width * bands)
    k, weights, table = blocks[:, :3], blocks[:, 3], blocks[:, 4:].reshape(count, bands, width)
    which = channel(list(np.moveaxis(table[..., 1 : 1 + channels], 2, 0)), spin)
    unsorted, occupations = table[..., 1 + which], table[..., 1 + channels + which]
    energies = np.sort(unsorted, axis=1)

    projections, spinors = {}, _spinors(weights, occupations, electrons) if channels == 1 else False
    procar = beside(path, path.name.removesuffix(".gz").replace("EIGENVAL", "PROCAR"))
    if procar != path and procar.exists():
        projections, spinors = read_procar(procar, unsorted, which, channels)
    if spinors is None:
        spinors = given(spin_orbit, "its occupations add up to neither all electrons nor half of them")
    else:
        spinors = agreed(spinors, spin_orbit)
    kept, weights = wanted_points(weights)
    energies = energies[kept]
    if channels == 2:
        electrons = electrons_in(occupations, blocks[:, 3])
    filled = filled_bands(energies, float(electrons), spinors)
    species, lattice = read_poscar(path)
    return Bands(
        k[kept],
        energies,
        weights,
        {name: values[kept] for name, values in projections.items()},
        spinors,
        filled,
        None if filled is None else float(energies[:, filled - 1].max()),
        f"{path.name}, VASP",
        species,
        lattice,
    )


def _spinors(weights: np.ndarray, occupations: np.ndarray, electrons: int) -> bool | None:
    """True if the occupations, from 0 to 1, add up to all electrons, False if to half of them, else None."""
    total = np.sum(weights[:, None] * occupations) / max(np.sum(weights), 1e-12)
    fitting = [spinors for spinors, count in ((True, electrons), (False, electrons / 2)) if abs(total - count) < 0.1]
    return fitting[0] if len(fitting) == 1 else None


def _tables(name: str, by_spin: dict, dimensions: int) -> list[np.ndarray]:
    """The arrays of one spin, or of up and down, which must be complete."""
    try:
        values = [np.asarray(by_spin[each], dtype=float) for each in sorted(by_spin, key=int, reverse=True)]
    except (TypeError, ValueError):
        values = []
    whole = values and all(table.ndim == dimensions for table in values)
    check(whole, name, "must be given for all k-points and bands, but is missing or not whole")
    return values


def _recognised(head: Head) -> bool:
    if head.text.startswith("<"):
        return "<modeling" in head.text
    lines = head.text.splitlines()
    return head.name.startswith("EIGENVAL") or (len(lines) > 3 and lines[3].strip() == "CAR")


FORMAT = BandFormat(
    "vasp",
    "`vasprun.xml` (needs pymatgen), or `EIGENVAL` with an optional `PROCAR` beside it, which takes the names of the "
    "ions from a `POSCAR` or `CONTCAR` there",
    _recognised,
    read_vasp,
    takes_spin=True,
)
