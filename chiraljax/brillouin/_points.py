"""Thermal averages as sums over points."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._tracing import concrete, is_differentiated, is_traced
from .._types import Array
from ..electrons import expectations
from ._bloch import AbstractBloch
from ._estimate import Estimate
from ._integrate import integrate, sample
from ._quadrature import Quadrature
from ._resolution import over_cells
from ._spectral import state_sums
from ._thermal import thermal_trace


def over_points(blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, rule: Quadrature) -> Estimate:
    """Σ_k w_k Tr[A f(H(k); μ, T)] of each operator, and the carriers, for the pairs (s,) and a batch (r,).

    The errors are the differences from the rule embedded in this one. Raises `InputError` for a gradient at T = 0.
    """
    values = concrete(temperature)
    if values is not None and np.any(values == 0):
        blochs, mu = _refuse_gradient((blochs, mu))
    solves = len(rule.weights) * len(blochs)
    bloch = blochs[0]
    per_k = 16 * bloch.size**2 * (7 + bloch.count)
    if not is_differentiated((blochs, mu, temperature)):
        states = [_sampled(bloch, rule, per_k) for bloch in blochs]
        weights = np.stack([rule.weights, rule.coarse], axis=-1)
        pairs = np.asarray(mu), np.asarray(temperature)
        sums = [state_sums(bloch.filled, *of_member, weights, *pairs) for of_member in states]
        fine, coarse = np.stack(sums, axis=-1)
        errors = jnp.asarray(np.abs(fine - coarse))
        return Estimate(jnp.asarray(fine), errors, solves, rule, states=tuple(states))

    def average(bloch: AbstractBloch) -> tuple[Array, Array]:
        per_pair = 8 * bloch.size * len(mu) * (3 + bloch.count)
        return integrate(_integrand, (bloch, mu, temperature), rule, per_k + per_pair)

    if is_traced((blochs, mu, temperature)):
        values, errors = jax.tree.map(lambda part: jnp.moveaxis(part, 0, -1), _mapped(average, blochs))
    else:
        parts = [average(bloch) for bloch in blochs]
        values, errors = jax.tree.map(lambda *terms: jnp.stack(terms, axis=-1), *parts)
    return Estimate(values, errors, solves, rule)


def resolved(estimate: Estimate, mu: Array, temperature: Array, pairs: np.ndarray) -> Estimate:
    """The estimate by `over_points` with errors that are at least those of `over_cells` for the given `pairs`."""
    mesh = estimate.rule.mesh
    if estimate.states is None or mesh is None or len(pairs) == 0:
        return estimate
    at = np.asarray(mu)[pairs], np.asarray(temperature)[pairs]
    errors = np.array(estimate.errors)
    for r, (energies, values) in enumerate(estimate.states):
        missed = over_cells(mesh, energies, values, estimate.rule.weights, *at).unresolved
        errors[:, pairs, r] = np.maximum(errors[:, pairs, r], missed)
    return estimate._replace(errors=jnp.asarray(errors))


def _sampled(bloch: AbstractBloch, rule: Quadrature, per_k: int) -> tuple[np.ndarray, np.ndarray]:
    """Energies (K, n) and expectation values (a, K, n)."""
    energies, values = sample(_states, bloch, rule.k, per_k)
    return np.asarray(energies), np.moveaxis(np.asarray(values), 1, 0)


def _mapped(function: Callable, blochs: Sequence[AbstractBloch]):
    """`function` of each member of the batch, in a loop that is compiled once; arrays that all share are not copied."""
    rows = list(zip(*map(jax.tree.leaves, blochs), strict=True))
    moving = [i for i, row in enumerate(rows) if any(leaf is not row[0] for leaf in row)]
    leaves, structure = jax.tree.flatten(blochs[0])

    def at(parts):
        own = dict(zip(moving, parts, strict=True))
        return function(jax.tree.unflatten(structure, [own.get(i, leaf) for i, leaf in enumerate(leaves)]))

    if not moving:
        return jax.tree.map(lambda part: jnp.stack([part] * len(blochs)), at([]))
    return jax.lax.map(at, [jnp.stack(rows[i]) for i in moving])


def _integrand(arguments, k):
    bloch, mu, temperature = arguments
    hamiltonian, operators = bloch.matrices(k)
    thermal = thermal_trace(hamiltonian, operators, mu, temperature, bloch.filled)
    return jnp.concatenate([thermal.traces, thermal.carriers[:, None]], axis=1)


def _states(bloch, k):
    return expectations(*bloch.matrices(k))


@jax.custom_jvp
def _refuse_gradient(differentiable):
    return differentiable


@_refuse_gradient.defjvp
def _no_gradient_at_zero(primals, tangents):
    raise InputError("temperature", "must be positive for a gradient, but got 0: the step function has none")
