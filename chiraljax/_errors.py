"""What a wrong file or argument raises."""

from typing import Any


class InputError(ValueError):
    """A file or an argument is not what was expected; the message says which, and what was."""


def check(condition: Any, message: str) -> None:
    """Raise `InputError(message)` unless `condition` holds."""
    if not bool(condition):
        raise InputError(message)
