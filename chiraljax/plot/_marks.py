"""Marks, lines and labels of the figures of a fit."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.lines import Line2D

from ._style import DASHES, SERIES

DARK = "0.25"


def styles(number: int) -> list[dict]:
    """A colour and a dash pattern for each model; the first, the fit, is solid."""
    return [
        {"color": SERIES[i % len(SERIES)], "linestyle": DASHES[i % len(DASHES)], "linewidth": 1.2 if i else 1.4}
        for i in range(number)
    ]


def circles(axes: Axes, x: np.ndarray, y: np.ndarray, share: np.ndarray, color: str = DARK) -> None:
    """Draw open circles with opacity `share`."""
    colors = np.tile(to_rgba_array(color), (share.size, 1))
    colors[:, 3] = share.ravel()
    axes.scatter(x.ravel(), y.ravel(), s=7, facecolors="none", edgecolors=list(colors), linewidths=0.6, zorder=3)


def circle(color: str, label: str) -> Line2D:
    """A circle in a legend."""
    return Line2D([], [], linestyle="", marker="o", markersize=3, markerfacecolor="none", color=color, label=label)


def energy_label(edge: tuple[int, float] | None) -> str:
    """The label of energies from the edge, or from the reference of the bands if there is no edge."""
    zero = "ref" if edge is None else "CBM"
    return rf"$E - E_\mathrm{{{zero}}}$ (eV)"


def padded(values: np.ndarray, share: float) -> tuple[float, float]:
    """The range of the values with margins of `share` times the range."""
    low, high = float(values.min()), float(values.max())
    return low - share * (high - low), high + share * (high - low)
