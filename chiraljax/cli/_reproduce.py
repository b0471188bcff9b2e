"""`chiraljax reproduce`."""

from typing import Annotated

import typer

from ._output import checked_folder
from ._progress import bar


def reproduce(
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder for figures, data and report; made if missing.")],
) -> None:
    """Regenerate the paper's figures for KTaO₃ and a report that compares every number."""
    folder = checked_folder(out)
    from collections import Counter

    from ..reproduce import STEPS
    from ..reproduce import reproduce as run

    with bar(STEPS) as begin:
        rows = run(folder, begin)
    verdicts = Counter(row.verdict for row in rows)
    print(f"{folder / 'report.md'}: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
