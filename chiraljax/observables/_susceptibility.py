"""The linear response of the moment to a rotation."""

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import check_positive
from .._door import door
from .._result import quantity
from .._tracing import is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int
from .._warnings import tell
from ..brillouin import (
    TRACED_POINTS,
    AbstractSum,
    Accuracy,
    Estimate,
    Quadrature,
    integrate,
    over_cells,
    refine,
    region_rules,
    sample,
    thermal_trace,
)
from ..crystal import cartesian, magnetic_operations
from ..electrons import Electrons
from ..units import BOLTZMANN
from ._filling import Filling
from ._improbable import improbable_filling
from ._region import check_rule, quadrature


class Susceptibility(AbstractSum):
    """∂M_i/∂Ω_j at Ω = 0 on the grid mu.shape + temperature.shape."""

    tensor: Float[Array, "*grid 3 3"] = quantity(
        "mu_B ps/rad/cell", ("mu", "temperature", "moment_axis", "rotation_axis"), error="error"
    )
    """first index: direction of the moment; second: that of the rotation"""
    error: Float[Array, "*grid"] = quantity("mu_B ps/rad/cell", ("mu", "temperature"))
    """estimated absolute error of the largest element"""
    mu: Float[Array, "*mu"] = quantity("eV", ("mu",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    rule: Quadrature


@door
def susceptibility(
    electrons: Electrons, *, mu: ArrayLike, temperature: ArrayLike, accuracy: Accuracy = Accuracy(atol=1e-9)
) -> Susceptibility:
    """χ_ij = ∂M_i/∂Ω_j at Ω = 0, with M_i = μ_B ∫_BZ Tr[σ_i f(H)].

        χ_ij = μ_B ∫_BZ Σ_nm (σ_i)_mn f[E_n, E_m] (∂H/∂Ω_j)_nm

    with divided differences f[a, b], so no nearly equal moments are subtracted. M ≈ χΩ holds while ħΩ is small beside
    k_BT and the width of the levels that cross μ. One point of each star is evaluated, and its tensor averaged over the
    symmetry operations. χ has no derivatives: a thermal trace can be differentiated once.

    Args:
        mu: eV from the conduction-band edge, any shape.
        temperature: K, positive, any shape.
        accuracy: as in `magnetization`; its rule, if any, for `axis=None`.

    Raises:
        InputError: for a temperature that is not positive, values that are not finite, and a rule for an axis.
    """
    filling = Filling(mu, temperature)
    check_positive("temperature", temperature)
    check_rule(accuracy, electrons, None)
    arguments = (electrons, *filling.pairs(electrons))
    turns = jnp.asarray(cartesian(electrons.crystal, electrons.operations))
    per_k = 16 * electrons.size**2 * 24 + 8 * electrons.size**2 * len(arguments[1]) * 3

    def evaluate(rule: Quadrature) -> Estimate:
        tensor, error = integrate(_integrand, arguments, rule, per_k)
        average = jnp.einsum("gai,sij,gbj->sab", turns, tensor, turns) / len(turns)
        return Estimate(average, error, len(rule.weights), rule)

    def resolved(estimate: Estimate) -> Estimate:
        if is_differentiated(arguments) or not within(estimate):
            return estimate
        missed = _unresolved(*arguments, estimate.rule, per_k)
        return estimate._replace(errors=jnp.maximum(estimate.errors, missed[:, None, None]))

    def within(estimate: Estimate) -> Array:
        error, largest = (jnp.max(jnp.abs(part), axis=(1, 2)) for part in (estimate.errors, estimate.values))
        return jnp.all(error <= accuracy.atol + accuracy.rtol * largest)

    region, rule = accuracy.region or "zone", accuracy.rule
    if rule is None and is_traced(arguments):
        rule = quadrature(electrons, TRACED_POINTS, None, region)
    if rule is not None:
        final = resolved(evaluate(rule))
    else:
        operations = magnetic_operations(electrons.crystal, electrons.operations)
        final = refine(
            evaluate, region_rules(operations, electrons.periodic, region), resolved, within, accuracy.budget
        )
    return Susceptibility(
        tensor=final.values.reshape(*filling.shape, 3, 3),
        error=jnp.max(final.errors, axis=(1, 2)).reshape(filling.shape),
        mu=filling.mu,
        temperature=filling.temperature,
        eigensolves=jnp.asarray(final.eigensolves),
        interpolated=jnp.asarray(final.interpolated),
        converged=within(final),
        rule=final.rule,
        warnings=tell(improbable_filling(electrons, filling, jnp.zeros(0))),
    )


def _unresolved(electrons: Electrons, mu: Array, temperature: Array, rule: Quadrature, per_k: int) -> np.ndarray:
    """Error of χ from states at the Fermi surface between the points of a rule, (s,).

    It is that of the density of states, from the carriers that the rule misses at μ ± k_BT, for states that all have
    the largest response: |σ| = 1 and the largest |∂H/∂Ω|.
    """
    if rule.mesh is None:
        return np.zeros(len(mu))
    energies = np.asarray(sample(_levels, electrons, rule.k, per_k))
    level, heat = np.asarray(mu), np.asarray(temperature)
    none, weights = np.zeros((0, *energies.shape)), rule.weights
    missed = [
        over_cells(rule.mesh, energies, none, weights, level + sign * BOLTZMANN * heat, heat).unresolved[0]
        for sign in (1, -1)
    ]
    still, turning = (np.stack([electrons.hamiltonian(np.zeros(3), x * n) for n in np.eye(3)]) for x in (0, 1))
    largest = np.linalg.norm(turning - still, 2, axis=(1, 2)).max()
    return largest * sum(missed) / (2 * BOLTZMANN * heat)


def _levels(electrons, k):
    return electrons.energies(k)


def _integrand(arguments, k):
    electrons, mu, temperature = arguments

    def moments(rotation):
        hamiltonian = electrons.hamiltonian(k, rotation)
        return thermal_trace(hamiltonian, electrons.spin, mu, temperature, electrons.filling).traces

    response = jax.jacfwd(moments)(jnp.zeros(3))
    return jnp.swapaxes(response, 1, 2)
