"""Formats of bands: how their files are recognised and read."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple

from ..._validation import opened
from ...fit import Bands

_HEAD = 4096


class Head(NamedTuple):
    """The path and the first bytes of a file, unpacked if it is packed by gzip."""

    path: Path
    raw: bytes

    @classmethod
    def of(cls, path: Path) -> "Head":
        with opened(path) as file:
            return cls(path, file.read(_HEAD))

    @property
    def name(self) -> str:
        """Of the file that is packed."""
        return self.path.name.removesuffix(".gz")

    @property
    def lines(self) -> list[str]:
        return self.raw.decode("utf-8-sig", errors="replace").splitlines()

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")


class BandFormat(NamedTuple):
    """A format. Each is one file of this folder, which declares it as `FORMAT`."""

    name: str
    help: str
    """one line: which files, and which files beside them"""
    recognised: Callable[[Head], bool]
    read: Callable[..., Bands]
    """called with the path, whether bands are spin-orbitals (None: as in the file), and what it takes beside"""
    takes_spin: bool = False
    """whether its files may be of two spins: the keyword argument `spin`, "up", "down" or None"""
    takes_k: bool = False
    """whether its files may need k-points"""
    last: bool = False
    """tried after the others, because its rule is less strict"""


@cache
def formats() -> dict[str, BandFormat]:
    """All formats by name, in the order in which they are tried."""
    package = import_module(__package__ or "")
    modules = [import_module(f"{package.__name__}.{info.name}") for info in iter_modules(package.__path__)]
    declared = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {each.name: each for each in sorted(declared, key=lambda each: (each.last, each.name))}
