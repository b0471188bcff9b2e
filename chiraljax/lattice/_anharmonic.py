"""Anharmonic coefficients of modes at Γ from forces in finite displacements."""

from collections.abc import Callable
from itertools import combinations, combinations_with_replacement, permutations
from typing import NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from jaxtyping import Float
from scipy.special import factorial

from .._checks import check_finite, check_positive
from .._errors import check
from .._types import ArrayLike
from ..crystal import Crystal
from ..phonon import Phonon
from ..units import MASS_ENERGY

Forces = Callable[[Float[np.ndarray, "atoms 3"]], ArrayLike]
"""Maps displacements u (atoms, 3) in Å, alike in every cell, to the forces (atoms, 3) in eV/Å."""

_STEPS = np.array([1, 2, 3]) / 3


class AnharmonicTerms(NamedTuple):
    """V = −Σ r_a q_a + ½ Σ K_ab q_a q_b + ⅙ Σ Φ_abc q_a q_b q_c + 1/24 Σ Ψ_abcd q_a q_b q_c q_d of C modes.

    The tensors are symmetric in all places. The error of an entry is the effect of orders beyond the fourth plus its
    standard error in the fit to the forces.
    """

    cubic: Float[np.ndarray, "C C C"]
    """Φ in 1/(ps² Å √u)"""
    quartic: Float[np.ndarray, "C C C C"]
    """Ψ in 1/(ps² Å² u)"""
    cubic_error: Float[np.ndarray, "C C C"]
    """1/(ps² Å √u)"""
    quartic_error: Float[np.ndarray, "C C C C"]
    """1/(ps² Å² u)"""
    harmonic: Float[np.ndarray, "C C"]
    """K in 1/ps²; diagonal, ω₀² = (2πν₀)², if modes and forces are of the same potential"""
    rest: Float[np.ndarray, " C"]
    """r in Å√u/ps², the force without a displacement; zero in a relaxed crystal"""


def anharmonic_terms(modes: Phonon, forces: Forces, *, amplitude: float = 0.1) -> AnharmonicTerms:
    """The `cubic` and `quartic` of a `Phonon` from forces in finite displacements; not differentiable.

    Subedi, Cavalleri and Georges, Phys. Rev. B 89, 220301 (2014), with a fit to the forces instead of the energy. The
    crystal is displaced along all modes, along all q_a ± q_b and, for C ≥ 4, along all q_a + q_b + q_c; all other modes
    and the cell do not move. There are six displacements per line, ±⅓, ±⅔ and ±1 times the q at which the
    farthest atom has moved by `amplitude`. The mode forces g_a = Σ_i F_i·e_ai/√m_i, as polynomials of fifth order along
    each line, give derivatives with an error ∝ amplitude⁴; the tensors are the least-squares fit to them.

    The error estimates compare with polynomials of third order, whose error is ∝ amplitude². So they are far too large
    where the amplitude limits the accuracy, and standard errors where noise does. The best amplitude is the one with
    the smallest errors. Noise δF in the forces gives errors up to about 70 δF/(amplitude³ m²) in Ψ and
    10 δF/(amplitude² √m³) in Φ, with m of the atom that moves farthest.

    Args:
        forces: atoms in the order of `modes`; called 6C² times, and C(C−1)(C−2) times more for C ≥ 4.
        amplitude: in Å, positive.

    Raises:
        InputError: for an amplitude that is not positive and for forces of another shape or not finite.
    """
    check_positive("amplitude", amplitude)
    vectors, masses = np.asarray(modes.oscillators.eigenvectors), np.asarray(modes.masses)[:, None]
    lines = _lines(len(vectors))
    moved = np.einsum("na,aix->nix", lines, vectors) / np.sqrt(masses)
    reach = amplitude / np.linalg.norm(moved, axis=2).max(axis=1)

    def mode_force(displacement: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, " C"]:
        force = np.asarray(forces(displacement), dtype=float)
        shape = displacement.shape
        check(force.shape == shape, "forces", f"must return the shape {shape}, but returned {force.shape}")
        check_finite("What argument forces returns", force)
        return np.einsum("aix,ix->a", vectors, force / np.sqrt(masses)) / MASS_ENERGY

    steps = reach[:, None] * _STEPS
    forward, backward = (
        np.array([[mode_force(sign * step * line) for step in row] for row, line in zip(steps, moved, strict=True)])
        for sign in (1, -1)
    )
    even, odd = (forward + backward) / 2, (forward - backward) / 2 / steps[..., None]
    rest, bend = _taylor(steps, even)
    slope, twist = _taylor(steps, odd)
    cubic, cubic_error = _tensor(lines, -2 * bend, 3)
    quartic, quartic_error = _tensor(lines, -6 * twist, 4)
    harmonic, _ = _tensor(lines, -slope, 2)
    return AnharmonicTerms(cubic, quartic, cubic_error, quartic_error, harmonic, rest[0].mean(axis=0))


def ase_forces(calculator: BaseCalculator, crystal: Crystal) -> Forces:
    """`forces` for `anharmonic_terms` from a calculator of ASE.

    Args:
        crystal: that of the modes, `Lattice.crystal` unless they have the order of another; the forces have its order.
    """
    atoms = Atoms(crystal.symbols, cell=crystal.vectors, scaled_positions=crystal.positions, pbc=True)
    atoms.calc = calculator
    rest = atoms.positions.copy()

    def forces(displacement: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, "atoms 3"]:
        atoms.positions = rest + displacement
        return atoms.get_forces()

    return forces


