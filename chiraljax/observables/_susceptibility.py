"""The linear response of the moment to a rotation."""

import jax
import jax.numpy as jnp

from .._checks import check_finite, check_positive
from .._errors import check
from .._tracing import is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import Quadrature, integrate
from ..crystal import cartesian
from ..electrons import Electrons
from ._band_edges import conduction_edge
from ._refine import Estimate, refine
from ._region import check_rule, refinements
from ._region import quadrature as fixed_rule
from ._result import AbstractResult
from ._thermal import thermal_trace

_TRACED_POINTS = 32


class Susceptibility(AbstractResult):
    """∂M_i/∂Ω_j at Ω = 0 on the grid mu.shape + temperature.shape."""

    tensor: Float[Array, "*grid 3 3"]
    """μ_B ps/rad per cell; first index the moment's direction, second that of the rotation"""
    error: Float[Array, "*grid"]
    """estimated absolute error of the largest element, μ_B ps/rad per cell"""
    eigensolves: Int[Array, ""]
    """diagonalisations spent"""
    converged: Bool[Array, ""]
    quadrature: Quadrature
    """the last rule used"""


def susceptibility(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rtol: float = 1e-3,
    atol: float = 1e-9,
    normalisation: str | None = None,
    quadrature: Quadrature | None = None,
    max_eigensolves: int = 200_000,
) -> Susceptibility:
    """χ_ij = ∂M_i/∂Ω_j at Ω = 0, M_i = μ_B ∫_BZ Tr[σ_i f(H)], straight from divided differences,

        χ_ij = μ_B ∫_BZ Σ_nm (σ_i)_mn f[E_n, E_m] (∂H/∂Ω_j)_nm,

    so no nearly equal moments are subtracted. M ≈ χΩ holds while ħΩ is small beside k_BT and the width
    of the levels that cross μ. Arguments as in `magnetization`; `temperature` must be positive, and
    `quadrature` must be one for `axis=None`. The points of a star are represented by one of them, whose
    tensor is averaged over the symmetry operations. Its own derivatives are not available: a thermal
    trace can be differentiated once.

    Raises `InputError` for a temperature that is not positive and values that are not finite.
    """
    check_finite("mu", mu)
    check_positive("temperature", temperature)
    check_positive("rtol", rtol)
    check_positive("atol", atol)
    check(max_eigensolves > 0, "max_eigensolves", f"must be positive, but got {max_eigensolves}")
    levels, heat = real(mu), real(temperature)
    pairs = jnp.meshgrid(levels.ravel() + conduction_edge(electrons).energy, heat.ravel(), indexing="ij")
    arguments = (electrons, pairs[0].ravel(), pairs[1].ravel())
    shape = levels.shape + heat.shape
    turns = jnp.asarray(cartesian(electrons.crystal, electrons.operations))
    per_k = 16 * electrons.size**2 * 24 + 8 * electrons.size**2 * pairs[0].size * 3

    def evaluate(rule: Quadrature) -> Estimate:
        tensor, error = integrate(_integrand, arguments, rule, per_k)
        average = jnp.einsum("gai,sij,gbj->sab", turns, tensor, turns) / len(turns)
        error = jnp.max(error, axis=(-2, -1)).reshape(shape)
        return Estimate(average.reshape(*shape, 3, 3), jnp.zeros(shape), error, len(rule.weights), rule)

    def within(estimate: Estimate) -> Array:
        largest = jnp.max(jnp.abs(estimate.moment), axis=(-2, -1))
        return jnp.all(estimate.error <= atol + rtol * largest)

    if quadrature is None and is_traced(arguments):
        quadrature = fixed_rule(electrons, _TRACED_POINTS, None, normalisation or "zone")
    if quadrature is not None:
        check_rule(quadrature, electrons, None, normalisation)
        final = evaluate(quadrature)
    else:
        final = refine(evaluate, refinements(electrons, None, normalisation or "zone"), within, max_eigensolves)
    return Susceptibility(
        tensor=final.moment,
        error=final.error,
        eigensolves=jnp.asarray(final.eigensolves),
        converged=within(final),
        quadrature=final.quadrature,
    )


def _integrand(arguments, k):
    electrons, mu, temperature = arguments

    def moments(rotation):
        hamiltonian = electrons.hamiltonian(k, rotation)
        return thermal_trace(hamiltonian, electrons.spin, mu, temperature, electrons.filling).traces

    response = jax.jacfwd(moments)(jnp.zeros(3))
    return jnp.swapaxes(response, 1, 2)
