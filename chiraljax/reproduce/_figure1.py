"""Figure 1: phonon branches, and the soft mode as arrows in the cell."""

from pathlib import Path

import numpy as np

from ..crystal import k_path
from ..io import write_csv
from ..lattice import Dispersion, Lattice, ModeSet
from ..materials import Material
from ..phonon import Phonon
from ..plot import lattice_figure
from ._files import save
from ._row import Row
from ._soft_mode import soft_mode

_CORNERS = {"Γ": (0.0, 0.0, 0.0), "X": (0.0, 0.5, 0.0), "M": (0.5, 0.5, 0.0), "R": (0.5, 0.5, 0.5)}
_SEGMENTS = (("Γ", "X"), ("X", "M"), ("M", "Γ"), ("Γ", "R"), ("R", "M"))
_QUANTITIES = (("position", "_A"), ("e", ""), ("e_over_sqrt_m", "_per_sqrt_u"))
_UNSTABLE = -0.05
"""THz; smaller negative frequencies are errors of the acoustic sum rule"""


def figure1(material: Material, lattice: Lattice, supercell: Lattice, folder: Path, points: int = 60) -> list[Row]:
    """Write fig1.(png|pdf), fig1_dispersion.csv, fig1_gamma.csv and fig1_mode.csv; returns the rows on the modes.

    `lattice` gives the more accurate modes at Γ and the arrows, `supercell` the branches, with `points` intervals per
    segment.
    """
    dispersion = supercell.dispersion(k_path(supercell.crystal, _CORNERS, _SEGMENTS, points))
    phonon = soft_mode(material, lattice)
    vectors = np.asarray(phonon.oscillators.eigenvectors[0])
    moved = vectors / np.sqrt(np.asarray(phonon.masses))[:, None]
    others = {
        "first principles, one cell": [mode.frequency for mode in lattice.modes],
        "measured, 300 K": phonon.frequency.tolist(),
    }
    save(lattice_figure(dispersion, material.crystal, moved, supercell.modes, others), folder, "fig1")
    _write(folder, dispersion, {"one_cell": lattice, "supercell": supercell})
    columns = ["species", *(f"{name}_{axis}{unit}" for name, unit in _QUANTITIES for axis in "xyz")]
    places = np.asarray(material.crystal.positions) @ material.crystal.vectors
    rows = zip(material.crystal.species, np.hstack([places, vectors, moved]), strict=True)
    write_csv(folder / "fig1_mode.csv", columns, [[label, *numbers] for label, numbers in rows])
    return _rows(lattice, supercell, dispersion, phonon)


def _write(folder: Path, dispersion: Dispersion, lattices: dict[str, Lattice]) -> None:
    branches = dispersion.frequencies[0].shape[1]
    table = [
        [segment, *numbers]
        for segment, part in enumerate(zip(dispersion.distances, dispersion.frequencies, strict=True), 1)
        for numbers in np.column_stack(part)
    ]
    columns = ["segment", "distance_rad_per_A", *(f"nu{i}_THz" for i in range(1, branches + 1))]
    write_csv(folder / "fig1_dispersion.csv", columns, table)
    modes = [
        [name, mode.irrep, mode.degeneracy, mode.frequency, _charge(mode)]
        for name, lattice in lattices.items()
        for mode in lattice.modes
    ]
    columns = ["force_constants", "irrep", "degeneracy", "nu_THz", "mode_effective_charge_e_per_sqrt_u"]
    write_csv(folder / "fig1_gamma.csv", columns, modes)


def _charge(mode: ModeSet) -> float:
    """Largest |Z̃| over all directions of polarisation, e/√u."""
    return float(np.sqrt(np.linalg.eigvalsh(mode.oscillator_strength)[-1].clip(0)))


def _rows(lattice: Lattice, supercell: Lattice, dispersion: Dispersion, phonon: Phonon) -> list[Row]:
    branches = np.concatenate(dispersion.frequencies)
    charge = float(phonon.mode_effective_charge[0])
    return [
        *(
            Row(
                f"{mode.irrep} at Γ, {number} of {len(lattice.modes)}",
                mode.frequency,
                "THz",
                _reading(number, float(phonon.frequency[0])),
            )
            for number, mode in enumerate(lattice.modes, 1)
        ),
        Row(
            "mode effective charge Z̃, first principles",
            charge,
            "e/√u",
            "Σ Z*·e/√m of the soft mode, with eigenvector and Born charges in PBE",
            1.4,
        ),
        Row(
            "imaginary frequencies",
            int(np.sum(branches < _UNSTABLE)) + sum(mode.frequency < _UNSTABLE for mode in lattice.modes),
            "",
            f"at the {len(branches)} points of Γ–X–M–Γ–R–M and in the better modes at Γ, in PBE at a = 3.988 Å; the"
            f" soft mode of the supercell is at {supercell.modes[0].frequency:.3f} THz",
        ),
    ]


def _reading(number: int, measured: float) -> str:
    words = "harmonic, transverse, in PBE at a = 3.988 Å"
    if number > 1:
        return words
    return f"{words}; the soft mode, measured at {measured:g} THz (300 K), which all that follows uses"
