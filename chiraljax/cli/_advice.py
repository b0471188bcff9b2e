"""Lines on standard error."""

import sys


def advise(message: str) -> None:
    """One line on standard error."""
    print(f"chiraljax: {message}", file=sys.stderr)
