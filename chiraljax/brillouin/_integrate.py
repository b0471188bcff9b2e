"""Sums over k: the one place that decides how many k-points are held at a time, and on how many threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
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

    On a CPU the chunks go to one thread a core; the first goes alone, so that it alone compiles. The
    linear-algebra library runs on one thread meanwhile: matrices of this size gain nothing from more,
    and threads that wait for a busy core make them slower by up to two orders of magnitude. Gradients
    take one thread.
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
    chunks = [(jnp.asarray(points), jnp.asarray(weight)) for points, weight in zip(k, weights, strict=True)]

    def evaluate(chunk):
        return jax.block_until_ready(_jitted_chunk(function, arguments, *chunk))

    with _blas().limit(limits=1, user_api="blas"):
        parts = [evaluate(chunks[0])]
        if len(chunks) > 2 and _cores() > 1 and not _differentiated(arguments):
            with ThreadPoolExecutor(_cores()) as pool:
                parts += pool.map(evaluate, chunks[1:])
        else:
            parts += [evaluate(chunk) for chunk in chunks[1:]]
    return jax.tree.map(lambda *terms: sum(terms[1:], terms[0]), *parts)


def _cores() -> int:
    """Cores that may diagonalise side by side: those of a CPU, whose `eigh` uses one, and none of a GPU's host."""
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _differentiated(arguments) -> bool:
    """Whether a gradient is being taken; its bookkeeping belongs to one thread."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(arguments))


def _chunk(function, arguments, k, weights):
    return jax.tree.map(lambda part: jnp.tensordot(weights.T, part, axes=1), function(arguments, k))


_jitted_chunk = eqx.filter_jit(_chunk)


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (its BLAS is the one that JAX calls)

    return ThreadpoolController()
