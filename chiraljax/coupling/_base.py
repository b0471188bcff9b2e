"""The interface of a coupling."""

import abc
from typing import ClassVar

from jaxtyping import Array, Float

from .._family import Declared
from ..phonon import AbstractModes, Motion


class AbstractCoupling(Declared):
    """A choice of Ω(t); see the table of couplings in `docs/conventions.md`."""

    per_site: ClassVar[bool] = False
    """Whether Ω is resolved by site."""

    @abc.abstractmethod
    def __call__(self, motion: Motion) -> Float[Array, "T *sites"]:
        """Angular velocity Ω (T,) in rad/ps about `axis_of` at the times of `motion`, or of every site (T, sites)."""

    def axis_of(self, phonon: AbstractModes) -> tuple[float, float, float]:
        """Unit vector about which `phonon` turns the lattice; static, since the symmetry in k depends on it."""
        return phonon.axis