def pair_quartic(quartic: ArrayLike) -> tuple[Float[np.ndarray, "pairs pairs"], Float[np.ndarray, " pairs"], float]:
    """`quartic_isotropic` A and `quartic_cubic` B of a `Phonon` from Ψ, by least squares over the entries of Ψ.

    They are those of ¼ Σ A_ab |q_a|²|q_b|² + ¼ Σ B_a (q_a1⁴ + q_a2⁴) nearest to 1/24 Σ Ψ_abcd q_a q_b q_c q_d.

    Args:
        quartic: (2P, 2P, 2P, 2P) Ψ of P degenerate pairs in 1/(ps² Å² u), in the order of the phonon's q.

    Returns:
        A (P, P) and B (P,) in 1/(ps² Å² u), and the relative residual ‖Ψ − Ψ_AB‖/‖Ψ‖ from 0 to 1. By symmetry it is 0
        for one pair about a fourfold axis, along or between its twofold axes.

    Raises:
        InputError: for another shape and for numbers that are not finite.
    """
    tensor = np.asarray(quartic, dtype=float)
    size = tensor.shape[0] if tensor.ndim else 0
    check(
        tensor.shape == (size,) * 4 and size > 0 and size % 2 == 0,
        "quartic",
        f"must have the shape (2P, 2P, 2P, 2P), but got {tensor.shape}",
    )
    check_finite("quartic", tensor)
    pairs = size // 2
    rows, columns = np.triu_indices(pairs)
    units = np.eye(len(rows) + pairs)

    def split(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        isotropic = np.zeros((pairs, pairs))
        isotropic[rows, columns] = isotropic[columns, rows] = numbers[: len(rows)]
        return isotropic, numbers[len(rows) :]

    basis = np.stack([_pair_tensor(*split(unit)).ravel() for unit in units], axis=1)
    coefficients = np.linalg.lstsq(basis, tensor.ravel(), rcond=None)[0]
    norm = np.linalg.norm(tensor)
    residual = np.linalg.norm(tensor.ravel() - basis @ coefficients)
    return *split(coefficients), float(residual / norm) if norm else 0.0


def _pair_tensor(isotropic: np.ndarray, cubic: np.ndarray) -> np.ndarray:
    """∂⁴/∂q⁴ of ¼ Σ A_ab |q_a|²|q_b|² + ¼ Σ B_a (q_a1⁴ + q_a2⁴)."""
    both = np.kron(isotropic, np.ones((2, 2)))
    same = np.eye(len(both))
    paired = np.einsum("ij,ik,kl->ijkl", same, both, same)
    tensor = 2 * (paired + paired.transpose(0, 2, 1, 3) + paired.transpose(0, 2, 3, 1))
    every = np.arange(len(both))
    tensor[every, every, every, every] += 6 * np.repeat(cubic, 2)
    return tensor


def _lines(modes: int) -> Float[np.ndarray, "lines C"]:
    """Unit vectors along all q_a, q_a ± q_b and, for the Ψ_abcd of four modes, q_a + q_b + q_c."""
    unit = np.eye(modes)
    lines = list(unit)
    lines += [unit[a] + sign * unit[b] for a, b in combinations(range(modes), 2) for sign in (1, -1)]
    if modes > 3:
        lines += [unit[list(three)].sum(axis=0) for three in combinations(range(modes), 3)]
    return np.array([line / np.linalg.norm(line) for line in lines])


def _taylor(
    steps: Float[np.ndarray, "lines 3"], values: Float[np.ndarray, "lines 3 C"]
) -> tuple[Float[np.ndarray, "2 lines C"], Float[np.ndarray, "2 lines C"]]:
    """c₀ and c₁ of values(s) = c₀ + c₁ s² + c₂ s⁴, and of the fit without c₂ to the two shorter steps."""
    squares = steps[..., None] ** 2
    whole = np.linalg.solve(squares ** np.arange(3), values)
    short = np.linalg.solve(squares[:, :2] ** np.arange(2), values[:, :2])
    first, second = (np.stack([whole[:, order], short[:, order]]) for order in (0, 1))
    return first, second


def _tensor(
    lines: Float[np.ndarray, "lines C"], derivatives: Float[np.ndarray, "2 lines C"], rank: int
) -> tuple[np.ndarray, np.ndarray]:
    """The symmetric T with T_ab… d_b… = `derivatives`[0] along the lines d, and the errors of its entries.

    Entries with permuted places are one unknown t. If the mode c is n_c times among its places, t contributes
    t (rank − 1)! Π_c d_c^k_c/k_c! to the derivative along a, with k_c = n_c − δ_ca.
    """
    modes = lines.shape[1]
    entries = list(combinations_with_replacement(range(modes), rank))
    design = np.zeros((*lines.shape, len(entries)))
    for column, entry in enumerate(entries):
        counts = np.bincount(entry, minlength=modes)
        for a in set(entry):
            left = counts - np.eye(modes, dtype=int)[a]
            design[:, a, column] = factorial(rank - 1) * np.prod(lines**left / factorial(left), axis=1)
    design = design.reshape(-1, len(entries))
    data = derivatives.reshape(2, -1).T
    solver = np.linalg.pinv(design)
    (whole, short), residual = (solver @ data).T, (data - design @ (solver @ data))[:, 0]
    variance = residual @ residual / max(len(design) - len(entries), 1)
    errors = abs(whole - short) + np.sqrt(variance * np.sum(solver**2, axis=1))
    tensor, spread = np.empty((modes,) * rank), np.empty((modes,) * rank)
    for entry, value, error in zip(entries, whole, errors, strict=True):
        for places in set(permutations(entry)):
            tensor[places], spread[places] = value, error
    return tensor, spread
