"""The whole chain of the paper, from pulse to moment."""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import jax.numpy as jnp

from ..lattice import load_lattice
from ..materials import load_material
from ..observables import Magnetization
from ..pulse import GaussianPulse
from ._figure1 import figure1
from ._figure2 import figure2
from ._figure3a import figure3a
from ._figure3b import figure3b
from ._figure4 import figure4, moments
from ._figure5 import figure5
from ._report import write_report
from ._row import Row
from ._soft_mode import driven

STEPS = (
    "Figure 1",
    "Figure 2",
    "Figure 3a",
    "Figure 3b",
    "Figure 4: cube at Γ",
    "Figure 4: whole zone",
    "Figure 5: fit to PBE bands",
    "Report",
)
"""in order; `on_step` is called with each at its start"""
ROTATION = 2 * math.pi * 2.42
"""rad/ps, the Ω of Figs. 3b and 4"""


def reproduce(out: str | os.PathLike[str], on_step: Callable[[str], object] = lambda step: None) -> list[Row]:
    """Write the paper's figures for KTaO₃, a fifth on its fit, `fit.txt`, `report.md` and `report.json`.

    Each figure is a PNG, a PDF and one or more CSV files. Takes about two minutes on two cores.

    Args:
        out: the folder, made if it is missing.
        on_step: called with each of `STEPS` at its start.

    Returns:
        The rows of the report.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    steps = iter(STEPS)
    on_step(next(steps))
    material = load_material("KTaO3")
    pulse, lattice = GaussianPulse(), load_lattice("KTaO3")
    rows = figure1(material, lattice, load_lattice("KTaO3_2x2x2"), folder)
    on_step(next(steps))
    motion = driven(material, lattice, pulse)
    rows += figure2(motion, pulse, material.crystal, folder)
    on_step(next(steps))
    rows += figure3a(material, ROTATION, folder)
    on_step(next(steps))
    density_errors = figure3b(material, ROTATION, folder)
    on_step(next(steps))
    cube = moments(material.electrons, ROTATION, "gamma_cube", rtol=1e-3)
    on_step(next(steps))
    zone = moments(material.electrons, ROTATION, "zone", rtol=1.5e-2)
    rows += figure4({"zone": zone, "gamma_cube": cube}, float(jnp.max(jnp.abs(motion.ionic_moment))), folder)
    on_step(next(steps))
    rows += figure5(material, folder)
    on_step(next(steps))
    write_report(folder, rows, _cost(density_errors, {"zone": zone, "gamma_cube": cube}))
    return rows


def _cost(density_errors: Mapping[str, float], results: Mapping[str, Magnetization]) -> dict:
    return {
        f"M_z, {region}": {
            "diagonalisations": int(result.eigensolves),
            "status": result.status,
            "largest error of M_z (μ_B per cell)": float(jnp.max(result.error)),
            "largest error of the density of states (1/eV, upper bound)": density_errors[region],
        }
        for region, result in results.items()
    }
