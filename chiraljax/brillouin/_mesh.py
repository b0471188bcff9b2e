"""Meshes of k as integer points, reduced by symmetry."""

import equinox as eqx
import numpy as np

from .._module import Module

_MIRRORS = np.array([np.diag(signs) for signs in 1 - 2 * np.eye(3, dtype=int)])
"""the reflections of one component of k"""


class Mesh(Module):
    """The nodes of a rule as integer points, one per star."""

    index: np.ndarray
    """(K, 3), sorted"""
    group: tuple = eqx.field(static=True, repr=False)
    """operations on k by which they were reduced"""
    modulus: int | None = eqx.field(static=True)
    """points per axis of the zone; None for a cube that ends at its outermost points"""

    def neighbours(self, which: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """The nodes that represent the points at `offsets` (o, 3) from the nodes `which` (c,): (c, o)."""
        moves = self.index.any(axis=0)
        points = (self.index[which, None] + offsets * moves).reshape(-1, 3)
        if self.modulus is None:
            edge = np.abs(self.index).max()
            points = np.where(np.abs(points) > edge, 2 * edge * np.sign(points) - points, points)
        else:
            points = points % self.modulus
        kept, _ = representatives(points, np.array(self.group), self.modulus)
        return np.searchsorted(self._code(self.index), self._code(kept)).reshape(len(which), len(offsets))

    def _code(self, points: np.ndarray) -> np.ndarray:
        offset = 0 if self.modulus else np.abs(self.index).max()
        base = self.modulus or 2 * offset + 1
        return ((points[:, 0] + offset) * base + points[:, 1] + offset) * base + points[:, 2] + offset


def stars(axes: list[np.ndarray], group: np.ndarray, modulus: int | None) -> tuple[np.ndarray, np.ndarray]:
    """One representative of each star of a grid of integer points, and the number of members of the star."""
    half = [
        axis[axis <= (modulus // 2 if modulus else 0)] if np.any(np.all(group == mirror, axis=(1, 2))) else axis
        for axis, mirror in zip(axes, _MIRRORS, strict=True)
    ]
    points = np.stack(np.meshgrid(*half, indexing="ij"), axis=-1).reshape(-1, 3)
    kept, count = representatives(points, group, modulus)
    kept, first = np.unique(kept, axis=0, return_index=True)
    return kept, count[first]


def representatives(points: np.ndarray, group: np.ndarray, modulus: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The representative of each integer point's star, and the number of members of the star."""
    offset = 0 if modulus else int(np.abs(points).max())
    base = modulus or 2 * offset + 1
    lowest, hits = np.full(len(points), base**3), np.zeros(len(points), int)
    for operation in group:
        image = points @ operation.T
        image = image % modulus if modulus else image + offset
        code = (image[:, 0] * base + image[:, 1]) * base + image[:, 2]
        hits = np.where(code < lowest, 1, hits + (code == lowest))
        lowest = np.minimum(lowest, code)
    kept = np.stack([lowest // base**2, lowest // base % base, lowest % base], axis=-1) - offset
    return kept, len(group) // hits


def frozen(operations) -> tuple:
    """Operations (g, 3, 3) as nested tuples; the identity alone for None."""
    operations = np.eye(3, dtype=int)[None] if operations is None else np.asarray(operations)
    return tuple(tuple(tuple(int(x) for x in row) for row in operation) for operation in operations)


def signed_permutations(group: tuple) -> bool:
    """Whether the operations only permute and reflect the components of k."""
    return all(
        np.array_equal(np.sort(np.abs(operation).sum(axis=axis)), [1, 1, 1]) for operation in group for axis in (0, 1)
    )
