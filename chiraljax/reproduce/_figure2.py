"""Figure 2: the pulse, the atoms it moves and their angular momentum."""

from pathlib import Path

import numpy as np

from ..io import write_csv
from ..materials import Material
from ..phonon import Motion, Phonon
from ..plot import drive_figure
from ..pulse import AbstractPulse
from ._files import save
from ._row import Row

_TIMES = np.linspace(0, 10, 2001)
_RELATIVE_ERROR = 1e-8
"""bound of `Phonon.drive`, shown in tests/physics"""


def figure2(material: Material, pulse: AbstractPulse, folder: Path) -> list[Row]:
    """Write fig2.(png|pdf|csv); returns the rows that follow from the motion."""
    phonon = material.pairs()
    motion = phonon.drive(pulse, _TIMES)
    save(drive_figure(motion, pulse, material.crystal.species), folder, "fig2")
    sites = [f"{label}{i}" for i, label in enumerate(material.crystal.species, 1)]
    table = {"t_ps": _TIMES}
    field, displacements = np.asarray(pulse(_TIMES)), np.asarray(motion.displacements)
    for i, axis in enumerate("xy"):
        table[f"E_{axis}_MV_per_cm"] = field[:, i]
        table[f"q_{axis}_A_sqrt_u"] = np.asarray(motion.q[:, i])
        table |= {f"u_{axis}_{site}_A": displacements[:, j, i] for j, site in enumerate(sites)}
    table |= {f"L_{site}_hbar": np.asarray(motion.site_angular_momentum[:, j]) for j, site in enumerate(sites)}
    table["L_hbar"] = np.asarray(motion.angular_momentum)
    write_csv(folder / "fig2.csv", list(table), zip(*table.values(), strict=True))
    return _rows(material, phonon, motion)


def _rows(material: Material, phonon: Phonon, motion: Motion) -> list[Row]:
    length = np.linalg.norm(motion.q, axis=-1)
    peak = int(np.argmax(length))
    momentum = np.asarray(motion.angular_momentum)
    fastest = momentum[np.argmax(np.abs(momentum))]
    moved = np.linalg.norm(np.asarray(motion.displacements), axis=-1).max(axis=0)
    atoms = {
        label: max(moved[list(material.crystal.sites(label))]) for label in dict.fromkeys(material.crystal.species)
    }
    spacing = _TIMES[1] - _TIMES[0]
    return [
        Row("mode frequency ω₀/2π", float(phonon.frequency[0]), "THz", "its value at 300 K", 2.42, "input", 0.0),
        Row(
            "damping η",
            float(phonon.damping[0]),
            "rad/ps",
            "of its text; the caption of Fig. 2 says 0.1×2π, the same to 2 %",
            0.64,
            "input",
            0.0,
        ),
        Row(
            "mode effective charge Z̃",
            float(phonon.mode_effective_charge[0]),
            "e/√u",
            "of the soft mode",
            1.4,
            "input",
            0.0,
        ),
        Row(
            "dielectric constant ε∞",
            float(phonon.dielectric_constant),
            "",
            "screens the field once, in Eq. 4",
            4.3,
            "input",
            0.0,
        ),
        Row(
            "largest |q|",
            float(length[peak]),
            "Å√u",
            "Eq. 4, envelope exp(−½(t−t₀)²/τ²), τ = √½ ps, at rest at t = 0",
            accuracy=_RELATIVE_ERROR * float(length[peak]),
        ),
        Row("time of the largest |q|", float(_TIMES[peak]), "ps", "the same; sampled every 5 fs", accuracy=spacing / 2),
        *(
            Row(
                f"largest displacement of {label}",
                float(value),
                "Å",
                "u = q e/√m with the first-principles eigenvector",
            )
            for label, value in atoms.items()
        ),
        Row(
            "largest |L| (signed)",
            float(fastest),
            "ħ",
            "L = q × q̇, both components; [sin, cos] turns clockwise, L < 0",
            accuracy=2 * _RELATIVE_ERROR * abs(float(fastest)),
        ),
    ]
