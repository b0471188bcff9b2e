"""Progress on standard error: of commands if it is a terminal (`shown` is None), of Python if it is asked for."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def working(title: str, shown: bool | None = None) -> Iterator[None]:
    """A spinner with the elapsed time; none where the work is only traced."""
    if _quiet(shown):
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not shown) as progress:
        progress.add_task(title, total=None)
        yield


@contextmanager
def bar(steps: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar over `steps`; yields a function to call with the name of each step at its start."""
    with _described(f"{steps[0]:<24}", transient=False) as show:
        yield lambda step: show(list(steps).index(step), len(steps), f"{step:<24}")
        show(len(steps), len(steps), f"{'Done':<24}")


@contextmanager
def counted(
    title: str, shown: bool | None = None, on_step: Callable[[int, int, float], object] = lambda done, total, best: None
) -> Iterator[Callable[[int, int, float], None]]:
    """A bar of finished searches with the best loss; yields a function of finished, total and best loss.

    It calls `on_step`, too.
    """
    with _described(title, shown) as show:
        lowest = float("inf")

        def advance(done: int, total: int, best: float) -> None:
            nonlocal lowest
            on_step(done, total, best)
            lowest = min(lowest, best)
            show(done, total, f"{title}, best loss {lowest:.6g} eV²")

        yield advance


@contextmanager
def climbing(title: str, units: str, shown: bool | None = None) -> Iterator[Callable[[int, int, float, float], None]]:
    """A bar of finished steps; yields a function of finished, total, best objective and its violation."""
    with _described(title, shown) as show:
        yield lambda done, total, best, violation: show(
            done, total, f"{title}, best {best:.6g} {units}, violation {violation:.1g}"
        )


@contextmanager
def _described(
    title: str, shown: bool | None = None, *, transient: bool = True
) -> Iterator[Callable[[int, int, str], None]]:
    """A bar; yields a function of finished, total and description."""
    if _quiet(shown):
        yield lambda done, total, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console, stays = Console(stderr=True), shown or not transient
    with Progress(*columns, console=console, transient=not stays) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total, text: progress.update(task, completed=done, total=total, description=text)


@contextmanager
def sweeping(stages: Sequence[Any], shown: bool | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """A bar per stage with rate and remaining time; yields a function of stage, finished chunks and all chunks."""
    if _quiet(shown):
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {
            stage.name: progress.add_task(stage.name, total=stage.n_chunks, start=False, rate="") for stage in stages
        }
        points = {stage.name: stage.points / stage.n_chunks for stage in stages}
        begun: dict[str, tuple[float, int]] = {}

        def advance(name: str, done: int, total: int) -> None:
            if name not in begun:
                begun[name] = time.monotonic(), done
                progress.start_task(tasks[name])
            start, before = begun[name]
            passed = time.monotonic() - start
            rate = f"{(done - before) * points[name] / passed:,.0f}/s" if done > before and passed > 0 else ""
            progress.update(tasks[name], completed=done, rate=rate)

        yield advance


def _quiet(shown: bool | None) -> bool:
    from ._tracing import is_staged  # imports JAX, for which `chiraljax --help` does not wait

    return not (sys.stderr.isatty() if shown is None else shown) or is_staged()
