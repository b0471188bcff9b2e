"""`chiraljax sweep`, and `chiraljax export` and `report` of its store."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from .._errors import InputError, check, within
from .._progress import sweeping
from ._advice import advise
from ._environment import join_processes
from ._examples import example_option
from ._output import Force, check_folder, checked_output, write, written

INTERRUPTED = 130
_READ = 10_000_000
"""values of an output that are read for its range"""


def sweep(
    config: Annotated[str, typer.Argument(metavar="CONFIG.toml", help="What to sweep over; see --example.")],
    out: Annotated[str, typer.Option(metavar="STORE.zarr", help="Folder to make.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted sweep in STORE.zarr.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask scheduler whose workers compute.")
    ] = None,
    memory: Annotated[float | None, typer.Option(metavar="GB", help="What the process may take.")] = None,
    example: Annotated[bool, example_option("sweep.toml", "CONFIG.toml")] = False,
) -> int:
    """Many simulations in one Zarr store: each point of the axes of CONFIG.toml.

    Every chunk that was done is kept, whatever happens. Under SLURM with several tasks, or with JAX_COORDINATOR_ADDRESS
    set, the processes share the chunks.
    """
    store = Path(out)
    if not store.exists():
        check_folder(store.parent)
    first = join_processes()
    check(
        resume or not (first and store.exists()),
        "--out",
        f"must not exist, but {out} does; give --resume to go on with it",
    )
    from ..io import load_sweep
    from ..sweeps import plan_sweep, run_sweep

    settings = load_sweep(config)
    options: dict[str, Any] = settings.options if memory is None else settings.options | {"memory": memory}
    with within(source=config):
        plan = plan_sweep(settings.material, settings.pulse, **options)
    if first:
        print(plan, file=sys.stdout if dry_run else sys.stderr)
    if dry_run:
        return 0
    try:
        with sweeping(plan.stages if first else ()) as advance:
            results = run_sweep(
                plan, store, resume=resume, scheduler=scheduler, on_progress=advance, attributes={"toml": settings.text}
            )
    except KeyboardInterrupt as stopped:
        again = ["chiraljax", "sweep", config, "--out", out, "--resume"]
        again += [] if scheduler is None else ["--scheduler", scheduler]
        if first:
            advise(f"{stopped or 'interrupted; resume the sweep to go on'}: {shlex.join(again)}")
        return INTERRUPTED
    if first:
        about = results.attrs
        if about["damaged"]:
            advise(f"{about['damaged']} chunks in {out} were damaged and have been computed again")
        print(
            f"{out}: {about['points']:,} points, of which {about['not_converged']:,} did not converge and"
            f" {about['failed']:,} failed; {about['eigensolves']:,} diagonalisations, and {about['interpolated']:,} of"
            " interpolated bands"
        )
        for line in _found(results):
            print(line)
        for message in about["messages"]:
            advise(f"failed: {message}")
    return 0


def _found(results: Any) -> Iterator[str]:
    """Smallest and largest value of each output, unless it is too large to be read for this."""
    for name, values in results.data_vars.items():
        if name.endswith("_status") or values.size > _READ or values.dtype.kind != "f":
            continue
        low, high = float(values.min()), float(values.max())
        yield f"  {name}: {low:.6g} … {high:.6g} {_unit(values)}".rstrip()


def _unit(values: Any) -> str:
    """As on the page."""
    unit = str(values.attrs.get("units", ""))
    return "" if unit == "1" else unit.replace("mu_B", "μ_B").replace("hbar", "ħ")


def export(
    store: Annotated[str, typer.Argument(metavar="STORE.zarr", help="What `chiraljax sweep` wrote.")],
    out: Annotated[str, typer.Option(metavar="FILE", help=".nc or .csv, a row a point.")],
    force: Force = False,
) -> None:
    """A sweep as NetCDF or CSV."""
    path = checked_output(out, (".nc", ".csv"), force)
    check(path is not None, "--out", "must be a file, but got -")
    from ..io import write_netcdf, write_sweep_csv
    from ..sweeps import open_sweep

    data = open_sweep(store)
    _tell_unfinished(store, data)
    write(path, dict, {".nc": lambda file: write_netcdf(file, data), ".csv": lambda file: write_sweep_csv(file, data)})


def report(
    store: Annotated[str, typer.Argument(metavar="STORE.zarr", help="What `chiraljax sweep` wrote.")],
    out: Annotated[str, typer.Option(metavar="FILE.html", help="The page to write.")],
    force: Force = False,
) -> None:
    """A sweep as one interactive page: maps, cuts, the best point and its pulse; opens without a network."""
    path = checked_output(out, (".html",), force)
    if path is None:
        raise InputError("--out", "must be a file, but got -")
    from .._atomic import atomic_path
    from ..plot import sweep_report
    from ..sweeps import field_at, open_sweep

    data = open_sweep(store)
    _tell_unfinished(store, data)
    page = sweep_report(data, title=data.attrs["title"], field=field_at(data))
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    written(path)


def _tell_unfinished(store: str, data: Any) -> None:
    if "unfinished" in data.attrs:
        advise(f"{store}: not finished, {data.attrs['unfinished']}; `chiraljax sweep --resume` goes on with it")
