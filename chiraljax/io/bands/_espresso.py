"""Quantum ESPRESSO's data-file-schema.xml."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..._errors import InputError, check
from ..._validation import one_line, read_text
from ...fit import Bands
from ...units import BOHR, HARTREE
from ._channels import channel, electrons_in
from ._common import filled_bands, numbers, wanted_points, whole
from ._format import BandFormat
from ._spin import agreed

_ATOMS = "output/atomic_structure"


def read_espresso(path: Path, spin_orbit: bool | None, spin: str | None = None) -> Bands:
    """Bands from the XML file of pw.x, of Quantum ESPRESSO 6.3 or newer."""
    text = read_text(path, "data-file-schema.xml of Quantum ESPRESSO")
    root = _root(text)
    structure = _inside(root, "output/band_structure")
    polarised = _flag(structure, "lsda")
    spinors = agreed(_flag(structure, "noncolin") or _flag(structure, "spinorbit"), spin_orbit)
    reciprocal = np.stack([_numbers(root, f"output/basis_set/reciprocal_lattice/b{i}", 3) for i in (1, 2, 3)])
    check(abs(np.linalg.det(reciprocal)) > 1e-10, "reciprocal_lattice", "must be three independent vectors, but is not")

    points = structure.findall("ks_energies")
    count = whole("nks", _text(structure, "nks"))
    check(len(points) == count, "ks_energies", f"must be given at nks = {count} k-points, but got {len(points)}")
    bands = [whole(name, _text(structure, name)) for name in (("nbnd_up", "nbnd_dw") if polarised else ("nbnd",))]
    table = HARTREE * np.stack([_numbers(point, "eigenvalues", sum(bands)) for point in points])
    by_spin = np.split(table, np.cumsum(bands)[:-1], axis=1)
    which = channel(by_spin, spin)
    energies, electrons = by_spin[which], _numbers(structure, "nelec", 1)[0]
    cartesian = np.stack([_numbers(point, "k_point", 3) for point in points])
    weights = numbers("k_point: weight", [_inside(point, "k_point").get("weight", "1") for point in points])
    if polarised:
        occupations = np.stack([_numbers(point, "occupations", sum(bands)) for point in points])
        electrons = electrons_in(np.split(occupations, np.cumsum(bands)[:-1], axis=1)[which], weights)
    kept, weights = wanted_points(weights)
    energies = energies[kept]

    level = next((name for name in ("highestOccupiedLevel", "fermi_energy") if structure.find(name) is not None), None)
    version = root.find("general_info/creator")
    return Bands(
        (cartesian @ np.linalg.inv(reciprocal))[kept],
        energies,
        weights,
        spin_orbit=spinors,
        filled=filled_bands(energies, electrons, spinors),
        reference=float(HARTREE * _numbers(structure, level, 1)[0]) if level else None,
        source=f"{path.name}, Quantum ESPRESSO {'' if version is None else version.get('VERSION', '')}".rstrip(),
        species=tuple(
            atom.get("name", "").rstrip("0123456789") for atom in root.findall(f"{_ATOMS}/atomic_positions/atom")
        ),
        lattice=_lattice(root),
    )


def _lattice(root: ElementTree.Element) -> np.ndarray | None:
    """The lattice vectors, Å, if the file has them."""
    if root.find(f"{_ATOMS}/cell") is None:
        return None
    return BOHR * np.stack([_numbers(root, f"{_ATOMS}/cell/a{i}", 3) for i in (1, 2, 3)])


def _root(text: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError("", f"must be whole XML, but {one_line(error)}") from None
    name = root.tag.rpartition("}")[2]
    check(name == "espresso", "", f"must be data-file-schema.xml of Quantum ESPRESSO 6.3 or newer, but holds <{name}>")
    return root


def _inside(element: ElementTree.Element, name: str) -> ElementTree.Element:
    child = element.find(name)
    if child is None:
        raise InputError(name, "must be there, but is missing; it is only in what a finished pw.x writes")
    return child


def _text(element: ElementTree.Element, name: str) -> str:
    return (_inside(element, name).text or "").strip()


def _flag(element: ElementTree.Element, name: str) -> bool:
    value = _text(element, name).lower()
    check(value in ("true", "false"), name, f"must be true or false, but got {value!r}")
    return value == "true"


def _numbers(element: ElementTree.Element, name: str, count: int) -> np.ndarray:
    values = numbers(name, _text(element, name).split())
    check(len(values) == count, name, f"must be {count} numbers, but got {len(values)}")
    return values


FORMAT = BandFormat(
    "espresso",
    "`data-file-schema.xml` of Quantum ESPRESSO; of k-points of zero weight and others the former alone",
    lambda head: head.text.startswith("<") and "espresso" in head.text,
    read_espresso,
    takes_spin=True,
)
