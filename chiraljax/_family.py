"""Families of classes, each declared once for files, axes of sweeps and the command line."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, TypeVar

from ._module import Module
from ._parameter import Parameter, check_parameters, parameters_of
from ._precision import require_x64

Base = TypeVar("Base")

REQUIRED = inspect.Parameter.empty


class Declared(Module):
    """An object that files describe by a table; `parameter` describes its fields, its first docstring line itself."""

    name: ClassVar[str]
    """The name in files; a class without a name is in no file."""

    columns: ClassVar[tuple[str, ...]] = ()
    """Columns of the CSV file that `from_csv` reads; empty if the parameters are in the TOML file."""

    def __check_init__(self) -> None:
        if parameters_of(self):
            require_x64()
            check_parameters(self)
        self.check_together()

    def check_together(self) -> None:
        """Raise `InputError` for parameters that are in their ranges, but contradict each other."""


class Argument(NamedTuple):
    """An argument of a constructor that files may give."""

    parameter: Parameter
    default: Any
    """`REQUIRED` where there is none"""


def family(base: type[Base]) -> dict[str, type[Base]]:
    """The imported subclasses of `base` with a `name` of their own, by name; the last definition of a name wins."""
    members: dict[str, type[Base]] = {}
    generation = base.__subclasses__()
    while generation:
        members |= {cls.__dict__["name"]: cls for cls in generation if "name" in cls.__dict__}
        generation = [child for cls in generation for child in cls.__subclasses__()]
    return members


def arguments_of(cls: type, constructor: str = "") -> dict[str, Argument]:
    """The arguments that a file gives to build `cls`, or to call its class method `constructor`.

    An argument is described by `Annotated[…, Parameter(…)]`, or else by the field of the same name; `**arguments` means
    all arguments of the class. Files do not give arguments without a description.
    """
    fields = parameters_of(cls)
    arguments: dict[str, Argument] = {}
    for name, argument in inspect.signature(getattr(cls, constructor) if constructor else cls).parameters.items():
        parameter = _annotated(argument) or fields.get(name)
        if argument.kind is argument.VAR_KEYWORD:
            arguments |= arguments_of(cls)
        elif parameter is not None:
            arguments[name] = Argument(parameter, argument.default)
    return arguments


def check_arguments(function: Callable[..., Any], **values: Any) -> None:
    """Raise `InputError` for a value out of the range that its annotation in `function` describes."""
    arguments = inspect.signature(function).parameters
    for name, value in values.items():
        parameter = _annotated(arguments[name])
        if parameter is not None:
            parameter.check(name, value)


def _annotated(argument: inspect.Parameter) -> Parameter | None:
    metadata = getattr(argument.annotation, "__metadata__", ())
    return next((entry for entry in metadata if isinstance(entry, Parameter)), None)


def help_of(cls: type) -> str:
    """The first line of the docstring of a class."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]
