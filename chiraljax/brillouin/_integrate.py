"""Sums over k: the one place that decides how many k-points are held at a time."""

import time
from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._parallel import cores, side_by_side
from .._tracing import array_namespace, is_differentiated, is_traced
from .._warnings import tell_long
from ._quadrature import Quadrature

_MEMORY = 2**27
"""Bytes that the working arrays of one chunk may take"""
_CHUNK = 512
"""Largest number of k-points per chunk"""


def integrate(function: Callable, arguments, quadrature: Quadrature, bytes_per_k: int):
    """Average of `function(arguments, k)` over the region of a quadrature.

    The points are evaluated in chunks as by `sample`; gradients keep one chunk at most.

    Args:
        function: maps a pytree and k (C, 3) to a pytree of arrays (C, ...).
        arguments: the pytree.
        bytes_per_k: memory of the working arrays per k-point.

    Returns:
        value and error, the difference from the coarser rule that is embedded in this one.
    """
    weights = np.stack([quadrature.weights, quadrature.coarse], axis=-1)
    parts = _parts(_weighted, function, arguments, (quadrature.k, weights), bytes_per_k)
    xp = array_namespace(parts)
    fine, coarse = (
        jax.tree.map(lambda part, rule=rule: jnp.asarray(xp.sum(xp.asarray(part)[:, rule], axis=0)), parts)
        for rule in (0, 1)
    )
    return fine, jax.tree.map(lambda value, other: jnp.abs(jax.lax.stop_gradient(value - other)), fine, coarse)


def sample(function: Callable, arguments, points, bytes_per_point: int):
    """`function(arguments, points)` for many points, a pytree of arrays with one leading axis each.

    The points are evaluated in chunks of one fixed size, so a second call compiles nothing new for any number of
    points. Under `jit` and `vmap` the chunks are scanned; their memory, about `bytes_per_point` per point, is bounded
    in gradients as well.

    On a CPU there is one thread per core; the first chunk runs alone, so that only one thread compiles. Meanwhile the
    linear-algebra library uses one thread: more do not speed up matrices of this size, and threads that wait for a busy
    core slow them down by up to two orders of magnitude. Gradients use one thread.
    """
    parts = _parts(_plain, function, arguments, (points,), bytes_per_point)
    count = len(jax.tree.leaves(points)[0])
    xp = array_namespace(parts)
    joined = jax.tree.map(lambda part: xp.asarray(part).reshape(-1, *part.shape[2:])[:count], parts)
    return jax.tree.map(jnp.asarray, joined)


def _parts(step: Callable, function: Callable, arguments, points: tuple, bytes_per_point: int):
    """The results of `step` for each chunk, along a new first axis."""
    count = len(jax.tree.leaves(points)[0])
    size = int(np.clip(_MEMORY // bytes_per_point, 1, min(_CHUNK, count) if is_traced(arguments) else _CHUNK))
    n_chunks = -(-count // size)

    def cut(array):
        padded = np.pad(array, ((0, n_chunks * size - count), *[(0, 0)] * (array.ndim - 1)))
        return padded.reshape(n_chunks, size, *array.shape[1:])

    chunks = jax.tree.map(cut, points)
    if is_traced(arguments):
        traced = partial(step, function, arguments)
        traced = jax.checkpoint(traced) if n_chunks > 1 else traced
        return jax.lax.map(lambda chunk: traced(*chunk), jax.tree.map(jnp.asarray, chunks))

    def evaluate(number):
        chunk = jax.tree.map(lambda array: jnp.asarray(array[number]), chunks)
        return jax.block_until_ready(_jitted(step, function, arguments, *chunk))

    alone, begun = is_differentiated(arguments), 0.0

    def tell(done: int) -> None:
        nonlocal begun
        if done == 1:  # which compiled
            begun = time.monotonic()
        elif done == 2:
            seconds = (time.monotonic() - begun) * (n_chunks - 2) / (1 if alone else cores())
            tell_long(seconds, f"{count:,} points; a rule of fewer points (Accuracy) takes less")

    parts = side_by_side(evaluate, range(n_chunks), alone, tell)
    xp = array_namespace(parts)
    return jax.tree.map(lambda *terms: xp.stack(terms), *parts)


def _plain(function, arguments, points):
    return function(arguments, points)


def _weighted(function, arguments, k, weights):
    return jax.tree.map(lambda part: jnp.tensordot(weights.T, part, axes=1), function(arguments, k))


@eqx.filter_jit
def _jitted(step, function, arguments, *chunk):
    return step(function, arguments, *chunk)
