"""Energies along a path."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ..crystal import KPath
from ._style import COLORS, COLUMN, DOWN, UP, new_figure, styled

SPIN_COLORS = LinearSegmentedColormap.from_list("spin", [DOWN, "#BBBBBB", UP])
"""from ⟨σ_z⟩ = −1 to 1"""
_SMALL = 0.5
"""eV, below which a window is labelled in meV"""


def draw_bands(axes: Axes, path: KPath, energies: np.ndarray, **line) -> None:
    """Draw bands (K, n), in the unit of the axes, against the distance along the path; `line` is for `Axes.plot`."""
    axes.plot(path.distance, energies, **({"color": COLORS["blue"], "linewidth": 0.9} | line))
    _ticks(axes, path)


def draw_spin_bands(axes: Axes, path: KPath, energies: np.ndarray, spin: np.ndarray) -> LineCollection:
    """Draw bands (K, n) coloured by their `spin` ⟨σ_z⟩ (K, n).

    Returns:
        The lines, for a colour bar.
    """
    points = np.stack(np.broadcast_arrays(path.distance[:, None], energies), axis=-1)
    pieces = np.stack([points[:-1], points[1:]], axis=2).reshape(-1, 2, 2)
    lines = LineCollection(list(pieces), cmap=SPIN_COLORS, linewidth=1.3, capstyle="round")
    lines.set_array(((spin[:-1] + spin[1:]) / 2).ravel())
    lines.set_clim(-1, 1)
    axes.add_collection(lines)
    axes.autoscale_view()
    _ticks(axes, path)
    return lines


@styled()
def bands_figure(
    path: KPath,
    energies: np.ndarray,
    origin: float,
    *,
    window: tuple[float, float] | None = None,
    spin: np.ndarray | None = None,
    rest: np.ndarray | None = None,
) -> Figure:
    """Bands relative to `origin`, the conduction-band edge.

    Args:
        path: of K points.
        energies: (K, n) eV.
        origin: eV.
        window: lower and upper end in eV from `origin`; all bands unless given.
        spin: (K, n) ⟨σ_z⟩, which colours the bands.
        rest: (K, n) eV of the same bands without a rotation, drawn thin.
    """
    meV = window is not None and window[1] - window[0] < _SMALL
    scale, unit = (1e3, "meV") if meV else (1.0, "eV")
    figure, ((axes,),) = new_figure(COLUMN * 1.25, 3.2)
    if rest is not None:
        draw_bands(axes, path, scale * (rest - origin), color="0.6", linewidth=0.6, linestyle=(0, (4, 2)))
        axes.plot([], [], color="0.6", linewidth=0.6, linestyle=(0, (4, 2)), label=r"$\Omega = 0$")
        axes.legend(loc="best")
    if spin is None:
        draw_bands(axes, path, scale * (energies - origin))
    else:
        colored = draw_spin_bands(axes, path, scale * (energies - origin), spin)
        bar = figure.colorbar(colored, ax=axes, shrink=0.5, ticks=[-1, 0, 1], pad=0.05)
        bar.ax.set_title(r"$\langle\sigma_z\rangle$")
    axes.axhline(0, color="0.6", linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    axes.set_ylabel(rf"$E - E_\mathrm{{CBM}}$ ({unit})")
    if path.ticks:
        for label, side in zip(axes.get_xticklabels()[:: len(path.ticks) - 1], ("left", "right"), strict=True):
            label.set_horizontalalignment(side)
    if window is not None:
        axes.set_ylim(scale * window[0], scale * window[1])
    return figure


def _ticks(axes: Axes, path: KPath) -> None:
    axes.set_xlim(path.distance[0], path.distance[-1])
    axes.tick_params(axis="x", length=0)
    if not path.ticks:
        axes.set_xlabel("distance along the list of k-points (rad/Å)")
        axes.tick_params(axis="x", length=3)
        return
    positions, labels = zip(*path.ticks, strict=True)
    axes.set_xticks(positions, labels)
    for position in positions[1:-1]:
        axes.axvline(position, color="0.8", linewidth=0.6, zorder=0)
