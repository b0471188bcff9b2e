"""Examples of tables for the members of a family."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tomlkit

from .._family import REQUIRED, Declared, arguments_of, family, help_of
from .._parameter import Parameter
from .._tables import rows_of
from ._toml import lines

_WIDTH = 29


def example_tables(
    base: type[Declared],
    head: Callable[[Any], str],
    *,
    first: type[Declared] | None = None,
    constructor: Callable[[Any], str] = lambda cls: "",
) -> list[str]:
    """A commented table for each member of the family of `base`.

    Args:
        base: the abstract class of the family.
        head: the first lines of the table of a class.
        first: the member whose table comes first.
        constructor: the class method that the table describes, "" for the class itself.
    """
    members = sorted(family(base).values(), key=lambda cls: cls is not first)
    return ["\n".join([f"# {help_of(cls)}", head(cls), *_fields(cls, constructor(cls))]) for cls in members]


def commented(text: str) -> str:
    """`text` with each line as a comment."""
    return "\n".join(line if line.startswith("# ") else f"# {line}" for line in text.split("\n"))


def _fields(cls: type[Declared], constructor: str) -> Iterator[str]:
    """A line for each argument with an example or a default: value, unit, range and help."""
    if cls.columns:
        columns = f"with the columns {', '.join(cls.columns)}, or with units, as t (fs)"
        yield _line('file = "trace.csv"', f"{columns}; paths count from this folder")
        for name, (parameter, _) in arguments_of(cls, "from_csv").items():
            value = tomlkit.item(rows_of(parameter, parameter.example)).as_string()
            yield commented(_line(f"{name} = {value}", _words(parameter)))
        return
    for name, (parameter, default) in arguments_of(cls, constructor).items():
        value = parameter.example if default in (REQUIRED, None) else default
        if value is None and default is None:
            continue
        if value is None:
            value = np.ones(
                [1 if isinstance(n, str) else n for n in parameter.shape], int if parameter.whole else float
            )
        item = lines(rows_of(parameter, value)) if len(parameter.shape) > 1 else tomlkit.item(rows_of(parameter, value))
        yield _line(f"{name} = {item.as_string()}", _words(parameter))


def _words(parameter: Parameter) -> str:
    """Unit, range and help."""
    words = [word for word in (parameter.unit, parameter.range) if word not in ("", "1")]
    return f"{', '.join(words)}{': ' if words else ''}{parameter.help}"


def _line(text: str, comment: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([f"{first:{_WIDTH}} # {comment}", *rest])
