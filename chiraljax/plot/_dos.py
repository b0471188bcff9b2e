"""Densities of states, spin up against spin down."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..observables import DensityOfStates
from ._style import COLUMN, DOWN, UP, new_figure, styled


def draw_dos(axes: Axes, dos: DensityOfStates, origin: float, scale: float = 1.0) -> None:
    """Draw densities, ↑ to the right, ↓ to the left, against `scale` × (E − `origin`) on the vertical axis."""
    energies = scale * (np.asarray(dos.energies) - origin)
    for states, sign, color, label in zip(
        np.asarray(dos.projections), (1, -1), (UP, DOWN), ("spin ↑", "spin ↓"), strict=True
    ):
        axes.fill_betweenx(energies, sign * states, color=color, alpha=0.15, linewidth=0)
        axes.plot(sign * states, energies, color=color, label=label)
    widest = 1.05 * float(dos.projections.max())
    axes.set_xlim(-widest, widest)
    axes.set_ylim(energies[0], energies[-1])
    axes.axvline(0, color="0.6", linewidth=0.6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")


@styled()
def dos_figure(dos: DensityOfStates, origin: float) -> Figure:
    """The spin-resolved density of states; energies relative to `origin`, the conduction-band edge, in eV."""
    figure, ((axes,),) = new_figure(COLUMN, 3.2)
    draw_dos(axes, dos, origin)
    axes.set_xlabel("density of states (1/eV per cell)")
    axes.set_ylabel(r"$E - E_\mathrm{CBM}$ (eV)")
    figure.legend(loc="outside upper center", ncols=2)
    return figure
