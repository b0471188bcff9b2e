"""What the formats share: numbers in text, and what may be inferred from energies."""

from collections.abc import Sequence

import numpy as np

from ..._errors import InputError, check

_DOUBLET = 0.02
"""eV within which two bands are one doublet: spin-orbit coupling as a second variation, in a basis cut off, leaves
12 meV in the bands of KTaO3; bands without spin pair up at every k-point by no accident"""
_GAP = 1e-3
"""eV by which levels may come out above an edge that was found on other k-points"""


def numbers(what: str, words: Sequence[str]) -> np.ndarray:
    """The words as finite numbers; raises `InputError` naming the first that is none."""
    try:
        values = np.array(words, dtype=float)
    except ValueError:
        values = np.array([_number(word) for word in words])
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise InputError(what, f"must be finite numbers, but got {str(words[wrong[0]])[:40]!r}")
    return values


def whole(what: str, word: str) -> int:
    """The word as a positive whole number; raises `InputError` for another."""
    fits = word.isascii() and word.isdigit() and len(word) < 10 and int(word) > 0
    check(fits, what, f"must be a positive number, but got {word[:40]!r}")
    return int(word)


def spin_orbitals(energies: np.ndarray, spin_orbit: bool | None) -> bool:
    """`spin_orbit`, or for a file that does not say: whether all bands are doublets at every k-point.

    That is Kramers degeneracy in a crystal with inversion symmetry. Without inversion, or with the lattice turning
    fast, spin splits the bands and a file that does not say so needs the argument.
    """
    if spin_orbit is not None:
        return spin_orbit
    even = energies.shape[1] % 2 == 0
    return even and bool(np.all(np.abs(energies[:, 1::2] - energies[:, ::2]) < _DOUBLET))


def agreed(said: bool, spin_orbit: bool | None) -> bool:
    """What the file says; raises `InputError` where an argument says otherwise."""
    check(spin_orbit in (None, said), "spin_orbit", f"must be {said}, as the file says, but got {spin_orbit}")
    return said


def filled_bands(energies: np.ndarray, electrons: float, spin_orbit: bool) -> int | None:
    """The number of columns that `electrons` fill; None for a metal."""
    count = electrons if spin_orbit else electrons / 2
    whole_count = round(count)
    if abs(count - whole_count) > 1e-6 or not 0 < whole_count <= energies.shape[1]:
        return None
    below, above = energies[:, :whole_count], energies[:, whole_count:]
    return whole_count if above.size == 0 or below.max() < above.min() else None


def filled_below(energies: np.ndarray, level: float) -> int | None:
    """The number of columns below `level`, a valence-band maximum or a Fermi level; None where they cross it."""
    counts = np.unique(np.sum(energies <= level + _GAP, axis=1))
    return int(counts[0]) if len(counts) == 1 and counts[0] > 0 else None


def ascending(energies: np.ndarray, table: np.ndarray) -> np.ndarray:
    """A table (K, B, …) of the bands, in the order in which the energies (K, B) ascend."""
    order = np.argsort(energies, axis=1, kind="stable")
    return np.take_along_axis(table, order.reshape(*order.shape, *(1,) * (table.ndim - 2)), axis=1)


def wanted_points(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Which k-points (K,) count and their weights: those of zero weight, if there are some and others too.

    A hybrid functional needs the whole mesh, so its bands are computed at k-points of zero weight beside the mesh.
    """
    zero = weights == 0
    if np.any(zero):
        return zero, None
    return np.ones(len(weights), dtype=bool), weights


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan
