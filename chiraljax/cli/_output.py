"""Output files and folders, checked before the computation."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from .._errors import check

FIGURES = (".png", ".pdf", ".svg")
"""Suffixes of figures; the writer of .png writes each of them."""

Force = Annotated[bool, typer.Option("--force", help="Overwrite what exists.")]
"""The option of every command that writes a file."""

Writers = Mapping[str, Callable[[Path], object]]


def checked_output(out: str, suffixes: tuple[str, ...], force: bool) -> Path | None:
    """The output file, or None for `-`, standard output; raises `InputError` if it cannot be written, or exists.

    With .png among the suffixes all `FIGURES` are.
    """
    if ".png" in suffixes:
        suffixes = tuple(dict.fromkeys((*suffixes, *FIGURES)))
    if out == "-":
        return None
    return _file("--out", out, suffixes, f"end in one of {', '.join(suffixes)}, or be - for JSON", force)


def checked_animation(option: str, out: str, force: bool) -> Path:
    """The .gif file; raises `InputError` if it cannot be written."""
    return _file(option, out, (".gif",), "end in .gif", force)


def _file(option: str, out: str, suffixes: tuple[str, ...], expected: str, force: bool) -> Path:
    path = Path(out)
    check(path.suffix in suffixes, option, f"must {expected}, but got {out!r}")
    check(not path.is_dir(), option, f"must be a file, but {out} is a folder")
    check_folder(path.parent, option)
    check_new(path, force, option)
    return path


def check_new(path: Path, force: bool, option: str = "--out") -> None:
    """Raise `InputError` for a file that exists, unless it may be overwritten."""
    check(force or not path.exists(), option, f"must not exist, but {path} does; give --force to overwrite it")


def checked_folder(out: str) -> Path:
    """The output folder; it may be missing, but its first existing parent must be writable."""
    path = Path(out)
    check(not path.exists() or path.is_dir(), "--out", f"must be a folder, but {out} is a file")
    check_folder(next(folder for folder in (path, *path.absolute().parents) if folder.exists()))
    return path


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make the folder and its parents; if the block fails, remove the new empty ones."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for path in made:
                path.rmdir()
        raise


def write(path: Path | None, content: Callable[[], dict], writers: Writers) -> None:
    """Print the `content` as JSON if `path` is None, else write the file with the writer of its suffix and say so."""
    if path is None:
        json.dump(content(), sys.stdout, allow_nan=False, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        writers[".png" if path.suffix in FIGURES else path.suffix](path)
        written(path)


def written(path: Path) -> None:
    """Say on one line that a file has been written."""
    print(f"{path}: written")


def check_folder(folder: Path, option: str = "--out") -> None:
    """Raise `InputError` for a folder that does not exist or is not writable."""
    check(folder.is_dir(), option, f"must be in a folder that exists, but there is no folder {folder}")
    check(os.access(folder, os.W_OK | os.X_OK), option, f"must be in a folder that is writable, but {folder} is not")
