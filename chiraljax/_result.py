"""The base of all results: a status, a text for the prompt, and a labelled form with units."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import numpy as np

from ._errors import check
from ._lazy import xr
from ._module import Module
from ._tracing import concrete

_Method = TypeVar("_Method", bound=Callable[..., Any])
_KEY = "quantity"
_LISTED = 4
"""Values of an array that are shown; of a larger one, the smallest and the largest."""
_SYMBOLS = {"mu_B": "μ_B", "angstrom": "Å", "hbar": "ħ", "sqrt(u)": "√u", "sqrt": "√"}


class Quantity(NamedTuple):
    """The description of a field by `quantity`."""

    unit: str
    axes: tuple[str, ...]
    error: str
    meaning: str
    label: str


def quantity(
    unit: str, axes: tuple[str, ...] = (), *, error: str = "", meaning: str = "", label: str = "", **field: Any
) -> Any:
    """A field of a result that holds numbers, or a mapping of names to numbers with the names as its one axis.

    Args:
        unit: in ASCII, as in NetCDF ("mu_B/cell").
        axes: names of the axes in order. Another quantity of this name in the same result becomes the coordinate of the
            axis; if that is one number or None, the axis is left out. A coordinate may have more axes than its own,
            such as the components of a vector.
        error: name of the field with the absolute error.
        meaning: `long_name` in the labelled form.
        label: name in the labelled form, unless it is that of the field.
        **field: other options of `equinox.field`.
    """
    return eqx.field(metadata={_KEY: Quantity(unit, axes, error, meaning, label)}, **field)


def derived(
    unit: str, axes: tuple[str, ...] = (), *, error: str = "", meaning: str = ""
) -> Callable[[_Method], _Method]:
    """Written below `@property`: labels a property of a result as `quantity` labels a field."""

    def labelled(method: _Method) -> _Method:
        setattr(method, _KEY, Quantity(unit, axes, error, meaning, ""))
        return method

    return labelled


def quantities_of(result: Any) -> dict[str, Quantity]:
    """The descriptions by `quantity` of the fields of a result, in their order."""
    return {field.name: field.metadata[_KEY] for field in dataclasses.fields(result) if _KEY in field.metadata}


class AbstractResult(Module):
    """Values with their errors, and how the calculation ended.

    The fields that `quantity` describes are shown at the prompt and labelled by `to_xarray`, which also has the
    properties that `derived` describes.
    """

    warnings: tuple[str, ...] = eqx.field(static=True, default=(), kw_only=True)
    """a sentence for each improbable value, such as one in another unit; of values that are known, not traced"""

    @property
    def status(self) -> str:
        """`"converged"` or how the calculation ended; empty where nothing was solved."""
        return "converged"

    @property
    def cost(self) -> str:
        """The cost of the calculation in words; empty where nothing was counted."""
        return ""

    def quantities(self) -> dict[str, Quantity]:
        """The labelled fields, then the derived properties."""
        properties = {
            name: getattr(member.fget, _KEY)
            for parent in reversed(type(self).__mro__)
            for name, member in vars(parent).items()
            if isinstance(member, property) and hasattr(member.fget, _KEY)
        }
        return quantities_of(self) | properties

    def __repr__(self) -> str:
        head = ", ".join(part for part in (type(self).__name__, self.status, self.cost) if part)
        fields = quantities_of(self)
        errors = {described.error for described in fields.values()}
        shown = [name for name in fields if name not in errors and getattr(self, name) is not None]
        rows = {name: self._shown(name, fields[name]) for name in shown} | self._remarks()
        width = max(map(len, rows), default=0)
        told = [f"  Warning: {sentence}" for sentence in self.warnings]
        return "\n".join([head, *(f"  {name:<{width}}  {text}".rstrip() for name, text in rows.items()), *told])

    def to_xarray(self) -> "xr.Dataset":
        """The quantities with named axes and units; status, warnings and other texts are attributes.

        Raises:
            InputError: for a coordinate with more than one axis of its own.
        """
        present = {name: described for name, described in self.quantities().items() if getattr(self, name) is not None}
        fields = {described.label or name: name for name, described in present.items()}
        axes = {axis for described in present.values() for axis in described.axes if axis in fields}
        variables, coordinates = {}, {}
        for label, name in fields.items():
            values, described = getattr(self, name), present[name]
            if isinstance(values, Mapping):
                coordinates |= {axis: list(values) for axis in described.axes}
                values = list(values.values())
            values = np.asarray(values)
            dims = self._dims(described.axes, fields, present)
            while len(dims) > values.ndim and dims[-1] not in fields:
                dims.pop()
            check(
                len(dims) == values.ndim,
                name,
                f"must have the axes {dims} to be labelled, but has shape {values.shape}",
            )
            attributes = {"units": self._unit(name)} | ({"long_name": described.meaning} if described.meaning else {})
            (coordinates if label in axes else variables)[label] = xr.Variable(dims, values, attributes)
        status = {"status": self.status} if self.status else {}
        told = {"warnings": list(self.warnings)} if self.warnings else {}
        return xr.Dataset(variables, coordinates, status | told | self._attributes())

    def _unit(self, name: str) -> str:
        """The unit of a quantity; overridden where results have different units."""
        return self.quantities()[name].unit

    def _remarks(self) -> dict[str, str]:
        """More rows of the text for the prompt, by name."""
        return {}

    def _attributes(self) -> dict[str, Any]:
        """More attributes of the labelled form, of plain types."""
        return {}

    def _dims(self, axes: tuple[str, ...], fields: dict[str, str], present: dict[str, Quantity]) -> list[str]:
        """The axes without those whose coordinate is a number or None."""
        dims: list[str] = []
        for axis in axes:
            if axis not in fields:
                dims += [] if getattr(self, axis, axis) is None else [axis]
                continue
            name = fields[axis]
            others = tuple(other for other in present[name].axes if other != axis)
            shape = np.shape(getattr(self, name))
            own = len(shape) - len(self._dims(others, fields, present))
            check(own <= 1, name, f"must be a number or a list to be labelled, but has shape {shape}")
            dims += [axis] * own
        return dims

    def _shown(self, name: str, described: Quantity) -> str:
        if isinstance(getattr(self, name), Mapping):
            return ", ".join(f"{key} {value:.6g}" for key, value in getattr(self, name).items()) + f" {described.unit}"
        value = concrete(getattr(self, name))
        if value is None:
            return "not known yet"
        unit = "" if self._unit(name) == "1" else self._unit(name)
        for ascii_name, symbol in _SYMBOLS.items():
            unit = unit.replace(ascii_name, symbol)
        error = concrete(getattr(self, described.error)) if described.error else None
        uncertainty = "" if error is None or error.size == 0 else f" ± {np.max(error):.1g}"
        if value.dtype.kind not in "fiubc":
            return ", ".join(map(str, value.ravel()[:_LISTED]))
        if value.size <= _LISTED:
            return ", ".join(f"{number:.6g}" for number in value.ravel().tolist()) + f"{uncertainty} {unit}"
        shape = "×".join(map(str, value.shape))
        if value.dtype.kind == "c":
            return f"{shape} complex numbers {unit}"
        return f"{np.min(value):.4g} … {np.max(value):.4g} ({shape}){uncertainty} {unit}"
