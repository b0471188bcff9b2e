"""The magnetic moment along an axis of rotation, and the carriers."""

import jax.numpy as jnp
import numpy as np

from .._checks import check_finite
from .._door import door
from .._errors import check
from .._result import quantity
from .._types import Array, ArrayLike, Bool, Float, Int, real
from .._warnings import tell
from ..brillouin import AbstractSum, Accuracy, FermiSurface, Quadrature, thermal_averages
from ..electrons import Electrons
from ._filling import Filling
from ._improbable import improbable_filling
from ._region import check_rule, unit_vector
from ._rotating import along, rotating

_GRID = ("mu", "temperature", "rotation")


class Magnetization(AbstractSum):
    """Moments and carriers on the grid mu.shape + temperature.shape + rotation.shape.

    Paired mu and temperature have one common shape. The sites of a rotation per site are no axis of the grid.
    """

    moment: Float[Array, "*grid"] = quantity("mu_B/cell", _GRID, error="error")
    """along the axis of rotation"""
    carriers: Float[Array, "*grid"] = quantity("1/cell", _GRID, error="carriers_error")
    """electrons minus holes"""
    error: Float[Array, "*grid"] = quantity("mu_B/cell", _GRID)
    """estimated absolute error of `moment`"""
    carriers_error: Float[Array, "*grid"] = quantity("1/cell", _GRID)
    """estimated absolute error of `carriers`; no tolerance applies to it"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    rotation: Float[Array, "*rotation"] = quantity("rad/ps", ("rotation", "site"))
    site: Int[np.ndarray, " sites"] | None = quantity("1", ("site",))
    """numbers of the sites that have a rotation each; None if all have the same rotation"""
    species: tuple[str, ...] | None = quantity("1", ("site",), static=True)
    """labels of these sites"""
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    rule: Quadrature | FermiSurface


@door
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

    One set of diagonalisations serves all of (mu, temperature). For 24 pairs or more it also gives one spectral
    function, so the time hardly grows with their number. The derivative with respect to parameters, Ω, μ and T is exact
    on the nodes used.

    Args:
        mu: eV; see `Filling`, also for `reference` and `paired`.
        temperature: K, of the electrons; T = 0 is the step function, without a gradient.
        rotation: angular velocity Ω about `axis` (rad/ps), any shape.
        per_site: each site of `electrons.crystal` turns about `axis` with its own Ω_i, the last axis of `rotation`
            (..., sites). M is still the moment of all sites together; ∂M/∂Ω_i is the contribution of one rotation. The
            k-sum uses only the operations of `electrons.site_resolved()`.
        accuracy: the rule is refined until every error of a moment is within tolerance, or the budget is spent;
            `status` says which. A sum over a few hundred points comes first, then bands interpolated in a small basis
            on finer grids, down to T = 0 (docs/brillouin.md). Under `jit` and `vmap` no accuracy can be tested: unless
            a rule is given, one with 32 points per axis is used. There `error` and `converged` only compare it with the
            rule of half as many points, and a cold metal that both miss looks converged.

    Returns:
        the `Magnetization` on the grid of the filling + rotation.shape, or rotation.shape[:-1] with `per_site`. Each of
        its `warnings` is also an `ImprobableValue` warning of Python.

    Raises:
        InputError: for arguments that `Filling` refuses, a rotation that is not finite or without a value per site, a
            rule for another axis, region or number of pairs, and where no gradient exists: of a sum over points at
            T = 0, and of one between tetrahedra in Ω where levels stay twofold, as at Ω = 0 (use `susceptibility`).
        RuntimeError: if the eigensolver fails.
    """
    filling = Filling(mu, temperature, paired, reference)
    check_finite("rotation", rotation)
    direction, rotation = unit_vector(axis), real(rotation)
    outer, sites = rotation.shape, ()
    if per_site:
        outer, sites = outer[:-1], outer[-1:]
        count = len(electrons.crystal.species)
        check(
            sites == (count,),
            "rotation per site",
            f"must have {count} values on its last axis, but got shape {rotation.shape}",
        )
        electrons = electrons.site_resolved()
    check_rule(accuracy, electrons, direction)
    operators = [along(electrons.spin, direction)]
    blochs = rotating(electrons, direction, rotation.reshape(-1, *sites), operators)
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
        site=np.arange(*sites) if per_site else None,
        species=electrons.crystal.species if per_site else None,
        eigensolves=jnp.asarray(estimate.eigensolves),
        interpolated=jnp.asarray(estimate.interpolated),
        converged=converged,
        rule=estimate.rule,
        warnings=tell(improbable_filling(electrons, filling, rotation, values[-1])),
    )
