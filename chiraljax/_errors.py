"""The error of wrong files and arguments."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class InputError(ValueError):
    """A file or an argument is not what was expected.

    The text is one line, `source: field message`, such as "pulse.toml: gaussian.0.duration must be positive, but got
    -1.0". Each part is an attribute.

    Args:
        field: name of the argument, or its place in the file with dots between the levels.
        message: the expected value and the actual one.
        source: the file; empty for a call.
    """

    def __init__(self, field: str, message: str, source: str = "") -> None:
        super().__init__(field, message, source)
        self.field, self.message, self.source = field, message, source

    def __str__(self) -> str:
        text = f"{self.field} {self.message}".strip()
        return f"{self.source}: {text}" if self.source else text

    def inside(self, outer: str = "", source: object = "") -> "InputError":
        """The same error with its field inside `outer`, in the file `source`; unchanged if it has a source already."""
        if self.source:
            return self
        field = ".".join(part for part in (outer, self.field) if part)
        return InputError(field, self.message, str(source))


def check(condition: Any, field: str, message: str, source: object = "") -> None:
    """Raise `InputError(field, message, source)` unless `condition` holds."""
    if not bool(condition):
        raise InputError(field, message, str(source))


@contextmanager
def within(outer: str = "", source: object = "") -> Iterator[None]:
    """Put each `InputError` of the block `inside` this field and file."""
    try:
        yield
    except InputError as error:
        raise error.inside(outer, source) from None
