"""Checks of numbers on the host; traced values pass."""

from typing import Any

import numpy as np

from ._errors import check
from ._tracing import concrete


def check_finite(name: str, value: Any) -> None:
    """Raise `InputError` if the concrete `value` holds a NaN or an infinity."""
    numbers = concrete(value)
    if numbers is not None:
        check(np.all(np.isfinite(numbers)), name, f"must be finite, but got {brief(numbers)}")


def check_positive(name: str, value: Any, *, zero: bool = False) -> None:
    """Raise `InputError` unless the concrete `value` is finite and positive (or zero, if allowed)."""
    check_finite(name, value)
    numbers = concrete(value)
    if numbers is not None:
        condition = np.all(numbers >= 0) if zero else np.all(numbers > 0)
        check(condition, name, f"must be {'zero or positive' if zero else 'positive'}, but got {brief(numbers)}")


def check_between(name: str, value: Any, low: float, high: float) -> None:
    """Raise `InputError` unless the concrete `value` is finite and from `low` to `high`."""
    check_finite(name, value)
    numbers = concrete(value)
    if numbers is not None:
        inside = np.all((numbers >= low) & (numbers <= high))
        check(inside, name, f"must lie between {low:g} and {high:g}, but got {brief(numbers)}")


def brief(numbers: np.ndarray) -> str:
    """The first and the last few of the numbers, for a message."""
    return np.array2string(numbers, threshold=6, precision=6, separator=", ").replace("\n", "")
