"""Phonon branches along a path, and a mode as arrows in the cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from ..crystal import Crystal
from ..lattice import Dispersion, ModeSet
from ._cell import cell_edges, drawn_radii, species_colors, whole_cell
from ._style import COLORS, PAGE, new_figure, panel_label, styled

_TURN, _TILT = np.deg2rad(20), np.deg2rad(14)
"""angles of the cell about z, and of the view above the plane of x and y"""
_BOND = 0.55
"""largest distance of joined atoms of different species, per cube root of the volume"""
_LONGEST = 0.24
"""longest arrow, per cube root of the volume"""
_SPLIT = 0.05
"""THz, least difference of a longitudinal frequency at Γ from the frequencies without a field"""
_MARGIN = 0.1
"""share of the path, for names of modes at Γ"""
_ARROW: dict[str, Any] = {
    "arrowstyle": "-|>",
    "mutation_scale": 7,
    "shrinkA": 0,
    "shrinkB": 0,
    "linewidth": 1.3,
    "color": "0.1",
}
_MARKS = (
    {"marker": "o", "markersize": 4.5, "color": "0.1", "markerfacecolor": "none"},
    {"marker": "D", "markersize": 4, "color": COLORS["vermilion"]},
)


@styled()
def lattice_figure(
    dispersion: Dispersion,
    crystal: Crystal,
    displacements: np.ndarray,
    modes: Sequence[ModeSet],
    others: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Branches (THz) along a path, and the cell with arrows along the displacements of a mode.

    Args:
        dispersion: the branches.
        crystal: the cell.
        displacements: (sites, 3), u_i ∝ e_i/√m_i.
        modes: at Γ, of the same force constants; they distinguish transverse from longitudinal modes.
        others: name → further frequencies at Γ, THz.
    """
    figure, (panels,) = new_figure(PAGE, 3.3, ncols=2, width_ratios=(1.7, 1))
    draw_dispersion(panels[0], dispersion)
    _name_gamma(panels[0], dispersion, modes)
    _mark_gamma(panels[0], dispersion, others or {})
    draw_mode(panels[1], crystal, displacements)
    panels[1].text(
        0.5,
        0,
        r"$\mathbf{u}_i \propto \mathbf{e}_i/\sqrt{m_i}$",
        ha="center",
        va="bottom",
        transform=panels[1].transAxes,
    )
    for axes, letter in zip(panels, "ab", strict=True):
        panel_label(axes, letter)
    return figure


def draw_dispersion(axes: Axes, dispersion: Dispersion, **line) -> None:
    """Draw frequencies in THz against the distance along the path; imaginary ones are negative."""
    for distance, frequencies in zip(dispersion.distances, dispersion.frequencies, strict=True):
        axes.plot(distance, frequencies, **({"color": COLORS["blue"], "linewidth": 0.9} | line))
    positions, labels = zip(*dispersion.ticks, strict=True)
    axes.set_xticks(positions, labels)
    axes.tick_params(axis="x", length=0)
    for position in positions:
        axes.axvline(position, color="0.8", linewidth=0.6, zorder=0)
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.set_xlim(positions[0], positions[-1])
    axes.set_ylabel(r"frequency $\nu$ (THz)")


