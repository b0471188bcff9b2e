"""Pulses that are linear in complex amplitudes."""

from dataclasses import replace
from typing import TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from .._checks import check_between
from .._errors import check
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from ._base import AbstractPulse

ModalPulse = TypeVar("ModalPulse", bound="AbstractModalPulse")

MODES = "one row per mode: Re A_x, Im A_x, Re A_y, Im A_y"


class AbstractModalPulse(AbstractPulse):
    """E_c(t) = Re Σ_k A_kc φ_k(t), c = x, y: linear in the amplitudes A_kc of complex modes φ_k ∝ exp(−2πiνt).

    A_ky = iε A_kx for all k is a field of ellipticity ε with the major axis along x; ε = +1 turns
    counter-clockwise, as in `GaussianPulse`.
    """

    amplitudes: eqx.AbstractVar[Float[Array, "modes 2 2"]]
    """Re and Im (last axis) of A_kc for the modes k (first) and the components x, y (second)."""

    def __mul__(self: ModalPulse, factor: Real[ArrayLike, ""]) -> ModalPulse:
        return replace(self, amplitudes=self.amplitudes * real(factor))

    def with_ellipticity(self: ModalPulse, ellipticity: Real[ArrayLike, ""]) -> ModalPulse:
        """The nearest amplitudes with the `ellipticity` ε from −1 to 1 and the major axis along x.

        They are the orthogonal projection of every (A_kx, A_ky) on the Jones vector (1, iε)/√(1+ε²). It is zero for a
        circular field of the opposite sense.

        Raises:
            InputError: for another ε.
        """
        ellipticity = real(ellipticity)
        check_between("ellipticity", ellipticity, -1.0, 1.0)
        (x_re, x_im), (y_re, y_im) = self.amplitudes[:, 0].T, self.amplitudes[:, 1].T
        share = 1 / (1 + ellipticity**2)
        re, im = share * (x_re + ellipticity * y_im), share * (x_im - ellipticity * y_re)
        x, y = jnp.stack([re, im], axis=-1), jnp.stack([-ellipticity * im, ellipticity * re], axis=-1)
        return replace(self, amplitudes=jnp.stack([x, y], axis=1))

    @property
    def peak_field(self) -> Scalar:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest |E| at the nodes of `quadrature`, in MV/cm."""
        return self.largest_field()


def check_window(start: ArrayLike, end: ArrayLike) -> None:
    """Raise `InputError` unless the concrete `end` is later than the `start`."""
    first, last = concrete(start), concrete(end)
    if first is not None and last is not None:
        check(np.all(last > first), "end", f"must be later than start, {first} ps, but got {last} ps")
