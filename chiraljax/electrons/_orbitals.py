"""Real atomic orbitals and their angular momentum.

Real harmonics are combinations of complex ones Y_m with the Condon–Shortley phase,

    (m, cos) = [(−1)^m Y_m + Y_−m]/√2,   (m, sin) = [(−1)^m Y_m − Y_−m]/(√2 i),   m > 0,

so that (1, cos) ∝ x and (1, sin) ∝ y. Their order is that of `docs/conventions.md`.
"""

from functools import lru_cache

import numpy as np

LETTERS = "spdf"

_REAL: tuple[tuple[tuple[str, int], ...], ...] = (
    (("s", 0),),
    (("x", 1), ("y", -1), ("z", 0)),
    (("xy", -2), ("yz", -1), ("zx", 1), ("x2-y2", 2), ("3z2-r2", 0)),
    (
        ("y(3x2-y2)", -3),
        ("xyz", -2),
        ("y(5z2-r2)", -1),
        ("z(5z2-3r2)", 0),
        ("x(5z2-r2)", 1),
        ("z(x2-y2)", 2),
        ("x(x2-3y2)", 3),
    ),
)
"""Name and order of each real orbital; a positive order is (m, cos), a negative one (|m|, sin)."""

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)
"""σ_x, σ_y, σ_z in the basis (↑, ↓)."""


def names(l: int) -> tuple[str, ...]:
    """Names of the 2l+1 real orbitals in order, such as `xy` or `3z2-r2`."""
    return tuple(name for name, _ in _REAL[l])


def orders(l: int) -> np.ndarray:
    """Order of each real orbital, (2l+1,): m for (m, cos), −m for (m, sin)."""
    return np.array([order for _, order in _REAL[l]])


@lru_cache
def angular_momentum(l: int) -> np.ndarray:
    """L_x, L_y, L_z in the real basis, (3, 2l+1, 2l+1) Hermitian and imaginary, in ħ."""
    m = np.arange(-l, l + 1)
    raising = np.zeros((2 * l + 1, 2 * l + 1), dtype=complex)
    raising[np.arange(1, 2 * l + 1), np.arange(2 * l)] = np.sqrt(l * (l + 1) - m[:-1] * (m[:-1] + 1))
    lowering = raising.conj().T
    complex_basis = np.array([(raising + lowering) / 2, (raising - lowering) / 2j, np.diag(m)])
    to_real = _complex_to_real(l)
    real_basis = to_real.conj().T @ complex_basis @ to_real
    return 1j * real_basis.imag


@lru_cache
def _complex_to_real(l: int) -> np.ndarray:
    columns = np.zeros((2 * l + 1, 2 * l + 1), dtype=complex)
    for column, order in enumerate(orders(l)):
        m = abs(order)
        if m == 0:
            columns[l, column] = 1
        else:
            columns[l + m, column] = (-1) ** m / np.sqrt(2)
            columns[l - m, column] = np.sign(order) / np.sqrt(2)
            columns[:, column] *= 1 if order > 0 else -1j
    return columns


def rotation_onto(l: int, directions: np.ndarray) -> np.ndarray:
    """The rotation of real orbitals that takes the z axis to each direction, (B, 2l+1, 2l+1).

    exp(−iφ L_z) exp(−iθ L_y) with the polar angles of the direction; column m is the orbital m quantised along it.
    Edmonds, Angular Momentum in Quantum Mechanics (1957), chapter 4.
    """
    x, y, z = np.asarray(directions, dtype=float).T
    theta, phi = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    momentum = angular_momentum(l)
    return _exponential(momentum[2], phi) @ _exponential(momentum[1], theta)


def _exponential(generator: np.ndarray, angle: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(generator)
    phases = np.exp(-1j * angle[:, None] * np.rint(values))
    return np.real((vectors * phases[:, None, :]) @ vectors.conj().T)
