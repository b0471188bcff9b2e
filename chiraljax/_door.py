"""The door of public functions: arguments of another kind are refused by name, before any of them is used."""

import inspect
import reprlib
from collections.abc import Callable, Hashable
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin

import jax
import numpy as np

from ._errors import InputError, check
from ._module import Module
from ._types import ArrayLike

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_HOW = {
    "AbstractCoupling": "KinematicRotation()",
    "AbstractPulse": 'GaussianPulse() or load_pulse("pulse.toml")',
    "AbstractSteps": "AdaptiveSteps()",
    "Accuracy": "Accuracy(rtol=1e-3)",
    "Constraints": "Constraints(fluence=0.1)",
    "Electrons": 'load_material("KTaO3").electrons',
    "Material": 'load_material("KTaO3")',
}
"""An example of an object of a class, by the name of the class."""
_NUMBERS = set(get_args(ArrayLike))


def door(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Check the arguments of `function` that its annotations give as numbers or as objects of this package.

    The function then raises `InputError` with the name of the argument for a text in the place of a number, and for
    another object in the place of a model.
    """
    signature = inspect.signature(function)
    checks = {name: _check_of(parameter.annotation) for name, parameter in signature.parameters.items()}
    checks = {name: described for name, described in checks.items() if described is not None}

    @wraps(function)
    def checked(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        __tracebackhide__ = True
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if name in checks:
                checks[name](name, value)
        return function(*args, **kwargs)

    return checked


def check_numbers(name: str, value: Any) -> None:
    """Raise `InputError` unless `value` is a number or an array of numbers; traced values pass."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is None:
        try:
            kind = np.asarray(value).dtype.kind
        except ValueError:
            raise InputError(name, f"must be an array of numbers, but got {_shown(value)}") from None
        except jax.errors.JAXTypeError:  # a list with a traced value
            return
    check(kind not in "USOM", name, f"must be a number or an array of numbers, but got {_shown(value)}")


def _check_of(annotation: Any) -> Callable[[str, Any], None] | None:
    """What to check of an argument; None for arguments without numbers or objects of this package."""
    parts = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    members = {part for part in parts if isinstance(part, Hashable)}
    classes = tuple(member for member in members if isinstance(member, type))
    models = [member for member in classes if issubclass(member, Module)]
    if members >= _NUMBERS or (float in members and members <= {float, int, NoneType}):
        others = tuple(set(classes) - _NUMBERS)
        return lambda name, value: None if isinstance(value, others) else check_numbers(name, value)
    if not models or len(classes) < len(parts) or not set(classes) <= {*models, str, Path, NoneType}:
        return None

    def check_model(name: str, value: Any) -> None:
        if not isinstance(value, classes):
            raise refusal(name, value, models[0])

    return check_model


def refusal(name: str, value: Any, expected: type) -> InputError:
    """The error of a `value` that is not of the class that was `expected`."""
    inside = getattr(value, "electrons", None)
    if expected.__name__ == "Electrons" and isinstance(inside, expected):
        return InputError(name, f"must be the electrons of the {type(value).__name__.lower()}: pass material.electrons")
    kind, how = expected.__name__.removeprefix("Abstract"), _HOW.get(expected.__name__)
    example = f", such as {how}" if how else ""
    article = "" if kind.endswith("s") else "an " if kind[0] in "AEIO" else "a "
    return InputError(name, f"must be {article}{kind}{example}, but got {_shown(value)}")


def _shown(value: Any) -> str:
    """The value if it is plain, else the name of its class."""
    plain = isinstance(value, str | bytes | int | float | complex | list | tuple | dict | Path | NoneType)
    if isinstance(value, type):
        return f"the class {value.__name__}: call it"
    return reprlib.repr(value) if plain else f"an object of {type(value).__name__}"
