"""Magnetic moments against temperature and against time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..chain import Simulation
from ._style import COLUMN, SERIES, new_figure, styled


def draw_moment_temperature(axes: Axes, temperature: np.ndarray, mu: np.ndarray, moment: np.ndarray) -> None:
    """Draw one curve per chemical potential.

    Args:
        axes: where.
        temperature: (T,) K.
        mu: (M,) eV, labelled in meV.
        moment: (M, T) in the unit of the axes.
    """
    mark = "o" if len(temperature) < 4 else ""
    for value, curve, color in zip(mu, moment, _colors(len(mu)), strict=True):
        axes.plot(temperature, curve, marker=mark, color=color, label=_millivolts(value))
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.set_xlabel(r"electron temperature $T$ (K)")
    if len(temperature) > 1:
        axes.set_xlim(temperature[0], temperature[-1])


@styled()
def moment_temperature_figure(temperature: np.ndarray, mu: np.ndarray, moment: np.ndarray) -> Figure:
    """M_z (mu, temperature) in μ_B per cell against the temperature (K), one curve per mu (eV)."""
    figure, ((axes,),) = new_figure(COLUMN * 1.25, 2.8)
    draw_moment_temperature(axes, temperature, mu, moment)
    axes.set_ylabel(r"$M_z$ ($\mu_\mathrm{B}$ per cell)")
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))
    figure.legend(title=r"$\mu - E_\mathrm{CBM}$ (meV)", loc="outside right center")
    return figure


@styled()
def moment_time_figure(simulation: Simulation) -> Figure:
    """Ω(t), and M_z(t) with one curve for each μ (eV) and T (K)."""
    times = simulation.motion.times
    moment = np.asarray(simulation.moment).reshape(-1, len(times))
    figure, ((above,), (below,)) = new_figure(COLUMN * 1.5, 3.6, nrows=2, sharex=True, height_ratios=(1, 1.6))
    per_site = simulation.rotation.ndim > 1
    for site, rotation in enumerate(np.atleast_2d(np.asarray(simulation.rotation).T)):
        style = {"color": SERIES[site % len(SERIES)], "label": f"site {site + 1}"} if per_site else {"color": "0.2"}
        above.plot(times, rotation, **style)
    if per_site:
        above.legend(ncols=2, fontsize="small")
    above.set_ylabel(r"$\Omega$ (rad/ps)")
    potentials, temperatures = np.ravel(simulation.mu), np.ravel(simulation.temperature)
    labels = [f"{_millivolts(mu)} meV, {kelvin:g} K" for mu in potentials for kelvin in temperatures]
    for curve, color, label in zip(moment, _colors(len(moment)), labels, strict=True):
        below.plot(times, curve, color=color, label=label)
    below.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    below.set_ylabel(r"$M_z$ ($\mu_\mathrm{B}$ per cell)")
    below.ticklabel_format(axis="y", scilimits=(-2, 3))
    below.set_xlabel(r"time $t$ (ps)")
    below.set_xlim(times[0], times[-1])
    figure.legend(*below.get_legend_handles_labels(), title=r"$\mu - E_\mathrm{CBM}$, $T$", loc="outside right center")
    return figure


def _millivolts(mu: float) -> str:
    return f"{1e3 * mu:+.4g}".replace("-", "−") if abs(mu) > 1e-12 else "0"


def _colors(number: int) -> list[str]:
    return [SERIES[i % len(SERIES)] for i in range(number)]
