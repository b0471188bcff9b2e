"""What a number of a physical object is: its unit, its range and what it means, said once, beside its field."""

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
        shape, wanted = np.shape(value), self.shape
        if wanted and str(wanted[-1]).startswith("*"):
            wanted, shape = wanted[:-1], shape[: len(wanted) - 1]
        fits = len(shape) == len(wanted) and all(
            n >= 1 if isinstance(want, str) else n == want for n, want in zip(shape, wanted, strict=True)
        )
        described = (
            f"have the shape ({', '.join(map(str, wanted))}{',' * (len(wanted) == 1)})" if wanted else "be one number"
        )
        check(fits, name, f"must {described}, but got {'' if wanted else 'the shape '}{shape}")
        check_finite(name, value)
        known = concrete(value)
        if known is not None:
            above = known > self.low if self.exclusive else known >= self.low
            inside = above & (known <= self.high) & (not self.whole or known == np.round(known))
            check(inside.all(), name, f"{self.expected}, but got {brief(known)}")


def _whole(value: Any) -> Any:
    return int(value) if value == int(value) else value


def _number(value: Any) -> Any:
    return None if value is None else real(value)


if TYPE_CHECKING:
    # Checkers of types know which functions make fields, and what their arguments mean.
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

        Files, axes of sweeps, the command line and the check of the range (`check_parameters`) read what is said here.
        `positive` is above zero; otherwise the range is from `low` to `high`, both included. A `whole` number is static
        and no axis. `example` stands in printed files where there is no default.
        """
        said = Parameter(unit, help, 0.0 if positive else low, high, positive, shape, whole, example)
        options: dict[str, Any] = {"converter": _whole if whole else _number, "static": whole, "metadata": {_KEY: said}}
        return eqx.field(**options) if default is _MISSING else eqx.field(default=default, **options)


def parameters_of(module: Any) -> dict[str, Parameter]:
    """What is said of the fields of a module or its class by `parameter`, in their order."""
    return {field.name: field.metadata[_KEY] for field in dataclasses.fields(module) if _KEY in field.metadata}


def check_parameters(module: Any) -> None:
    """Raise `InputError`, with the name of the field, for one out of its range; None is no value and passes."""
    for name, said in parameters_of(module).items():
        value = getattr(module, name)
        if value is not None:
            said.check(name, value)
