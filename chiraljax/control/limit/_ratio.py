"""Angular momentum and angular velocity as ratios of quadratic forms of the motion."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from ..._errors import InputError
from ...coupling import AbstractCoupling, ConstantInertia, KinematicRotation
from ...phonon import Phonon
from ...units import HBAR


class Ratio(NamedTuple):
    """x†Sx/(x†Jx + c) of the motion x = (z₁, ż₁, z₂, …); x†Sx = Σ Im(z* ż)."""

    inertia: Float[np.ndarray, "n n"]
    """J"""
    rest: float
    """c"""

    @property
    def turning(self) -> Complex[np.ndarray, "n n"]:
        """S (n, n)."""
        return np.kron(np.eye(len(self.inertia) // 2), np.array([[0, -0.5j], [0.5j, 0]]))

    def __call__(self, x: Complex[np.ndarray, " n"]) -> float:
        return float(np.vdot(x, self.turning @ x).real / self.denominator(x))

    def denominator(self, x: Complex[np.ndarray, " n"]) -> float:
        """x†Jx + c."""
        return float(np.vdot(x, self.inertia @ x).real + self.rest)

    def largest(
        self, gramian: Float[np.ndarray, "n n"], budget: float
    ) -> tuple[float, Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
        """The largest ratio of x = ∫ G e under e†De ≤ `budget`, that x, and v of the field D⁻¹Gᵀv that attains it.

        With the Gramian W = G D⁻¹ Gᵀ it is the Ω with budget·λ_max[√W (S − ΩJ) √W] = Ωc. The left side is a maximum of
        functions linear in Ω, so Newton's iterates, the ratios of the maximisers, rise to the root.
        """
        variances, axes = np.linalg.eigh(gramian)
        root = (axes * np.sqrt(np.maximum(variances, 0))) @ axes.T
        value = 0.0
        while True:
            form = self.turning - value * self.inertia
            largest, vectors = np.linalg.eigh(root @ form @ root)
            x = np.sqrt(budget) * (root @ vectors[:, -1])
            better = self(x)
            if better <= value * (1 + 1e-14):
                v = form @ x / largest[-1] if largest[-1] > 0 else np.zeros_like(x)
                return max(value, better), x, v
            value = better


def angular_momentum(phonon: Phonon) -> Ratio:
    """L in ħ."""
    return Ratio(np.zeros([2 * phonon.frequency.shape[0]] * 2), HBAR)


def rotation(phonon: Phonon, coupling: AbstractCoupling) -> Ratio:
    """Ω of a coupling in rad/ps; raises `InputError` for one that is no such ratio."""
    size = 2 * phonon.frequency.shape[0]
    if isinstance(coupling, KinematicRotation):
        return Ratio(np.diag(np.tile([1.0, 0.0], size // 2)), float(coupling.thermal_square(phonon)))
    if isinstance(coupling, ConstantInertia):
        return Ratio(np.zeros((size, size)), float(coupling.inertia))
    raise InputError(
        "coupling",
        "must be a KinematicRotation, a ConstantInertia or a FixedRotation, but got a "
        f"{type(coupling).__name__}, for which no bound is known",
    )
