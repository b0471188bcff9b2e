"""The pulse and the driven motion of the atoms."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..phonon import Motion
from ..pulse import AbstractPulse
from ._cell import species_colors
from ._style import COLORS, DASHES, PAGE, new_figure, panel_label, styled


@styled()
def drive_figure(motion: Motion, pulse: AbstractPulse, species: Sequence[str]) -> Figure:
    """Field, displacement and angular momentum of each site against time, and their orbits.

    If the phonon has Born charges, the moment of the ions is shown too.

    Args:
        motion: of one trajectory.
        pulse: of the motion.
        species: labels of the sites; sites of one species share a colour.
    """
    ionic = motion.phonon.born_charges is not None
    rows, height = ((1, 1, 1, 0.7), 6.2) if ionic else ((1, 1, 1), 5.2)
    figure, panels = new_figure(PAGE, height, nrows=len(rows), ncols=2, width_ratios=(3, 1), height_ratios=rows)
    _field(panels[0], motion, pulse)
    styles = _site_styles(species)
    _displacements(panels[1], motion, styles)
    _angular_momenta(panels[2, 0], motion, styles)
    panels[2, 1].legend(*panels[2, 0].get_legend_handles_labels(), loc="center left", borderaxespad=0)
    if ionic:
        panels[3, 0].plot(motion.times, motion.ionic_moment_nuclear, color="0", linewidth=1.6)
        panels[3, 0].set_ylabel("ionic\nmoment ($\\mu_\\mathrm{N}$)")
    for axes in panels[2:, 1]:
        axes.axis("off")
    for axes, letter in zip((*panels[:2].ravel(), *panels[2:, 0]), "abcdef", strict=False):
        panel_label(axes, letter)
    for axes in panels[:, 0]:
        axes.set_xlim(motion.times[0], motion.times[-1])
    for axes in panels[:-1, 0]:
        axes.tick_params(labelbottom=False)
    figure.align_ylabels(panels[:, 0])
    panels[-1, 0].set_xlabel(r"time $t$ (ps)")
    return figure


def _field(panels: Iterable[Axes], motion: Motion, pulse: AbstractPulse) -> None:
    left, right = panels
    field = np.asarray(pulse(motion.times))
    for values, color, name in zip(field.T, (COLORS["blue"], COLORS["orange"]), "xy", strict=True):
        left.plot(motion.times, values, color=color, label=rf"$E_{name}$")
    left.set_ylabel("field (MV/cm)")
    left.legend(loc="upper right")
    right.plot(*field.T, color="0.35", linewidth=0.8)
    right.set(xlabel=r"$E_x$ (MV/cm)", ylabel=r"$E_y$ (MV/cm)", aspect="equal")


def _displacements(panels: Iterable[Axes], motion: Motion, styles: Sequence[dict]) -> None:
    left, right = panels
    displacements = np.asarray(motion.displacements)
    largest = int(np.argmax(np.sum(np.asarray(motion.q) ** 2, axis=-1)))
    period = 1 / float(motion.phonon.oscillators.frequency[0])
    near = np.abs(np.asarray(motion.times) - motion.times[largest]) <= 0.51 * period
    for site, style in enumerate(styles):
        left.plot(motion.times, displacements[:, site, 0], **style)
        right.plot(*displacements[near, site, :2].T, **style)
    left.set_ylabel("displacement\n$u_x$ (Å)")
    right.set(xlabel=r"$u_x$ (Å)", ylabel=r"$u_y$ (Å)", aspect="equal")


def _angular_momenta(axes: Axes, motion: Motion, styles: Sequence[dict]) -> None:
    for site, style in enumerate(styles):
        axes.plot(motion.times, motion.site_angular_momentum[:, site], **style)
    axes.plot(motion.times, motion.angular_momentum, color="0", linewidth=1.6, label=r"phonon, $L$")
    axes.set_ylabel("angular\nmomentum ($\\hbar$)")


def _site_styles(species: Sequence[str]) -> list[dict]:
    """One colour per species, one dash pattern per site of a species, and names like O(1), O(2), Ta."""
    totals, seen, styles = Counter(species), Counter(), []
    colors = species_colors(species)
    for label in species:
        seen[label] += 1
        name = label if totals[label] == 1 else f"{label}({seen[label]})"
        dash = DASHES[(seen[label] - 1) % len(DASHES)]
        styles.append({"color": colors[label], "linestyle": dash, "label": name, "linewidth": 1.1})
    return styles
