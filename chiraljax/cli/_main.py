"""The entry point: exit statuses, and errors on one line."""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Annotated, Any

import typer

from .._errors import InputError
from .._warnings import ImprobableValue, LongComputation
from . import _bands, _fit, _magnetization, _optimize, _phonons, _reproduce, _simulate, _sweep
from ._environment import prepare

_SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(name="chiraljax", add_completion=False, rich_markup_mode=None, context_settings=_SETTINGS)
for _command in (
    _reproduce.reproduce,
    _phonons.phonons,
    _bands.bands,
    _magnetization.magnetization,
    _simulate.simulate,
    _optimize.optimize,
    _sweep.sweep,
    _sweep.report,
    _sweep.export,
    _fit.fit,
):
    _class = _simulate.Command if _command is _simulate.simulate else None
    app.command(cls=_class, context_settings=_SETTINGS)(_command)

BAD_INPUT = 2


def _version(wanted: bool) -> bool:
    if wanted:
        print(f"chiraljax {version('chiraljax')}")
        raise typer.Exit
    return wanted


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print it and exit.")
    ] = False,
) -> None:
    """Magnetic moments from chiral phonons: pulse, phonon, bands and magnetisation."""
    prepare()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0; 1 for a fit or a search that did not converge; 2 for bad input; 130 after Ctrl-C. All but 0
        come with one line on standard error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", ImprobableValue)
        warnings.simplefilter("always", LongComputation)
        warnings.showwarning = _shown_once()
        return _run(arguments)


def _shown_once() -> Callable[..., None]:
    """Like `warnings.showwarning`, with one line for an improbable value or a long computation, told once."""
    told, other = set(), warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if not issubclass(category, ImprobableValue | LongComputation):
            other(message, category, *place)
        elif str(message) not in told:
            told.add(str(message))
            print(f"Warning: {message}", file=sys.stderr)

    return show


def _run(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    try:
        status = command.main(words or ["--help"], prog_name="chiraljax", standalone_mode=False)
    except InputError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (typer.Abort, KeyboardInterrupt):
        print("chiraljax: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        # Usage errors have the classes of click in older releases of typer, and copies of them in newer ones.
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        return _refuse(usage())
    return status if isinstance(status, int) else 0


def _refuse(message: str) -> int:
    print(f"chiraljax: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT
