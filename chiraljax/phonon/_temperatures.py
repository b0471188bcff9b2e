"""A table of frequencies and dampings over temperature."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_positive
from .._errors import check
from .._module import Module
from .._tracing import concrete
from .._types import ArrayLike, real


class TemperatureTable(Module):
    """Frequencies and dampings of P sets of modes at M temperatures, linear between them.

    Args:
        temperature: (M,) in K, zero or positive and increasing.
        frequency: (M, P) ν₀ in THz, positive.
        damping: (M, P) η in rad/ps, zero or positive.

    Raises:
        InputError: for a value outside these ranges or of another shape.
    """

    temperature: Float[Array, " M"] = eqx.field(converter=real)
    frequency: Float[Array, "M P"] = eqx.field(converter=real)
    damping: Float[Array, "M P"] = eqx.field(converter=real)

    def __check_init__(self) -> None:
        rows = self.temperature.shape
        check(len(rows) == 1, "temperature", f"must be a list, but got the shape {rows}")
        for name in ("frequency", "damping"):
            shape = getattr(self, name).shape
            check(
                len(shape) == 2 and shape[:1] == rows and shape == self.frequency.shape,
                name,
                f"must have one row per temperature and one column per set of modes, but got the shape {shape}",
            )
        check_positive("temperature", self.temperature, zero=True)
        check_positive("frequency", self.frequency)
        check_positive("damping", self.damping, zero=True)
        numbers = concrete(self.temperature)
        if numbers is not None:
            check(np.all(np.diff(numbers) > 0), "temperature", f"must increase, but got {numbers.tolist()}")

    def at(self, temperature: ArrayLike) -> tuple[Float[Array, " P"], Float[Array, " P"]]:
        """Frequency (P,) in THz and damping (P,) in rad/ps, interpolated at `temperature` in K.

        Raises:
            InputError: for a temperature outside the table; a traced one gives NaN there.
        """
        number, rows = concrete(temperature), concrete(self.temperature)
        if number is not None and rows is not None:
            check(
                rows[0] <= number <= rows[-1],
                "temperature",
                f"must lie between {rows[0]:g} and {rows[-1]:g} K, but got {number:g}",
            )
        nan = float("nan")

        def interpolated(column: Float[Array, "M P"]) -> Float[Array, " P"]:
            return jnp.stack([jnp.interp(real(temperature), self.temperature, row, nan, nan) for row in column.T])

        return interpolated(self.frequency), interpolated(self.damping)
