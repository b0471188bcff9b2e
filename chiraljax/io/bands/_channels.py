"""The two spins of a spin-polarised calculation without spin–orbit coupling."""

from collections.abc import Sequence

import numpy as np

from ..._errors import check

SPINS = ("up", "down")
_EQUAL = 1e-3
"""eV; a calculation that is not magnetic converges to this in each spin"""


def channel(energies: Sequence[np.ndarray], spin: str | None) -> int:
    """Which of the energies, one array (K, B) or one per spin, to read: those of `spin`, or any if they are equal.

    Raises `InputError` without `spin` if they differ, and with it for a calculation of one spin.
    """
    if len(energies) == 1:
        check(spin is None, "spin", f"must be left out, as the calculation is of one spin, but got {spin!r}")
        return 0
    check(len(energies) == 2, "", f"must have the bands of one spin or two, but has those of {len(energies)}")
    if spin is not None:
        return SPINS.index(spin)
    up, down = energies
    difference = np.max(np.abs(np.sort(up, axis=1) - np.sort(down, axis=1))) if up.shape == down.shape else np.inf
    check(
        difference < _EQUAL,
        "spin",
        'must be "up" or "down", as the calculation is spin-polarised and its bands differ by'
        f" {difference:.3g} eV, but is not given",
    )
    return 0


def electrons_in(occupations: np.ndarray, weights: np.ndarray) -> float:
    """Electrons of both spins if the other were as this one, from its `occupations` (K, B) from 0 to 1.

    They are whole to the digits of the file in an insulator, and are rounded if they nearly are.
    """
    count = 2 * float(np.sum(weights[:, None] * occupations) / max(np.sum(weights), 1e-12))
    return 2.0 * round(count / 2) if abs(count / 2 - round(count / 2)) < 0.01 else count
