"""Band structures as ASE writes them."""

from pathlib import Path

import numpy as np

from ..._errors import InputError, check
from ..._validation import one_line, read_text
from ...fit import Bands
from ._channels import channel
from ._common import filled_below
from ._format import BandFormat, Head
from ._spin import agreed, given


def read_ase(path: Path, spin_orbit: bool | None, spin: str | None = None) -> Bands:
    """Bands from the JSON of `ase.spectrum.band_structure.BandStructure`.

    It says neither whether its bands are with spin–orbit coupling, unless they are of two spins, nor how many electrons
    there are: the bands below `reference` are filled if no band crosses it.
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
    fits = energies.ndim == 3 and len(energies) in (1, 2)
    check(fits, "energies", f"must have shape (1, K, B) or (2, K, B), but got {energies.shape}")
    polarised, energies = len(energies) == 2, energies[channel(list(energies), spin)]
    try:
        reference = float(structure.reference)
    except (TypeError, ValueError):
        raise InputError("reference", f"must be a number, but got {structure.reference!r}") from None
    check(np.isfinite(reference), "reference", f"must be finite, but got {reference}")
    return Bands(
        k,
        energies,
        spin_orbit=agreed(False, spin_orbit) if polarised else given(spin_orbit),
        filled=filled_below(energies, reference),
        reference=reference,
        source=f"{path.name}, ASE",
        lattice=_lattice(structure),
    )


def _lattice(structure) -> np.ndarray | None:
    """The lattice vectors, Å, if the cell has three."""
    lattice = np.asarray(structure.path.cell)
    return lattice if lattice.shape == (3, 3) and abs(np.linalg.det(lattice)) > 1e-6 else None


def _recognised(head: Head) -> bool:
    return head.text.startswith("{") and '"__ase_objtype__"' in read_text(head.path, "a file of bands")


FORMAT = BandFormat("ase", "a band structure that ASE wrote as JSON, as GPAW does", _recognised, read_ase, True)
