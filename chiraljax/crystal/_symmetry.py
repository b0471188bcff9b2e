"""Point operations of a crystal, also of one that rotates about an axis."""

from functools import lru_cache

import numpy as np
import spglib

from .._errors import check
from ._crystal import Crystal


def spglib_cell(crystal: Crystal) -> tuple:
    """Lattice, positions and a number for each species, as spglib and seekpath take them."""
    return crystal.lattice, crystal.positions, [sorted(set(crystal.species)).index(label) for label in crystal.species]


@lru_cache(maxsize=32)
def point_operations(crystal: Crystal) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The rotation parts W of the space group, as integer matrices acting on fractional coordinates.

    Source: spglib, `get_symmetry`, with a tolerance of 10⁻⁵ Å.

    Raises:
        InputError: if spglib finds no space group.
    """
    symmetry = spglib.get_symmetry(spglib_cell(crystal), symprec=1e-5)
    check(symmetry is not None, "crystal", "must have a space group, but spglib finds none; are two sites too close?")
    rotations = np.unique(np.asarray(symmetry["rotations"]), axis=0)  # type: ignore[index]
    return tuple(tuple(tuple(row) for row in rotation) for rotation in rotations.tolist())


def site_images(crystal: Crystal, operation, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Image of each site under a point operation and a translation: its site (sites,) and its cell (sites, 3).

    A cell that is not primitive has several such translations; one that keeps the site `first` is preferred.
    """
    positions, species = np.array(crystal.positions), np.array(crystal.species)
    rotated = positions @ np.array(operation).T
    for target in (first, *crystal.sites(crystal.species[first])):
        apart = rotated + (positions[target] - rotated[first]) - positions[:, None]
        near = (np.abs(apart - np.rint(apart)).max(axis=-1) < 1e-4) & (species[:, None] == species)
        if np.all(near.any(axis=0)):
            image = np.argmax(near, axis=0)
            return image, np.rint(apart[image, np.arange(len(image))]).astype(int)
    raise AssertionError("an operation of the crystal must map its sites onto themselves")


def cartesian(crystal: Crystal, operations) -> np.ndarray:
    """The operations as orthogonal matrices on Cartesian column vectors, (g, 3, 3)."""
    basis = crystal.vectors.T
    return basis @ np.asarray(operations, dtype=float) @ np.linalg.inv(basis)


def reciprocal(operations) -> np.ndarray:
    """The operations on fractional k-points as column vectors, k → W⁻ᵀ k, (g, 3, 3) integers."""
    inverse = np.linalg.inv(np.asarray(operations, dtype=float))
    return np.rint(np.swapaxes(inverse, -1, -2)).astype(int)


def magnetic_operations(crystal: Crystal, operations, axis=None) -> np.ndarray:
    """Operations on k that keep every spectrum and every moment along `axis`, (g, 3, 3) integers.

    A rotation Ω is an axial vector: a spatial operation W turns it into det(W) W Ω. Operations that keep Ω act on k
    directly; those that reverse it act together with time reversal, k → −W k. Without an axis (Ω = 0) every operation
    acts in both ways.
    """
    on_k = reciprocal(operations)
    if axis is None:
        return np.unique(np.concatenate([on_k, -on_k]), axis=0)
    turned = cartesian(crystal, operations)
    turned = np.linalg.det(turned)[:, None] * (turned @ np.asarray(axis, dtype=float))
    keeps = np.all(np.abs(turned - axis) < 1e-6, axis=1)
    flips = np.all(np.abs(turned + axis) < 1e-6, axis=1)
    return np.unique(np.concatenate([on_k[keeps], -on_k[flips]]), axis=0)
