"""VASP's PROCAR: projections on the orbitals of every ion."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..._errors import InputError, check, within
from ..._validation import read_text
from ._common import ascending, beside, numbers

_HEADER = re.compile(r"# of k-points:\s*(\d+)\s*# of bands:\s*(\d+)\s*# of ions:\s*(\d+)")
_BAND = re.compile(r"^\s*band\s+\d+\s*# energy\s+(\S+)[^\n]*", re.MULTILINE)
_LABELS = {"dz2": "d.3z2-r2", "dxz": "d.zx", "x2-y2": "d.x2-y2", "dx2": "d.x2-y2", "dx2-y2": "d.x2-y2"}
_ROUNDING = 1e-4
"""eV; PROCAR has eight decimals, EIGENVAL six"""


def read_procar(
    path: Path, energies: np.ndarray, which: int = 0, channels: int = 1
) -> tuple[dict[str, np.ndarray], bool]:
    """The projections (K, B) by species and orbital, and whether the calculation is noncollinear.

    Not through pymatgen, which drops repeated k-points, such as corners of a path. Raises `InputError` if they do not
    belong to the `energies` (K, B), in the order of the file, which are those of spin `which` of `channels`.
    """
    text = read_text(path, "PROCAR of VASP")
    with within(source=path):
        table, orbitals, spinors = _table(text, energies, which, channels)
        species = _species(path, table.shape[2])
    return summed(ascending(energies, table), species, orbitals), spinors


def _table(text: str, energies: np.ndarray, which: int, channels: int) -> tuple[np.ndarray, list[str], bool]:
    """Projections (K, B, ion, orbital), the names of the orbitals, and whether the file has projections of spin."""
    headers = _HEADER.findall(text)
    check(headers, "", "must have the numbers of k-points, bands and ions in its second line, but has not")
    spins = "be of two spins" if channels == 2 else "be of one spin"
    check(len(headers) == channels, "", f"must {spins}, as the energies are, but has {len(headers)} blocks")
    points, bands, ions = (int(number) for number in headers[which])
    check(
        (points, bands) == energies.shape,
        "",
        f"must have the {energies.shape[0]} k-points and {energies.shape[1]} bands of the"
        f" energies, but has {points} and {bands}",
    )
    pieces = _BAND.split(_HEADER.split(text)[4 * (which + 1)])[1:]
    listed = numbers("energies", pieces[::2])
    check(
        len(listed) == points * bands,
        "",
        f"must have {points * bands} bands at all k-points together, but ends after {len(listed)}",
    )
    check(
        np.allclose(listed.reshape(points, bands), energies, atol=_ROUNDING, rtol=0),
        "",
        "must have the same energies as the file beside it, but has not",
    )
    orbitals, blocks, directions = [], [], 0
    for piece in pieces[1::2]:
        lines = [line.split() for line in piece.splitlines() if line.strip()]
        check(lines and lines[0][0] == "ion", "", "must have the names of orbitals below a band, but has not")
        names = [name for name in lines[0][1:] if name != "tot"]
        check(orbitals in ([], names), "", "must have the same orbitals below each band, but has not")
        orbitals = names
        rows = [row[1 : 1 + len(orbitals)] for i, row in enumerate(lines[1 : 1 + ions], 1) if row[0] == str(i)]
        check(
            len(rows) == ions and all(len(row) == len(orbitals) for row in rows),
            "",
            f"must have {len(orbitals)} projections for each of {ions} ions, but ends before",
        )
        # Charge alone, or charge and the spin along x, y and z; phases may follow below another header.
        end = next((i for i, line in enumerate(lines) if i and line[0] in ("ion", "k-point")), len(lines))
        directions = sum(line[0] == "1" for line in lines[:end])
        blocks.append(numbers("projections", [word for row in rows for word in row]))
    table = np.reshape(blocks, (points, bands, ions, len(orbitals)))
    return table, orbitals, directions == 4


def summed(table: np.ndarray, species: Sequence[str], orbitals: Sequence[str]) -> dict[str, np.ndarray]:
    """Projections (K, B, ion, orbital) summed over the ions of each species, with the names of `Bands`."""
    result = {}
    for name in dict.fromkeys(species):
        of_species = table[:, :, [symbol == name for symbol in species]].sum(axis=2)
        # small PAW projections may be -0.001
        result |= {f"{name}.{_label(orbital)}": np.maximum(of_species[..., i], 0) for i, orbital in enumerate(orbitals)}
    return result


def _label(orbital: str) -> str:
    return _LABELS.get(orbital, orbital if len(orbital) == 1 else f"{orbital[0]}.{orbital[1:]}")


def _species(procar: Path, ions: int) -> list[str]:
    """The symbol of each ion, from the POSCAR or CONTCAR beside PROCAR."""
    path = _beside(procar)
    if path is None:
        raise InputError("", "must have a POSCAR or CONTCAR beside it that names the ions, but has none")
    species = _symbols(_lines(path))
    check(species, "", "must have the symbols and numbers of ions in its lines 6 and 7, but has not", path)
    check(len(species) == ions, "", f"must have the {ions} ions of {procar.name}, but has {len(species)}", path)
    return species


def read_poscar(path: Path) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Symbols and lattice vectors (Å) in the POSCAR or CONTCAR beside a file, as far as there are any."""
    found = _beside(path)
    if found is None:
        return (), None
    lines = _lines(found)
    try:
        scale, vectors = float(lines[1].split()[0]), np.array([line.split()[:3] for line in lines[2:5]], dtype=float)
        # a negative number is the volume
        scale = scale if scale > 0 else (-scale / abs(np.linalg.det(vectors))) ** (1 / 3)
    except (IndexError, ValueError, ZeroDivisionError):
        return tuple(_symbols(lines)), None
    whole_lattice = vectors.shape == (3, 3) and abs(np.linalg.det(scale * vectors)) > 1e-6
    return tuple(_symbols(lines)), scale * vectors if whole_lattice else None


def _beside(path: Path) -> Path | None:
    files = [beside(path, name) for name in ("POSCAR", "CONTCAR")]
    return next((path for path in files if path.exists()), None)


def _lines(path: Path) -> list[str]:
    return [*read_text(path, "POSCAR of VASP").splitlines(), *[""] * 7]


def _symbols(lines: list[str]) -> list[str]:
    """The symbol of each ion; none if the file does not name them."""
    symbols, counts = lines[5].split(), lines[6].split()
    named = symbols and len(symbols) == len(counts) and all(n.isdigit() for n in counts) and not symbols[0].isdigit()
    if not named:
        return []
    # VASP 6 may append a pseudopotential to a symbol: Ta_pv/0a1b2c3d
    names = [re.split("[_/]", symbol)[0] for symbol in symbols]
    return [name for name, count in zip(names, counts, strict=True) for _ in range(int(count))]