def draw_mode(axes: Axes, crystal: Crystal, displacements: np.ndarray) -> None:
    """Draw the cell from the side, z up, with arrows proportional to the `displacements` (sites, 3)."""
    size = crystal.volume ** (1 / 3)
    arrows = _LONGEST * size / np.linalg.norm(displacements, axis=1).max() * displacements
    sites, places = whole_cell(crystal)
    colors, radii = species_colors(crystal.species), drawn_radii(crystal)
    bonds = _bonds(crystal, sites, places, _BOND * size)
    axes.add_collection(LineCollection(list(_seen(cell_edges(crystal))[..., :2]), color="0.6", linewidth=0.7, zorder=1))
    axes.add_collection(LineCollection(list(_seen(bonds)[..., :2]), color="0.8", linewidth=2.5, zorder=1))
    seen, ahead = _seen(places), _seen(arrows)[:, :2]
    order = np.argsort(np.argsort(-seen[:, 2], kind="stable"))
    for site, (x, y, _), layer in zip(sites, seen, order, strict=True):
        label, radius, depth = crystal.species[site], float(radii[site]), 2 + 0.1 * layer
        axes.add_patch(Circle((x, y), radius, color=colors[label], linewidth=0, zorder=depth))
        axes.text(x, y, label, color="white", fontsize=7, ha="center", va="center_baseline", zorder=depth)
        length = np.linalg.norm(ahead[site])
        if length > 0:
            start = np.array([x, y]) + radius / length * ahead[site]
            axes.add_patch(FancyArrowPatch(tuple(start), tuple(start + ahead[site]), zorder=depth, **_ARROW))
    reach = np.concatenate([seen[:, :2], seen[:, :2] + ahead[sites]])
    margin = 1.4 * radii.max()
    low, high = reach.min(axis=0) - margin, reach.max(axis=0) + margin
    axes.update_datalim([low, high])
    axes.autoscale_view()
    axes.set(aspect="equal", adjustable="datalim")
    axes.axis("off")


def _name_gamma(axes: Axes, dispersion: Dispersion, modes: Sequence[ModeSet]) -> None:
    """Write TO and LO next to the frequencies of polar modes at the start of the path, if it is Γ."""
    start, label = dispersion.ticks[0]
    if label != "Γ":
        return
    transverse = np.array([0.0, *(mode.frequency for mode in modes)])
    first = dispersion.frequencies[0][0]
    longitudinal = first[np.abs(first[:, None] - transverse).min(axis=1) > _SPLIT]
    names = [("TO", -15, mode.frequency) for mode in modes if mode.infrared]
    for name, shift, frequency in [*names, *(("LO", -4.5, frequency) for frequency in longitudinal)]:
        axes.annotate(
            name, (start, frequency), (shift, 0), textcoords="offset points", fontsize=6, ha="right", va="center"
        )
    axes.set_xlim(start - _MARGIN * (dispersion.ticks[-1][0] - start), None)


def _mark_gamma(axes: Axes, dispersion: Dispersion, others: Mapping[str, Sequence[float]]) -> None:
    """Draw other frequencies at each Γ of the path."""
    places = [where for where, label in dispersion.ticks if label == "Γ"]
    for (name, frequencies), style in zip(others.items(), _MARKS, strict=False):
        x, y = np.meshgrid(places, frequencies)
        axes.plot(x.ravel(), y.ravel(), linestyle="", label=name, zorder=4, **style)
    if others:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(others), borderaxespad=0.1, handletextpad=0.2)


def _bonds(crystal: Crystal, sites: np.ndarray, places: np.ndarray, longest: float) -> np.ndarray:
    """Ends (M, 2, 3) in Å of lines between atoms of different species closer than `longest`."""
    pairs = [
        (a, b)
        for i, a in enumerate(places)
        for j, b in enumerate(places[:i])
        if crystal.species[sites[i]] != crystal.species[sites[j]] and np.linalg.norm(a - b) < longest
    ]
    return np.array(pairs).reshape(-1, 2, 3)


def _seen(points: np.ndarray) -> np.ndarray:
    """Coordinates right, up and away from the viewer (*points, 3) of points (*points, 3)."""
    x, y, z = np.moveaxis(points, -1, 0)
    right, away = x * np.cos(_TURN) + y * np.sin(_TURN), y * np.cos(_TURN) - x * np.sin(_TURN)
    up, depth = z * np.cos(_TILT) + away * np.sin(_TILT), away * np.cos(_TILT) - z * np.sin(_TILT)
    return np.stack([right, up, depth], axis=-1)
