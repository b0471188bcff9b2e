"""Figure 3b: bands and spin-projected density of states near the conduction edge, at rest and rotating."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from ..crystal import KPath, k_path
from ..electrons import Electrons
from ..io import write_csv
from ..materials import Material
from ..observables import DensityOfStates, band_spin, conduction_edge, density_of_states
from ..plot import PAGE, draw_bands, draw_dos, draw_spin_bands, new_figure, panel_label, styled
from ._files import save

_CORNERS = {"0.1 M": (0.05, 0.05, 0.0), "Γ": (0.0, 0.0, 0.0), "0.1 R": (0.05, 0.05, 0.05)}
_SEGMENTS = (("0.1 M", "Γ"), ("Γ", "0.1 R"))
_WINDOW = (-20.0, 90.0)
"""meV from the conduction edge"""
_BROADENING = 5e-3
_BANDS = 4


def figure3b(material: Material, rotation: float, folder: Path, zone_points: int = 80, cube_points: int = 32) -> dict:
    """Write fig3b.(png|pdf), fig3b_bands.csv and fig3b_dos.csv; returns the largest error of each density."""
    electrons = material.electrons
    edge = float(conduction_edge(electrons).energy)
    path = k_path(material.crystal, _CORNERS, _SEGMENTS, 80)
    energies = edge + np.linspace(*_WINDOW, 221) / 1e3
    points = {"gamma_cube": cube_points, "zone": zone_points}
    bands = {omega: _spin_bands(electrons, path, omega) for omega in (0.0, rotation)}
    densities = {
        (omega, region): density_of_states(
            electrons, energies, broadening=_BROADENING, rotation=omega, region=region, rule=n
        )
        for omega in bands
        for region, n in points.items()
    }
    save(_draw(path, bands, densities, edge), folder, "fig3b")
    _write(folder, path, bands, densities, edge)
    return {region: max(float(jnp.max(densities[omega, region].error)) for omega in bands) for region in points}


def _spin_bands(electrons: Electrons, path: KPath, rotation: float) -> tuple[np.ndarray, np.ndarray]:
    levels, spin = band_spin(electrons, path.k, rotation)
    kept = slice(electrons.filling, electrons.filling + _BANDS)
    return levels[:, kept], spin[:, kept]


@styled()
def _draw(path: KPath, bands: dict, densities: dict[tuple[float, str], DensityOfStates], edge: float) -> Figure:
    figure, panels = new_figure(PAGE, 5.0, nrows=2, ncols=3, sharey=True, width_ratios=(1.5, 1, 1))
    for row, (omega, (levels, spin)) in zip(panels, bands.items(), strict=True):
        in_mev = 1e3 * (levels - edge)
        if omega == 0:
            draw_bands(row[0], path, in_mev, color="0.35", linewidth=1.3)
        else:
            colored = draw_spin_bands(row[0], path, in_mev, spin)
            bar = figure.colorbar(colored, cax=row[0].inset_axes((0.06, 0.14, 0.28, 0.035)), orientation="horizontal")
            bar.set_ticks([-1, 0, 1])
            bar.ax.set_title(r"$\langle\sigma_z\rangle$")
        for axes, region in zip(row[1:], ("gamma_cube", "zone"), strict=True):
            draw_dos(axes, densities[omega, region], edge, scale=1e3)
        row[0].set_ylabel(r"$E - E_\mathrm{CBM}$ (meV)")
        row[0].set(ylim=_WINDOW, yticks=range(0, 81, 20))
        for label, side in zip(row[0].get_xticklabels(), ("left", "center", "right"), strict=True):
            label.set_horizontalalignment(side)
    titles = ("$\\Omega = 0$", r"$\Omega = 2\pi\cdot 2.42$ rad/ps")
    for row, title, letters in zip(panels, titles, ("abc", "def"), strict=True):
        for axes, letter, region in zip(row, letters, ("", r"cube $|k_i| \leq 0.05$", "whole zone"), strict=True):
            panel_label(axes, letter)
            axes.set_title(region or title)
    panels[1, 1].set_xlabel("density of states (1/eV)")
    panels[1, 2].set_xlabel("density of states (1/eV)")
    handles = panels[0, 1].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=2)
    return figure


def _write(folder: Path, path: KPath, bands: dict, densities: dict, edge: float) -> None:
    names, columns = ["distance_rad_per_A", "k1", "k2", "k3"], [path.distance, *path.k.T]
    for state, (levels, spin) in zip(("rest", "turning"), bands.values(), strict=True):
        names += [f"e{i}_{state}_eV" for i in range(1, _BANDS + 1)]
        columns += list(levels.T)
        if state == "turning":
            names += [f"sigma_z{i}" for i in range(1, _BANDS + 1)]
            columns += list(spin.T)
    write_csv(folder / "fig3b_bands.csv", names, np.column_stack(columns))
    names, columns = ["E_minus_CBM_eV"], [np.asarray(next(iter(densities.values())).energies) - edge]
    for (omega, region), dos in densities.items():
        state = "turning" if omega else "rest"
        names += [f"{spin}_{state}_{region}" for spin in ("up", "down")]
        columns += list(np.asarray(dos.projections))
    write_csv(folder / "fig3b_dos.csv", names, np.column_stack(columns))
