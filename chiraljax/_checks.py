"""Checks of numbers on the host; what is being traced has no value yet and passes."""

from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from ._errors import check


def concrete(value: Any) -> np.ndarray | None:
    """`value` as a NumPy array, or None while it is being traced and has no value yet."""
    try:
        return np.asarray(value)
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError):
        return None


def check_finite(name: str, value: Any) -> None:
    """Raise `InputError` if the concrete `value` holds a NaN or an infinity; traced values pass."""
    known = concrete(value)
    if known is not None:
        check(np.all(np.isfinite(known)), f"{name} must be finite, but got {_brief(known)}")


def check_positive(name: str, value: Any, *, zero: bool = False) -> None:
    """Raise `InputError` unless the concrete `value` is finite and positive (or zero, if allowed)."""
    check_finite(name, value)
    known = concrete(value)
    if known is not None:
        condition = np.all(known >= 0) if zero else np.all(known > 0)
        check(condition, f"{name} must be {'zero or positive' if zero else 'positive'}, but got {_brief(known)}")


def check_between(name: str, value: Any, low: float, high: float) -> None:
    """Raise `InputError` unless the concrete `value` is finite and from `low` to `high`."""
    check_finite(name, value)
    known = concrete(value)
    if known is not None:
        inside = np.all((known >= low) & (known <= high))
        check(inside, f"{name} must lie between {low:g} and {high:g}, but got {_brief(known)}")


def _brief(value: np.ndarray) -> str:
    return np.array2string(value, threshold=6, precision=6, separator=", ").replace("\n", "")


def is_traced(tree: Any) -> bool:
    """Whether any array of `tree` has no value yet (under `jit` or `vmap`; eager gradients do have one)."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, Tracer)]
    try:
        for leaf in leaves:
            bool(leaf.ravel()[0] == leaf.ravel()[0])
    except jax.errors.ConcretizationTypeError:
        return True
    return False
