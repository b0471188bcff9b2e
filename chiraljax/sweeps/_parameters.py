"""What a sweep can vary, by name."""

import dataclasses
import difflib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._checks import check_finite
from .._errors import InputError, check, within
from .._module import Module
from .._types import Array, ArrayLike
from ..coupling import AbstractCoupling
from ..electrons import Electrons
from ..materials import Material
from ..phonon import AbstractPhonon, Phonon
from ..pulse import AbstractPulse

FILLING = {"mu": "eV", "temperature": "K", "doping": "1/cell"}
"""Parameters of the electrons' distribution, with their units."""
_UNITS = {
    "peak_field": "MV/cm",
    "frequency": "THz",
    "duration": "ps",
    "center": "ps",
    "delay": "ps",
    "start": "ps",
    "end": "ps",
    "ellipticity": "1",
    "phase": "rad",
    "angle": "rad",
    "chirp": "THz/ps",
    "damping": "rad/ps",
    "mode_effective_charge": "e/sqrt(u)",
    "dielectric_constant": "1",
    "quartic_isotropic": "1/(angstrom^2 u ps^2)",
    "quartic_cubic": "1/(angstrom^2 u ps^2)",
    "temperature": "K",
    "inertia": "angstrom^2 u",
    "rotation": "rad/ps",
    "scale": "1",
}
_HINTED = 24
"""Names that an error lists at most."""
_HIDDEN = {"temperatures", "frequencies", "dampings", "eigenvectors", "masses", "born_charges", "volume"}
"""Array fields that are no parameters of their own, or only together."""


class Setup(Module):
    """Everything whose parameters a sweep may vary."""

    electrons: Electrons
    phonon: AbstractPhonon | None
    pulse: AbstractPulse
    coupling: AbstractCoupling

    @classmethod
    def of(cls, material: Material, pulse: AbstractPulse, coupling: AbstractCoupling) -> "Setup":
        return cls(material.electrons, material.phonon, pulse, coupling)


class Parameter(NamedTuple):
    """A number of a `Setup`, or one of `FILLING`."""

    name: str
    part: str
    """`"pulse"`, `"phonon"`, `"coupling"`, `"electrons"` or `"filling"`"""
    unit: str
    """empty where it is not known"""
    path: tuple[str | int, ...] = ()
    """fields and positions in tuples that lead to the array"""
    entry: tuple[int, ...] = ()
    """its place in that array"""

    def value(self, setup: Setup) -> Array:
        """Its value in `setup`, a scalar."""
        if self.name == "pulse.scale":
            return jnp.ones(())
        if self.name == "phonon.temperature":
            raise InputError(self.name, "must be an axis to be differentiated in, but has no value")
        if self.part == "electrons":
            return setup.electrons.parameters[self.name.removeprefix("electrons.")]
        return _at(getattr(setup, self.part), self.path)[self.entry]

    def put(self, setup: Setup, value: ArrayLike) -> Setup:
        """`setup` with this parameter at `value`, a scalar; those of `FILLING` are no part of it."""
        if self.part == "filling":
            return setup
        part = getattr(setup, self.part)
        if part is None:
            raise InputError("material", "must have a phonon to be driven, but has none")
        return eqx.tree_at(lambda whole: getattr(whole, self.part), setup, self.changed(part, value))

    def changed(self, part: Any, value: ArrayLike) -> Any:
        """The part of a setup that this parameter belongs to, with it at `value`, a scalar."""
        if self.name == "pulse.scale":
            return part * jnp.asarray(value)
        if self.name == "phonon.temperature":
            return part.at_temperature(value)
        if self.part == "electrons":
            return part.with_parameters({self.name.removeprefix("electrons."): value})
        array = jnp.asarray(_at(part, self.path))
        return eqx.tree_at(lambda module: _at(module, self.path), part, array.at[self.entry].set(jnp.asarray(value)))

    def check(self, setup: Setup, values: np.ndarray) -> None:
        """Raise `InputError` for values (N,) outside the range of the parameter."""
        check_finite(f"axes.{self.name}", values)
        if self.name in {"temperature", "phonon.temperature"}:
            check(values.min() >= 0, f"axes.{self.name}", f"must be zero or positive, but got {values.min():g}")
        if self.name == "doping":
            low, high = -setup.electrons.filling, setup.electrons.size - setup.electrons.filling
            inside = low < values.min() and values.max() < high
            check(inside, "axes.doping", f"must be between {low} and {high} a cell, but got {values.tolist()}")
        with within("axes"):
            for extreme in (values.min(), values.max()):
                for module in _modules(self.put(setup, extreme)):
                    module.__check_init__()


