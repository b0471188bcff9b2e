"""The interface of a coupling, and the axis that all of them have."""

import abc
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite
from .._errors import check
from .._module import Module
from .._types import ArrayLike
from ..phonon import Motion


class AbstractCoupling(Module):
    """A choice of Ω(t); see the table of couplings in `docs/conventions.md`."""

    per_site: ClassVar[bool] = False
    """Whether Ω is resolved by site."""

    axis: eqx.AbstractVar[tuple[float, float, float]]
    """Unit vector about which the lattice turns; static, since the symmetry of the k-sum depends on it."""

    @abc.abstractmethod
    def __call__(self, motion: Motion) -> Float[Array, "T *sites"]:
        """Angular velocity Ω (T,) in rad/ps about `axis` at the times of `motion`, or of every site (T, sites)."""


def unit_vector(axis: ArrayLike) -> tuple[float, float, float]:
    """`axis` (3,) divided by its length; raises `InputError` for a zero vector or another shape."""
    vector = np.asarray(axis, dtype=float)
    check(vector.shape == (3,), "axis", f"must have the shape (3,), but got {vector.shape}")
    check_finite("axis", vector)
    check(vector.any(), "axis", "must not be zero, but got [0, 0, 0]")
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    return x, y, z
