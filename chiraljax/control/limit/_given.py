"""What a field must keep to."""

import math
from typing import NamedTuple

from ..._checks import check_positive
from ..._errors import check
from ..._units import FLUENCE
from ._band import Band, check_band


class Constraints(NamedTuple):
    """Limits of a field, each as it was given."""

    start: float
    """ps; no field before"""
    end: float
    """ps; no field after"""
    fluence: float | None
    """mJ/cm²"""
    peak_field: float | None
    """MV/cm"""
    band: Band | None
    """THz"""
    leakage: float
    """largest fraction of ∫|E|²dt outside the band"""

    @property
    def energy(self) -> float | None:
        """The largest ∫|E|²dt in (MV/cm)² ps."""
        return None if self.fluence is None else self.fluence / FLUENCE

    @property
    def strict(self) -> bool:
        """Whether the field has nothing outside its band, and so lasts for ever."""
        return self.band is not None and bool(self.leakage == 0)


def constraints(
    time: float,
    start: float,
    end: float | None,
    fluence: float | None,
    peak_field: float | None,
    band: Band | None,
    leakage: float,
) -> Constraints:
    """The arguments of a limit at `time`, or `InputError`."""
    check(fluence is not None or peak_field is not None, "fluence or peak_field", "must be given, but got neither")
    for name, value in (("fluence", fluence), ("peak_field", peak_field)):
        if value is not None:
            check_positive(name, value)
    if band is not None:
        low, high = band
        check(
            0 <= low < high < math.inf,
            "band",
            f"must be two increasing frequencies from 0 on, but got {(low, high)}",
        )
        check(0 <= leakage < 1, "leakage", f"must lie from 0 to below 1, but got {leakage}")
    found = Constraints(start, time if end is None else end, fluence, peak_field, band, leakage)
    if found.strict:
        check(
            start == -math.inf and end == math.inf,
            "start and end",
            "must be -inf and inf where leakage is 0, since only a field that lasts for ever has"
            f" nothing outside a band, but got {start} and {found.end}",
        )
        check(
            fluence is not None and peak_field is None,
            "peak_field",
            f"must be left out, and fluence given, where leakage is 0, but got {peak_field} and {fluence}",
        )
    else:
        check(-math.inf < start < time < math.inf, "time", f"must be after start, but got {time} and {start}")
        check(time <= found.end < math.inf, "end", f"must not be before time, but got {found.end} and {time}")
        if band is not None:
            check_band(band, leakage, found.end - start)
    return found
