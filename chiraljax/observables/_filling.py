"""Which states are filled: the one place where the band edge enters."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite, check_positive
from .._errors import InputError, check
from .._module import Module
from .._types import Array, Float, real
from ..electrons import Electrons
from ._band_edges import conduction_edge

REFERENCES = ("conduction", "absolute")


class Filling(Module):
    """Chemical potentials and temperatures of the electrons, and the grid that they span.

    Args:
        mu: eV from the `reference`, any shape.
        temperature: K, zero or positive, any shape.
        paired: one μ per temperature, as at fixed doping. The grid is then their common shape, to which they are
            broadcast, instead of mu.shape + temperature.shape.
        reference: "conduction", the conduction-band edge without rotation, or "absolute", the zero of the energies.

    Raises:
        InputError: for values that are not finite, a negative temperature, another reference, and shapes that cannot be
            paired.
    """

    mu: Float[Array, "*mu"] = eqx.field(converter=real)
    temperature: Float[Array, "*temperature"] = eqx.field(converter=real)
    paired: bool = eqx.field(static=True, default=False)
    reference: str = eqx.field(static=True, default="conduction")

    def __check_init__(self) -> None:
        check_finite("mu", self.mu)
        check_positive("temperature", self.temperature, zero=True)
        check(
            self.reference in REFERENCES,
            "reference",
            f"must be one of {', '.join(REFERENCES)}, but got {self.reference!r}",
        )
        grid("mu", self.mu, self.temperature, self.paired)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return grid("mu", self.mu, self.temperature, self.paired)[0]

    def pairs(self, electrons: Electrons) -> tuple[Float[Array, " s"], Float[Array, " s"]]:
        """Absolute μ (eV) and T (K) of every point of the grid."""
        mu = self.mu + conduction_edge(electrons).energy if self.reference == "conduction" else self.mu
        return grid("mu", mu, self.temperature, self.paired)[1:]


def grid(
    name: str, values: Array, temperature: Array, paired: bool
) -> tuple[tuple[int, ...], Float[Array, " s"], Float[Array, " s"]]:
    """The shape of the grid of `values` and temperatures, and both at each of its points.

    Raises `InputError` with the `name` of the values for shapes that cannot be paired.
    """
    if not paired:
        values = values.reshape(*values.shape, *[1] * temperature.ndim)
    try:
        shape = np.broadcast_shapes(values.shape, temperature.shape)
    except ValueError:
        shapes = f"{values.shape} and {temperature.shape}"
        raise InputError(f"{name} and temperature", f"must have one shape to be paired, but got {shapes}") from None
    return shape, jnp.broadcast_to(values, shape).ravel(), jnp.broadcast_to(temperature, shape).ravel()
