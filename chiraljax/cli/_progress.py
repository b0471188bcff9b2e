"""Progress of commands, and lines on standard error."""

import sys

from .._progress import bar as bar
from .._progress import climbing as climbing
from .._progress import counted as counted
from .._progress import sweeping as sweeping
from .._progress import working as working


def advise(message: str) -> None:
    """One line on standard error."""
    print(f"chiraljax: {message}", file=sys.stderr)
