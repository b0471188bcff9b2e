"""The report, as Markdown and as JSON."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from .._atomic import atomic_path
from ..io import write_json
from ._row import Row

_HEADER = ["quantity", "paper", "ours", "± (numerical)", "unit", "compared", "verdict", "reading of the paper"]
_VERDICTS = {
    "agrees": ("agrees", "agree"),
    "disagrees": ("disagrees", "disagree"),
    "input": ("is an input", "are inputs"),
    "no value to compare": ("has no value to compare", "have no value to compare"),
}
"""in words, of one quantity and of several"""
_PACKAGES = ("chiraljax", "jax", "jaxlib", "numpy", "scipy")


def write_report(
    folder: str | os.PathLike[str], rows: Sequence[Row], cost: Mapping[str, Mapping[str, float | int | str]]
) -> None:
    """Write `report.md` and `report.json` into the folder.

    `cost` has for each k-sum its diagonalisations, largest errors and status.
    """
    versions = {name: version(name) for name in _PACKAGES}
    content = {
        "rows": [row.as_dict() for row in rows],
        "verdicts": dict(Counter(row.verdict for row in rows)),
        "k_sums": {name: dict(entry) for name, entry in cost.items()},
        "versions": versions,
    }
    write_json(Path(folder) / "report.json", content)
    with atomic_path(Path(folder) / "report.md") as temporary:
        temporary.write_text(_markdown(rows, cost, versions), encoding="utf-8")


def summary(rows: Sequence[Row]) -> str:
    """How many quantities there are, and how many of each verdict."""
    counts = Counter(row.verdict for row in rows)
    parts = [f"{counts[name]} {words[counts[name] > 1]}" for name, words in _VERDICTS.items() if counts[name]]
    return f"{len(rows)} {'quantity' if len(rows) == 1 else 'quantities'}: {', '.join(parts)}"


def _markdown(rows, cost, versions) -> str:
    table = [_HEADER, ["---"] * len(_HEADER), *(_cells(row) for row in rows)]
    columns = list(next(iter(cost.values())))
    sums = [["k-sum", *columns], ["---"] * (len(columns) + 1)]
    sums += [[name, *(_number(entry[column]) for column in columns)] for name, entry in cost.items()]
    return "\n".join(
        [
            "# KTaO₃ after Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023)",
            "",
            f"{summary(rows)}. Every verdict is computed from the two numbers in its row by the rule",
            "under “compared”; the same rows are in `report.json`, the data of each figure in the CSV file beside it.",
            "",
            *_table(table),
            "",
            "## Cost and accuracy of the k-sums",
            "",
            *_table(sums),
            "",
            "Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
            "",
        ]
    )


def _cells(row: Row) -> list[str]:
    paper = "" if row.paper is None else ("≈ " if row.comparison not in {"exact", "input"} else "") + _number(row.paper)
    accuracy = "" if row.accuracy is None else f"{row.accuracy:.1g}"
    verdict = f"**{row.verdict}**" if row.verdict == "disagrees" else row.verdict
    return [row.quantity, paper, _number(row.ours), accuracy, row.unit, row.criterion, verdict, row.reading]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _number(value: float | int | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
