"""Values of options of several commands."""

import math

import numpy as np

from .._conversion import has_unit, listed, number_in
from .._errors import InputError, check


def grid(option: str, text: str, unit: str) -> np.ndarray:
    """`A` as (1,), or `A:B:N` as N evenly spaced numbers (N,) from A to B; in `unit`, or a text with another one."""
    expected = (
        f"must be a number A or a range A:B:N of N evenly spaced numbers, but got {text!r} (A and B in {unit}, or both "
        f"with a unit, {listed(unit)})"
    )
    parts = text.split(":")
    check(len(parts) in {1, 3}, option, expected)
    check(len({has_unit(part) for part in parts[:2]}) == 1, option, expected)
    try:
        ends = [number_in(part, unit, option) for part in parts[:2]]
        number = int(parts[2]) if len(parts) == 3 else 1
    except ValueError:
        raise InputError(option, expected) from None
    check(all(math.isfinite(end) for end in ends), option, f"must be finite, but got {text!r}")
    check(number >= 1, option, f"must have N of at least 1, but got {text!r}")
    check(len(parts) == 1 or number > 1 or ends[0] == ends[1], option, f"must have N of at least 2, but got {text!r}")
    return np.linspace(ends[0], ends[-1], number)


def span(option: str, text: str, unit: str) -> tuple[float, float]:
    """`A:B` with A < B, in `unit` or both with another one."""
    ends = text.split(":")
    check(len(ends) == 2, option, f"must be a range A:B, but got {text!r} (in {unit}, or with a unit, {listed(unit)})")
    low, high = (one(option, end, unit) for end in ends)
    check(low < high, option, f"must be a range A:B that increases, but got {text!r}")
    return low, high


def not_negative(option: str, values: np.ndarray) -> np.ndarray:
    """`values`, checked to be ≥ 0."""
    check(np.all(values >= 0), option, f"must be zero or positive, but got {values.min():g}")
    return values


def positive(option: str, value: float) -> float:
    """`value`, checked to be finite and > 0."""
    check(math.isfinite(value) and value > 0, option, f"must be positive, but got {value:g}")
    return value


def one(option: str, text: str, unit: str) -> float:
    """A finite number in `unit`, or with another one."""
    return finite(option, number_in(text, unit, option))


def finite(option: str, value: float) -> float:
    """`value`, checked to be finite."""
    check(math.isfinite(value), option, f"must be finite, but got {value:g}")
    return value
