"""Wannier90's bands, and bands from its H(R)."""

import os
import re
import reprlib
from pathlib import Path

import numpy as np

from ..._errors import InputError, check, within
from ..._types import ArrayLike
from ..._validation import read_text
from ...fit import Bands
from ._common import beside, numbers, whole
from ._format import BandFormat, Head
from ._spin import agreed, given, spinors_of

_HERMITIAN = 1e-3
"""eV; the file has six decimals"""
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?")


def read_wannier90(path: Path, spin_orbit: bool | None, k: ArrayLike | None = None) -> Bands:
    """Bands from `seedname_band.dat`, or from `seedname_hr.dat` or `_tb.dat` at fractional k-points `k` (K, 3)."""
    head = Head.of(path)
    if _is_hr(head) or _is_tb(head):
        check(k is not None, "k", "must be k-points at which to compute the bands of H(R), but got none")
        try:
            points = np.asarray(k, dtype=float)
        except (TypeError, ValueError):
            raise InputError("k", f"must be numbers of shape (K, 3), but got {reprlib.repr(k)}") from None
        check(
            points.ndim == 2 and points.shape[1] == 3 and len(points) > 0 and np.all(np.isfinite(points)),
            "k",
            f"must be finite and have shape (K, 3), but got shape {points.shape}",
        )
        hamiltonian = read_hr(path)
        energies = _energies(*hamiltonian, points)
    else:
        of_bands = head.name.endswith("band.dat")
        check(k is None or of_bands, "", "must have num_wann and nrpts of H(R) on its first lines, but has not")
        check(k is None, "k", "must be left out, as the k-points of a _band.dat file are in its .kpt file")
        points = _read_kpt(beside(path, Path(head.name).with_suffix(".kpt").name))
        energies, hamiltonian = _read_bands(path, len(points)), None
    seed = re.sub(r"_?(band|hr|tb)\.dat.*$", "", path.name)
    declared = _declared(path.with_name(f"{seed}.win"))
    if declared is not None:
        with within(source=path.with_name(f"{seed}.win")):
            spinors = agreed(declared, spin_orbit)
    elif spin_orbit is not None:
        spinors = spin_orbit
    else:
        spinors = _concluded(hamiltonian, beside(path, f"{seed}_hr.dat"), energies.shape[1])
    return Bands(points, energies, spin_orbit=spinors, source=f"{path.name}, Wannier90")


