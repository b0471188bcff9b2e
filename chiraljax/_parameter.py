"""Unit, range and meaning of a number of a physical object, declared once, beside its field."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import numpy as np

from ._checks import brief, check_finite
from ._errors import check
from ._tracing import concrete
from ._types import real

_MISSING = dataclasses.MISSING
_KEY = "parameter"


class Parameter(NamedTuple):
    """The description of a field by `parameter`."""

    unit: str
    """"1" for a plain number, empty for no number"""
    help: str
    """one line, for files and the command line"""
    low: float = -math.inf
    high: float = math.inf
    exclusive: bool = False
    """whether `low` itself is out of range"""
    shape: tuple[str | int, ...] = ()
    """of one value; a name stands for any length from 1, one with a star for any more axes"""
    whole: bool = False
    """whether it is a whole number"""
    example: Any = None
    """a value to show where there is no default"""

    @property
    def range(self) -> str:
        """The range in words; empty for any finite number."""
        words = ["a whole number"] if self.whole else []
        if self.high < math.inf:
            words.append(f"between {self.low:g} and {self.high:g}")
        elif self.low == 0:
            words.append("positive" if self.exclusive else "zero or positive")
        elif self.low > -math.inf:
            words.append(f"{'above' if self.exclusive else 'of at least' if self.whole else 'at least'} {self.low:g}")
        return " ".join(words)

    @property
    def expected(self) -> str:
        return f"must {'lie' if self.range.startswith('between') else 'be'} {self.range or 'finite'}"

    def check(self, name: str, value: Any) -> None:
        """Raise `InputError` for another shape, and if a concrete `value` is not finite or out of range."""
        shape, expected = np.shape(value), self.shape
        if expected and str(expected[-1]).startswith("*"):
            expected, shape = expected[:-1], shape[: len(expected) - 1]
        fits = len(shape) == len(expected) and all(
            n >= 1 if isinstance(size, str) else n == size for n, size in zip(shape, expected, strict=True)
        )
        sizes = f"({', '.join(map(str, expected))}{',' * (len(expected) == 1)})"
        described = f"have the shape {sizes}" if expected else "be one number"
        check(fits, name, f"must {described}, but got {'' if expected else 'the shape '}{shape}")
        check_finite(name, value)
        numbers = concrete(value)
        if numbers is not None:
            above = numbers > self.low if self.exclusive else numbers >= self.low
            inside = above & (numbers <= self.high) & (not self.whole or numbers == np.round(numbers))
            check(inside.all(), name, f"{self.expected}, but got {brief(numbers)}")


def _whole(value: Any) -> Any:
    return int(value) if value == int(value) else value


def _number(value: Any) -> Any:
    return None if value is None else real(value)


if TYPE_CHECKING:
    # Type checkers know `equinox.field`.
    from equinox import field as parameter
else:

    def parameter(
        *,
        unit: str,
        help: str,
        default: Any = _MISSING,
        positive: bool = False,
        low: float = -math.inf,
        high: float = math.inf,
        shape: tuple[str | int, ...] = (),
        whole: bool = False,
        example: Any = None,
    ) -> Any:
        """A field of a module that holds a number, or an array of numbers, in `unit`.

        Files, axes of sweeps, the command line and `check_parameters` read this description.

        Args:
            unit: "1" for a plain number.
            help: one line.
            default: none unless given.
            positive: whether the range is above zero; then `low` is not used.
            low: smallest value in the range.
            high: largest value in the range.
            shape: of one value, as in `Parameter`.
            whole: whether it is a whole number, which is static and no axis.
            example: the value in printed files where there is no default.
        """
        metadata = {_KEY: Parameter(unit, help, 0.0 if positive else low, high, positive, shape, whole, example)}
        options: dict[str, Any] = {"converter": _whole if whole else _number, "static": whole, "metadata": metadata}
        return eqx.field(**options) if default is _MISSING else eqx.field(default=default, **options)


def parameters_of(module: Any) -> dict[str, Parameter]:
    """The descriptions by `parameter` of the fields of a module or its class, in their order."""
    return {field.name: field.metadata[_KEY] for field in dataclasses.fields(module) if _KEY in field.metadata}


def check_parameters(module: Any) -> None:
    """Raise `InputError` for a field out of its range; None passes."""
    for name, described in parameters_of(module).items():
        value = getattr(module, name)
        if value is not None:
            described.check(name, value)
