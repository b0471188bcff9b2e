"""Tables of files for a pulse, a coupling or an objective, from the declarations in its class."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from math import prod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictInt, create_model, model_validator
from pydantic_core import PydanticCustomError

from ._conversion import expected, number_in
from ._errors import InputError
from ._family import REQUIRED, Declared, arguments_of, family
from ._parameter import Parameter
from ._validation import UNKNOWN, validated

_ALIKE = 0.6
"""How alike two names are of which one may be a slip of the other, from 0 to 1."""

Reader = Callable[[Any], Callable[..., Any]]
"""From a parsed table to a function that builds the object; for `pydantic.PlainValidator`."""


class ClosedTable(BaseModel):
    """A table without unknown fields, which are told before anything else that is wrong in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    others: ClassVar[tuple[str, ...]] = ()
    """Fields of other kinds of tables in the same place, which a misspelt name may mean, too."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, table: Any) -> Any:
        if isinstance(table, dict):
            known = [*cls.model_fields, *cls.others]
            refuse_unknown(table, cls.model_fields, known)
        return table


def refuse_unknown(table: dict[str, Any], fields: Iterable[str], known: Sequence[str]) -> None:
    """Raise pydantic's error for the first name in `table` that is not in `fields`, with the nearest that is `known`.

    `_validation` reads name and nearest name from its context.
    """
    wrong = next((name for name in table if name not in fields), None)
    if wrong is not None:
        nearest = get_close_matches(wrong, known, n=1, cutoff=_ALIKE)
        raise PydanticCustomError(UNKNOWN, "unknown", {"name": wrong, "nearest": nearest[0] if nearest else ""})


def in_unit(unit: str) -> BeforeValidator:
    """For `Annotated`: a number in `unit` may be given as a text with another unit, such as "800 kV/cm"."""

    def number(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return number_in(value, unit, "")
        except InputError:
            raise PydanticCustomError("quantity", f"Input should be {expected(unit)}") from None  # pyright: ignore

    return BeforeValidator(number)


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


def table_of(cls: type[Declared], constructor: str = "") -> Reader:
    """A reader of tables of `cls`, or of the arguments of its class method `constructor`.

    The reader checks names and types. It returns a function that builds the object, `value(folder, **context)`, with
    the folder for relative paths and further arguments of the constructor; the class checks the ranges.
    """
    return partial(_read, cls, constructor)


def one_of(
    base: type[Declared], tag: str, *, default: Any = ..., constructor: Callable[[Any], str] = lambda cls: ""
) -> Reader:
    """A reader, as by `table_of`, of tables of the family of `base`; the field `tag` is the name of the class.

    `constructor` gives the class method of each class, "" for the class itself.
    """

    def read(table: Any) -> Any:
        members = family(base)
        if isinstance(table, dict) and tag not in table:
            slips = [name for name in get_close_matches(tag, table, n=1, cutoff=_ALIKE) if name not in _all(members)]
            refuse_unknown(dict.fromkeys(slips), (), [tag])
        names: Any = (Literal[tuple(members)], default)
        name = getattr(create_model("table", __base__=_Open, **{tag: names}).model_validate(table), tag)
        rest = {field: value for field, value in table.items() if field != tag}
        return _read(members[name], constructor(members[name]), rest)

    return read


def fields_of(cls: type, constructor: str = "") -> dict[str, Any]:
    """Type and default of each field of a table, for `pydantic.create_model`; None stands for the default of `cls`."""
    arguments = arguments_of(cls, constructor).items()
    return {name: (_type(field), ... if default is REQUIRED else None) for name, (field, default) in arguments}


def file_fields(cls: Any) -> dict[str, Any]:
    """As `fields_of`, for a class that reads a file: the file, and the numbers and texts that `from_csv` takes."""
    _, *options = inspect.signature(cls.from_csv).parameters
    return {"file": (str, ...), **dict.fromkeys(options, (str, None)), **fields_of(cls, "from_csv")}


def rows_of(parameter: Parameter, value: Any) -> Any:
    """A value for files: a number, a list of numbers, or one row per index of the first axis."""
    value = np.asarray(value)
    return (value.reshape(-1, prod(parameter.shape[1:])) if _in_rows(parameter) else value).tolist()


def _all(members: dict[str, Any]) -> set[str]:
    """The arguments of all classes of a family."""
    return {name for cls in members.values() for name in arguments_of(cls)} | {"file"}


def _read(cls: type[Declared], constructor: str, table: Any) -> Callable[..., Any]:
    fields = file_fields(cls) if cls.columns else fields_of(cls, constructor)
    model = create_model("table", __base__=ClosedTable, **fields)
    return partial(_build, cls, constructor, validated(model, table).model_dump(exclude_unset=True))


def _build(cls: Any, constructor: str, table: dict[str, Any], folder: Path = Path(), **context: Any) -> Any:
    if cls.columns:
        options = {name: value for name, value in table.items() if name != "file"}
        return cls.from_csv(folder / table["file"], **options)
    arguments, call = arguments_of(cls, constructor), getattr(cls, constructor) if constructor else cls
    values = {name: _array(arguments[name].parameter, value) for name, value in table.items()}
    taken = inspect.signature(call).parameters.keys() - arguments.keys()
    return call(**values, **{name: value for name, value in context.items() if name in taken})


def _in_rows(parameter: Parameter) -> bool:
    return len(parameter.shape) > 1 and isinstance(parameter.shape[0], str)


def _type(parameter: Parameter) -> Any:
    number: Any = StrictInt if parameter.whole else Annotated[float, in_unit(parameter.unit)]
    if not parameter.shape:
        return number
    if _in_rows(parameter):
        return list[_row(number, parameter.shape[1:])]
    return list[number] if isinstance(parameter.shape[0], str) else _row(number, parameter.shape)


def _row(number: Any, shape: tuple[Any, ...]) -> Any:
    return tuple[(number,) * prod(shape)]


def _array(parameter: Parameter, value: Any) -> Any:
    return np.reshape(value, [-1 if isinstance(n, str) else n for n in parameter.shape]) if parameter.shape else value
