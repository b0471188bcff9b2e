"""Checks of numbers on the host; what is being traced has no value yet and passes."""

from typing import Any

import numpy as np

from ._errors import check
from ._tracing import concrete


def check_finite(name: str, value: Any) -> None:
    """Raise `InputError` if the concrete `value` holds a NaN or an infinity; traced values pass."""
    known = concrete(value)
    if known is not None:
        check(np.all(np.isfinite(known)), name, f"must be finite, but got {brief(known)}")


def check_positive(name: str, value: Any, *, zero: bool = False) -> None:
    """Raise `InputError` unless the concrete `value` is finite and positive (or zero, if allowed)."""
    check_finite(name, value)
    known = concrete(value)
    if known is not None:
        condition = np.all(known >= 0) if zero else np.all(known > 0)
        check(condition, name, f"must be {'zero or positive' if zero else 'positive'}, but got {brief(known)}")


def check_between(name: str, value: Any, low: float, high: float) -> None:
    """Raise `InputError` unless the concrete `value` is finite and from `low` to `high`."""
    check_finite(name, value)
    known = concrete(value)
    if known is not None:
        inside = np.all((known >= low) & (known <= high))
        check(inside, name, f"must lie between {low:g} and {high:g}, but got {brief(known)}")


def brief(value: np.ndarray) -> str:
    """A few of its numbers, for a message."""
    return np.array2string(value, threshold=6, precision=6, separator=", ").replace("\n", "")
