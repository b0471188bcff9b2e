"""How the symmetries of a rotating crystal act on the basis."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from ..crystal import Crystal, cartesian, reciprocal
from ._electrons import Electrons
from ._orbitals import PAULI
from ._structure import Structure


class Representation(NamedTuple):
    """Operations g on k and on the basis: H(gk) = D(k) H(k) D(k)†, of H* for the antiunitary ones."""

    on_k: np.ndarray
    """(g, 3, 3) integers"""
    antiunitary: np.ndarray
    """(g,)"""
    matrices: np.ndarray
    """(g, n, n); D(k) = matrix · diag(e^{−2πi gk·R})"""
    cells: np.ndarray
    """(g, n, 3), R: the cell into which the site of each spin-orbital is moved"""

    def at(self, which: np.ndarray, image: np.ndarray) -> np.ndarray:
        """D of the operations `which` (K,) that lead to the fractional k-points `image` (K, 3): (K, n, n)."""
        phase = np.exp(-2j * np.pi * np.einsum("ki,kni->kn", image, self.cells[which]))
        return self.matrices[which] * phase[:, None, :]


def representation(electrons: Electrons, axis: np.ndarray) -> Representation:
    """The operations that H has while it rotates about `axis`.

    Those that keep Ω as they are, those that flip it together with time reversal. On a site, a proper rotation by φ
    is exp(−i φ·J) with J = L + S, an inversion the parity of the orbital, time reversal −iσ_y and conjugation.
    """
    return _representation(electrons.crystal, electrons.operations, electrons._structure, tuple(np.round(axis, 12)))


@lru_cache(maxsize=32)
def _representation(crystal: Crystal, operations: tuple, structure: Structure, axis: tuple) -> Representation:
    on_k, antiunitary, matrices, cells = [], [], [], []
    momentum = np.sum([structure.total_momentum(which) for which in range(len(structure.shells))], axis=0)
    size = 2 * structure.n_orbitals
    reversal = np.kron(np.eye(size // 2), -1j * PAULI[1])
    site = np.repeat([structure.blocks[i][0] for i in range(len(structure.blocks))], 2 * np.diff(structure.starts))
    orders = [structure.shells[which].l for _, which in structure.blocks]
    parity = np.repeat([(-1.0) ** l for l in orders], 2 * np.diff(structure.starts))
    for operation, orthogonal, k in zip(
        operations, cartesian(crystal, operations), reciprocal(operations), strict=True
    ):
        sign = round(np.linalg.det(orthogonal))
        turned = sign * orthogonal @ np.array(axis)
        flips = np.allclose(turned, -np.array(axis), atol=1e-6)
        if not flips and not np.allclose(turned, axis, atol=1e-6):
            continue
        image, shift = _moved(crystal, np.array(operation))
        angle = Rotation.from_matrix(sign * orthogonal).as_rotvec()
        inside = expm(-1j * np.einsum("i,iab->ab", angle, momentum)) * (parity if sign < 0 else 1.0)
        matrix = _relabelled(structure, image) @ inside
        on_k.append(-k if flips else k)
        antiunitary.append(flips)
        matrices.append(reversal @ np.conj(matrix) if flips else matrix)
        cells.append(shift[site])
    return Representation(np.array(on_k), np.array(antiunitary), np.array(matrices), np.array(cells))


def _moved(crystal: Crystal, operation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The site that each site is moved to by the operation with a suitable translation, and the cell of it."""
    positions, species = np.array(crystal.positions), np.array(crystal.species)
    rotated = positions @ operation.T
    for target in np.flatnonzero(species == species[0]):
        apart = rotated + (positions[target] - rotated[0]) - positions[:, None]
        near = (np.abs(apart - np.rint(apart)).max(axis=-1) < 1e-4) & (species[:, None] == species)
        if np.all(near.any(axis=0)):
            image = np.argmax(near, axis=0)
            return image, np.rint(apart[image, np.arange(len(image))]).astype(int)
    raise AssertionError("an operation of the crystal must map its sites onto themselves")


def _relabelled(structure: Structure, image: np.ndarray) -> np.ndarray:
    """The permutation of the basis that carries the orbitals of each site to those of its image."""
    matrix = np.zeros((2 * structure.n_orbitals,) * 2)
    for source, (site, shell) in enumerate(structure.blocks):
        target = structure.blocks.index((int(image[site]), shell))
        rows, columns = (
            np.arange(2 * structure.starts[block], 2 * structure.starts[block + 1]) for block in (target, source)
        )
        matrix[rows, columns] = 1
    return matrix
