"""Numbers in other units than those of `docs/conventions.md`, from files, headers and the command line.

The factors are fractions, so that "800 kV/cm" is the same number as 0.8 MV/cm to the last bit. Those that are not
powers of ten are derived from CODATA values in `scipy.constants`.
"""

import math
import re
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from scipy import constants as _si

from ._errors import InputError, check
from .units import HARTREE


def _powers(exponents: Mapping[str, int]) -> dict[str, Fraction]:
    """Powers of ten."""
    return {name: Fraction(10) ** power for name, power in exponents.items()}


_KNOWN: dict[str, Mapping[str, Fraction]] = {
    "MV/cm": _powers(
        {
            "MV/cm": 0,
            "kV/cm": -3,
            "V/cm": -6,
            "GV/m": 1,
            "MV/m": -2,
            "kV/m": -5,
            "V/m": -8,
            "V/nm": 1,
            "V/angstrom": 2,
        }
    ),
    "ps": _powers({"ps": 0, "as": -6, "fs": -3, "ns": 3, "us": 6, "ms": 9, "s": 12}),
    "THz": {
        **_powers({"THz": 0, "Hz": -12, "kHz": -9, "MHz": -6, "GHz": -3, "PHz": 3}),
        "meV": Fraction(_si.e * 1e-3 / _si.h * 1e-12),
        "eV": Fraction(_si.e / _si.h * 1e-12),
        "1/cm": Fraction(_si.c * 1e2 * 1e-12),
        "cm^-1": Fraction(_si.c * 1e2 * 1e-12),
    },
    "rad/ps": _powers({"rad/ps": 0, "rad/fs": 3, "rad/ns": -3, "rad/s": -12}),
    "rad": {**_powers({"rad": 0, "mrad": -3}), "deg": Fraction(math.pi / 180)},
    "eV": {
        **_powers({"eV": 0, "meV": -3, "keV": 3}),
        "Ry": Fraction(_si.physical_constants["Rydberg constant times hc in eV"][0]),
        "Ha": Fraction(HARTREE),
    },
    "K": _powers({"K": 0, "mK": -3}),
    "angstrom": {
        **_powers({"angstrom": 0, "pm": -2, "nm": 1}),
        "bohr": Fraction(_si.physical_constants["Bohr radius"][0] * 1e10),
    },
    "mJ/cm^2": _powers({"mJ/cm^2": 0, "uJ/cm^2": -3, "J/cm^2": 3, "J/m^2": -1}),
}
"""For each unit of the package, what other units are in it."""

_SIGNS = {"µ": "u", "μ": "u", "Å": "angstrom", "\u212b": "angstrom", "²": "^2", "⁻¹": "^-1", "°": "deg", "−": "-"}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*?)\s*")


def factor_of(given: str, unit: str, field: str, source: object = "") -> Fraction:
    """One `given` unit in `unit`; raises `InputError` with the known ones for another."""
    known = _KNOWN.get(unit, {unit: Fraction(1)})
    factor = known.get(_plain(given))
    if factor is None:
        raise InputError(field, f"must be in {listed(unit)}, but is in {given}", str(source))
    return factor


def converted(values: np.ndarray, given: str, unit: str, field: str) -> np.ndarray:
    """`values` in the `given` unit, in `unit`; raises `InputError` with the known ones for another."""
    factor = factor_of(given, unit, field)
    return values * float(factor) if factor.denominator == 1 else values / float(1 / factor)


def scaled(text: str, factor: Fraction) -> float:
    """The number in `text` times `factor`, rounded once; NaN if it is none."""
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan
    if factor == 1 or value == 0 or not math.isfinite(value):
        return value
    try:
        return float(Fraction(text.strip()) * factor)
    except OverflowError:
        return math.inf


def number_in(text: str, unit: str, field: str) -> float:
    """A number in `unit` from "0.8" or "800 kV/cm"; raises `InputError` for other text."""
    try:
        return float(text)
    except ValueError:
        match = _QUANTITY.fullmatch(text)
    check(match, field, f"must be {expected(unit)}, but got {text!r}")
    assert match is not None
    check(_plain(match[2]) in _KNOWN.get(unit, {unit}), field, f"must be {expected(unit)}, but got {text!r}")
    return scaled(match[1], factor_of(match[2], unit, field))


def has_unit(text: str) -> bool:
    """Whether `text` is a number with a unit."""
    return _QUANTITY.fullmatch(text) is not None and math.isnan(scaled(text, Fraction(1)))


def expected(unit: str) -> str:
    """What `number_in` reads, in words."""
    return "a valid number" if unit in {"", "1"} else f"a valid number, or a text of one and a unit ({listed(unit)})"


def listed(unit: str) -> str:
    """The units that are known in the place of `unit`."""
    *others, last = _KNOWN.get(unit, {unit: 1})
    return f"{', '.join(others)} or {last}" if others else last


def _plain(unit: str) -> str:
    """`unit` with the signs of the table."""
    for sign, plain in _SIGNS.items():
        unit = unit.replace(sign, plain)
    return re.sub(r"([A-Za-z])(-?\d)", r"\1^\2", unit.strip())
