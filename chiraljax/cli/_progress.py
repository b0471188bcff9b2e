"""Progress, on standard error and only if that is a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner with the time that has passed."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        progress.add_task(what, total=None)
        yield


@contextmanager
def bar(steps: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar over `steps`; call what is yielded with the name of each step as it begins."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(steps[0], total=len(steps))

        def begin(step: str) -> None:
            progress.update(task, description=step, completed=list(steps).index(step))

        yield begin
        progress.update(task, description="Done", completed=len(steps))


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int, float], None]]:
    """A bar of searches done, with the best loss; call what is yielded with done, total and the best."""
    with _described(what) as show:
        lowest = float("inf")

        def advance(done: int, total: int, best: float) -> None:
            nonlocal lowest
            lowest = min(lowest, best)
            show(done, total, f"{what}, best loss {lowest:.6g} eV²")

        yield advance


@contextmanager
def climbing(what: str, units: str) -> Iterator[Callable[[int, int, float, float], None]]:
    """A bar of steps done; call what is yielded with done, total, the best objective and its violation."""
    with _described(what) as show:
        yield lambda done, total, best, violation: show(
            done, total, f"{what}, best {best:.6g} {units}, violation {violation:.1g}"
        )


@contextmanager
def _described(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar; call what is yielded with done, total and the description."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total, text: progress.update(task, completed=done, total=total, description=text)


@contextmanager
def sweeping(stages: Sequence[Any]) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage, with rate and remaining time; call what is yielded with stage, chunks done and all."""
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
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
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


def advise(message: str) -> None:
    """One line on standard error."""
    print(f"chiraljax: {message}", file=sys.stderr)
