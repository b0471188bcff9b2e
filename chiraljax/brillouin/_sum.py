"""Cost, rule and status of every result of a sum over k."""

from typing import Any

import equinox as eqx

from .._result import AbstractResult
from .._tracing import concrete
from .._types import Array, Bool, Int


class AbstractSum(AbstractResult):
    """A result with the cost and the rule of its sum over k."""

    eigensolves: eqx.AbstractVar[Int[Array, ""]]
    """diagonalisations of H spent"""
    interpolated: eqx.AbstractVar[Int[Array, ""]]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: eqx.AbstractVar[Bool[Array, ""]]
    """whether the errors that steer the refinement are within the tolerance"""
    rule: eqx.AbstractVar[Any]
    """the last rule used; `Accuracy(rule=…)` repeats the sum under `jit` or for a gradient"""

    @property
    def status(self) -> str:
        """`"converged"`, or `"budget_exhausted"` if an error is still above the tolerance; `"traced"` under `jit`."""
        converged = concrete(self.converged)
        return "traced" if converged is None else "converged" if converged.all() else "budget_exhausted"

    @property
    def cost(self) -> str:
        """The diagonalisations in words."""
        solves, small = concrete(self.eigensolves), concrete(self.interpolated)
        if solves is None or small is None:
            return ""
        of_bands = f" and {small.sum():,} of interpolated bands" if small.any() else ""
        return f"{solves.sum():,} diagonalisations{of_bands}"

    def _attributes(self) -> dict[str, Any]:
        return {"eigensolves": int(self.eigensolves), "interpolated": int(self.interpolated)}
