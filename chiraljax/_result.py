"""What every result has: a status, a text for the prompt, and a labelled form with units."""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np
import xarray as xr

from ._errors import check
from ._module import Module
from ._tracing import concrete

_KEY = "quantity"
_LISTED = 4
"""Values of an array that are shown; of a larger one, the smallest and the largest."""
_SYMBOLS = {"mu_B": "μ_B", "angstrom": "Å", "hbar": "ħ", "sqrt": "√"}


class Quantity(NamedTuple):
    """What is said of a field by `quantity`."""

    unit: str
    axes: tuple[str, ...]
    error: str
    meaning: str


def quantity(unit: str, axes: tuple[str, ...] = (), *, error: str = "", meaning: str = "", **field: Any) -> Any:
    """A field of a result that holds numbers in `unit`, in ASCII as NetCDF has them ("mu_B/cell").

    `axes` are the names of its axes in order. An axis that is named as another quantity of the same result has the
    shape of that one, which becomes its coordinate: a number leaves no axis. `error` is the name of the field with its
    absolute error.
    """
    return eqx.field(metadata={_KEY: Quantity(unit, axes, error, meaning)}, **field)


def quantities_of(result: Any) -> dict[str, Quantity]:
    """What is said of the fields of a result, in their order."""
    return {field.name: field.metadata[_KEY] for field in dataclasses.fields(result) if _KEY in field.metadata}


class AbstractResult(Module):
    """Values with their errors, and how the calculation ended.

    The fields that `quantity` describes are shown at the prompt and labelled by `to_xarray`.
    """

    @property
    def status(self) -> str:
        """`"converged"`, or what else became of it."""
        return "converged"

    @property
    def cost(self) -> str:
        """What it took, in words; empty where nothing was counted."""
        return ""

    def __repr__(self) -> str:
        head = ", ".join(part for part in (type(self).__name__, self.status, self.cost) if part)
        rows = [
            (name, *self._shown(name, said)) for name, said in quantities_of(self).items() if not _is_error(self, name)
        ]
        width = max((len(name) for name, _, _ in rows), default=0)
        return "\n".join([head, *(f"  {name:<{width}}  {value} {unit}".rstrip() for name, value, unit in rows)])

    def to_xarray(self) -> xr.Dataset:
        """The quantities with named axes and units; what is no array of numbers stands in the attributes.

        Raises `InputError` for a coordinate with more than one axis.
        """
        said = {name: what for name, what in quantities_of(self).items() if getattr(self, name) is not None}
        on = {axis for what in said.values() for axis in what.axes if axis in said}
        variables, coordinates = {}, {}
        for name, what in said.items():
            values = np.asarray(getattr(self, name))
            attributes = {"units": what.unit} | ({"long_name": what.meaning} if what.meaning else {})
            dims = self._dims(name, what, said)
            check(
                len(dims) == values.ndim,
                name,
                f"must have the axes {dims} to be labelled, but has shape {values.shape}",
            )
            (coordinates if name in on else variables)[name] = xr.Variable(dims, values, attributes)
        return xr.Dataset(variables, coordinates, {"status": self.status, **self._attributes()})

    def _attributes(self) -> dict[str, Any]:
        """What else the labelled form says, of plain types."""
        return {}

    def _dims(self, name: str, what: Quantity, said: dict[str, Quantity]) -> list[str]:
        dims: list[str] = []
        for axis in what.axes:
            if axis not in said or axis == name:
                dims.append(axis)
                continue
            shape = np.shape(getattr(self, axis))
            check(len(shape) <= 1, axis, f"must be a number or a list to be labelled, but has shape {shape}")
            dims += [axis] * len(shape)
        if name in what.axes:
            dims = dims[: np.ndim(getattr(self, name))]
        return dims

    def _shown(self, name: str, said: Quantity) -> tuple[str, str]:
        value = concrete(getattr(self, name)) if getattr(self, name) is not None else None
        unit = said.unit if said.unit != "1" else ""
        for ascii_name, symbol in _SYMBOLS.items():
            unit = unit.replace(ascii_name, symbol)
        if value is None:
            return ("not known yet" if getattr(self, name) is not None else "none"), ""
        error = concrete(getattr(self, said.error)) if said.error else None
        most = "" if error is None or error.size == 0 else f" ± {np.max(error):.1g}"
        if value.dtype.kind not in "fiubc":
            return ", ".join(map(str, value.ravel()[:_LISTED])), unit
        if value.size <= _LISTED:
            return ", ".join(f"{number:.6g}" for number in value.ravel().tolist()) + most, unit
        shape = "×".join(map(str, value.shape))
        if value.dtype.kind == "c":
            return f"{shape} complex numbers", unit
        return f"{np.min(value):.4g} … {np.max(value):.4g} ({shape}){most}", unit


def _is_error(result: Any, name: str) -> bool:
    return any(said.error == name for said in quantities_of(result).values())
