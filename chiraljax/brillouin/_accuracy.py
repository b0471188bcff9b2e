"""The accuracy that a sum over the zone must have, and what it may cost."""

import dataclasses
from typing import Any

import equinox as eqx

from .._checks import check_positive
from .._errors import check
from .._module import Module

REGIONS = ("zone", "gamma_cube")
_NODES, _NODES_PER_SITE = 3, 6


class Accuracy(Module):
    """A rule is refined until every error is below atol + rtol·|value|, or the budget is spent.

    Args:
        rtol: relative error, positive.
        atol: absolute error in the unit of the quantity, positive.
        budget: diagonalisations that may be spent. One of an m×m matrix of interpolated bands counts as (m/n)²
            diagonalisations of the n×n Hamiltonian.
        region: "zone", or "gamma_cube" for |k_i| ≤ 0.05 around Γ, normalised to that cube; unless given, that of the
            `rule`, else the zone.
        rule: a fixed rule instead of refinement, for `jit`, `vmap` and gradients of one function: the `rule` of an
            earlier result or `chiraljax.quadrature`. The tolerances then only decide the status.
        nodes: number of values of Ω from which M(Ω) is interpolated at first, and always under `jit`, at least 2; 3 for
            one Ω of all sites and 6 for rotations per site, unless given.

    Raises:
        InputError: for values outside these ranges.
    """

    rtol: float = eqx.field(static=True, default=1e-3)
    atol: float = eqx.field(static=True, default=1e-7)
    budget: int = eqx.field(static=True, default=1_000_000)
    region: str | None = eqx.field(static=True, default=None)
    rule: Any = None
    nodes: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        for name in ("rtol", "atol", "budget"):
            check_positive(name, getattr(self, name))
        check(self.nodes is None or self.nodes >= 2, "nodes", f"must be at least 2, but got {self.nodes}")
        check(
            self.region in (None, *REGIONS),
            "region",
            f"must be one of {', '.join(REGIONS)}, but got {self.region!r}",
        )

    def first_nodes(self, per_site: bool) -> int:
        """`nodes`, or what is taken unless they are given."""
        return self.nodes or (_NODES_PER_SITE if per_site else _NODES)

    def with_budget(self, budget: int) -> "Accuracy":
        """The same with another budget."""
        return dataclasses.replace(self, budget=budget)
