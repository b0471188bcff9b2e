"""Action of the symmetries of a rotating crystal on the basis."""

from functools import lru_cache

import numpy as np
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from .._module import Module
from ..crystal import Crystal, cartesian, reciprocal, site_images
from ._electrons import Electrons
from ._orbitals import PAULI
from ._structure import Structure


class Representation(Module):
    """Operations g on k and on the basis: H(gk) = D(k) H(k) D(k)†; antiunitary ones have H* on the right."""

    on_k: np.ndarray
    """(g, 3, 3) integers"""
    antiunitary: np.ndarray
    """(g,)"""
    matrices: np.ndarray
    """(g, n, n); D(k) = matrix · diag(e^{−2πi gk·R})"""
    cells: np.ndarray
    """(g, n, 3), R: the cell to which the site of each spin-orbital moves"""

    def at(self, which: np.ndarray, image: np.ndarray) -> np.ndarray:
        """D (K, n, n) of the operations number `which` (K,) with the images gk = `image` (K, 3)."""
        phase = np.exp(-2j * np.pi * np.einsum("ki,kni->kn", image, self.cells[which]))
        return self.matrices[which] * phase[:, None, :]


def representation(electrons: Electrons, axis: np.ndarray) -> Representation:
    """The symmetry operations of H with a rotation about `axis` (3,).

    Operations that keep Ω act alone, those that reverse it together with time reversal. On a site, a proper rotation by
    φ is exp(−i φ·J) with J = L + S, an inversion is the parity of the orbital, and time reversal is −iσ_y with
    conjugation.
    """
    return _representation(electrons.crystal, electrons.operations, electrons._structure, tuple(np.round(axis, 12)))


@lru_cache(maxsize=32)
def _representation(crystal: Crystal, operations: tuple, structure: Structure, axis: tuple) -> Representation:
    on_k, antiunitary, matrices, cells = [], [], [], []
    size = 2 * structure.n_orbitals
    reversal = np.kron(np.eye(size // 2), -1j * PAULI[1])
    site, shell = structure.owners
    parity = np.array([(-1.0) ** shell.l for shell in structure.shells])[shell]
    for operation, orthogonal, k in zip(
        operations, cartesian(crystal, operations), reciprocal(operations), strict=True
    ):
        sign = round(np.linalg.det(orthogonal))
        turned = sign * orthogonal @ np.array(axis)
        flips = np.allclose(turned, -np.array(axis), atol=1e-6)
        if not flips and not np.allclose(turned, axis, atol=1e-6):
            continue
        image, shift = site_images(crystal, operation, int(site[0]))
        angle = Rotation.from_matrix(sign * orthogonal).as_rotvec()
        inside = expm(-1j * np.einsum("i,iab->ab", angle, structure.total_momentum)) * (parity if sign < 0 else 1.0)
        matrix = _relabelled(structure, image) @ inside
        on_k.append(-k if flips else k)
        antiunitary.append(flips)
        matrices.append(reversal @ np.conj(matrix) if flips else matrix)
        cells.append(shift[site])
    return Representation(np.array(on_k), np.array(antiunitary), np.array(matrices), np.array(cells))


def _relabelled(structure: Structure, image: np.ndarray) -> np.ndarray:
    """The permutation of the basis from the orbitals of each site to those of its image."""
    matrix = np.zeros((2 * structure.n_orbitals,) * 2)
    for source, (site, shell) in enumerate(structure.blocks):
        target = structure.blocks.index((int(image[site]), shell))
        rows, columns = (
            np.arange(2 * structure.starts[block], 2 * structure.starts[block + 1]) for block in (target, source)
        )
        matrix[rows, columns] = 1
    return matrix