def in_order(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The `parameters` in the order in which they are to be put: what acts on a whole comes first or last.

    A temperature replaces the frequencies that other parameters of the phonon may set, a scale multiplies the pulse
    that its other parameters describe.
    """
    rank = {"phonon.temperature": -1, "pulse.scale": 1}
    return sorted(parameters, key=lambda parameter: rank.get(parameter.name, 0))


def replaced(setup: Setup, parameters: Sequence[Parameter], values: Array) -> Setup:
    """`setup` with `parameters` at `values` (P,)."""
    for parameter in in_order(parameters):
        setup = parameter.put(setup, values[parameters.index(parameter)])
    return setup


def parameter(name: str, setup: Setup) -> Parameter:
    """The parameter of that name.

    Names are those of fields, such as pulse.peak_field, coupling.inertia or phonon.frequency, with the place in an
    array or a sum as in pulse.pulses[0].chirp; electrons.NAME for one of `Electrons.parameters`; mu, temperature and
    doping of the electrons; pulse.scale, by which the field is multiplied; and phonon.temperature for a phonon with a
    table. Raises `InputError` with the nearest name for one that there is not.
    """
    if name in FILLING:
        return Parameter(name, "filling", FILLING[name])
    known = {known.name: known for known in parameters(setup)}
    if name in known:
        return known[name]
    entries = [other for other in known if other.startswith(f"{name}[")]
    check(not entries, f"parameter {name}", f"must be one number, but there are {', '.join(entries[:4])}")
    raise InputError(name, f"must be a parameter, but there is none of that name{nearest(name, [*FILLING, *known])}")


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint at the nearest of the `known` names, or at all of them if there are few and none is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    ends = [other for other in known if other.rpartition(".")[2] == name.rpartition(".")[2]]
    if close or ends:
        return f"; did you mean {(ends or close)[0]}?"
    few = list(known[:_HINTED])
    return f"; there are {', '.join(few)}{', …' if len(known) > _HINTED else ''}"


def parameters(setup: Setup) -> Iterator[Parameter]:
    """All of `setup`."""
    for part in ("pulse", "phonon", "coupling"):
        yield from fields(part, getattr(setup, part))
    if isinstance(setup.phonon, Phonon) and setup.phonon.temperatures is not None:
        yield Parameter("phonon.temperature", "phonon", "K")
    for name in setup.electrons.parameters:
        yield Parameter(f"electrons.{name}", "electrons", "eV")


def fields(part: str, module: Any) -> Iterator[Parameter]:
    """Every number among the fields of a part of a setup."""
    for path, array in _arrays(module):
        stem = part + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
        unit = _UNITS.get(str(next(step for step in reversed(path) if isinstance(step, str))), "")
        for entry in np.ndindex(np.shape(array)):
            name = stem if np.size(array) == 1 else f"{stem}[{','.join(map(str, entry))}]"
            yield Parameter(name, part, unit, path, entry)
    if part == "pulse":
        yield Parameter("pulse.scale", "pulse", "1")


def _arrays(module: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Real arrays among the fields of a module, its modules and its tuples of modules."""
    if isinstance(module, tuple):
        for position, element in enumerate(module):
            yield from _arrays(element, (*path, position))
    elif isinstance(module, eqx.Module):
        for field in dataclasses.fields(module):
            if not field.metadata.get("static") and not field.name.startswith("_") and field.name not in _HIDDEN:
                yield from _arrays(getattr(module, field.name), (*path, field.name))
    elif eqx.is_array(module) and jnp.issubdtype(module.dtype, jnp.floating):
        yield path, module


def _modules(module: Any) -> Iterator[Any]:
    """The modules within, the outermost last, that check themselves."""
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
