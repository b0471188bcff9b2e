"""What a format of bands says of itself: how a file of it is recognised and read."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

from ...fit import Bands

_HEAD = 4096


class Head(NamedTuple):
    """The name of a file and its beginning."""

    path: Path
    raw: bytes

    @classmethod
    def of(cls, path: Path) -> "Head":
        with path.open("rb") as file:
            return cls(path, file.read(_HEAD))

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")


class BandFormat(NamedTuple):
    """A format. Each is one file of this folder, which declares it as `FORMAT`."""

    name: str
    help: str
    """one line: which files, and what must lie beside them"""
    recognised: Callable[[Head], bool]
    read: Callable[..., Bands]
    """of the path, whether bands are spin-orbitals (None: as the file says), and k where it `takes_k`"""
    takes_k: bool = False
    """whether its files may need k-points"""
    last: bool = False
    """asked after the others, as a looser rule must be"""


@cache
def formats() -> dict[str, BandFormat]:
    """All formats by name, in the order in which they are asked."""
    package = import_module(__package__ or "")
    modules = [import_module(f"{package.__name__}.{info.name}") for info in iter_modules(package.__path__)]
    declared = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {each.name: each for each in sorted(declared, key=lambda each: (each.last, each.name))}
