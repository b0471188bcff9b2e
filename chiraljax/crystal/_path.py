"""Paths through the Brillouin zone."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import numpy as np
import seekpath

from .._errors import check
from .._result import AbstractResult, quantity
from .._types import ArrayLike, Float
from ._crystal import Crystal
from ._symmetry import point_operations, reciprocal, spglib_cell

_STRAIGHT = 0.999
"""cosine of the angle (2.6°) up to which two steps are parallel, since files round their k-points"""
_SAME = 1e-4
"""fractional distance below which two k-points are the same"""
_JUMPS = 0.4
"""share of single steps among straight runs above which a list is no path: a mesh jumps back after each row"""
_BREAK = 2.0
"""length of a single step, in median steps, above which it is a break of the path"""


class KPath(AbstractResult):
    """A sampled path through the Brillouin zone."""

    k: Float[np.ndarray, "K 3"] = quantity("fractional", ("point", "component"))
    distance: Float[np.ndarray, " K"] = quantity("rad/angstrom", ("point",))
    """length along the path; constant across a break"""
    ticks: tuple[tuple[float, str], ...] = eqx.field(static=True, default=())
    """distance and label of each named point"""

    @property
    def status(self) -> str:
        """Empty: nothing was solved."""
        return ""

    @property
    def cost(self) -> str:
        return ", ".join(
            part for part in ("–".join(label or "…" for _, label in self.ticks), f"{len(self.k)} points") if part
        )


def k_path(
    crystal: Crystal,
    corners: Mapping[str, ArrayLike] | None = None,
    segments: Sequence[tuple[str, str]] | None = None,
    points: int = 40,
) -> KPath:
    """A path with `points` intervals per segment, both ends included.

    Unless both `corners` and `segments` are given, it is the standard path of the lattice, from seekpath, in the
    reciprocal basis of `crystal`: Hinuma et al., Comput. Mater. Sci. 128, 140 (2017).

    Args:
        corners: name → fractional k-point.
        segments: pairs of names.
        points: at least 1.

    Raises:
        InputError: for less than one interval and for a name that is not in `corners`.
    """
    check(points >= 1, "points", f"must be at least 1, but got {points}")
    if corners is None or segments is None:
        return k_path(crystal, *standard_path(crystal), points)
    for name in {name for segment in segments for name in segment}:
        check(name in corners, "path", f"must go through named points, but {name!r} is not one of {sorted(corners)}")
    k, distance, ticks = [], [], []
    travelled, last = 0.0, None
    for start, end in segments:
        ends = np.array([corners[start], corners[end]], dtype=float)
        length = float(np.linalg.norm((ends[1] - ends[0]) @ crystal.reciprocal))
        steps = np.linspace(0, 1, points + 1)
        if start == last:
            steps = steps[1:]
        elif ticks:
            ticks[-1] = (travelled, f"{ticks[-1][1]}|{_symbol(start)}")
        else:
            ticks.append((travelled, _symbol(start)))
        k.append(ends[0] + steps[:, None] * (ends[1] - ends[0]))
        distance.append(travelled + steps * length)
        travelled, last = travelled + length, end
        ticks.append((travelled, _symbol(end)))
    return KPath(np.concatenate(k), np.concatenate(distance), tuple(ticks))


def standard_path(crystal: Crystal) -> tuple[dict[str, ArrayLike], list[tuple[str, str]]]:
    """Named k-points (fractional) and segments of the standard path of the lattice, see `k_path`."""
    standard = seekpath.get_path_orig_cell(spglib_cell(crystal))
    return standard["point_coords"], standard["path"]


def as_path(crystal: Crystal, k: ArrayLike, named: KPath | None = None) -> KPath | None:
    """The path along fractional k-points (K, 3) in their order, or None for a mesh and other lists.

    It has ticks at its ends, at its corners and at named points. These are the ticks of `named` (unless given, of the
    standard path) and their images under the point group and reciprocal lattice vectors.
    """
    points = np.asarray(k, dtype=float)
    steps = np.diff(points, axis=0) @ crystal.reciprocal
    lengths = np.linalg.norm(steps, axis=1)
    moving = np.flatnonzero(lengths > _SAME * np.linalg.norm(crystal.reciprocal, axis=1).min())
    if len(moving) < 2:
        return None
    directions = steps[moving] / lengths[moving, None]
    turns = np.flatnonzero(np.sum(directions[1:] * directions[:-1], axis=1) < _STRAIGHT) + 1
    runs = np.split(moving, turns)
    single = [run[0] for run in runs if len(run) == 1]
    if len(single) >= _JUMPS * len(runs):
        return None
    breaks = [step for step in single if lengths[step] > _BREAK * np.median(lengths[moving])]
    lengths[breaks] = 0.0
    distance = np.concatenate([[0.0], np.cumsum(lengths)])
    names = _names(crystal, points, named or k_path(crystal, points=1))
    marks: dict[float, list[str]] = {}
    for row in sorted({0, *(run[-1] + 1 for run in runs), *(i for i, name in enumerate(names) if name)}):
        labels = marks.setdefault(float(distance[row]), [])
        if names[row] not in labels:
            labels.append(names[row])
    return KPath(points, distance, tuple((where, "|".join(labels)) for where, labels in marks.items()))


def _names(crystal: Crystal, k: np.ndarray, named: KPath) -> list[str]:
    """The name of each k-point, empty for those without one."""
    operations = reciprocal(point_operations(crystal))
    names = np.full(len(k), "", dtype=object)
    for images in (
        np.concatenate([operations, -operations]),
        np.eye(3)[None],
    ):  # its own name has precedence over that of an image
        for where, label in reversed(named.ticks):
            rows = np.flatnonzero(named.distance == where)
            for name, corner in zip(label.split("|"), named.k[rows], strict=False):
                away = k[:, None] - images @ corner
                names[np.any(np.abs(away - np.rint(away)).max(axis=-1) < _SAME, axis=1)] = name
    return names.tolist()


def _symbol(name: str) -> str:
    return "Γ" if name in {"GAMMA", "G", "Gamma"} else name
