"""The symmetries of the crystal that the Hamiltonian has."""

import warnings
from collections.abc import Callable

import numpy as np

from .._types import Array
from ..crystal import Crystal, cartesian, reciprocal

_K = np.array([0.1237, -0.2718, 0.3142])
_ROTATION = np.array([31.0, -17.0, 11.0])
_TOLERANCE = 1e-8


def kept_operations(hoppings: Callable, crystal: Crystal, operations: tuple) -> tuple:
    """The point operations W for which E(W⁻ᵀk, det(W) W Ω) = E(k, Ω) at a generic k and Ω.

    A warning names the first operation that fails. The others still form a group.

    Args:
        hoppings: for a rotation, the cells R and H(R), as `Electrons.hoppings` returns them.
    """
    orthogonal = cartesian(crystal, operations)
    k = np.concatenate([[_K], reciprocal(operations) @ _K])
    rotation = np.concatenate([[_ROTATION], np.linalg.det(orthogonal)[:, None] * (orthogonal @ _ROTATION)])
    energies = np.array([_energies(hoppings(omega), at) for at, omega in zip(k, rotation, strict=True)])
    kept = np.max(np.abs(energies[1:] - energies[0]), axis=1) < _TOLERANCE
    if not np.all(kept):
        first = operations[int(np.argmin(kept))]
        warnings.warn(
            f"the Hamiltonian lacks {np.sum(~kept)} of the crystal's {len(kept)} point operations, the first being"
            f" {[list(row) for row in first]}; they are not used",
            stacklevel=3,
        )
    return tuple(operation for operation, holds in zip(operations, kept, strict=True) if holds)


def _energies(hoppings: tuple[np.ndarray, Array], k: np.ndarray) -> np.ndarray:
    cells, matrices = hoppings
    return np.linalg.eigvalsh(np.tensordot(np.exp(2j * np.pi * cells @ k), np.asarray(matrices), axes=1))
