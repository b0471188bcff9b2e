"""The linear coupling to the angular momentum of the phonon."""

from typing import ClassVar

from jaxtyping import Array, Float

from .._parameter import parameter
from .._types import Scalar
from ..phonon import Motion
from ..units import HBAR
from ._base import AbstractCoupling


class ConstantInertia(AbstractCoupling):
    """Ω = L/I_ref, the coupling α L·J with α = 1/I_ref.

    The default of I_ref is the largest |q|² that the pulse of the paper drives in KTaO₃; the peak of Ω is then near ω₀.
    The argument is the field; it is differentiable.

    Raises:
        InputError: for an inertia out of its range.
    """

    name: ClassVar[str] = "constant-inertia"

    inertia: Scalar = parameter(unit="angstrom^2 u", help="I_ref", default=1.45, positive=True)

    def __call__(self, motion: Motion) -> Float[Array, " T"]:
        return HBAR * motion.angular_momentum / self.inertia
