"""Options of the search for the best pulse."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import optax

from .._errors import check
from .._module import Module
from .._parameter import check_parameters, parameter

_LBFGS = optax.lbfgs(memory_size=20)


class Search(Module):
    """Local searches from many starts at once.

    Args:
        starts: number of starts, at least 1; all climb together.
        steps: largest number of steps of each.
        seed: of the random starts.
        optimizer: of optax; L-BFGS unless given.
        fixed: names of parameters of the pulse that keep their values.
        bounds: name of a parameter → its lowest and highest value.

    Raises:
        InputError: for numbers outside these ranges; the names are checked by `optimize_pulse`.
    """

    starts: int = parameter(unit="1", help="number of starts", low=1.0, high=10_000.0, default=8, whole=True)
    steps: int = parameter(unit="1", help="steps at most", low=1.0, default=300, whole=True)
    seed: int = parameter(unit="1", help="seed of the random starts", low=0.0, default=0, whole=True)
    optimizer: optax.GradientTransformation = eqx.field(static=True, default=_LBFGS)
    fixed: tuple[str, ...] = eqx.field(static=True, converter=tuple, default=())
    bounds: Mapping[str, tuple[float, float]] = eqx.field(default_factory=dict)

    def __check_init__(self) -> None:
        check_parameters(self)
        for name, (low, high) in self.bounds.items():
            check(low < high, f"bounds.{name}", f"must increase, but got {low:g} to {high:g}")

    @property
    def extended(self) -> Any:
        """The optimizer with the interface of one that evaluates the objective itself."""
        return optax.with_extra_args_support(self.optimizer)
