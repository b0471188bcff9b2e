"""Commented configurations that commands print with `--example`."""

from collections.abc import Callable
from pathlib import Path

import typer


def print_example(name: str) -> Callable[[bool], bool]:
    """What typer calls for an `--example` option: print that file and stop."""

    def callback(wanted: bool) -> bool:
        if wanted:
            print(example(name), end="")
            raise typer.Exit
        return wanted

    return callback


def example(name: str) -> str:
    """A file of `examples`, with the tables of pulses, couplings and objectives as their classes declare them.

    They stand where the file has `{what}`: the first is active, the others are comments, as is the first for `{#what}`.
    """
    from ..control import AbstractObjective
    from ..coupling import AbstractCoupling, KinematicRotation
    from ..io import commented, example_tables
    from ..pulse import AbstractPulse, GaussianPulse, SplinePulse

    text = (Path(__file__).parent / "examples" / name).read_text(encoding="utf-8")
    if "{" not in text:
        return text
    pulses = example_tables(AbstractPulse, lambda cls: f"[[{cls.name}]]", first=GaussianPulse)
    begin = example_tables(
        AbstractPulse,
        lambda cls: f'[pulse]\nfamily = "{cls.name}"',
        first=SplinePulse,
        constructor=lambda cls: cls.begin,
    )
    couplings = example_tables(
        AbstractCoupling, lambda cls: f'[coupling]\nname = "{cls.name}"', first=KinematicRotation
    )
    objectives = example_tables(AbstractObjective, lambda cls: f'[objective]\nname = "{cls.name}"')
    paper = example_tables(AbstractPulse, lambda cls: "[pulse]", first=GaussianPulse)[:1]
    for what, (first, *others) in {
        "pulses": pulses,
        "begin": begin,
        "pulse": paper,
        "coupling": couplings,
        "objective": objectives,
    }.items():
        rest = [commented(table) for table in others]
        text = text.replace(f"{{{what}}}", "\n\n".join([first, *rest]))
        text = text.replace(f"{{#{what}}}", "\n\n".join([commented(first), *rest]))
    return text
