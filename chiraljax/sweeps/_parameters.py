"""The parameters that a sweep can vary, by name."""

import dataclasses
import difflib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite
from .._errors import InputError, check, within
from .._parameter import parameters_of
from .._types import Array, ArrayLike
from ..chain import Chain
from ..electrons import Electrons

FILLING = {"mu": "eV", "temperature": "K", "doping": "1/cell"}
"""Parameters of the electrons' distribution, with their units."""
_HINTED = 24
"""Most names that an error lists."""


class Parameter(NamedTuple):
    """A number of a `Chain`, or one of `FILLING`."""

    name: str
    part: str
    """`"pulse"`, `"phonon"`, `"coupling"`, `"electrons"` or `"filling"`"""
    unit: str
    path: tuple[str | int, ...] = ()
    """fields and positions in tuples that lead to the array"""
    entry: tuple[int, ...] = ()
    """index in that array"""

    def value(self, chain: Chain) -> Array:
        """Its value in `chain`, a scalar."""
        if self.name == "pulse.scale":
            return jnp.ones(())
        if self.name == "phonon.temperature":
            raise InputError(self.name, "must be an axis to be differentiated in, but has no value")
        if self.part == "electrons" and not self.path:
            return chain.electrons.parameters[self.name.removeprefix("electrons.")]
        return _at(getattr(chain, self.part), self.path)[self.entry]

    def put(self, chain: Chain, value: ArrayLike) -> Chain:
        """`chain` with this parameter at `value`, a scalar; a parameter of `FILLING` does not change it."""
        if self.part == "filling":
            return chain
        part = getattr(chain, self.part)
        return eqx.tree_at(lambda whole: getattr(whole, self.part), chain, self.changed(part, value))

    def changed(self, part: Any, value: ArrayLike) -> Any:
        """`part`, the part of a chain with this parameter, with the parameter at `value`, a scalar."""
        if self.name == "pulse.scale":
            return part * jnp.asarray(value)
        if self.name == "phonon.temperature":
            return part.at_temperature(value)
        if self.part == "electrons" and not self.path:
            return part.with_parameters({self.name.removeprefix("electrons."): value})
        array = jnp.asarray(_at(part, self.path))
        return eqx.tree_at(lambda module: _at(module, self.path), part, array.at[self.entry].set(jnp.asarray(value)))

    def check(self, chain: Chain, values: np.ndarray) -> None:
        """Raise `InputError` for values (N,) outside the range of the parameter."""
        check_finite(f"axes.{self.name}", values)
        if self.name in {"temperature", "phonon.temperature"}:
            check(values.min() >= 0, f"axes.{self.name}", f"must be zero or positive, but got {values.min():g}")
        if self.name == "doping":
            low, high = -chain.electrons.filling, chain.electrons.size - chain.electrons.filling
            inside = low < values.min() and values.max() < high
            check(inside, "axes.doping", f"must be between {low} and {high} a cell, but got {values.tolist()}")
        if self.part != "filling":
            with within(f"axes.{self.name.rpartition('.')[0]}"):
                for extreme in (values.min(), values.max()):
                    for module in _modules(self.changed(getattr(chain, self.part), extreme)):
                        module.__check_init__()


def in_order(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The order in which to set `parameters`: `phonon.temperature` first, `pulse.scale` last.

    The temperature replaces all frequencies and dampings; the scale multiplies the pulse with its other parameters.
    """
    rank = {"phonon.temperature": -1, "pulse.scale": 1}
    return sorted(parameters, key=lambda parameter: rank.get(parameter.name, 0))


def replaced(chain: Chain, parameters: Sequence[Parameter], values: Array) -> Chain:
    """`chain` with `parameters` at `values` (P,)."""
    for parameter in in_order(parameters):
        chain = parameter.put(chain, values[parameters.index(parameter)])
    return chain


def parameter(name: str, chain: Chain) -> Parameter:
    """The parameter called `name` (see `sweep`); raises `InputError` with the nearest name if there is none."""
    if name in FILLING:
        return Parameter(name, "filling", FILLING[name])
    by_name = {parameter.name: parameter for parameter in parameters(chain)}
    if name in by_name:
        return by_name[name]
    entries = [other for other in by_name if other.startswith(f"{name}[")]
    check(not entries, f"parameter {name}", f"must be one number, but there are {', '.join(entries[:4])}")
    raise InputError(name, f"must be a parameter, but there is none of that name{nearest(name, [*FILLING, *by_name])}")


def nearest(name: str, names: Sequence[str]) -> str:
    """A hint for an error: the nearest of `names`, or the first of them if none is near."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    ends = [other for other in names if other.rpartition(".")[2] == name.rpartition(".")[2]]
    if close or ends:
        return f"; did you mean {(ends or close)[0]}?"
    few = list(names[:_HINTED])
    return f"; there are {', '.join(few)}{', …' if len(names) > _HINTED else ''}"


def parameters(chain: Chain) -> Iterator[Parameter]:
    """All parameters of `chain` except `FILLING`."""
    for part in ("pulse", "phonon", "coupling", "electrons"):
        yield from fields(part, getattr(chain, part))
    if chain.phonon is not None and chain.phonon.temperatures is not None:
        yield Parameter("phonon.temperature", "phonon", "K")
    for name in chain.electrons.parameters:
        yield Parameter(f"electrons.{name}", "electrons", "eV")


def fields(part: str, module: Any) -> Iterator[Parameter]:
    """Every number of a part of a chain that its class declares by `parameter`, except whole numbers."""
    for path, array, unit in _arrays(module):
        stem = part + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
        for entry in np.ndindex(np.shape(array)):
            name = stem if np.size(array) == 1 else f"{stem}[{','.join(map(str, entry))}]"
            yield Parameter(name, part, unit, path, entry)
    if part == "pulse":
        yield Parameter("pulse.scale", "pulse", "1")


def _arrays(module: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
    """The parameters of a module, its modules and its tuples of modules: path, value and unit."""
    if isinstance(module, tuple):
        for position, element in enumerate(module):
            yield from _arrays(element, (*path, position))
    elif isinstance(module, eqx.Module):
        described = parameters_of(module)
        for field in dataclasses.fields(module):
            value, inner = getattr(module, field.name), (*path, field.name)
            if field.name not in described:
                yield from _arrays(value, inner)
            elif value is not None and not described[field.name].whole:
                yield inner, value, described[field.name].unit


def _modules(module: Any) -> Iterator[Any]:
    """The modules in `module` with a `__check_init__`, the outermost last."""
    if isinstance(module, tuple):
        for element in module:
            yield from _modules(element)
    elif isinstance(module, eqx.Module):
        for field in dataclasses.fields(module):
            if not field.metadata.get("static"):
                yield from _modules(getattr(module, field.name))
        if hasattr(module, "__check_init__") and not isinstance(module, Electrons):
            yield module


def _at(module: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        module = getattr(module, step) if isinstance(step, str) else module[step]
    return module
