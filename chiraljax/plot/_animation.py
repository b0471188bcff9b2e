"""An animation of the rotating cell."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from PIL import Image
from scipy.interpolate import CubicHermiteSpline

from .._atomic import atomic_path
from .._errors import check
from .._types import ArrayLike
from ..crystal import Crystal
from ..phonon import Motion
from ..pulse import AbstractPulse
from ._cell import cell_edges, drawn_radii, species_colors, whole_cell
from ._style import COLORS, styled

_PER_PERIOD, _MOST = 10, 300
"""frames per period of the fastest mode, and most frames"""
_DURATION = 40
"""ms per frame"""
_RESOLVED = 4
"""least times per period of the fastest mode; the interpolated motion is then accurate to 2 %"""
_SHOWN = 0.1
"""largest displacement as drawn, per cube root of the volume"""
_TRAIL, _TRAIL_POINTS = 0.5, 24
"""length in periods of the slowest mode, and its number of points"""
_FIELD_POINTS = 20
"""per frame"""
_WIDTH, _HEIGHT, _DPI = 6.0, 3.5, 100
_FAINT: dict[str, Any] = {"color": "0.75", "linewidth": 0.8, "zorder": 1}
_SAME_PLACE = 1e-3
"""Å"""


@styled()
def write_animation(
    path: str | os.PathLike[str],
    motion: Motion,
    pulse: AbstractPulse,
    crystal: Crystal,
    moment: ArrayLike | None = None,
    *,
    frames: int | None = None,
) -> None:
    """Write a GIF of the cell, viewed along the phonon's axis, with the field and M_z(t).

    Displacements are enlarged by the factor in the picture, so that the largest is a tenth of the cube root of the
    volume.

    Args:
        path: ends in .gif.
        motion: with at least four times per period of the fastest mode.
        pulse: of the motion.
        crystal: with the sites of the motion.
        moment: (T,) μ_B per cell at the times of the motion; by default the angular momentum is shown.
        frames: their number, evenly spaced in time; by default ten per period of the fastest mode, at most 300.

    Raises:
        InputError: for another ending, a motion with too few times or that is not finite, a crystal or moment of
            another size, and fewer than two frames.
    """
    check(Path(path).suffix == ".gif", "path", f"must end in .gif, but got {os.fspath(path)!r}")
    times, frequency = np.asarray(motion.times), np.asarray(motion.phonon.oscillators.frequency)
    displacements, velocities = np.asarray(motion.displacements), np.asarray(motion.site_velocities)
    _check(motion, crystal, moment)
    if frames is None:
        frames = min(_MOST, math.ceil(_PER_PERIOD * frequency.max() * (times[-1] - times[0])) + 1)
    check(frames >= 2, "frames", f"must be at least 2, but got {frames}")
    plane = np.asarray(motion.phonon.plane).T
    moving = CubicHermiteSpline(times, displacements @ plane, velocities @ plane)
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")
    panels = figure.subplot_mosaic([["cell", "field"], ["cell", "curve"]], width_ratios=(1.3, 1))
    instants = np.linspace(times[0], times[-1], frames)
    shown = (
        _Cell(panels["cell"], instants, crystal, moving, plane, _TRAIL / frequency.min()),
        _Field(panels["field"], instants, pulse),
        _Curve(panels["curve"], instants, motion.times, motion.angular_momentum if moment is None else moment),
    )
    panels["curve"].set_ylabel(r"$L$ ($\hbar$)" if moment is None else r"$M_z$ ($\mu_\mathrm{B}$ per cell)")
    pictures = list(_pictures(figure, shown, frames))
    with atomic_path(path) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=_DURATION, loop=0)


def _pictures(figure: Figure, shown: Sequence["_Panel"], frames: int) -> Iterator[Image.Image]:
    """The frames: the moving artists drawn over the fixed ones."""
    artists = sorted((artist for panel in shown for artist in panel.moving), key=Artist.get_zorder)
    for artist in artists:
        artist.set_animated(True)
        artist.set_in_layout(False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for frame in range(frames):
        canvas.restore_region(still)
        for panel in shown:
            panel.show(frame)
        for artist in artists:
            figure.draw_artist(artist)
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize()


def _check(motion: Motion, crystal: Crystal, moment: ArrayLike | None) -> None:
    times, fastest = np.asarray(motion.times), float(np.max(motion.phonon.oscillators.frequency))
    longest = 1 / (_RESOLVED * fastest)
    check(
        np.diff(times).max() <= longest,
        "motion",
        f"must have times at most {longest:.3g} ps apart to be shown, {_RESOLVED} a period of its"
        f" fastest mode, but they are {np.diff(times).max():.3g} ps apart",
    )
    check(np.all(np.isfinite(motion.q)), "motion", "must be finite, but it did not reach its end")
    sites = motion.phonon.masses.shape[0]
    check(
        len(crystal.species) == sites,
        "crystal",
        f"must have the {sites} sites of the motion, but has {len(crystal.species)}",
    )
    if moment is not None:
        check(
            np.shape(moment) == times.shape,
            "moment",
            f"must have the shape {times.shape} of the times, but got {np.shape(moment)}",
        )


class _Panel(Protocol):
    @property
    def moving(self) -> Sequence[Artist]: ...

    def show(self, frame: int) -> None: ...


class _Cell:
    """Atoms, their recent paths, and the clock."""

    def __init__(
        self,
        axes: Axes,
        instants: np.ndarray,
        crystal: Crystal,
        moving: CubicHermiteSpline,
        plane: np.ndarray,
        trail: float,
    ) -> None:
        self.instants = instants
        size = crystal.volume ** (1 / 3)
        largest = float(np.linalg.norm(moving.c[-1], axis=-1).max())
        factor = float(f"{_SHOWN * size / largest:.2g}") if largest > 0 else 1.0
        sites, places = _seen_once(crystal, plane)
        past = np.linspace(np.maximum(instants - trail, instants[0]), instants, _TRAIL_POINTS, axis=1)
        self.tracks = places[:, None] + factor * np.moveaxis(moving(past)[:, :, sites], 2, 1)
        colors, radii = species_colors(crystal.species), drawn_radii(crystal)
        axes.add_collection(LineCollection(list(cell_edges(crystal) @ plane), **_FAINT))
        self.atoms, self.trails = [], []
        for site, place in zip(sites, places, strict=True):
            color, radius = colors[crystal.species[site]], float(radii[site])
            layer = 3 - radius / radii.max()
            self.atoms.append(axes.add_patch(Circle(tuple(place), radius, facecolor=color, zorder=layer)))
            self.trails += axes.plot([], [], color=color, linewidth=1.0, alpha=0.6, zorder=3.5)
        low, high = places.min(axis=0) - 0.18 * size, places.max(axis=0) + 0.18 * size
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.axis("off")
        axes.set_title(f"displacements × {factor:g}", loc="right", fontsize=8)
        self.clock = axes.set_title("", loc="left", fontsize=8)
        self.moving = (*self.atoms, *self.trails, self.clock)
        dots = [Line2D([], [], linestyle="", marker="o", markersize=6, color=color) for color in colors.values()]
        axes.legend(dots, list(colors), loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=len(dots))

    def show(self, frame: int) -> None:
        for atom, trail, track in zip(self.atoms, self.trails, self.tracks[frame], strict=True):
            atom.set_center(tuple(track[-1]))
            trail.set_data(*track.T)
        self.clock.set_text(f"$t$ = {self.instants[frame]:.2f} ps")


class _Field:
    """The field as an arrow, on its whole path."""

    def __init__(self, axes: Axes, instants: np.ndarray, pulse: AbstractPulse) -> None:
        self.field = np.asarray(pulse(instants))
        field = np.asarray(pulse(np.linspace(instants[0], instants[-1], _FIELD_POINTS * len(instants))))
        reach = 1.1 * float(np.abs(field).max()) or 1.0
        axes.plot(*field.T, **_FAINT)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), box_aspect=1)
        axes.set(xlabel=r"$E_x$ (MV/cm)", ylabel=r"$E_y$ (MV/cm)")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.022, "zorder": 3}
        self.arrow = axes.quiver([0], [0], [0], [0], color=COLORS["purple"], **style)
        self.moving = (self.arrow,)

    def show(self, frame: int) -> None:
        self.arrow.set_UVC(*self.field[frame])


class _Curve:
    """The moment, or the angular momentum, with a marker at the time of the frame."""

    def __init__(self, axes: Axes, instants: np.ndarray, times: ArrayLike, values: ArrayLike) -> None:
        self.points = np.column_stack([instants, np.interp(instants, np.asarray(times), np.asarray(values))])
        axes.plot(times, values, **{**_FAINT, "color": "0.4"})
        axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
        axes.set(xlim=(instants[0], instants[-1]), xlabel=r"time $t$ (ps)")
        axes.ticklabel_format(axis="y", scilimits=(-2, 3))
        (self.marker,) = axes.plot([], [], "o", color=COLORS["purple"], markersize=5, zorder=3, clip_on=False)
        self.moving = (self.marker,)

    def show(self, frame: int) -> None:
        self.marker.set_data(*self.points[frame, :, None])


def _seen_once(crystal: Crystal, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sites of the whole cell (N,) and their positions in the plane (N, 2), without images behind each other."""
    sites, places = whole_cell(crystal)
    flat = places @ plane
    kept = [
        n
        for n in range(len(sites))
        if not any(sites[n] == sites[m] and np.linalg.norm(flat[n] - flat[m]) < _SAME_PLACE for m in range(n))
    ]
    return sites[kept], flat[kept]
