"""The gap of sampled bands: its edges and where they lie, effective masses, spin–orbit splitting, character."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.constants as const

from ..crystal import magnetic_operations
from ..electrons import Electrons

HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20
"""ħ²/m_e in eV Å²"""
SAME = 5e-3
"""eV: levels and edges closer than this are one; programs converge bands to about 1 meV"""
_NEAREST, _FARTHEST = 0.02, 0.25
"""1/Å: steps of a second difference; the energy of a band of mass m_e changes by 1.5 meV over the smallest one"""
_PARALLEL = 1e-3
_KRAMERS = 2
"""spin-orbitals of a level that spin–orbit coupling cannot split"""
_MESH = 12
"""points per axis of the mesh on which edges beside the sampled k-points are sought"""


class Edge(NamedTuple):
    """An edge of the gap."""

    energy: float
    """eV"""
    k: tuple[float, float, float]
    """fractional"""
    degeneracy: int
    """levels within 5 meV, on the same side of the gap"""
    masses: dict[str, tuple[float, ...]]
    """m*/m_e of these levels, by direction, from differences to the next k-points of the bands"""
    splitting: float | None
    """eV, by spin–orbit coupling, of the levels that would be degenerate without it; None if there are none"""
    character: dict[str, float]
    """share of each shell or crystal-field group, where the bands have projections"""


class Levels(NamedTuple):
    """Energies (K, n) of all levels at k-points (K, 3), NaN where they are not known, and their character."""

    k: np.ndarray
    energies: np.ndarray
    shares: Mapping[str, np.ndarray]
    """(K, n), by shell or group, adding to 1"""


class Side(NamedTuple):
    """The levels at an edge."""

    first: int
    """the level that forms the edge"""
    step: int
    """to the next level away from the gap: −1 for the valence edge, +1 for the conduction edge"""

    def row(self, levels: Levels) -> int:
        """The k-point of the edge."""
        return int(np.nanargmin(self.step * levels.energies[:, self.first]))

    def group(self, energies: np.ndarray) -> list[int]:
        """The levels that meet at the edge, of `energies` (n,) at one k-point."""
        numbers = range(self.first, len(energies) if self.step > 0 else -1, self.step)
        return [n for n in numbers if n == self.first or abs(energies[n] - energies[self.first]) < SAME]


class Line(NamedTuple):
    """K-points on a straight line through an edge."""

    rows: tuple[int, ...]
    """two, one on each side, or one if the bands are even about the edge"""
    steps: tuple[float, ...]
    """1/Å, signed"""


def edge(levels: Levels, side: Side, row: int, lines: Mapping[str, Line], group: Sequence[int], joined: int) -> Edge:
    """The edge of `levels` at the k-point `row`.

    Args:
        lines: the k-points beside it by direction (`lines_at`).
        group: the levels whose masses are wanted.
        joined: number of levels that are degenerate there without spin–orbit coupling; 0 without it.
    """
    at = levels.energies[row]
    last = side.first + side.step * (joined - 1)
    split = joined > _KRAMERS and 0 <= last < len(at) and np.isfinite(at[last])
    own = side.group(at)
    return Edge(
        energy=float(at[side.first]),
        k=triple(levels.k[row]),
        degeneracy=len(own),
        masses={name: tuple(_mass(levels.energies[:, n], row, line) for n in group) for name, line in lines.items()},
        splitting=abs(float(at[last] - at[side.first])) if split else None,
        character={name: float(values[row, own].mean()) for name, values in levels.shares.items()},
    )


def lines_at(electrons: Electrons, k: np.ndarray, row: int) -> dict[str, Line]:
    """The nearest k-points on lines through that of `row`, by direction, one of those that symmetry makes equal.

    Where k and −k are equivalent bands are even along every line, so a point on one side is enough; elsewhere there
    must be one on each side. Directions are Cartesian, such as "[110]".
    """
    reciprocal = electrons.crystal.reciprocal
    apart = k - k[row]
    apart = apart - np.rint(apart)
    vectors = apart @ reciprocal
    lengths = np.linalg.norm(vectors, axis=1)
    even = bool(np.allclose(2 * k[row], np.rint(2 * k[row]), atol=1e-6))
    near = [i for i in np.argsort(lengths, kind="stable") if _NEAREST <= lengths[i] <= _FARTHEST]
    images = _little_group(electrons, k[row], reciprocal)
    lines: dict[str, Line] = {}
    seen: list[np.ndarray] = []
    for i in near:
        unit = vectors[i] / lengths[i]
        if any(np.min(np.linalg.norm(images @ unit - other, axis=1)) < _PARALLEL for other in seen):
            continue
        if even:
            line = Line((int(i),), (float(lengths[i]),))
        else:
            back = [j for j in near if vectors[j] @ unit < -(1 - _PARALLEL) * lengths[j]]
            if not back:
                continue
            line = Line((int(i), int(back[0])), (float(lengths[i]), -float(lengths[back[0]])))
        seen += [unit, -unit]
        lines[_named(unit)] = line
    return lines


def _mass(energies: np.ndarray, row: int, line: Line) -> float:
    """ħ²/m_e over the second derivative of the parabola through the k-points."""
    slopes = [(energies[other] - energies[row]) / step for other, step in zip(line.rows, line.steps, strict=True)]
    if len(slopes) == 1:
        second = 2 * slopes[0] / line.steps[0]
    else:
        second = 2 * (slopes[0] - slopes[1]) / (line.steps[0] - line.steps[1])
    return float(HBAR2_OVER_MASS / second) if second else np.inf


def _little_group(electrons: Electrons, k: np.ndarray, reciprocal: np.ndarray) -> np.ndarray:
    """The operations that leave `k`, as matrices on Cartesian column vectors."""
    operations = magnetic_operations(electrons.crystal, electrons.operations)
    moved = operations @ k - k
    kept = operations[np.abs(moved - np.rint(moved)).max(axis=1) < 1e-6]
    basis = reciprocal.T
    return basis @ kept @ np.linalg.inv(basis)


def distance(electrons: Electrons, k: np.ndarray, other: np.ndarray) -> float:
    """The smallest distance (1/Å) of two k-points and their images under the symmetry of the bands."""
    operations = magnetic_operations(electrons.crystal, electrons.operations)
    apart = operations @ np.asarray(k) - np.asarray(other)
    cells = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    vectors = (apart - np.rint(apart) + cells) @ electrons.crystal.reciprocal
    return float(np.linalg.norm(vectors, axis=-1).min())


class Bloch(NamedTuple):
    """H(k) = Σ_R e^{2πi k·R} H(R) of a model in NumPy, without spin if it has no spin–orbit coupling."""

    cells: np.ndarray
    matrices: np.ndarray

    @classmethod
    def of(cls, electrons: Electrons) -> "Bloch":
        cells, matrices = electrons.cells, np.asarray(electrons.hoppings()[1])
        step = 1 if electrons.has_spin_orbit else 2
        return cls(np.asarray(cells), matrices[:, ::step, ::step])

    def __call__(self, k: np.ndarray) -> np.ndarray:
        """H (K, n, n) in eV at fractional k-points (K, 3)."""
        phases = np.exp(2j * np.pi * k @ self.cells.T)
        return (phases @ self.matrices.reshape(len(self.cells), -1)).reshape(len(k), *self.matrices.shape[1:])


def on_mesh(bloch: Bloch) -> tuple[np.ndarray, np.ndarray]:
    """K-points of a 12×12×12 mesh in half of the zone and the levels there, eV."""
    axes = [np.arange(_MESH) / _MESH, np.arange(_MESH) / _MESH, np.arange(_MESH // 2 + 1) / _MESH]
    k = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return k, np.linalg.eigvalsh(bloch(k))


def _named(unit: np.ndarray) -> str:
    """A Cartesian direction by small whole numbers, or by its components."""
    unit = unit * np.sign(unit[np.flatnonzero(np.abs(unit) > _PARALLEL)[0]])
    scaled = unit / np.abs(unit[np.abs(unit) > _PARALLEL]).min()
    for factor in (1, 2, 3):
        whole = np.rint(factor * scaled)
        if np.allclose(factor * scaled, whole, atol=0.01) and np.abs(whole).max() < 10:
            return "[" + "".join(f"{'-' if n < 0 else ''}{int(abs(n))}" for n in whole) + "]"
    return "[" + ", ".join(f"{x:.2f}" for x in unit) + "]"


def triple(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
