"""Paths through the Brillouin zone."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import seekpath

from .._errors import check
from .._types import ArrayLike
from ._crystal import Crystal


class KPath(NamedTuple):
    """A sampled path."""

    k: np.ndarray
    """(K, 3) fractional"""
    distance: np.ndarray
    """(K,) length along the path, rad/Å; it does not advance across a break"""
    ticks: tuple[tuple[float, str], ...]
    """distance and label of each named point"""


def k_path(
    crystal: Crystal,
    corners: Mapping[str, ArrayLike] | None = None,
    segments: Sequence[tuple[str, str]] | None = None,
    points: int = 40,
) -> KPath:
    """A path with `points` intervals a segment, both ends included.

    Without `corners` and `segments` it is the standard path of the lattice: Hinuma et al.,
    Comput. Mater. Sci. 128, 140 (2017), from seekpath, in the reciprocal basis of `crystal`.
    """
    check(points >= 1, f"points must be at least 1, but got {points}")
    if corners is None or segments is None:
        numbers = [sorted(set(crystal.species)).index(label) for label in crystal.species]
        standard = seekpath.get_path_orig_cell((crystal.lattice, crystal.positions, numbers))
        return k_path(crystal, standard["point_coords"], standard["path"], points)
    for name in {name for segment in segments for name in segment}:
        check(name in corners, f"path must go through named points, but {name!r} is not one of {sorted(corners)}")
    k, distance, ticks = [], [], []
    travelled, last = 0.0, None
    for start, end in segments:
        ends = np.array([corners[start], corners[end]], dtype=float)
        length = float(np.linalg.norm((ends[1] - ends[0]) @ crystal.reciprocal))
        if start == last:
            steps = np.linspace(0, 1, points + 1)[1:]
        else:
            steps = np.linspace(0, 1, points + 1)
            if ticks:
                ticks[-1] = (travelled, f"{ticks[-1][1]}|{_symbol(start)}")
            else:
                ticks.append((travelled, _symbol(start)))
        k.append(ends[0] + steps[:, None] * (ends[1] - ends[0]))
        distance.append(travelled + steps * length)
        travelled, last = travelled + length, end
        ticks.append((travelled, _symbol(end)))
    return KPath(np.concatenate(k), np.concatenate(distance), tuple(ticks))


def _symbol(name: str) -> str:
    return "Γ" if name in {"GAMMA", "G", "Gamma"} else name
