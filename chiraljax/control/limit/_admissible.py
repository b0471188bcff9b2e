"""The fields over which a limit is taken."""

import math
from typing import NamedTuple

from ..._errors import check
from ...units import FLUENCE
from .._constraints import Constraints
from ._band import Band, check_band


class Admissible(NamedTuple):
    """The constraints of a field as plain numbers."""

    start: float
    """ps; no field before"""
    end: float
    """ps; no field after"""
    energy: float | None
    """largest ∫|E|²dt, (MV/cm)² ps"""
    peak_field: float | None
    """MV/cm"""
    band: Band | None
    """THz"""
    leakage: float
    """largest fraction of ∫|E|²dt outside the band"""

    @property
    def strict(self) -> bool:
        """Whether the field has nothing outside its band, and so has no end."""
        return self.band is not None and self.leakage == 0


def admissible(constraints: Constraints, time: float, start: float, end: float | None) -> Admissible:
    """The fields of a limit at `time`; raises `InputError` if there are none."""
    fluence, peak_field = constraints.fluence, constraints.peak_field
    fields = Admissible(
        start=start,
        end=time if end is None else end,
        energy=None if fluence is None else float(fluence) / FLUENCE,
        peak_field=None if peak_field is None else float(peak_field),
        band=None if constraints.band is None else (float(constraints.band[0]), float(constraints.band[1])),
        leakage=float(constraints.leakage),
    )
    if fields.strict:
        check(
            start == -math.inf and end == math.inf,
            "start and end",
            "must be -inf and inf where leakage is 0, since only a field that lasts for ever has"
            f" nothing outside a band, but got {start} and {fields.end}",
        )
        check(
            fluence is not None and peak_field is None,
            "peak_field",
            f"must be left out, and fluence given, where leakage is 0, but got {peak_field} and {fluence}",
        )
        return fields
    check(-math.inf < start < time < math.inf, "time", f"must be after start, but got {time} and {start}")
    check(time <= fields.end < math.inf, "end", f"must not be before time, but got {fields.end} and {time}")
    if fields.band is not None:
        check_band(fields.band, fields.leakage, fields.end - start)
    return fields
