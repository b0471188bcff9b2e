"""Files checked against a pydantic schema; each failure is one line."""

import gzip
import io
import json
import os
import reprlib
import tomllib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar, cast

from pydantic import BaseModel, ValidationError

from ._errors import InputError

Schema = TypeVar("Schema", bound=BaseModel)

UNKNOWN = "unknown_field"
"""Type of the error of a name that a table does not have; its context has the name and the nearest one."""

_EXPECTED = {
    "bool_parsing": "be true or false",
    "bool_type": "be true or false",
    "dict_type": "be a table",
    "finite_number": "be a finite number",
    "float_parsing": "be a valid number",
    "float_type": "be a valid number",
    "int_from_float": "be a whole number",
    "int_parsing": "be a whole number",
    "int_parsing_size": "be a smaller whole number",
    "int_type": "be a whole number",
    "list_type": "be a list",
    "model_attributes_type": "be a table",
    "model_type": "be a table",
    "string_type": "be a text",
    "too_long": "have at most {max_length} items",
    "too_short": "have at least {min_length} items",
    "tuple_type": "be a list",
}
"""What is expected, by the type of pydantic's error."""


def read_text(path: str | os.PathLike[str], what: str) -> str:
    """The text of a file, also one packed by gzip. Raises `InputError`, "must be `what`", if it cannot be read."""
    try:
        with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig") as text:
            return text.read()
    except UnicodeDecodeError:
        raise InputError("", f"must be {what}, but it is not UTF-8 text", str(path)) from None
    except OSError as error:
        raise InputError("", f"must be {what}, but {_reason(error)}", str(path)) from None
    except (EOFError, zlib.error):
        raise InputError("", f"must be {what}, but what gzip packed is not whole", str(path)) from None


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The bytes of a file; those that gzip packed, which their first two bytes tell, if it did."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def parse_toml(text: str, schema: type[Schema], origin: str, kind: str) -> Schema:
    """TOML `text` as a `schema`.

    Raises `InputError` with `origin` for the first field that is wrong. `kind` names the file, as in "material file".
    """
    table = {}
    try:
        table = tomllib.loads(text)
        return validated(schema, table)
    except tomllib.TOMLDecodeError as error:
        raise InputError("", f"must be a TOML file, but {one_line(error)}", str(origin)) from None
    except ValidationError as error:
        raise InputError(*_first(error, kind, table), origin) from None


def parse_json(text: str, schema: type[Schema], kind: str) -> Schema:
    """JSON `text` as a `schema`.

    Raises `InputError` for the first field that is wrong; `kind` as in `parse_toml`.
    """
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            reason = one_line(first.get("ctx", {}).get("error", first["msg"]))
            raise InputError("", f"must be JSON, but {reason}") from None
        raise InputError(*_first(error, kind, json.loads(text))) from None


def validated(schema: type[Schema], table: Any) -> Schema:
    """`table` as a `schema`; like pydantic's `model_validate`, but true and false are no numbers."""
    result = schema.model_validate(table)
    for place, value in _booleans_as_numbers(table, result):
        raise ValidationError.from_exception_data("table", [{"type": "float_type", "loc": place, "input": value}])
    return result


def _booleans_as_numbers(raw: Any, parsed: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, bool]]:
    if isinstance(raw, bool) and isinstance(parsed, int | float) and not isinstance(parsed, bool):
        yield place, raw
    if isinstance(raw, dict) and isinstance(parsed, BaseModel | dict):
        inside = dict(parsed)
        for name in raw.keys() & inside.keys():
            yield from _booleans_as_numbers(raw[name], inside[name], (*place, name))
    if isinstance(raw, list) and isinstance(parsed, list | tuple):
        for number, pair in enumerate(zip(raw, parsed, strict=False)):
            yield from _booleans_as_numbers(*pair, (*place, number))


def one_line(error: object) -> str:
    """The text of an error without line breaks."""
    return " ".join(str(error).split())


def _first(error: ValidationError, kind: str, table: Any) -> tuple[str, str]:
    """Field and message of the first error; an unknown name comes first, since another may be missing for it."""
    first, *others = sorted(error.errors(), key=lambda one: one["type"] not in {UNKNOWN, "extra_forbidden"})
    place, more = (
        _place(first["loc"], table, first["type"] in {"missing", "extra_forbidden"}),
        f" (and {len(others)} more)" if others else "",
    )
    if first["type"] == UNKNOWN:
        place.append(first.get("ctx", {})["name"])
    field = ".".join(place)
    if first["type"] in {UNKNOWN, "extra_forbidden"}:
        nearest = first.get("ctx", {}).get("nearest")
        return field, f"is not a field of a {kind}{f': do you mean {nearest}?' if nearest else ''}{more}"
    if first["type"] == "missing":
        return field, f"is required, but missing{more}"
    if isinstance(first["input"], dict) and first["type"] != "too_short":
        return field, f"must {_expected(first)}, but got a table{more}"
    return field, f"must {_expected(first)}, but got {reprlib.repr(first['input'])}{more}"


def _place(loc: tuple[int | str, ...], table: Any, named: bool) -> list[str]:
    """The place of an error in the file: without pydantic's names of the members of a union.

    The last part is the name of a field, which may be missing, if the place is `named`.
    """
    place = []
    for number, part in enumerate(loc):
        inside = part in table if isinstance(table, dict) else isinstance(table, list) and isinstance(part, int)
        if isinstance(table, dict):
            table = table.get(part, table)
        elif isinstance(table, list) and isinstance(part, int):
            table = table[part] if part < len(table) else None
        if inside or (named and number == len(loc) - 1):
            place.append(str(part))
    return place


def _expected(error: Any) -> str:
    """What pydantic expected, behind "must": from the table above, or from its "Input should …"."""
    context = error.get("ctx", {})
    if error["type"] in _EXPECTED:
        return _EXPECTED[error["type"]].format(**context).replace("least 1 items", "least 1 item")
    message = str(context["error"]) if isinstance(context.get("error"), ValueError) else error["msg"]
    return one_line(message).partition(" should ")[2] or "be another value"


def _reason(error: OSError) -> str:
    return "there is no such file" if isinstance(error, FileNotFoundError) else one_line(error.strerror or error)
