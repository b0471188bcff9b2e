"""How a fit searches."""

from typing import Any

import equinox as eqx

from .._errors import check
from .._module import Module

DRAWS = ("uniform", "harrison", "noise")
_MOST = 100_000


class MultiStart(Module):
    """Local searches from random starts.

    **Arguments:**

    - `starts`: how many, from 1 to 100000.
    - `draw`: where they begin: `"uniform"` in the bounds, `"harrison"` (his rule, spread by a factor of two) or
      `"noise"` about the model's own parameters, without any the first time.
    - `seed`: of the random numbers.
    - `solver`: of optimistix, a least-squares solver or a minimiser; `optimistix.LevenbergMarquardt` unless given.
      `optimistix.LBFGS` and `optimistix.OptaxMinimiser` serve as well.

    **Raises:** `InputError` for values outside these.
    """

    starts: int = eqx.field(static=True, default=64)
    draw: str = eqx.field(static=True, default="uniform")
    seed: int = eqx.field(static=True, default=0)
    solver: Any = None

    def __check_init__(self) -> None:
        check(1 <= self.starts <= _MOST, "starts", f"must be from 1 to {_MOST}, but got {self.starts}")
        check(self.draw in DRAWS, "draw", f"must be one of {', '.join(DRAWS)}, but got {self.draw!r}")
        check(self.seed >= 0, "seed", f"must be zero or positive, but got {self.seed}")