def read_hr(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """The Hamiltonian between Wannier functions from `seedname_hr.dat` or `_tb.dat`: H(k) = Σ_R e^{2πi k·R} H(R).

    Wannier90 shortens R for each pair of functions (`use_ws_distance`): the vectors of `seedname_wsvec.dat` are used if
    that file is beside this one. Without it H(k) on the mesh of the calculation is the same, and between its points may
    differ.

    Returns:
        The cells R (R, 3), whole numbers, and the matrices H(R) (R, n, n) in eV, divided by the degeneracy of R, with
        row m at the origin and column n in cell R.

    Raises:
        InputError: for an incomplete file, numbers that contradict its header, or a matrix element twice.
    """
    lines = read_text(path, "a file seedname_hr.dat of Wannier90").splitlines()
    positions = _is_tb(Head(Path(path), "\n".join(lines[:6]).encode()))  # _tb.dat has those, and the lattice above
    above = 4 if positions else 1
    check(
        len(lines) > above + 2, "", "must have a comment, num_wann and nrpts on its first lines, but ends before", path
    )
    with within(source=path):
        # Fortran ignores what stands behind a number
        size, cells = (
            whole(name, [*line.split(), ""][0])
            for name, line in zip(("num_wann", "nrpts"), lines[above : above + 2], strict=True)
        )
        values = numbers("H(R)", " ".join(lines[above + 2 :]).split())
    expected = cells + (cells * (6 + 12 * size**2) if positions else 7 * cells * size**2)
    check(
        len(values) == expected,
        "",
        f"must have {expected} numbers for num_wann = {size} and nrpts = {cells}, but got {len(values)}",
        path,
    )
    degeneracies = values[:cells]
    if positions:  # R once, above the elements, as in H(R) so in the positions
        blocks = values[cells : cells * (4 + 4 * size**2)].reshape(cells, 3 + 4 * size**2)
        homes = np.repeat(blocks[:, None, :3], size**2, axis=1)
        rows = np.concatenate([homes, blocks[:, 3:].reshape(cells, size**2, 4)], axis=2)
    else:
        rows = values[cells:].reshape(cells, size**2, 7)
    check(np.all(degeneracies > 0), "degeneracies", f"must be positive, but got {degeneracies.min():g}", path)
    where, index = rows[:, :1, :3], rows[:, :, 3:5].astype(int) - 1
    check(np.all(rows[:, :, :3] == where), "", "must have all elements of one R together, but R changes between", path)
    places = np.sort(index[..., 0] * size + index[..., 1], axis=1)
    check(
        np.all(rows[:, :, :5] == np.round(rows[:, :, :5])) and np.all(places == np.arange(size**2)),
        "",
        f"must have each element m, n from 1 to {size} once for each R, but does not",
        path,
    )
    matrices = np.zeros((cells, size, size), dtype=complex)
    entries = (rows[..., 5] + 1j * rows[..., 6]) / degeneracies[:, None]
    matrices[np.arange(cells)[:, None], index[..., 0], index[..., 1]] = entries
    where = where[:, 0].astype(int)
    name = Path(path).name.removesuffix(".gz")
    shorter = beside(Path(path), f"{re.sub('_(hr|tb).dat$', '', name)}_wsvec.dat")
    return _shortened(where, matrices, shorter) if shorter.is_file() else (where, matrices)


def _is_hr(head: Head) -> bool:
    """Whether the second and the third line begin with num_wann and nrpts, and the fourth has degeneracies."""
    lines = [line.split() for line in head.lines[1:4]]
    degeneracies = len(lines) == 3 and lines[2] and all(word.isdigit() for word in lines[2])
    return head.name.endswith("hr.dat") or bool(degeneracies and all(_counts(line) for line in lines[:2]))


def _is_tb(head: Head) -> bool:
    """Whether the vectors of the lattice, num_wann and nrpts follow the first line."""
    lines = [line.split() for line in head.lines[1:6]]
    vectors = all(len(line) == 3 and all(map(_FLOAT.fullmatch, line)) for line in lines[:3])
    return head.name.endswith("tb.dat") or (len(lines) == 5 and vectors and all(_counts(line) for line in lines[3:]))


def _counts(words: list[str]) -> bool:
    """Whether a number and perhaps a remark, but no second number, stand in a line."""
    return bool(words) and words[0].isdigit() and not (words[1:] and _FLOAT.fullmatch(words[1]))


def _declared(path: Path) -> bool | None:
    """The keyword `spinors` of `seedname.win`; None without it, because old calculations have spinors without it."""
    try:
        text = path.read_text(encoding="latin-1")
    except OSError:
        return None
    word = re.search(r"^[ \t]*spinors[ \t]*[=: \t][ \t]*([^\s!#]+)", text, re.MULTILINE | re.IGNORECASE)
    return None if word is None else "t" in word[1].lower()  # as Wannier90 reads it


def _concluded(hamiltonian: tuple[np.ndarray, np.ndarray] | None, path: Path, size: int) -> bool:
    """What the H(R) of `size` functions says, or else that of the file `path`; raises `InputError` if it does not."""
    if hamiltonian is None and path.is_file():
        hamiltonian = read_hr(path)
    if hamiltonian is not None and hamiltonian[1].shape[1] == size:
        return given(*spinors_of(*hamiltonian))
    both_spins = None if size % 2 == 0 else False  # an odd number of functions, one for each band, has not both
    return given(both_spins, f"neither {path.name} nor a .win file with the keyword spinors is beside it")


def _shortened(where: np.ndarray, matrices: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Each H(R)[m, n] in equal parts at the cells R + T of a `_wsvec.dat` file: Pizzi et al., J. Phys.: Condens. Matter
    32, 165902 (2020), section 4.2."""
    size = matrices.shape[1]
    row_of = {tuple(cell): row for row, cell in enumerate(where.tolist())}
    lines = read_text(path, "a file seedname_wsvec.dat of Wannier90").splitlines()
    with within(source=path):
        values = numbers("vectors", " ".join(lines[1:]).split())
        check(np.all(values == np.round(values)), "vectors", "must be whole numbers")
    left = values.astype(int).tolist()
    cells, rows, m, n, weights, at, pairs = [], [], [], [], [], 0, 0
    while at + 6 <= len(left):
        *cell, first, second, count = left[at : at + 6]
        row, end = row_of.get(tuple(cell)), at + 6 + 3 * count
        fits = row is not None and 1 <= first <= size and 1 <= second <= size and count > 0 and end <= len(left)
        check(fits, "", f"must belong to the H(R) beside it, but has R = {cell}, m, n = {first}, {second}", path)
        for shift in np.reshape(left[at + 6 : end], (count, 3)):
            cells.append(np.add(cell, shift))
            rows.append(row)
            m.append(first - 1)
            n.append(second - 1)
            weights.append(1 / count)
        at, pairs = end, pairs + 1
    complete = at == len(left) and pairs == len(where) * size**2
    check(complete, "", f"must have {len(where) * size**2} entries, one per element of H(R), but has {pairs}", path)
    unique, place = np.unique(np.array(cells), axis=0, return_inverse=True)
    result = np.zeros((len(unique), size, size), dtype=complex)
    np.add.at(result, (place.ravel(), m, n), np.array(weights) * matrices[rows, m, n])
    return unique, result


def _energies(cells: np.ndarray, matrices: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Eigenvalues (K, n) of H(k) = Σ_R e^{2πi k·R} H(R)."""
    count, size = len(cells), matrices.shape[1]
    hamiltonian = (np.exp(2j * np.pi * k @ cells.T) @ matrices.reshape(count, -1)).reshape(-1, size, size)
    skew = np.abs(hamiltonian - hamiltonian.conj().swapaxes(1, 2)).max()
    check(skew < _HERMITIAN * count, "H(R)", f"must be Hermitian, but H(k) differs from its adjoint by {skew:g} eV")
    return np.linalg.eigvalsh(hamiltonian)


def _read_kpt(path: Path) -> np.ndarray:
    """Fractional k-points (K, 3); their weights on a path are equal."""
    lines = read_text(path, "the k-points beside the bands of Wannier90").split("\n")
    with within(source=path):
        count = whole("number of k-points", lines[0].strip())
        values = numbers("k", " ".join(lines[1:]).split())
        fits = len(values) == 4 * count
        check(fits, "", f"must have {count} lines k1 k2 k3 weight, but got {len(values)} numbers")
    return values.reshape(count, 4)[:, :3]


def _read_bands(path: Path, count: int) -> np.ndarray:
    """Energies (K, B) from blocks of lines (distance, energy), one block per band."""
    rows = [line.split() for line in read_text(path, "bands of Wannier90").splitlines() if line.strip()]
    check(
        all(len(row) == 2 for row in rows),
        "",
        f"must have two columns distance and energy, but a line has {next((len(r) for r in rows if len(r) != 2), 0)}",
    )
    values = numbers("energies", [word for row in rows for word in row]).reshape(-1, 2)
    bands, rest = divmod(len(values), count)
    check(rest == 0, "", f"must have {count} lines per band, as its .kpt file has, but got {len(values)} lines")
    distance = values[:, 0].reshape(bands, count)
    check(np.all(distance == distance[0]), "", f"must have the same {count} distances for each band, but has not")
    return values[:, 1].reshape(bands, count).T


FORMAT = BandFormat(
    "wannier90",
    "`seedname_band.dat` with `seedname_band.kpt` beside it, or `seedname_hr.dat` or `seedname_tb.dat` and `k`; with "
    "`seedname.win` beside",
    lambda head: head.name.endswith("_band.dat") or _is_hr(head) or _is_tb(head),
    read_wannier90,
    takes_k=True,
)
