"""Slater–Koster two-centre integrals, for every l at once."""

import numpy as np

from ._orbitals import orders, rotation_onto

INTEGRALS = ("sigma", "pi", "delta", "phi")
"""Names of the integrals, by |m| about the bond."""


def two_centre(l: int, l2: int, directions: np.ndarray) -> np.ndarray:
    """Angular factors A of the two-centre approximation, (B, min(l, l2)+1, 2l+1, 2l2+1).

    The matrix element between orbital a of the first site and b of the second is Σ_m V_m A_m[a, b]. Both sets of
    orbitals are rotated so that z is along the bond, where only equal m couple:

        A_|m| = Σ_±m D^l[:, ±m] D^l2[:, ±m]ᵀ.

    Slater and Koster, Phys. Rev. 94, 1498 (1954); for any l: Podolskiy and Vogl, Phys. Rev. B 69, 233101 (2004).

    Args:
        l: of the first site.
        l2: of the second site.
        directions: (B, 3), unit vectors from the first site to the second.
    """
    m, m2 = orders(l), orders(l2)
    equal = m[:, None] == m2[None, :]
    couples = np.array([equal & (np.abs(m)[:, None] == order) for order in range(min(l, l2) + 1)], dtype=float)
    first, second = rotation_onto(l, directions), rotation_onto(l2, directions)
    return np.einsum("Bai,mij,Bbj->Bmab", first, couples, second, optimize=True)
