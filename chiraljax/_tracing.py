"""Which values are concrete, traced or differentiated."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer


def concrete(value: Any) -> np.ndarray | None:
    """`value` as a NumPy array, or None while it is traced."""
    try:
        return np.asarray(value)
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError):
        return None


def is_traced(tree: Any) -> bool:
    """Whether any array of `tree` has no value yet, under `jit` or `vmap`; in an eager gradient it has one."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, Tracer)]
    try:
        for leaf in leaves:
            bool(leaf.ravel()[0] == leaf.ravel()[0])
    except jax.errors.ConcretizationTypeError:
        return True
    return False


def is_differentiated(tree: Any) -> bool:
    """Whether `tree` is differentiated or traced, which must happen in one thread."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def array_namespace(tree: Any) -> Any:
    """`numpy`, or `jax.numpy` if `tree` is differentiated or traced: NumPy compiles no program for each new shape."""
    return jnp if is_differentiated(tree) else np


def is_staged() -> bool:
    """Whether a computation at this place is staged, as under `jit`, so that even known values give traced ones."""
    return isinstance(jnp.zeros(()), Tracer)
