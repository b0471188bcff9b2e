"""Options of the search of a fit."""

from typing import Any

import equinox as eqx

from .._errors import check
from .._module import Module

DRAWS = ("uniform", "harrison", "noise")
_MOST = 100_000


class MultiStart(Module):
    """Local searches from random starts.

    Args:
        starts: number of starts, from 1 to 100000.
        draw: `"uniform"` in the bounds, `"harrison"` (Harrison's rule, spread by a factor of two), or `"noise"` about
            the model's own parameters, which are the first start.
        seed: of the random numbers, zero or positive.
        solver: of optimistix, a least-squares solver or a minimiser such as `optimistix.LBFGS` and
            `optimistix.OptaxMinimiser`; `optimistix.LevenbergMarquardt` unless given.

    Raises:
        InputError: for values outside these ranges.
    """

    starts: int = eqx.field(static=True, default=64)
    draw: str = eqx.field(static=True, default="uniform")
    seed: int = eqx.field(static=True, default=0)
    solver: Any = None

    def __check_init__(self) -> None:
        check(1 <= self.starts <= _MOST, "starts", f"must be from 1 to {_MOST}, but got {self.starts}")
        check(self.draw in DRAWS, "draw", f"must be one of {', '.join(DRAWS)}, but got {self.draw!r}")
        check(self.seed >= 0, "seed", f"must be zero or positive, but got {self.seed}")
