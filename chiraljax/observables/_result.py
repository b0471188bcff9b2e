"""What every result of a k-sum has."""

from typing import Any

import equinox as eqx

from .._types import Array, Bool, Float, Int


class AbstractResult(eqx.Module):
    """A result with its numerical error, its cost and its status."""

    error: eqx.AbstractVar[Float[Array, "..."]]
    eigensolves: eqx.AbstractVar[Int[Array, ""]]
    """diagonalisations spent"""
    converged: eqx.AbstractVar[Bool[Array, ""]]
    """whether every error is within the tolerance"""
    quadrature: eqx.AbstractVar[Any]
    """the last rule used; pass it on to repeat the calculation under `jit` or for a gradient"""

    @property
    def status(self) -> str:
        """`"converged"`, or `"budget_exhausted"` if an error is still above the tolerance."""
        return "converged" if bool(self.converged) else "budget_exhausted"
