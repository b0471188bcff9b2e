"""Tables of files that describe a pulse, a coupling or an objective, as its class declares them."""

import inspect
from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, StrictInt, create_model

from .._family import REQUIRED, Declared, arguments_of, family
from .._parameter import Parameter

Reader = Callable[[Any], Callable[..., Any]]
"""Of a table that was parsed; for `pydantic.PlainValidator`."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


def table_of(cls: type[Declared], constructor: str = "") -> Reader:
    """Reads a table of `cls`, or of what its class method `constructor` takes.

    Names and types are checked when the file is read. The value builds the object when it is called, and the class
    checks the ranges: `value(folder, **context)`, with the folder from which paths count, and what the constructor
    takes besides.
    """
    return partial(_described, cls, constructor)


def one_of(
    base: type[Declared], tag: str, *, default: Any = ..., constructor: Callable[[Any], str] = lambda cls: ""
) -> Reader:
    """Reads a table of a member of the family of `base`, whose name is the field `tag`; values as of `table_of`.

    `constructor` names the class method of each class, "" for the class itself.
    """

    def described(given: Any) -> Any:
        members = family(base)
        names: Any = (Literal[tuple(members)], default)
        name = getattr(create_model("table", __base__=_Open, **{tag: names}).model_validate(given), tag)
        rest = {field: value for field, value in given.items() if field != tag}
        return _described(members[name], constructor(members[name]), rest)

    return described


def fields_of(cls: type, constructor: str = "") -> dict[str, Any]:
    """Type and default of each field of a table, for `pydantic.create_model`; None stands for that of `cls`."""
    arguments = arguments_of(cls, constructor).items()
    return {name: (_type(said), ... if default is REQUIRED else None) for name, (said, default) in arguments}


def rows_of(said: Parameter, value: Any) -> Any:
    """A value as files have it: a number, a list of them, or one row for each place along the first axis."""
    value = np.asarray(value)
    return (value.reshape(-1, prod(said.shape[1:])) if _in_rows(said) else value).tolist()


def _described(cls: type[Declared], constructor: str, given: Any) -> Callable[..., Any]:
    fields: dict[str, Any] = {"file": (str, ...)} if cls.columns else fields_of(cls, constructor)
    table = create_model("table", __base__=_Closed, **fields).model_validate(given)
    return partial(_build, cls, constructor, table.model_dump(exclude_unset=True))


def _build(cls: Any, constructor: str, given: dict[str, Any], folder: Path = Path(), **context: Any) -> Any:
    if cls.columns:
        return cls.from_csv(folder / given["file"])
    arguments, call = arguments_of(cls, constructor), getattr(cls, constructor) if constructor else cls
    values = {name: _array(arguments[name].said, value) for name, value in given.items()}
    taken = inspect.signature(call).parameters.keys() - arguments.keys()
    return call(**values, **{name: value for name, value in context.items() if name in taken})


def _in_rows(said: Parameter) -> bool:
    return len(said.shape) > 1 and isinstance(said.shape[0], str)


def _type(said: Parameter) -> Any:
    number: Any = StrictInt if said.whole else float
    if not said.shape:
        return number
    if _in_rows(said):
        return list[_row(number, said.shape[1:])]
    return list[number] if isinstance(said.shape[0], str) else _row(number, said.shape)


def _row(number: Any, shape: tuple[Any, ...]) -> Any:
    return tuple[(number,) * prod(shape)]


def _array(said: Parameter, value: Any) -> Any:
    return np.reshape(value, [-1 if isinstance(n, str) else n for n in said.shape]) if said.shape else value
