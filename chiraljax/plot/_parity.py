"""Energies of models against those of the bands."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ..electrons import Electrons
from ..fit import BandFit
from ._from_edge import bands_from_edge, edge_of, levels_from_edge, shares
from ._marks import circle, circles, energy_label, padded, styles
from ._style import PAGE, new_figure

_SEEN = 0.1
"""least share of a circle within the range of the axis of errors"""


def parity_figure(fit: BandFit, models: Mapping[str, Electrons], bands: str) -> Figure:
    """Energies of `models` against those of the bands, and their differences; the fit, first, is drawn last."""
    energies, share, edge = bands_from_edge(fit), shares(fit), edge_of(fit)
    figure, panels = new_figure(PAGE * 0.6, 4.6, nrows=2, sharex=True, height_ratios=(1.3, 1))
    above, below = panels[:, 0]
    levels = [levels_from_edge(fit, model)[:, fit.match.levels] for model in models.values()]
    looks = styles(len(models))
    for values, style in reversed(list(zip(levels, looks, strict=True))):
        for axes, y in ((above, values), (below, values - energies)):
            circles(axes, energies, y, 0.7 * share, style["color"])
    above.axline((0, 0), slope=1, color="0.6", linewidth=0.6, zorder=0)
    below.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    seen = share > _SEEN
    below.set_ylim(*padded(np.concatenate([(values - energies)[seen] for values in levels]), 0.05))
    above.set_ylabel(f"model {energy_label(edge)}")
    below.set_ylabel(f"model − {bands} (eV)")
    below.set_xlabel(f"{bands} {energy_label(edge)}")
    handles = [circle(style["color"], name) for name, style in zip(models, looks, strict=True)]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure
