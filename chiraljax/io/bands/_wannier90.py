"""Wannier90's bands, and bands from its H(R)."""

import os
import reprlib
from pathlib import Path

import numpy as np

from ..._errors import InputError, check, within
from ..._types import ArrayLike
from ..._validation import read_text
from ...fit import Bands
from ._common import numbers, spin_orbitals, whole
from ._format import BandFormat

_HERMITIAN = 1e-3
"""eV; the file has six decimals"""


def read_wannier90(path: Path, spin_orbit: bool | None, k: ArrayLike | None = None) -> Bands:
    """Bands from `seedname_band.dat`, or from `seedname_hr.dat` at fractional k-points `k` (K, 3)."""
    if path.name.endswith("hr.dat"):
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
        energies = _energies(*read_hr(path), points)
    else:
        check(k is None, "k", "must be left out, as the k-points of a _band.dat file are in its .kpt file")
        points = _read_kpt(path.with_suffix(".kpt"))
        energies = _read_bands(path, len(points))
    return Bands(points, energies, spin_orbit=spin_orbitals(energies, spin_orbit), source=f"{path.name}, Wannier90")


def read_hr(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """The Hamiltonian between Wannier functions from `seedname_hr.dat`: H(k) = Σ_R e^{2πi k·R} H(R).

    Wannier90 itself may shorten R for each pair of functions (`use_ws_distance`); the file does not contain this.

    Returns:
        The cells R (R, 3), whole numbers, and the matrices H(R) (R, n, n) in eV, divided by the degeneracy of R, with
        row m at the origin and column n in cell R.

    Raises:
        InputError: for an incomplete file, numbers that contradict its header, or a matrix element twice.
    """
    lines = read_text(path, "a file seedname_hr.dat of Wannier90").splitlines()
    check(len(lines) > 3, "", "must have a comment, num_wann and nrpts on its first lines, but ends before", path)
    with within(source=path):
        size, cells = whole("num_wann", lines[1].strip()), whole("nrpts", lines[2].strip())
        values = numbers("H(R)", " ".join(lines[3:]).split())
    expected = cells + 7 * cells * size**2
    check(
        len(values) == expected,
        "",
        f"must have {expected} numbers for num_wann = {size} and nrpts = {cells}, but got {len(values)}",
        path,
    )
    degeneracies, rows = values[:cells], values[cells:].reshape(cells, size**2, 7)
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
    return where[:, 0].astype(int), matrices


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
    "`seedname_band.dat` with `seedname_band.kpt` beside it, or `seedname_hr.dat` and `k`",
    lambda head: head.path.name.endswith(("_band.dat", "_hr.dat")),
    read_wannier90,
    takes_k=True,
)
