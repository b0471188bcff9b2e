"""The magnetic moment along an axis of rotation, and the carriers."""

import jax.numpy as jnp
import numpy as np

from .._checks import check_finite
from .._errors import check
from .._result import quantity
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature, thermal_averages
from ..electrons import Electrons
from ._filling import Filling
from ._region import check_rule, unit_vector
from ._rotating import along, rotating

_GRID = ("mu", "temperature", "rotation")


class Magnetization(AbstractSum):
    """Moments and carriers on the grid mu.shape + temperature.shape + rotation.shape, where they are not paired.

    Of a rotation per site the last axis, which runs over the sites, is no axis of the grid.
    """

    moment: Float[Array, "*grid"] = quantity("mu_B/cell", _GRID, error="error")
    """μ_B per cell, along the axis of rotation"""
    carriers: Float[Array, "*grid"] = quantity("1/cell", _GRID, error="carriers_error")
    """electrons minus holes, per cell"""
    error: Float[Array, "*grid"] = quantity("mu_B/cell", _GRID)
    """estimated absolute error of `moment`, μ_B per cell"""
    carriers_error: Float[Array, "*grid"] = quantity("1/cell", _GRID)
    """estimated absolute error of `carriers`, per cell; no tolerance applies to it"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    rotation: Float[Array, "*rotation"] = quantity("rad/ps", ("rotation", "site"))
    site: Int[np.ndarray, " sites"] | None = quantity("1", ("site",))
    """numbers of the sites that have a rotation each; None where all turn alike"""
    species: tuple[str, ...] | None = quantity("1", ("site",), static=True)
    """labels of these sites"""
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    rule: Quadrature | FermiSurface


def magnetization(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    reference: str = "conduction",
    paired: bool = False,
    per_site: bool = False,
    accuracy: Accuracy = Accuracy(),
) -> Magnetization:
    """M = μ_B ∫_BZ Tr[σ·n f(H(k, Ω n))] along the axis n of rotation, and the carriers, per cell.

    Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), Eq. 5.

    **Arguments:**

    - `mu`, `temperature`, `reference`, `paired`: see `Filling`; μ in eV and T in K, of the electrons. T = 0 is the
      step function, without a gradient.
    - `rotation`: angular velocity Ω about `axis` (rad/ps), any shape.
    - `per_site`: the last axis of `rotation` runs over the sites of `electrons.crystal`, (..., sites): each turns
      with its own Ω_i about `axis`, and the grid has rotation.shape[:-1]. M stays the moment of all sites together,
      ∂M/∂Ω_i is what one of them does. The k-sum uses the operations of `electrons.site_resolved()` alone.
    - `accuracy`: the rule is refined until every error of a moment is within tolerance, or the budget is spent;
      `status` says which. A sum over a few hundred points comes first, then bands interpolated in a small basis on
      finer grids, down to T = 0; docs/brillouin.md describes it. Under `jit` and `vmap`, where no accuracy can be
      tested, a fixed rule with 32 points per axis unless one is given; `error` and `converged` hold then too.

    **Returns:** the `Magnetization` on the grid of the filling + rotation.shape. One set of diagonalisations serves
    all of (mu, temperature), and one spectral function, where a table has 24 pairs or more: its time hardly grows with
    them. The derivative with respect to parameters, Ω, μ and T is exact on the nodes used.

    **Raises:** `InputError` for what `Filling` refuses, a rotation that is not finite or without a value for each
    site, a rule for another axis, region or number of pairs, and where no gradient exists: of a sum over points at
    T = 0, and of one between tetrahedra in Ω where levels stay twofold, as at Ω = 0 (take `susceptibility`).
    `RuntimeError` if the eigensolver fails.
    """
    filling = Filling(mu, temperature, paired, reference)
    check_finite("rotation", rotation)
    direction, rotation = unit_vector(axis), real(rotation)
    outer, each = rotation.shape, ()
    if per_site:
        outer, each = outer[:-1], outer[-1:]
        count = len(electrons.crystal.species)
        check(
            each == (count,),
            "rotation per site",
            f"must have {count} values on its last axis, but got shape {rotation.shape}",
        )
        electrons = electrons.site_resolved()
    check_rule(accuracy, electrons, direction)
    operators = [along(electrons.spin, direction)]
    blochs = rotating(electrons, direction, rotation.reshape(-1, *each), operators)
    estimate, converged = thermal_averages(blochs, *filling.pairs(electrons), accuracy)
    values, errors = (part.reshape(-1, *filling.shape, *outer) for part in (estimate.values, estimate.errors))
    return Magnetization(
        moment=values[0],
        carriers=values[-1],
        error=errors[0],
        carriers_error=errors[-1],
        mu=filling.mu,
        temperature=filling.temperature,
        rotation=rotation,
        site=np.arange(*each) if per_site else None,
        species=electrons.crystal.species if per_site else None,
        eigensolves=jnp.asarray(estimate.eigensolves),
        interpolated=jnp.asarray(estimate.interpolated),
        converged=converged,
        rule=estimate.rule,
    )
