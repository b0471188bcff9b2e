"""Modes at Γ, in degenerate sets."""

import dataclasses
import warnings

import numpy as np
from jaxtyping import Float
from phonopy import Phonopy
from phonopy.phonon.irreps import IrReps
from phonopy.structure.cells import is_primitive_cell

from .._errors import InputError, check
from ..units import PERMITTIVITY

_HALF = 0.5
_NOISE, _ASYMMETRIC = 1e-3, 0.05
"""of the largest ω²: above the first a warning, above the second an error"""
_ACOUSTIC = 1.0
"""THz; largest frequency of uniform translations, 0 for exact force constants"""


@dataclasses.dataclass(frozen=True)
class ModeSet:
    """d modes that are degenerate by symmetry."""

    frequency: float
    """THz; negative for an imaginary frequency, |ν| of e^{2π|ν|t}"""
    irrep: str
    """Mulliken symbol; empty if phonopy has no table of the point group"""
    infrared: bool
    """whether symmetry lets a uniform field drive it"""
    eigenvectors: Float[np.ndarray, "d atoms 3"]
    """mass-weighted, orthonormal over the cell, real"""
    charges: Float[np.ndarray, "d 3"] | None
    """Z̃ = Σ_i Z*_i·e_i/√m_i in e/√u; None without Born charges"""

    @property
    def degeneracy(self) -> int:
        return len(self.eigenvectors)

    @property
    def imaginary(self) -> bool:
        return self.frequency < 0

    @property
    def oscillator_strength(self) -> Float[np.ndarray, "3 3"]:
        """S_ab = Σ Z̃_a Z̃_b over the set, in e²/u.

        Gonze and Lee, Phys. Rev. B 55, 10355 (1997).

        Raises:
            InputError: without Born charges.
        """
        if self.charges is None:
            raise InputError("born", "must be given: oscillator strengths need Born charges")
        return self.charges.T @ self.charges

    def dielectric_share(self, volume: float) -> Float[np.ndarray, "3 3"]:
        """Contribution S/(ε₀ V ω²) of the set to the static dielectric tensor, in a cell of `volume` (Å³)."""
        return self.oscillator_strength / (PERMITTIVITY * volume * (2 * np.pi * self.frequency) ** 2)

    @property
    def name(self) -> str:
        """Symbol and frequency, for messages."""
        size = f"{abs(self.frequency):.4g}{'i' if self.imaginary else ''} THz"
        return f"{self.irrep} ({size})" if self.irrep else size


def mode_sets(
    phonopy: Phonopy, charges: Float[np.ndarray, "atoms 3 3"] | None
) -> tuple[tuple[ModeSet, ...], tuple[float, float, float]]:
    """The optical sets in ascending order, and the frequencies of the three acoustic modes, zero but for errors (THz).

    Degenerate sets follow from the representation of the space group, by phonopy's symmetry-adapted modes, not from
    nearly equal frequencies. Force constants without the symmetry of the crystal are refused; of small errors the mean
    over each set is taken, and a warning says how large they are. The acoustic modes are the three nearest to uniform
    translations. A set is infrared-active if its representation is contained in that of a vector:
    (1/g) Σ χ(R) tr R > 0.
    """
    assert phonopy.dynamical_matrix is not None
    check(
        is_primitive_cell(phonopy.primitive_symmetry.symmetry_operations["rotations"]),
        "primitive_matrix",
        "must give a primitive cell, as phonopy's option --pa does, but without magnetic moments the crystal repeats "
        f"within this one of {len(phonopy.primitive)} atoms",
    )
    irreps = IrReps(phonopy.dynamical_matrix, [0, 0, 0], phonopy.primitive_symmetry, symmetry_adapted=True)
    masses = np.asarray(phonopy.primitive.masses)
    atoms = len(masses)
    labels = irreps._ir_labels or [""] * len(irreps.band_indices)
    traces = np.trace(np.asarray(irreps.conventional_rotations, dtype=float), axis1=1, axis2=2)
    shift = np.kron(np.sqrt(masses / masses.sum())[:, None], np.eye(3))
    _check_symmetry(phonopy, irreps)
    sets, acoustic = [], []
    for bands, label, characters in zip(irreps.band_indices, labels, irreps.characters, strict=True):
        vectors = _real(np.asarray(irreps.eigenvectors)[:, bands])
        frequency = float(np.mean(np.asarray(irreps.frequencies)[bands]))
        if np.sum((shift.T @ vectors) ** 2) > _HALF * len(bands):
            acoustic += [frequency] * len(bands)
            continue
        eigenvectors = vectors.T.reshape(-1, atoms, 3)
        infrared = np.real(np.mean(characters * traces)) > _HALF
        own = None if charges is None else np.einsum("iab,mib->ma", charges, eigenvectors / np.sqrt(masses)[:, None])
        sets.append(ModeSet(frequency, str(label or ""), bool(infrared), eigenvectors, own))
    check(
        len(acoustic) == 3 and np.max(np.abs(acoustic)) < _ACOUSTIC,
        "force constants",
        "must obey the acoustic sum rule, but uniform translations have "
        f"{', '.join(f'{nu:.3g}' for nu in sorted(set(np.round(acoustic, 6))))} THz",
    )
    first, second, third = acoustic
    return tuple(sorted(sets, key=lambda modes: modes.frequency)), (first, second, third)


def _check_symmetry(phonopy: Phonopy, irreps: IrReps) -> None:
    """Raise `InputError`, or warn, if the sets are not eigenspaces of the dynamical matrix.

    The error is the largest change of ω² that the part of D which mixes or splits the sets makes, over the largest ω².
    """
    if len(phonopy.primitive) == 1:
        return  # D is zero but for roundoff, and there are no optical modes
    assert phonopy.dynamical_matrix is not None
    phonopy.dynamical_matrix.run([0, 0, 0])
    matrix = np.asarray(phonopy.dynamical_matrix.dynamical_matrix)
    vectors = np.asarray(irreps.eigenvectors)
    inside = vectors.conj().T @ matrix @ vectors
    for bands in irreps.band_indices:
        block = np.ix_(bands, bands)
        inside[block] -= np.trace(inside[block]) / len(bands) * np.eye(len(bands))
    error = np.linalg.norm(inside, 2) / (np.linalg.norm(matrix, 2) or 1.0)
    check(
        error < _ASYMMETRIC,
        "force constants",
        f"must have the symmetry of the crystal, but ω² of the modes at Γ differs by {100 * error:.2g} % of the largest"
        " from what it allows: are they of another structure, supercell or magnetic order?",
    )
    if error > _NOISE:
        warnings.warn(
            f"the force constants break the symmetry of the crystal by {100 * error:.2g} % of the largest ω² at Γ; the "
            "mean of each degenerate set is taken",
            stacklevel=4,
        )


def _real(vectors: np.ndarray) -> Float[np.ndarray, "n d"]:
    """A real orthonormal basis of the space that complex columns span, which is closed under conjugation."""
    projector = np.real(vectors @ vectors.conj().T)
    return np.linalg.eigh(projector)[1][:, -vectors.shape[1] :]
