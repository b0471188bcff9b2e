"""One quantity of the paper and ours, and the verdict from the two numbers."""

import dataclasses
import math
from typing import Literal

Comparison = Literal["input", "exact", "approximate", "order of magnitude"]

TOLERANCE = 0.05
"""relative, for a value that the paper prints with "≈" """
FACTOR = 3.0
"""for a value of which the paper prints the order of magnitude"""
ROUNDING = 1e-9
"""relative, for a value that must be equal"""


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the report.

    Args:
        quantity: its name.
        ours: our value.
        unit: of both values.
        reading: the interpretation of the paper's words.
        paper: the paper's value, None if there is none.
        comparison: the rule of the verdict.
        accuracy: estimated absolute numerical error of our value, None if it is unknown.
    """

    quantity: str
    ours: float | int
    unit: str
    reading: str
    paper: float | int | None = None
    comparison: Comparison = "approximate"
    accuracy: float | None = None

    @property
    def verdict(self) -> str:
        """`"agrees"`, `"disagrees"`, `"input"` for a value taken from the paper, or `"no value to compare"`.

        A value that is not finite never agrees.
        """
        if self.paper is None:
            return "no value to compare"
        if self.comparison == "input":
            return "input" if self._close(self.paper) else "disagrees"
        return "agrees" if math.isfinite(self.ours) and self._close(self.paper) else "disagrees"

    @property
    def criterion(self) -> str:
        """The comparison in words."""
        if self.paper is None:
            return ""
        return {
            "input": "taken from there",
            "exact": "equal",
            "approximate": f"within {TOLERANCE:.0%}",
            "order of magnitude": f"magnitude within a factor of {FACTOR:g}",
        }[self.comparison]

    def as_dict(self) -> dict:
        """Plain types, for JSON; a value that is not finite becomes None."""
        fields = dataclasses.asdict(self) | {"criterion": self.criterion, "verdict": self.verdict}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in fields.items()
        }

    def _close(self, paper: float | int) -> bool:
        if self.comparison == "order of magnitude":
            return bool(abs(paper) / FACTOR <= abs(self.ours) <= abs(paper) * FACTOR)
        tolerance = TOLERANCE if self.comparison == "approximate" else ROUNDING
        return bool(abs(self.ours - paper) <= tolerance * abs(paper))
