"""What a number of a physical object is: its unit, its range and what it means, said once, beside its field."""

import dataclasses
import math
from typing import Any, NamedTuple

import equinox as eqx

from ._checks import brief, check_finite
from ._errors import check
from ._tracing import concrete
from ._types import real

_MISSING = dataclasses.MISSING
_KEY = "parameter"


class Parameter(NamedTuple):
    """What is said of a field by `parameter`."""

    unit: str
    """"1" for a plain number, empty for what is no number"""
    help: str
    """one line, for files and the command line"""
    low: float = -math.inf
    high: float = math.inf
    exclusive: bool = False
    """whether `low` itself is out of range"""
    shape: tuple[str | int, ...] = ()
    """of one value; a name stands for any length"""

    @property
    def expected(self) -> str:
        """The range in words."""
        if self.high < math.inf:
            return f"must lie between {self.low:g} and {self.high:g}"
        if self.low == 0:
            return f"must be {'positive' if self.exclusive else 'zero or positive'}"
        if self.low > -math.inf:
            return f"must be {'above' if self.exclusive else 'at least'} {self.low:g}"
        return "must be finite"

    def check(self, name: str, value: Any) -> None:
        """Raise `InputError` if a concrete `value` is not finite or out of range; traced values pass."""
        check_finite(name, value)
        known = concrete(value)
        if known is not None:
            above = known > self.low if self.exclusive else known >= self.low
            check((above & (known <= self.high)).all(), name, f"{self.expected}, but got {brief(known)}")


def parameter(
    unit: str,
    help: str,
    *,
    default: Any = _MISSING,
    positive: bool = False,
    low: float = -math.inf,
    high: float = math.inf,
    shape: tuple[str | int, ...] = (),
    converter: Any = real,
    static: bool = False,
) -> Any:
    """A field of a module that holds a number, or an array of numbers, in `unit`.

    Files, axes of sweeps, the command line and the check of the range (`check_parameters`) read what is said here.
    `positive` is above zero; otherwise the range is from `low` to `high`, both included.
    """
    said = Parameter(unit, help, 0.0 if positive else low, high, positive, shape)
    options: dict[str, Any] = {"converter": converter, "static": static, "metadata": {_KEY: said}}
    return eqx.field(**options) if default is _MISSING else eqx.field(default=default, **options)


def parameters_of(module: Any) -> dict[str, Parameter]:
    """What is said of the fields of a module or its class, in their order."""
    return {field.name: field.metadata[_KEY] for field in dataclasses.fields(module) if _KEY in field.metadata}


def check_parameters(module: Any) -> None:
    """Raise `InputError`, with the name of the field, for one out of its range; None is no value and passes."""
    for name, said in parameters_of(module).items():
        value = getattr(module, name)
        if value is not None:
            said.check(name, value)
