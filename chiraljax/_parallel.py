"""Threads: how many cores work in parallel, each with one thread for linear algebra."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import jax
import numpy as np
from threadpoolctl import ThreadpoolController


def side_by_side(
    function: Callable,
    items: Sequence | np.ndarray,
    alone: bool,
    on_result: Callable[[int], object] = lambda done: None,
) -> list:
    """`function` of each item, on one thread per core, or one after the other if `alone`.

    This thread calls `on_result` with the number of results, first when the first item is done, which runs alone.
    """
    results = []

    def collect(found: Iterable) -> None:
        for result in found:
            results.append(result)
            on_result(len(results))

    with one_thread():
        collect([function(items[0])])
        if len(items) > 2 and cores() > 1 and not alone:
            with ThreadPoolExecutor(cores()) as pool:
                collect(pool.map(function, items[1:]))
        else:
            collect(map(function, items[1:]))
    return results


@contextmanager
def one_thread() -> Iterator[None]:
    """Within the block BLAS uses one thread, since for small matrices more threads only wait for each other.

    Computations that JAX began must be complete before the block ends (`jax.block_until_ready`).
    """
    with _blas().limit(limits=1, user_api="blas"):
        yield


_allowed: ContextVar[int | None] = ContextVar("allowed", default=None)


@contextmanager
def on_cores(number: int) -> Iterator[None]:
    """Within the block this thread diagonalises on at most `number` cores."""
    token = _allowed.set(number)
    try:
        yield
    finally:
        _allowed.reset(token)


def cores() -> int:
    """How many cores diagonalise in parallel: all of a CPU, whose `eigh` uses one core; 1 beside a GPU."""
    allowed = _allowed.get()
    if allowed is not None:
        return allowed
    if jax.default_backend() != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (its BLAS is the one that JAX calls)

    return ThreadpoolController()
