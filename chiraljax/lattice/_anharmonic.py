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
from .._units import MASS_ENERGY
from ..crystal import Crystal
from ..phonon import Phonon

Forces = Callable[[Float[np.ndarray, "atoms 3"]], ArrayLike]
"""Maps displacements u (atoms, 3) in Å, alike in every cell, to the forces (atoms, 3) in eV/Å."""

_STEPS = np.array([1, 2, 3]) / 3


class AnharmonicTerms(NamedTuple):
    """V = −Σ r_a q_a + ½ Σ K_ab q_a q_b + ⅙ Σ Φ_abc q_a q_b q_c + 1/24 Σ Ψ_abcd q_a q_b q_c q_d of C modes.

    The tensors are symmetric in all places. An error is, for each entry, how much the orders beyond the fourth change
    it, plus its standard error from how far the forces are from those of a potential.
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
    """K in 1/ps², which is diagonal, ω₀² = (2πν₀)², if the forces are those that made the modes"""
    rest: Float[np.ndarray, " C"]
    """the force r without a displacement in Å√u/ps², zero for modes of a relaxed crystal"""


def anharmonic_terms(modes: Phonon, forces: Forces, *, amplitude: float = 0.1) -> AnharmonicTerms:
    """The `cubic` and `quartic` of a `Phonon` from `forces`, which must have the atoms in the order of `modes`.

    Subedi, Cavalleri and Georges, Phys. Rev. B 89, 220301 (2014), who fit the energy; here the forces, C numbers from
    each displacement. The crystal is displaced along every mode and, for all signs, every two, and for four modes or
    more every three together, forwards and backwards by ⅓, ⅔ and 1 times the q at which one atom has moved by
    `amplitude` in Å. The mode forces g_a = Σ_i F_i·e_ai/√m_i, as polynomials of fifth order along each line, give
    derivatives with an error ∝ amplitude⁴; the tensors are the least-squares fit to them. The errors come from
    polynomials of third order, error ∝ amplitude²: far too large where the amplitude limits, standard errors where
    noise does. The best amplitude is the one with the smallest. That takes 6, 24, 54, 120 calls of `forces` for 1, 2,
    3, 4 modes, and C³ for many. Noise δF in the forces makes up to about 70 δF/(amplitude³ m²) in Ψ and
    10 δF/(amplitude² √m³) in Φ, with m of the atom that moves farthest.

    All other modes and the cell stay where they are. No derivatives pass through this function.

    **Raises:** `InputError` for an amplitude that is not positive and for forces of another shape or not finite.
    """
    check_positive("amplitude", amplitude)
    vectors, masses = np.asarray(modes.oscillators.eigenvectors), np.asarray(modes.masses)[:, None]
    lines = _lines(len(vectors))
    moved = np.einsum("na,aix->nix", lines, vectors) / np.sqrt(masses)
    reach = amplitude / np.linalg.norm(moved, axis=2).max(axis=1)

    def mode_force(displacement: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, " C"]:
        found = np.asarray(forces(displacement), dtype=float)
        shape = displacement.shape
        check(found.shape == shape, "forces", f"must return the shape {shape}, but returned {found.shape}")
        check_finite("What argument forces returns", found)
        return np.einsum("aix,ix->a", vectors, found / np.sqrt(masses)) / MASS_ENERGY

    steps = reach[:, None] * _STEPS
    there, back = (
        np.array([[mode_force(sign * step * line) for step in row] for row, line in zip(steps, moved, strict=True)])
        for sign in (1, -1)
    )
    even, odd = (there + back) / 2, (there - back) / 2 / steps[..., None]
    rest, bend = _taylor(steps, even)
    slope, twist = _taylor(steps, odd)
    cubic, cubic_error = _tensor(lines, -2 * bend, 3)
    quartic, quartic_error = _tensor(lines, -6 * twist, 4)
    harmonic, _ = _tensor(lines, -slope, 2)
    return AnharmonicTerms(cubic, quartic, cubic_error, quartic_error, harmonic, rest[0].mean(axis=0))


def ase_forces(calculator: BaseCalculator, crystal: Crystal) -> Forces:
    """`forces` for `anharmonic_terms` from a calculator of ASE: those on the sites of `crystal`, in its order.

    `crystal` is that of the modes, `Lattice.crystal` unless they were given another.
    """
    atoms = Atoms(crystal.symbols, cell=crystal.vectors, scaled_positions=crystal.positions, pbc=True)
    atoms.calc = calculator
    rest = atoms.positions.copy()

    def forces(displacement: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, "atoms 3"]:
        atoms.positions = rest + displacement
        return atoms.get_forces()

    return forces


def pair_quartic(
    quartic: ArrayLike,
) -> tuple[Float[np.ndarray, "pairs pairs"], Float[np.ndarray, " pairs"], float]:
    """`quartic_isotropic` A and `quartic_cubic` B of a `Phonon`, and what they leave out of Ψ.

    `quartic` (2P, 2P, 2P, 2P) is Ψ of P degenerate pairs in 1/(ps² Å² u), in the order of the phonon's q. A (P, P) and
    B (P,), in the same unit, are those of ¼ Σ A_ab |q_a|²|q_b|² + ¼ Σ B_a (q_a1⁴ + q_a2⁴) nearest to 1/24 Σ Ψ qqqq in
    the sum of squares over the entries of Ψ. The third value is √(that sum left over / that sum of Ψ), from 0 to 1; by
    symmetry it is 0 for one pair about a fourfold axis, along or between its twofold axes.

    **Raises:** `InputError` for another shape and for numbers that are not finite.
    """
    given = np.asarray(quartic, dtype=float)
    size = given.shape[0] if given.ndim else 0
    check(
        given.shape == (size,) * 4 and size > 0 and size % 2 == 0,
        "quartic",
        f"must have the shape (2P, 2P, 2P, 2P), but got {given.shape}",
    )
    check_finite("quartic", given)
    pairs = size // 2
    rows, columns = np.triu_indices(pairs)
    units = np.eye(len(rows) + pairs)

    def split(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        isotropic = np.zeros((pairs, pairs))
        isotropic[rows, columns] = isotropic[columns, rows] = numbers[: len(rows)]
        return isotropic, numbers[len(rows) :]

    basis = np.stack([_pair_tensor(*split(unit)).ravel() for unit in units], axis=1)
    found = np.linalg.lstsq(basis, given.ravel(), rcond=None)[0]
    whole = np.linalg.norm(given)
    left = np.linalg.norm(given.ravel() - basis @ found)
    return *split(found), float(left / whole) if whole else 0.0


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
    """Unit vectors along every mode, every two with both signs, and every three, which only Ψ_abcd of four needs."""
    unit = np.eye(modes)
    lines = list(unit)
    lines += [unit[a] + sign * unit[b] for a, b in combinations(range(modes), 2) for sign in (1, -1)]
    if modes > 3:
        lines += [unit[list(three)].sum(axis=0) for three in combinations(range(modes), 3)]
    return np.array([line / np.linalg.norm(line) for line in lines])


def _taylor(
    steps: Float[np.ndarray, "lines 3"], values: Float[np.ndarray, "lines 3 C"]
) -> tuple[Float[np.ndarray, "2 lines C"], Float[np.ndarray, "2 lines C"]]:
    """The first two coefficients of values(s) = c₀ + c₁ s² + c₂ s⁴, and those without c₂ from the two shorter steps."""
    squares = steps[..., None] ** 2
    whole = np.linalg.solve(squares ** np.arange(3), values)
    short = np.linalg.solve(squares[:, :2] ** np.arange(2), values[:, :2])
    first, second = (np.stack([whole[:, order], short[:, order]]) for order in (0, 1))
    return first, second


def _tensor(
    lines: Float[np.ndarray, "lines C"], derivatives: Float[np.ndarray, "2 lines C"], rank: int
) -> tuple[np.ndarray, np.ndarray]:
    """The symmetric T with T_ab… d_b… = `derivatives`[0] along the lines d, and the errors of its entries.

    One unknown t for the entries whose places are a permutation of one another, n_c of them the mode c: it adds
    t (rank − 1)! Π_c d_c^k_c/k_c! along a, where k is n but for one a less.
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
    wanted = derivatives.reshape(2, -1).T
    solver = np.linalg.pinv(design)
    (whole, short), residual = (solver @ wanted).T, (wanted - design @ (solver @ wanted))[:, 0]
    variance = residual @ residual / max(len(design) - len(entries), 1)
    errors = abs(whole - short) + np.sqrt(variance * np.sum(solver**2, axis=1))
    tensor, spread = np.empty((modes,) * rank), np.empty((modes,) * rank)
    for entry, value, error in zip(entries, whole, errors, strict=True):
        for places in set(permutations(entry)):
            tensor[places], spread[places] = value, error
    return tensor, spread
