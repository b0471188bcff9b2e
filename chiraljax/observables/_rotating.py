"""Electrons in a lattice that turns, as H(k) and operators for a sum over k."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._tracing import concrete
from .._types import Array, Complex, Float, Hamiltonian, Operator, Operators, Vector3
from ..brillouin import AbstractBloch
from ..crystal import magnetic_operations
from ..electrons import Electrons, Representation, representation, trial_orbitals
from ..units import HBAR_EV_PS
from ._band_edges import conduction_edge, valence_edge

_SHIFT = 3
"""A rotation shifts no level by more than this times ħΩ"""


class RotatingElectrons(AbstractBloch):
    """H(k, Ω n) and operators; both have the operations that keep the axis n, or flip it with time reversal."""

    electrons: Electrons
    axis: Vector3 | np.ndarray
    """n, a unit vector that is never traced"""
    rotation: Float[Array, "*sites"]
    """Ω (), or Ω_i (sites,), rad/ps"""
    operators: Operators

    @property
    def size(self) -> int:
        return self.electrons.size

    @property
    def filled(self) -> int:
        return self.electrons.filling

    @property
    def count(self) -> int:
        return len(self.operators)

    @property
    def bounds(self) -> np.ndarray:
        return np.linalg.norm(np.asarray(self.operators), 2, axis=(1, 2))

    @property
    def periodic(self) -> tuple[bool, bool, bool]:
        return self.electrons.periodic

    @property
    def harmonics(self) -> tuple[int, int, int]:
        return self.electrons.harmonics

    @property
    def operations(self) -> np.ndarray:
        return magnetic_operations(self.electrons.crystal, self.electrons.operations, np.asarray(self.axis))

    @property
    def representation(self) -> Representation:
        return representation(self.electrons, np.asarray(self.axis))

    @property
    def edges(self) -> tuple[float, float]:
        model = self.electrons
        return (
            float(valence_edge(model).energy) if model.filling > 0 else -np.inf,
            float(conduction_edge(model).energy) if model.filling < model.size else np.inf,
        )

    @property
    def perturbation(self) -> str:
        return "rotation"

    @property
    def shift(self) -> float:
        rotation = concrete(jax.lax.stop_gradient(self.rotation))
        if rotation is None:
            return np.inf
        return float(_SHIFT * HBAR_EV_PS * np.max(np.abs(rotation))) + self.electrons.moved(self._vectors)

    def trial_orbitals(self, states: tuple[int, int]) -> tuple[int, ...]:
        return trial_orbitals(self.electrons, states)

    def matrices(self, k) -> tuple[Hamiltonian, Operators]:
        return self.electrons.hamiltonian(k, self._vectors), self.operators

    @property
    def _vectors(self) -> Float[Array, "*sites 3"]:
        return jnp.multiply.outer(self.rotation, self.axis)


def rotating(
    electrons: Electrons, axis: np.ndarray, rotation: Float[Array, "r *sites"], operators: Sequence[Operator]
) -> list[RotatingElectrons]:
    """`RotatingElectrons` with `operators` (a, n, n) for each `rotation` (rad/ps) about the unit vector `axis`."""
    stacked = jnp.stack(operators)
    return [RotatingElectrons(electrons, axis, omega, stacked) for omega in rotation]


def along(vector: Complex[Array, "3 n n"], axis: np.ndarray) -> Operator:
    """The component of a vector of operators along an axis."""
    return jnp.tensordot(jnp.asarray(axis, dtype=complex), vector, axes=1)
