"""Parts of TOML files."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tomlkit
from tomlkit.items import AoT, Array, Table


def plain(array) -> Any:
    """An array as nested lists of Python numbers."""
    return np.asarray(array).tolist()


def inline(**fields) -> Any:
    """The `fields` as a table on one line."""
    table = tomlkit.inline_table()
    table.update(fields)
    return table


def lines(items: Iterable, indent: str = "  ") -> Array:
    """An array with one item per line."""
    array = tomlkit.array()
    for item in items:
        array.add_line(item if isinstance(item, Array) else tomlkit.item(item), indent=indent)
    array.add_line(indent=indent[2:])
    return array


def tables(rows: Iterable[Table]) -> AoT:
    """The `rows` as tables [[…]] of one name."""
    array = tomlkit.aot()
    for row in rows:
        array.append(row)
    return array
