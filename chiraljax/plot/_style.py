"""The style of all figures."""

import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._atomic import atomic_path

COLORS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
"""The palette of Okabe and Ito, for colour-blind readers too."""

UP, DOWN = COLORS["vermilion"], COLORS["blue"]
"""spin along the axis of rotation, and against it"""
DASHES = ["-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (4, 1.2, 1, 1.2))]
SERIES = [COLORS[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky", "black")]

COLUMN, PAGE = 3.4, 7.0
"""inches: one column of a journal, and both"""

_STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 8,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=SERIES),
    "lines.linewidth": 1.1,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.formatter.use_mathtext": True,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
    "savefig.dpi": 250,
    "svg.hashsalt": "chiraljax",
}


def styled():
    """A context manager, and a decorator of functions, for artists in this style."""
    return mpl.rc_context(_STYLE)


def new_figure(width: float, height: float, **subplots) -> tuple[Figure, np.ndarray]:
    """A figure of that size (inches) and its axes (rows, columns); `subplots` is for `Figure.subplots`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(squeeze=False, **subplots)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure in the format of the suffix (.png, .pdf or .svg), without a date."""
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(Path(path).suffix, {})
    with styled(), atomic_path(path) as temporary:
        figure.savefig(temporary, metadata=undated)


def panel_label(axes: Axes, text: str) -> None:
    """Draw a letter above the upper left corner."""
    axes.set_title(text, loc="left", fontweight="bold")
