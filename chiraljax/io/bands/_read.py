"""Bands from a file, whatever wrote it."""

import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from ..._errors import InputError, check, within
from ..._types import ArrayLike
from ..._validation import read_text
from ...fit import Bands
from ._ase import read_ase
from ._csv import read_csv
from ._espresso import read_espresso
from ._json import bands_from_json, read_json, read_netcdf
from ._vasp import read_vasp
from ._wannier90 import read_wannier90

_FOLDER = resources.files("chiraljax.materials") / "bands"
_READERS: dict[str, Callable[[Path, bool | None], Bands]] = {
    "ase": read_ase,
    "csv": read_csv,
    "espresso": read_espresso,
    "json": read_json,
    "netcdf": read_netcdf,
    "vasp": read_vasp,
    "wannier90": read_wannier90,
}
_HEAD = 4096


def bundled_bands() -> list[str]:
    """Names of the bands that come with the package."""
    return sorted(file.name[:-5] for file in _FOLDER.iterdir() if file.name.endswith(".json"))


def read_bands(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    spin_orbit: bool | None = None,
    k: ArrayLike | None = None,
) -> Bands:
    """The bands in a file, or bundled bands by their name.

    **Arguments:**

    - `path`: a name of `bundled_bands()`, or a file.
    - `format`: what wrote the file. By default its name and its first lines tell.
        - `"vasp"`: `vasprun.xml` (needs pymatgen), or `EIGENVAL` with an optional `PROCAR` beside it, which takes
          the names of the ions from a `POSCAR` or `CONTCAR` there. Where there are k-points of zero weight, as
          in the bands of a hybrid functional, they alone are kept; where there was a `KPOINTS_OPT`, its k-points.
        - `"espresso"`: `data-file-schema.xml` of Quantum ESPRESSO; k-points of zero weight as above.
        - `"ase"`: a band structure that ASE wrote as JSON, as GPAW does.
        - `"json"`, `"netcdf"`: what `bands_dataset` gives, or `chiraljax bands --out FILE.json`.
        - `"wannier90"`: `seedname_band.dat` with `seedname_band.kpt` beside it, or `seedname_hr.dat` and `k`.
        - `"csv"`: columns k1,k2,k3,e1,e2,… and, if need be, weight, as `chiraljax bands --out FILE.csv` writes.
    - `spin_orbit`: whether a band holds one electron, for a file that does not say (ASE, Wannier90, CSV). By
      default it does if the bands are doublets within 20 meV at every k-point, so give it for a crystal without
      inversion symmetry. Where the file does say, it must agree.
    - `k`: fractional k-points (K, 3), only for `seedname_hr.dat`.

    **Returns** the `Bands`, with all that the file knows: `filled` is left open for a metal, `weights` are those
    of the file. Spinor bands without spin–orbit coupling, one electron each, have `spin_orbit` too.

    **Raises** `InputError` with one line that names the file and what was expected, among them for a
    spin-polarised calculation, whose two spins are not the bands of one Hamiltonian here.
    """
    if str(path) in bundled_bands():
        check(format in (None, "json") and k is None, "", "must be given without format and k, being bundled", path)
        text = (_FOLDER / f"{path}.json").read_text(encoding="utf-8")
        with within(source=path):
            return bands_from_json(text, str(path), spin_orbit)
    check(
        format is None or format in _READERS,
        "format",
        f"must be one of {', '.join(_READERS)}, but got {format!r}",
    )
    with within(source=path):
        return _read(Path(path), format, spin_orbit, k)


def _read(path: Path, format: str | None, spin_orbit: bool | None, k: ArrayLike | None) -> Bands:
    head = _head(path)
    check(head.strip(), "", "must be a file of bands, but it is empty")
    kind = format or _kind(path, head)
    if kind == "wannier90":
        return read_wannier90(path, spin_orbit, k)
    check(k is None, "k", f"must be left out, as a file of format {kind} has its own k-points")
    return _READERS[kind](path, spin_orbit)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        known = f"a file of bands or bundled bands ({', '.join(bundled_bands())})"
        raise InputError("", f"must be {known}, but there is no such file") from None
    except OSError as error:
        raise InputError("", f"must be a file of bands, but {error.strerror or error}") from None


def _kind(path: Path, head: bytes) -> str:
    """The format that the name and the first bytes of a file tell."""
    if head.startswith((b"\x89HDF", b"CDF")):
        return "netcdf"
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    lines = text.splitlines()
    if path.name.endswith(("_band.dat", "_hr.dat")):
        return "wannier90"
    if text.startswith("{"):
        return "ase" if '"__ase_objtype__"' in read_text(path, "a file of bands") else "json"
    if text.startswith("<"):
        check(
            "espresso" in text or "<modeling" in text,
            "",
            "must be vasprun.xml of VASP or data-file-schema.xml of Quantum ESPRESSO, but it is other XML",
        )
        return "espresso" if "espresso" in text else "vasp"
    if path.name.startswith("EIGENVAL") or (len(lines) > 3 and lines[3].strip() == "CAR"):
        return "vasp"
    header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    check(
        path.suffix == ".csv" or header.replace(" ", "").startswith(("k1,", "kx,")),
        "",
        f"must be a file of bands, but nothing says of which format; give one of {', '.join(_READERS)}",
    )
    return "csv"
