"""Sums over k: the one place that decides how many k-points are held at a time, and on how many threads."""

from collections.abc import Callable
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import ThreadpoolController

from .._checks import is_traced
from ._quadrature import Quadrature

_MEMORY = 2**27
"""Bytes that the working arrays of one chunk may take."""
_CHUNK = 512
"""k-points a chunk at most."""


def integrate(function: Callable, arguments, quadrature: Quadrature, bytes_per_k: int):
    """Average of `function(arguments, k)` over the region of a quadrature: (value, error).

    `function` maps a pytree and k (C, 3) to a pytree of arrays (C, ...). The error is the
    difference between the rule and the coarser one embedded in it. The points are taken in chunks
    of one fixed size, so a second call compiles nothing new whatever the number of points. Under
    `jit` and `vmap` the chunks are scanned; their memory, about `bytes_per_k` a point, is bounded in
    gradients as well.

    The linear-algebra library runs on one thread meanwhile: matrices of this size gain nothing from
    more, and threads that wait for a busy core make them slower by up to two orders of magnitude.
    """
    size = int(np.clip(_MEMORY // bytes_per_k, 1, _CHUNK))
    n_chunks = -(-len(quadrature.weights) // size)
    padding = n_chunks * size - len(quadrature.weights)
    k = np.pad(quadrature.k, ((0, padding), (0, 0))).reshape(n_chunks, size, 3)
    weights = np.stack([quadrature.weights, quadrature.coarse], axis=-1)
    weights = np.pad(weights, ((0, padding), (0, 0))).reshape(n_chunks, size, 2)
    add = _scanned if is_traced(arguments) else _in_turn
    sums = add(function, arguments, k, weights)
    fine = jax.tree.map(lambda part: part[0], sums)
    return fine, jax.tree.map(lambda part: jnp.abs(jax.lax.stop_gradient(part[0] - part[1])), sums)


def _scanned(function, arguments, k, weights):
    step = partial(_chunk, function)
    step = jax.checkpoint(step) if len(k) > 1 else step
    _, parts = jax.lax.scan(
        lambda carry, chunk: (carry, step(arguments, *chunk)), None, (jnp.asarray(k), jnp.asarray(weights))
    )
    return jax.tree.map(lambda part: jnp.sum(part, axis=0), parts)


def _in_turn(function, arguments, k, weights):
    sums = None
    with _blas().limit(limits=1, user_api="blas"):
        for chunk in zip(k, weights, strict=True):
            part = _jitted_chunk(function, arguments, *(jnp.asarray(array) for array in chunk))
            sums = part if sums is None else jax.tree.map(jnp.add, sums, part)
        return jax.block_until_ready(sums)


def _chunk(function, arguments, k, weights):
    return jax.tree.map(lambda part: jnp.tensordot(weights.T, part, axes=1), function(arguments, k))


_jitted_chunk = eqx.filter_jit(_chunk)


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (its BLAS is the one that JAX calls)

    return ThreadpoolController()
