"""Tables that show how a file describes the members of a family."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tomlkit

from .._family import REQUIRED, Declared, arguments_of, family, help_of
from ._family import rows_of
from ._toml import lines

_WIDTH = 29


def example_tables(
    base: type[Declared],
    head: Callable[[Any], str],
    *,
    first: type[Declared] | None = None,
    constructor: Callable[[Any], str] = lambda cls: "",
) -> list[str]:
    """A commented table for each member of the family of `base`, that of `first` before the others.

    `head` gives the lines with which each begins, `constructor` is as in `one_of`.
    """
    members = sorted(family(base).values(), key=lambda cls: cls is not first)
    return ["\n".join([f"# {help_of(cls)}", head(cls), *_fields(cls, constructor(cls))]) for cls in members]


def commented(text: str) -> str:
    """The same with each line a comment."""
    return "\n".join(line if line.startswith("# ") else f"# {line}" for line in text.split("\n"))


def _fields(cls: type[Declared], constructor: str) -> Iterator[str]:
    """For each argument its example or default, unit, range and what it is; not those without a value to show."""
    if cls.columns:
        yield _line('file = "trace.csv"', f"with the columns {', '.join(cls.columns)}; paths count from this folder")
        return
    for name, (said, default) in arguments_of(cls, constructor).items():
        value = said.example if default in (REQUIRED, None) else default
        if value is None and default is None:
            continue
        if value is None:
            value = np.ones([1 if isinstance(n, str) else n for n in said.shape], int if said.whole else float)
        item = lines(rows_of(said, value)) if len(said.shape) > 1 else tomlkit.item(rows_of(said, value))
        words = [word for word in (said.unit, said.range) if word not in ("", "1")]
        yield _line(f"{name} = {item.as_string()}", f"{', '.join(words)}{': ' if words else ''}{said.help}")


def _line(text: str, comment: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([f"{first:{_WIDTH}} # {comment}", *rest])
