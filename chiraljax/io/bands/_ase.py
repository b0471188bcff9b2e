"""Band structures as ASE writes them."""

from pathlib import Path

import numpy as np

from ..._errors import InputError, check
from ..._validation import one_line, read_text
from ...fit import Bands
from ._common import filled_below
from ._format import BandFormat, Head
from ._spin import given


def read_ase(path: Path, spin_orbit: bool | None) -> Bands:
    """Bands from the JSON of `ase.spectrum.band_structure.BandStructure`.

    It says neither whether its bands are with spin–orbit coupling nor how many electrons there are: the bands below
    `reference` are filled if no band crosses it.
    """
    from ase.io.jsonio import decode
    from ase.spectrum.band_structure import BandStructure

    text = read_text(path, "a band structure of ASE")
    try:
        structure = decode(text)
    except Exception as error:  # its decoder builds objects of whatever the file names
        raise InputError("", f"must be a band structure of ASE, but {one_line(error)}") from None
    if not isinstance(structure, BandStructure):
        raise InputError("", f"must be a band structure of ASE, but it holds {type(structure).__name__}")
    energies, k = np.asarray(structure.energies), np.asarray(structure.path.kpts)
    check(energies.dtype.kind in "fi", "energies", f"must be real numbers, but got {energies.dtype}")
    check(len(energies) != 2, "energies", "must be of one spin, but the calculation is spin-polarised")
    check(len(energies) == 1, "energies", f"must have shape (1, K, B), but got {energies.shape}")
    try:
        reference = float(structure.reference)
    except (TypeError, ValueError):
        raise InputError("reference", f"must be a number, but got {structure.reference!r}") from None
    check(np.isfinite(reference), "reference", f"must be finite, but got {reference}")
    return Bands(
        k,
        energies[0],
        spin_orbit=given(spin_orbit),
        filled=filled_below(energies[0], reference),
        reference=reference,
        source=f"{path.name}, ASE",
    )


def _recognised(head: Head) -> bool:
    return head.text.startswith("{") and '"__ase_objtype__"' in read_text(head.path, "a file of bands")


FORMAT = BandFormat("ase", "a band structure that ASE wrote as JSON, as GPAW does", _recognised, read_ase)
