"""Warnings about values that are allowed but improbable, such as those in another unit."""

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SILENT: ContextVar[bool] = ContextVar("silent", default=False)

_INSIDE = {__package__, "beartype", "equinox", "jax", "jaxtyping"}
"""Packages whose frames lie between a call of a user and `warn`."""


LONG = 60.0
"""Seconds of a computation from which it is told"""


class ImprobableValue(UserWarning):
    """A value is allowed, but so unusual that another unit or another quantity may be meant."""


class LongComputation(UserWarning):
    """A computation that has begun will take minutes."""


def tell_long(seconds: float, work: str) -> None:
    """Warn of a sum over k whose `work` will take these `seconds`, if they are minutes."""
    if seconds > LONG:
        minutes = max(1, round(seconds / 60))
        warn(f"the sum over the zone goes on for about {minutes} min with {work}", LongComputation)


def tell(sentences: Iterable[str]) -> tuple[str, ...]:
    """Warn of each of the `sentences` once, at the line outside the package that led here; returns them."""
    told = tuple(dict.fromkeys(sentences))
    if not _SILENT.get():
        for sentence in told:
            warn(sentence, ImprobableValue)
    return told


def warn(sentence: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside the package that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(sentence, category, stacklevel=level)


@contextmanager
def silent() -> Iterator[None]:
    """In this block `tell` only returns its sentences: the caller has told them, or will."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)
