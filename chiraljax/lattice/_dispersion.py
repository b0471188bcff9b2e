"""Phonon frequencies along a path through the Brillouin zone."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from phonopy import Phonopy

from .._errors import check
from ..crystal import Crystal, KPath, k_path


class Dispersion(NamedTuple):
    """Branches along the segments of a path; at Γ they may differ between two segments."""

    distances: tuple[Float[np.ndarray, " K"], ...]
    """rad/Å, one array per segment"""
    frequencies: tuple[Float[np.ndarray, "K branches"], ...]
    """THz, ascending at each point; imaginary ones are negative"""
    ticks: tuple[tuple[float, str], ...]
    """distance and label of each corner"""


def dispersion(phonopy: Phonopy, crystal: Crystal, source: str, path: KPath | None, points: int) -> Dispersion:
    """Frequencies along `path`, by phonopy, with the non-analytic term if there are Born charges.

    Gonze and Lee, Phys. Rev. B 55, 10355 (1997). At Γ the term depends on the direction of k, that of the segment.
    Raises `InputError` for force constants of a single cell.
    """
    cells = abs(np.linalg.det(phonopy.supercell_matrix))
    check(
        cells > 1.5, "", "must hold force constants of a supercell for a dispersion, but has those of one cell", source
    )
    path = k_path(crystal, points=points) if path is None else path
    segments = _segments(path)
    phonopy.run_band_structure([path.k[rows] for rows in segments])
    assert phonopy.band_structure is not None
    frequencies = tuple(np.sort(rows, axis=1) for rows in phonopy.band_structure.frequencies)
    return Dispersion(tuple(path.distance[rows] for rows in segments), frequencies, path.ticks)


def _segments(path: KPath) -> list[np.ndarray]:
    """The rows of each segment, both ends included; at a break two rows have the same distance."""
    rows = [np.flatnonzero(path.distance == distance) for distance, _ in path.ticks]
    first, last = [int(row[0]) for row in rows], [int(row[-1]) for row in rows]
    return [np.arange(begin, end + 1) for begin, end in zip(last[:-1], first[1:], strict=True)]
