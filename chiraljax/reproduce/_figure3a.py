"""Figure 3a: the bands along X–R–M–Γ–R, with gaps and splittings."""

from pathlib import Path

import numpy as np

from ..electrons import Electrons
from ..io import write_csv
from ..materials import Material
from ..observables import conduction_edge, valence_edge
from ..plot import bands_figure
from ..units import HBAR_EV_PS
from ._files import save
from ._row import Row

_GENERIC = np.array([0.123, 0.217, 0.041])
_DEGENERATE = 1e-7
"""eV: largest difference of degenerate levels"""


def figure3a(material: Material, rotation: float, folder: Path, points: int = 100) -> list[Row]:
    """Write fig3a.(png|pdf|csv); returns the rows on energies at Ω = 0 and at Ω = `rotation` (rad/ps)."""
    electrons = material.electrons
    edge = float(conduction_edge(electrons).energy)
    path = material.k_path(points)
    energies = np.asarray(electrons.energies(path.k))
    save(bands_figure(path, energies, edge), folder, "fig3a")
    columns = ["distance_rad_per_A", "k1", "k2", "k3", *(f"e{i}_eV" for i in range(1, energies.shape[1] + 1))]
    write_csv(folder / "fig3a.csv", columns, np.column_stack([path.distance, path.k, energies]))
    return [*_gaps(electrons, edge), *_splittings(electrons, rotation)]


def _gaps(electrons: Electrons, edge: float) -> list[Row]:
    levels = np.asarray(electrons.energies(np.zeros(3)))
    below, above = levels[electrons.filling - 1], levels[electrons.filling :]
    valence = valence_edge(electrons)
    at = ", ".join(f"{abs(component):.3g}" for component in np.asarray(valence.k))
    rounding = electrons.size * float(np.finfo(float).eps * np.abs(levels).max())
    quartet, doublet = above[:4], above[4:6]
    return [
        Row("matrix size", electrons.size, "", "14 orbitals (O 2p, Ta 5d) and two spins", 28, "exact", 0.0),
        Row(
            "direct gap at Γ",
            above[0] - below,
            "eV",
            "the paper's gap, read as the direct one at Γ",
            2.8,
            accuracy=rounding,
        ),
        Row(
            "fundamental gap",
            edge - float(valence.energy),
            "eV",
            f"the same printed value, read as the fundamental gap: valence edge at k = ({at}), conduction edge at Γ",
            2.8,
            accuracy=rounding,
        ),
        Row(
            "spin–orbit splitting at Γ",
            doublet.mean() - quartet.mean(),
            "eV",
            "between the j = 3/2 quartet and the j = 1/2 doublet of Ta t₂g",
            0.46,
            accuracy=rounding,
        ),
    ]


def _splittings(electrons: Electrons, rotation: float) -> list[Row]:
    gamma = np.zeros(3)
    term = np.asarray(electrons.hamiltonian(gamma, rotation) - electrons.hamiltonian(gamma))
    moments = np.linalg.eigvalsh(term)
    step = np.diff(moments)[np.diff(moments) > _DEGENERATE].min()
    turned = np.asarray(electrons.energies(gamma, rotation))[electrons.filling :]
    quartet, doublet = turned[:4], turned[4:6]
    scale = HBAR_EV_PS * rotation
    rounding = 1e3 * electrons.size * float(np.finfo(float).eps * np.abs(turned).max())
    still, moving = (_pairs(np.asarray(electrons.energies(_GENERIC, omega))) for omega in (0.0, rotation))
    at = "k = (" + ", ".join(f"{component:g}" for component in _GENERIC) + ")"
    return [
        Row(
            "splitting ħΩ",
            1e3 * step,
            "meV",
            "distance of neighbouring eigenvalues of the term Ω·J itself, Ω = 2π·2.42 rad/ps; h·2.42 THz is 10.008 meV",
            10.008,
            accuracy=rounding,
        ),
        Row(
            "splitting of the j = 1/2 doublet at Γ",
            1e3 * (doublet[1] - doublet[0]),
            "meV",
            f"J = L + S; {(doublet[1] - doublet[0]) / scale:.4f} ħΩ, 5/3 for pure t₂g (l reversed)",
            accuracy=rounding,
        ),
        Row(
            "outer splitting of the j = 3/2 quartet at Γ",
            1e3 * (quartet[3] - quartet[0]),
            "meV",
            f"J = L + S; {(quartet[3] - quartet[0]) / scale:.4f} ħΩ, 1 for pure t₂g",
            accuracy=rounding,
        ),
        Row(
            "inner splitting of the j = 3/2 quartet at Γ",
            1e3 * (quartet[2] - quartet[1]),
            "meV",
            f"J = L + S; {(quartet[2] - quartet[1]) / scale:.4f} ħΩ, 1/3 for pure t₂g; here spin–orbit mixes in e_g",
            accuracy=rounding,
        ),
        Row(
            "degenerate pairs, Ω = 0",
            still,
            "",
            f"Kramers pairs at {at}: every band",
            electrons.size // 2,
            "exact",
            0.0,
        ),
        Row("degenerate pairs, Ω = 2π·2.42 rad/ps", moving, "", f"at {at}: the degeneracy is lifted", 0, "exact", 0.0),
    ]


def _pairs(levels: np.ndarray) -> int:
    return int(np.sum(np.diff(levels) < _DEGENERATE))
