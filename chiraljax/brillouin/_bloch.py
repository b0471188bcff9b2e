"""The crystal as a sum over k knows it: the Hamiltonian and some operators, as matrices that are functions of k."""

import abc

import numpy as np

from .._module import Module
from .._types import Array, ArrayLike, Hamiltonian
from ..electrons import Representation


class AbstractBloch(Module):
    """H(k) and Hermitian operators A_a(k), n×n matrices that are periodic in k, with their symmetry and bounds.

    A batch, such as several values of a perturbation, is a sequence of these that differ only in the values of their
    arrays: one compiled program serves all.
    """

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """n, the number of bands."""

    @property
    @abc.abstractmethod
    def filled(self) -> int:
        """How many of the bands are filled in the undoped crystal."""

    @property
    @abc.abstractmethod
    def count(self) -> int:
        """The number of operators."""

    @property
    @abc.abstractmethod
    def bounds(self) -> np.ndarray:
        """Largest |eigenvalue| of each operator, (a,)."""

    @property
    @abc.abstractmethod
    def periodic(self) -> tuple[bool, bool, bool]:
        """Whether H depends on each component of k."""

    @property
    @abc.abstractmethod
    def harmonics(self) -> tuple[int, int, int]:
        """Points per axis of the smallest mesh through which the Fourier series of H and of all A is exact."""

    @property
    @abc.abstractmethod
    def operations(self) -> np.ndarray:
        """Operations on k that keep the spectrum and every Tr[A f(H)], (g, 3, 3) integers."""

    @property
    @abc.abstractmethod
    def representation(self) -> Representation:
        """D(k) of those operations on the basis."""

    @property
    @abc.abstractmethod
    def edges(self) -> tuple[float, float]:
        """Top of the filled and bottom of the empty bands (eV), −∞ and ∞ where there are none."""

    @property
    @abc.abstractmethod
    def perturbation(self) -> str:
        """The name, for messages, of the argument that shifts and splits the levels."""

    @property
    @abc.abstractmethod
    def shift(self) -> float:
        """Largest shift (eV) of levels beyond these edges by the perturbation; ∞ while it is being traced."""

    @abc.abstractmethod
    def trial_orbitals(self, states: tuple[int, int]) -> tuple[int, ...]:
        """The members of the basis that overlap most with the bands states[0] … states[1] − 1."""

    @abc.abstractmethod
    def matrices(self, k: ArrayLike) -> tuple[Hamiltonian, Array]:
        """H (K, n, n) in eV at fractional k (K, 3), and A (K, a, n, n), or (a, n, n) where no operator depends on k."""
