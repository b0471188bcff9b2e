"""Bands from a file of any format."""

import os
import zlib
from importlib import resources
from pathlib import Path

from ..._errors import InputError, check, within
from ..._types import ArrayLike
from ...fit import Bands
from ._channels import SPINS
from ._format import BandFormat, Head, formats
from ._json import bands_from_json

_FOLDER = resources.files("chiraljax.materials") / "bands"


def bundled_bands() -> list[str]:
    """Names of the bands that come with the package."""
    return sorted(file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".json"))


def band_formats() -> dict[str, str]:
    """The formats of `read_bands`, with one line on each."""
    return {name: kind.help for name, kind in sorted(formats().items())}


def read_bands(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    spin_orbit: bool | None = None,
    spin: str | None = None,
    k: ArrayLike | None = None,
) -> Bands:
    """The bands in a file, or bundled bands by their name.

    Args:
        path: a name of `bundled_bands()`, or a file.
        format: one of `band_formats()`; by default recognised by the name and the first lines of the file.
        spin_orbit: whether a band holds one electron, as with spin–orbit coupling, or two. It must be given where the
            file does not say it: for CSV, bands.x, one spin of ASE, pymatgen or CASTEP, and Wannier90 unless `spinors`
            in the `seedname.win` beside it or the symmetry of H(R) decides. Where the file says it, both must agree.
        spin: "up" or "down", the bands to read of a spin-polarised calculation without spin–orbit coupling, as if those
            of the other spin were the same; it must be given unless they are, to 1 meV.
        k: fractional k-points (K, 3), only for `seedname_hr.dat`, `seedname_tb.dat` and the output of bands.x.

    Returns:
        The `Bands`, with all information of the file. `filled` is None for a metal, `weights` are those of the file.
        Spinor bands without spin–orbit coupling, one electron each, have `spin_orbit` too.

    Raises:
        InputError: with the file, among others for one that does not say whether a band holds one electron or two,
            without `spin_orbit`, and for a spin-polarised calculation, whose two spins are not the bands of one
            Hamiltonian, without `spin`.
    """
    if str(path) in bundled_bands():
        alone = format in (None, "json") and spin is None and k is None
        check(alone, "", "must be given without format, spin and k, being bundled", path)
        text = (_FOLDER / f"{path}.json").read_text(encoding="utf-8")
        with within(source=path):
            return bands_from_json(text, str(path), spin_orbit)
    check(format is None or format in formats(), "format", f"must be one of {_names()}, but got {format!r}")
    check(spin in (None, *SPINS), "spin", f"must be up or down, but got {spin!r}")
    with within(source=path):
        return _read(Path(path), format, spin_orbit, spin, k)


def _read(path: Path, format: str | None, spin_orbit: bool | None, spin: str | None, k: ArrayLike | None) -> Bands:
    head = _head(path)
    check(head.raw.strip(), "", "must be a file of bands, but it is empty")
    kind = formats()[format] if format else _recognised(head)
    given = f"as a file of format {kind.name} has"
    check(kind.takes_k or k is None, "k", f"must be left out, {given} its own k-points, but is given")
    check(kind.takes_spin or spin is None, "spin", f"must be left out, {given} no two spins, but is given")
    extra = ({"k": k} if kind.takes_k else {}) | ({"spin": spin} if kind.takes_spin else {})
    return kind.read(path, spin_orbit, **extra)


def _head(path: Path) -> Head:
    try:
        return Head.of(path)
    except FileNotFoundError:
        expected = f"a file of bands or bundled bands ({', '.join(bundled_bands())})"
        raise InputError("", f"must be {expected}, but there is no such file") from None
    except OSError as error:
        raise InputError("", f"must be a file of bands, but {error.strerror or error}") from None
    except (EOFError, zlib.error):
        raise InputError("", "must be a file of bands, but what gzip packed is not whole") from None


def _recognised(head: Head) -> BandFormat:
    """The first format that recognises the file."""
    kind = next((kind for kind in formats().values() if kind.recognised(head)), None)
    if kind is None:
        raise InputError("", f"must be a file of bands, but nothing says of which format; give one of {_names()}")
    return kind


def _names() -> str:
    return ", ".join(sorted(formats()))
