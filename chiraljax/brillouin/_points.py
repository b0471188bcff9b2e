"""Thermal averages as sums over points."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._tracing import concrete, is_traced
from .._types import Array
from ..electrons import expectations
from ._bloch import AbstractBloch
from ._estimate import Estimate
from ._integrate import integrate, sample
from ._quadrature import Quadrature
from ._spectral import are_many, thermal_sums
from ._thermal import thermal_trace


def over_points(blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, rule: Quadrature) -> Estimate:
    """Σ_k w_k Tr[A f(H(k); μ, T)] of each operator, and the carriers, for the pairs (s,) and a batch (r,).

    The errors are the differences from the rule embedded in this one. Raises `InputError` for a gradient at T = 0.
    """
    values = concrete(temperature)
    if values is not None and np.any(values == 0):
        blochs, mu = _refuse_gradient((blochs, mu))
    many = are_many((blochs, mu), temperature)
    few = np.flatnonzero(~many)
    pairs = (mu, temperature) if len(few) == len(mu) else (mu[few], temperature[few])
    size, count = blochs[0].size, blochs[0].count
    per_k = 16 * size**2 * (7 + count)

    def average(bloch: AbstractBloch) -> tuple[Array, Array]:
        return integrate(_integrand, (bloch, *pairs), rule, per_k + 8 * size * len(few) * (3 + count))

    def spectral(bloch: AbstractBloch) -> np.ndarray:
        table = np.zeros((2, count + 1, len(mu)))
        if len(few):
            table[..., few] = average(bloch)
        energies, values = sample(_states, bloch, rule.k, per_k)
        weights = np.stack([rule.weights, rule.coarse], axis=-1)
        values = np.moveaxis(np.asarray(values), 1, 0)
        fine, coarse = thermal_sums(bloch.filled, energies, values, weights, mu[many], temperature[many])
        table[..., many] = fine, np.abs(fine - coarse)
        return table

    if many.any():
        values, errors = jnp.asarray(np.stack([spectral(bloch) for bloch in blochs], axis=-1))
    elif is_traced((blochs, mu, temperature)):
        values, errors = jax.tree.map(lambda part: jnp.moveaxis(part, 0, -1), _mapped(average, blochs))
    else:
        parts = [average(bloch) for bloch in blochs]
        values, errors = jax.tree.map(lambda *terms: jnp.stack(terms, axis=-1), *parts)
    return Estimate(values, errors, len(rule.weights) * len(blochs), rule)


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
