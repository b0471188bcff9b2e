"""Families of classes, each declared once: what files, axes of sweeps and the command line know of them."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

from ._module import Module
from ._parameter import Parameter, check_parameters, parameters_of
from ._precision import require_x64

Base = TypeVar("Base")

REQUIRED = inspect.Parameter.empty


class Declared(Module):
    """What files describe by tables: `parameter` describes its fields, the first line of its docstring itself."""

    name: ClassVar[str]
    """In files; a class without one stands in none."""

    columns: ClassVar[tuple[str, ...]] = ()
    """Of the CSV file that holds the parameters and that `from_csv` reads; none if they stand in the TOML file."""

    def __check_init__(self) -> None:
        if parameters_of(self):
            require_x64()
            check_parameters(self)
        self.check_together()

    def check_together(self) -> None:
        """Raise `InputError` for parameters that are each in its range but do not go together."""


class Argument(NamedTuple):
    """Of a constructor, as files give it."""

    said: Parameter
    default: Any
    """`REQUIRED` where there is none"""


def family(base: type[Base]) -> dict[str, type[Base]]:
    """The classes below `base` that have a `name` of their own, by it; the last definition of a name wins.

    There is no table to add to: a class is found once its module is imported.
    """
    members: dict[str, type[Base]] = {}
    generation = base.__subclasses__()
    while generation:
        members |= {cls.__dict__["name"]: cls for cls in generation if "name" in cls.__dict__}
        generation = [child for cls in generation for child in cls.__subclasses__()]
    return members


def arguments_of(cls: type, constructor: str = "") -> dict[str, Argument]:
    """What a file gives to build `cls`, or to call its class method `constructor`.

    An argument is described by `Annotated[…, Parameter(…)]`, or else as the field of the same name; `**arguments`
    stands for all of the class. One that is described nowhere is not given by files.
    """
    fields = parameters_of(cls)
    arguments: dict[str, Argument] = {}
    for name, given in inspect.signature(getattr(cls, constructor) if constructor else cls).parameters.items():
        said = _annotated(given) or fields.get(name)
        if given.kind is given.VAR_KEYWORD:
            arguments |= arguments_of(cls)
        elif said is not None:
            arguments[name] = Argument(said, given.default)
    return arguments


def check_arguments(function: Callable[..., Any], **values: Any) -> None:
    """Raise `InputError` for a value out of the range that its annotation in `function` describes."""
    given = inspect.signature(function).parameters
    for name, value in values.items():
        said = _annotated(given[name])
        if said is not None:
            said.check(name, value)


def _annotated(argument: inspect.Parameter) -> Parameter | None:
    metadata = getattr(argument.annotation, "__metadata__", ())
    return next((said for said in metadata if isinstance(said, Parameter)), None)


def help_of(cls: type) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]
