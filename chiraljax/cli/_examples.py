"""Commented configurations that commands print with `--example`."""

from collections.abc import Callable
from pathlib import Path

import typer


def print_example(name: str) -> Callable[[bool], bool]:
    """What typer calls for an `--example` option: print that file and stop."""

    def callback(wanted: bool) -> bool:
        if wanted:
            print((Path(__file__).parent / "examples" / name).read_text(encoding="utf-8"), end="")
            raise typer.Exit
        return wanted

    return callback
