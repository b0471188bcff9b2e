"""Figure 2: the pulse, the motion of the atoms and their angular momentum."""

from pathlib import Path

import numpy as np

from .._types import ArrayLike
from ..crystal import Crystal
from ..io import write_csv
from ..phonon import Motion, Phonon
from ..plot import drive_figure
from ..pulse import AbstractPulse
from ._files import save
from ._row import Row

_RELATIVE_ERROR = 1e-8
"""bound of `Phonon.drive`, tested in tests/physics"""


def figure2(motion: Motion, pulse: AbstractPulse, crystal: Crystal, folder: Path) -> list[Row]:
    """Write fig2.(png|pdf|csv) of the motion driven by `pulse`; returns its rows."""
    save(drive_figure(motion, pulse, crystal.species), folder, "fig2")
    sites = [f"{label}{i}" for i, label in enumerate(crystal.species, 1)]
    table = {"t_ps": np.asarray(motion.times)}
    field, displacements = np.asarray(pulse(motion.times)), np.asarray(motion.displacements)
    for i, axis in enumerate("xy"):
        table[f"E_{axis}_MV_per_cm"] = field[:, i]
        table[f"q_{axis}_A_sqrt_u"] = np.asarray(motion.q[:, i])
        table |= {f"u_{axis}_{site}_A": displacements[:, j, i] for j, site in enumerate(sites)}
    table |= {f"L_{site}_hbar": np.asarray(motion.site_angular_momentum[:, j]) for j, site in enumerate(sites)}
    table["L_hbar"] = np.asarray(motion.angular_momentum)
    table["ionic_moment_muN"] = np.asarray(motion.ionic_moment_nuclear)
    write_csv(folder / "fig2.csv", list(table), zip(*table.values(), strict=True))
    return [*_rows(crystal, motion), *_ionic(motion)]


def _rows(crystal: Crystal, motion: Motion) -> list[Row]:
    phonon, times = motion.phonon, np.asarray(motion.times)
    assert isinstance(phonon, Phonon)
    length = np.linalg.norm(motion.q, axis=-1)
    peak = int(np.argmax(length))
    fastest = _largest(motion.angular_momentum)
    moved = np.linalg.norm(np.asarray(motion.displacements), axis=-1).max(axis=0)
    atoms = {label: max(moved[list(crystal.sites(label))]) for label in dict.fromkeys(crystal.species)}
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
        Row(
            "time of the largest |q|",
            float(times[peak]),
            "ps",
            f"the same; sampled every {1e3 * (times[1] - times[0]):.0f} fs",
            accuracy=(times[1] - times[0]) / 2,
        ),
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
            fastest,
            "ħ",
            "L = q × q̇, both components; [sin, cos] turns clockwise, L < 0",
            accuracy=2 * _RELATIVE_ERROR * abs(fastest),
        ),
    ]


def _ionic(motion: Motion) -> list[Row]:
    """The moment of the moving ions."""
    phonon = motion.phonon
    assert isinstance(phonon, Phonon)
    words = "½ Σ (Z* u) × u̇ with Born charges in PBE; opposite to L, as O moves most"
    moment = _largest(motion.ionic_moment_nuclear)
    return [
        Row("largest ionic moment (signed)", moment, "μ_N per cell", words),
        Row("largest ionic moment (signed), in μ_B", _largest(motion.ionic_moment), "μ_B per cell", "the same"),
        Row(
            "gyromagnetic ratio of the soft mode",
            float(phonon.gyromagnetic_ratio[0]),
            "μ_N/ħ",
            "ionic moment over L = q × q̇",
        ),
    ]


def _largest(values: ArrayLike) -> float:
    """The value of largest magnitude, with its sign."""
    array = np.asarray(values)
    return float(array[np.argmax(np.abs(array))])
