"""`chiraljax reproduce`."""

from typing import Annotated

import typer

from .._progress import bar
from ._output import checked_folder


def reproduce(
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder for figures, data and report; made if missing.")],
) -> None:
    """Regenerate the paper's figures for KTaO₃ and a report of its numbers beside ours."""
    folder = checked_folder(out)
    from ..reproduce import STEPS, summary
    from ..reproduce import reproduce as run

    with bar(STEPS) as begin:
        rows = run(folder, begin)
    print(f"{folder / 'report.md'}: {summary(rows)}")
