"""The commented configurations of `--example`."""

import re
from pathlib import Path
from typing import Any

import typer


def example_option(name: str, argument: str) -> Any:
    """The option `--example`, which prints the file `name` for an `argument` of the command and exits."""

    def callback(wanted: bool) -> bool:
        if wanted:
            print(example(name), end="")
            raise typer.Exit
        return wanted

    return typer.Option("--example", is_eager=True, callback=callback, help=f"Print a commented {argument} and exit.")


def example(name: str) -> str:
    """A file of `examples`, with tables of pulses, couplings and objectives from the declarations in their classes.

    `{tables}` in the file becomes the first table and the others as comments; with `{#tables}` all are comments.
    """
    from ..control import AbstractObjective
    from ..coupling import AbstractCoupling, KinematicRotation
    from ..io import commented, example_tables
    from ..pulse import AbstractPulse, GaussianPulse, SplinePulse

    text = (Path(__file__).parent / "examples" / name).read_text(encoding="utf-8")
    if not re.search(r"\{#?\w+\}", text):
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
    for key, (first, *others) in {
        "pulses": pulses,
        "begin": begin,
        "pulse": paper,
        "coupling": couplings,
        "objective": objectives,
    }.items():
        rest = [commented(table) for table in others]
        text = text.replace(f"{{{key}}}", "\n\n".join([first, *rest]))
        text = text.replace(f"{{#{key}}}", "\n\n".join([commented(first), *rest]))
    return text
