"""Whether a band holds one electron, as of spinors, or two: what follows from a file with certainty.

Energies alone decide nothing. Bands of spinors are pairs at every k only with inversion and time reversal, and those of
two equal layers without spin are pairs too. Levels at Γ that are no pairs are of spinors in a magnet or a rotating
lattice. An odd number of bands may be a part of those of spinors.
"""

import numpy as np

from ..._errors import InputError, check

_BROKEN = 0.05
"""of the hopping: how far Wannier functions may break a symmetry of the crystal, 1e-7 to 0.04 in practice"""
_DIGITS = 1e-5
"""of the hopping: more than the rounding of the file, 1e-6 eV of some eV"""
_CLEAR = 3
"""how many times larger than the violation of Θ the flips of spins must be: unrelated elements violate it by √2 times
their size at least"""
_SPLIT = 0.05
"""of the hopping: a splitting of a pair that no approximation makes"""
_DIFFERENT = 0.5
"""of the hopping: a smaller part of it depends on the spin in a magnet, a larger one on the orbital elsewhere"""
_INVARIANT = np.indices((2, 2, 2)).reshape(3, -1).T / 2


def agreed(from_file: bool, spin_orbit: bool | None) -> bool:
    """The value of the file; raises `InputError` if the argument `spin_orbit` differs."""
    check(spin_orbit in (None, from_file), "spin_orbit", f"must be {from_file}, as the file says, but got {spin_orbit}")
    return from_file


def given(spin_orbit: bool | None, known: str = "the file does not say which") -> bool:
    """The argument `spin_orbit`; without it raises `InputError`, with what is `known`."""
    if spin_orbit is None:
        expected = "must be True if a band holds one electron or False if it holds two"
        raise InputError("spin_orbit", f"{expected}, but is not given, and {known}")
    return spin_orbit


def spinors_of(cells: np.ndarray, matrices: np.ndarray) -> tuple[bool | None, str]:
    """Whether H(R) (R, n, n) of the cells (R, 3) is of spinors; None if that is not certain, with the reason.

    It is of spinors if in one of the orders that programs write, ↑↓↑↓… or ↑…↑↓…↓, it is even under time reversal
    Θ = iσ_y K, flips spins, and is real with no phases of the functions. Functions without spin–orbit coupling can be
    real, as their time reversal has the square +1. Two valleys that it exchanges, H ⊕ H*, are even under Θ without
    flips; the two orbitals of a helix have what looks like flips, but real ones.

    Its bands hold two electrons if n is odd, as an orbital has both spins; or if

    - phases make it real, which spin–orbit coupling allows for one component of the spin alone,
    - its levels are not pairs where −k is equivalent to k, so not of spinors in any order or basis (Kramers),
    - and the hopping of its halves differs, in both orders, as between orbitals and not as between spins of a magnet.

    One spin alone of a magnet looks like this, too. All else is undecided: equal layers, spins without spin–orbit
    coupling, a magnet with it, Wannier functions far from time reversal or in another order.
    """
    size = matrices.shape[1]
    if size % 2:
        return False, ""
    home = np.all(cells == 0, axis=1)
    hopping = matrices - home[:, None, None] * (matrices * np.eye(size))
    norm = _norm(hopping) or 1.0
    imaginary = min(_norm(np.imag(matrices)), _norm(np.imag(_most_real(matrices)))) / norm
    orders = [_halves(matrices, alternating) for alternating in (True, False)]
    broken = [_violation(*halves) / norm for halves in orders]
    for violation, halves in zip(broken, orders, strict=True):
        flips = np.hypot(_norm(halves[1]), _norm(halves[2])) / norm
        if violation < _BROKEN and min(flips, imaginary) > _CLEAR * max(violation, _DIGITS):
            return True, ""
    away = matrices[~home]
    between = min(_violation(*_halves(away, alternating)) for alternating in (True, False))
    levels = np.linalg.eigvalsh(np.einsum("kr,rmn->kmn", np.exp(2j * np.pi * _INVARIANT @ cells.T), matrices))
    split = np.max(levels[:, 1::2] - levels[:, ::2]) / (norm / np.sqrt(size))
    if imaginary < _BROKEN and split > _SPLIT and between > _DIFFERENT * _norm(away):
        return False, ""
    if min(broken) < _BROKEN or split <= _SPLIT:
        return None, "H(R) may be that of two spins, or without spin that of two equal parts, such as layers"
    return None, "H(R) is neither real nor that of spinors ↑↓↑↓… or ↑…↑↓…↓ with time reversal"


def _halves(matrices: np.ndarray, alternating: bool) -> tuple[np.ndarray, ...]:
    """The blocks ↑↑, ↑↓, ↓↑, ↓↓ (R, n/2, n/2)."""
    half = matrices.shape[1] // 2
    parts = (slice(0, None, 2), slice(1, None, 2)) if alternating else (slice(0, half), slice(half, None))
    return tuple(matrices[:, row, column] for row in parts for column in parts)


def _violation(up: np.ndarray, flip: np.ndarray, back: np.ndarray, down: np.ndarray) -> float:
    """‖H − ΘHΘ⁻¹‖."""
    return np.sqrt(2) * np.hypot(_norm(up - down.conj()), _norm(flip + back.conj()))


def _most_real(matrices: np.ndarray) -> np.ndarray:
    """H(R) with phases of the functions that make it real if any do.

    They follow from the phases of Σ_R H(R)², element by element, along the strongest elements that join all functions.
    """
    squares = np.sum(matrices**2, axis=0)
    strength, phases = np.abs(squares), np.ones(len(squares), dtype=complex)
    reached, left = [0], list(range(1, len(squares)))
    while left:
        among = strength[np.ix_(reached, left)]
        place = np.unravel_index(np.argmax(among), among.shape)
        start, end = reached[place[0]], left.pop(place[1])
        phases[end] = phases[start] * np.exp(-0.5j * np.angle(squares[start, end]))
        reached.append(end)
    return phases.conj()[:, None] * matrices * phases


def _norm(array: np.ndarray) -> float:
    return float(np.linalg.norm(array))
