"""A fitted model and its bands."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..crystal import KPath, as_path
from ..electrons import Electrons
from ..fit import BandFit
from ._bands import draw_bands
from ._from_edge import bands_from_edge, edge_of, first_empty, levels_from_edge, shares
from ._marks import DARK, circle, circles, energy_label, padded, styles
from ._parity import parity_figure
from ._style import PAGE, new_figure, panel_label, styled

_POINTS = 600
"""approximate number of k-points of a line"""
_PALE = "0.86"
_WINDOW = (-0.05, 0.5)
"""eV from the conduction edge, of the enlarged panel"""
_REACH = 0.08
"""half width of the enlarged panel, as a share of the path"""
_MERGED = 7e-4
"""distance of levels drawn as one line, per height of a panel: an eighth of the width of a line"""
_DEGENERATE = 1e-6
"""eV, largest difference of edges at two k-points"""
_GROUPS = {"t2g": "$t_{2g}$", "eg": "$e_g$"}


@styled()
def fit_figure(
    fit: BandFit, others: Mapping[str, Electrons] | None = None, *, bands: str = "bands", named: KPath | None = None
) -> Figure:
    """The bands as circles, the fit and other models as lines, relative to the conduction edge of the bands.

    Along a path, with the edge enlarged. If the k-points follow no path: energies of the models against those of the
    bands, and their differences. Circles of an entangled target are as opaque as their projection.

    Args:
        fit: of `fit_bands` or `fit_spin_orbit`.
        others: name → model.
        bands: the name of the bands in the legend.
        named: a path with the names of the ticks (see `as_path`).
    """
    models = {"fit": fit.electrons, **(others or {})}
    path = as_path(fit.electrons.crystal, fit.bands.k, named)
    return parity_figure(fit, models, bands) if path is None else _along(fit, models, path, bands)


def _along(fit: BandFit, models: Mapping[str, Electrons], path: KPath, bands: str) -> Figure:
    edge, energies = edge_of(fit), bands_from_edge(fit)
    columns = {"ncols": 1} if edge is None else {"ncols": 2, "width_ratios": (2.6, 1)}
    figure, (panels,) = new_figure(PAGE, 3.8, **columns)
    fine = _finer(path)
    lines = [levels_from_edge(fit, model, fine.k) for model in models.values()]
    zero = (fit.bands.reference or 0.0) + (0.0 if edge is None else edge[1])
    draw_bands(panels[0], path, fit.bands.energies - zero, color=_PALE, linewidth=0.8, zorder=0.5)
    shown = [energies, *(levels[:, fit.match.levels] for levels in lines)]
    whole = padded(np.concatenate([part.ravel() for part in shown]), 0.03)
    for axes, (low, high) in zip(panels, (whole, _WINDOW), strict=False):
        for levels, style in zip(lines, styles(len(models)), strict=True):
            draw_bands(axes, fine, _drawn(levels, path, _MERGED * (high - low)), **style)
        circles(axes, np.broadcast_to(path.distance[:, None], energies.shape), energies, shares(fit))
        axes.axhline(0, color="0.6", linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
        axes.set(ylabel=energy_label(edge), ylim=(low, high))
    if edge is not None:
        lowest = energies[:, fit.match.levels == first_empty(fit)][:, 0]
        _enlarge(panels[1], path, path.distance[lowest < _DEGENERATE])
        for axes, letter in zip(panels, "ab", strict=True):
            panel_label(axes, letter)
    _legend(figure, fit, models, bands)
    return figure


def _enlarge(axes: Axes, path: KPath, places: np.ndarray) -> None:
    """Limit a panel to the edge, at the most central of `places`, with arrows to the next named points."""
    middle = float(places[np.argmin(np.abs(places - path.distance[-1] / 2))])
    reach = _REACH * path.distance[-1]
    low, high = max(middle - reach, path.distance[0]), min(middle + reach, path.distance[-1])
    inside = [(where, label, "center") for where, label in path.ticks if low <= where <= high]
    before = [(low, f"← {label}", "left") for where, label in path.ticks if where < low and label]
    after = [(high, f"{label} →", "right") for where, label in path.ticks if where > high and label]
    positions, labels, sides = zip(*before[-1:], *inside, *after[:1], strict=True)
    axes.set_xticks(positions, labels)
    for text, side in zip(axes.get_xticklabels(), sides, strict=True):
        text.set_horizontalalignment(side)
    axes.set_xlim(low, high)


def _finer(path: KPath) -> KPath:
    """The path with `_substeps` steps for each of its steps."""
    coarse = np.arange(len(path.k))
    fine = np.linspace(0, coarse[-1], _substeps(path) * coarse[-1] + 1)
    k = np.stack([np.interp(fine, coarse, column) for column in path.k.T], axis=1)
    return KPath(k, np.interp(fine, coarse, path.distance), path.ticks)


def _substeps(path: KPath) -> int:
    return max(2, -(-_POINTS // len(path.k)))


def _drawn(levels: np.ndarray, path: KPath, merged: float) -> np.ndarray:
    """The levels on the finer path, NaN inside breaks of the path, and for all but one of levels closer than `merged`.

    The dashes of two coinciding lines would fill each other's gaps.
    """
    same = np.diff(levels, axis=1, prepend=-np.inf) < merged
    same[1:-1] &= same[:-2] & same[2:]
    kept = np.where(same, np.nan, levels)
    broken = np.flatnonzero(np.diff(path.distance) == 0)
    kept[(_substeps(path) * broken[:, None] + np.arange(1, _substeps(path))).ravel()] = np.nan
    return kept


def _legend(figure: Figure, fit: BandFit, models: Mapping[str, Electrons], bands: str) -> None:
    entangled = [target.projection for target in fit.targets if target.projection is not None]
    faint = f" (entangled: faint where not {' or '.join(map(_orbitals, entangled))})" if entangled else ""
    handles: Sequence[Line2D] = [
        circle(DARK, bands + faint),
        *(Line2D([], [], label=name, **style) for name, style in zip(models, styles(len(models)), strict=True)),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def _orbitals(projection: str) -> str:
    """A projection such as `"Ta.d.eg"` as the text of a figure."""
    *shell, last = projection.split(".")
    return f"{shell[0]} {_GROUPS[last]}" if last in _GROUPS else " ".join([*shell, last])
