"""Files checked against a pydantic schema; each failure is one line."""

import gzip
import io
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


def read_text(path: str | os.PathLike[str], what: str) -> str:
    """The text of a file, also one packed by gzip. Raises `InputError`, "must be `what`", if it cannot be read."""
    try:
        with opened(path) as file:
            return io.TextIOWrapper(file, encoding="utf-8-sig").read()
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
    try:
        return validated(schema, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError("", f"must be a TOML file, but {one_line(error)}", str(origin)) from None
    except ValidationError as error:
        raise InputError(*_first(error, kind), origin) from None


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
        raise InputError(*_first(error, kind)) from None


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


def _first(error: ValidationError, kind: str) -> tuple[str, str]:
    """Field and message of the first error."""
    first, *others = error.errors()
    field = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    if first["type"] in {"missing", "missing_argument"}:
        return field, f"is required, but missing{more}"
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return field, f"is not a field of a {kind}{more}"
    return field, f"{_must(one_line(first['msg']))}, but got {reprlib.repr(first['input'])}{more}"


def _must(message: str) -> str:
    """pydantic's "Input should be …" as "must be …"."""
    _, should, expected = message.partition(" should ")
    return f"must {expected}" if should else message


def _reason(error: OSError) -> str:
    return "there is no such file" if isinstance(error, FileNotFoundError) else one_line(error.strerror or error)
