"""Bands as a table of numbers."""

from pathlib import Path

from ..._errors import check
from ...fit import Bands
from .._csv import COMPONENTS, read_table
from ._format import BandFormat, Head
from ._spin import given

_CARTESIAN = ["kx", "ky", "kz"]


def read_csv(path: Path, spin_orbit: bool | None) -> Bands:
    """Bands from a file with the header k1,k2,k3,e1,e2,… and an optional column weight."""
    header, rows = read_table(path, "a CSV file of bands", _check_header)
    columns = {name: rows[:, i] for i, name in enumerate(header)}
    energies = rows[:, [i for i, name in enumerate(header) if name not in (*COMPONENTS, "weight")]]
    return Bands(
        rows[:, :3],
        energies,
        columns.get("weight"),
        spin_orbit=given(spin_orbit),
        source=f"{path.name}, CSV",
    )


def _check_header(header: list[str]) -> None:
    check(
        header[:3] != _CARTESIAN,
        "header",
        "must be fractional k1,k2,k3, but kx,ky,kz are Cartesian; turn them with the reciprocal lattice",
    )
    energies = [name for name in header[3:] if name != "weight"]
    expected = [f"e{i}" for i in range(1, len(energies) + 1)]
    check(
        header[:3] == COMPONENTS and energies and energies == expected and header.count("weight") <= 1,
        "header",
        f"must be k1,k2,k3,e1,e2,… with at most one column weight, but got {','.join(header)}",
    )


def _recognised(head: Head) -> bool:
    header = next((line for line in head.text.splitlines() if line.strip() and not line.startswith("#")), "")
    table = head.path.suffix == ".csv" and not head.text.startswith(("{", "<"))
    return table or header.replace(" ", "").startswith(("k1,", "kx,"))


FORMAT = BandFormat(
    "csv",
    "columns k1,k2,k3,e1,e2,… and, if need be, weight, as `chiraljax bands --out FILE.csv` writes",
    _recognised,
    read_csv,
    last=True,
)
