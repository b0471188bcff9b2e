"""`chiraljax optimize`."""

from pathlib import Path
from typing import Annotated

import typer

from .._errors import InputError
from .._progress import climbing
from ._advice import advise
from ._examples import example_option
from ._output import Force, check_new, checked_folder, made_folder

NOT_CONVERGED = 1


def optimize(
    config: Annotated[str, typer.Argument(metavar="CONFIG.toml", help="What to optimise; see --example.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder for pulse, figures and report; made if missing.")],
    paper: Annotated[bool, typer.Option("--paper", help="Compare with the paper's pulse, too.")] = False,
    force: Force = False,
    example: Annotated[bool, example_option("optimize.toml", "CONFIG.toml")] = False,
) -> int:
    """The pulse that does most within limits of a laser, and how near it is to what any pulse could do.

    It is compared with the pulse that the file begins the search with, if that has a field.
    The search is written to DIR/checkpoint.npz every ten steps, and goes on from there if it was interrupted or has
    not converged. A search that is done is overwritten only with --force.
    """
    folder = checked_folder(out)
    checkpoint = folder / "checkpoint.npz"
    if not checkpoint.exists():
        check_new(folder / "optimum.json", force)
    from ..control import optimize_pulse
    from ..io import load_optimization

    settings = load_optimization(config)
    with made_folder(folder):
        try:
            with climbing("Climbing", settings.options["objective"].units) as advance:
                optimum = optimize_pulse(
                    settings.material, settings.pulse, **settings.options, checkpoint=checkpoint, on_step=advance
                )
        except InputError as error:
            if error.source == str(checkpoint):
                raise InputError(error.field, f"{error.message}; delete it to begin anew", error.source) from None
            raise error.inside(source=config) from None
        summary = _write(folder, optimum, settings, paper)
    print(summary)
    if optimum.status == "not converged":
        advise(
            f"the search did not converge in {len(optimum.history)} steps and its best pulse was kept; with a larger"
            f" search.steps it goes on from {checkpoint}"
        )
        return NOT_CONVERGED
    checkpoint.unlink(missing_ok=True)
    if optimum.status != "converged":
        advise(f"the search {optimum.status}; the best pulse before that was kept")
        return NOT_CONVERGED
    return 0


def _write(folder: Path, optimum, settings, paper: bool) -> str:
    """Write every file of the result; returns a summary on one line."""
    from ..control import given_pulse, paper_pulse
    from ..io import gains, optimum_content, write_field, write_json, write_optimum_report, write_outcome, write_pulse
    from ..plot import convergence_figure, optimum_figure, save_figure

    write_pulse(folder / "pulse.toml", optimum.pulse)
    write_field(folder / "field.csv", optimum.pulse, optimum.field_times())
    write_outcome(folder / "outcome.csv", optimum)
    others = {"given_pulse": given_pulse(optimum), "paper_pulse": paper_pulse(optimum) if paper else None}
    comparisons = {name: comparison for name, comparison in others.items() if comparison is not None}
    content = optimum_content(optimum, comparisons)
    write_json(folder / "optimum.json", content)
    save_figure(optimum_figure(optimum), folder / "optimum.png")
    save_figure(convergence_figure(optimum), folder / "convergence.png")
    write_optimum_report(folder / "report.md", optimum, settings, comparisons, content)
    ratio = "" if optimum.ratio is None else f", {optimum.ratio:.1%} of what no pulse exceeds"
    return f"{folder / 'report.md'}: {optimum.objective:.4g} {optimum.units}{ratio}{gains(comparisons, '')}"
