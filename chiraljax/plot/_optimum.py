"""The best pulse, its effect, and the search."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..control import AngularMomentumAt, MeanMoment, MomentAt, PulseOptimum, Switching
from ..phonon import FixedSteps
from ._style import COLORS, COLUMN, PAGE, SERIES, new_figure, panel_label, styled

_X, _Y = COLORS["blue"], COLORS["vermilion"]
_BOUND: dict[str, Any] = {"color": "0.35", "linewidth": 0.9, "linestyle": (0, (4, 2))}
_DOTTED: dict[str, Any] = {"color": "0.35", "linewidth": 0.9, "linestyle": (0, (1, 1.5))}
_ZERO: dict[str, Any] = {"color": "0.6", "linewidth": 0.6, "zorder": 0}
_FREQUENCIES = 800
_DENSE = 4001
_SHARE = 0.01
"""smallest spectral amplitude that is shown, relative to the largest"""
_FEASIBLE = 1e-3
_SMALLEST = 1e-6
_NAMES = {"mu_B/cell": r"$\mu_\mathrm{B}$ per cell", "hbar": r"$\hbar$"}


class _Fine(NamedTuple):
    """The motion at times that resolve every period."""

    times: np.ndarray
    field: np.ndarray
    q: np.ndarray
    """of the first pair, or of two modes"""
    angular_momentum: np.ndarray
    rotation: np.ndarray
    moment: np.ndarray | None


@styled()
def optimum_figure(optimum: PulseOptimum) -> Figure:
    """Field, angular momentum and moment (Ω without a moment) against time, orbits, and spectrum.

    Dashed lines are the limit of the field, and the bound at the times where it is valid: the bound grows with t, so
    the bound at a probe time is valid until then.
    """
    fine = _fine(optimum)
    figure, panels = new_figure(PAGE, 5.7, nrows=3, ncols=2, width_ratios=(2.4, 1))
    _field(panels[0, 0], optimum, fine)
    _angular_momentum(panels[1, 0], optimum, fine)
    _moment(panels[2, 0], optimum, fine)
    _orbit(panels[0, 1], fine.field, "E", "MV/cm")
    _orbit(panels[1, 1], fine.q, "q", "Å√u")
    _spectrum(panels[2, 1], optimum)
    for axes, letter in zip(panels.T.ravel(), "abcdef", strict=True):
        panel_label(axes, letter)
    for axes in panels[:, 0]:
        axes.axhline(0, **_ZERO)
        axes.set_xlim(fine.times[0], fine.times[-1])
    for axes in panels[:2, 0]:
        axes.tick_params(labelbottom=False)
    panels[2, 0].set_xlabel(r"time $t$ (ps)")
    return figure


@styled()
def convergence_figure(optimum: PulseOptimum) -> Figure:
    """The objective of every start, divided by the bound if there is one, against the step.

    The search maximises a smooth function, which may be slightly above the true value (circles). If the search had
    constraints to meet, the largest violation is shown too.
    """
    violated = bool(np.any(optimum.violations > 0))
    heights: dict[str, Any] = {"nrows": 2, "sharex": True, "height_ratios": (1.6, 1)} if violated else {}
    figure, panels = new_figure(COLUMN * 1.5, 4.2 if violated else 2.9, **heights)
    above, last = panels[0, 0], panels[-1, 0]
    finite = np.isfinite(optimum.reached)
    best = int(np.nanargmin(np.abs(optimum.reached - optimum.objective))) if finite.any() else 0
    steps = len(optimum.history)
    scale = optimum.bound or 1.0
    _climbs(above, optimum.history / scale, best)
    circles = {"markersize": 3.5, "markerfacecolor": "none", "clip_on": False, "zorder": 3}
    above.plot(
        np.full(finite.sum(), steps), optimum.reached[finite] / scale, "o", color="0.25", **circles, label="true value"
    )
    if optimum.bound is None:
        unit = _NAMES.get(optimum.units, optimum.units)
        above.set_ylabel(f"objective ({unit})" if unit else "objective")
    else:
        above.axhline(1, **_BOUND, label="bound")
        above.set_ylabel("objective / bound")
        if finite.any():
            above.set_ylim(*_range(optimum.history / scale, optimum.reached[finite] / scale))
    if violated:
        _climbs(last, np.maximum(optimum.violations, _SMALLEST), best)
        last.axhline(_FEASIBLE, **_BOUND, label="tolerated")
        last.legend(loc="upper right")
        last.set(yscale="log", ylabel="violation", ylim=(_SMALLEST, None))
    above.legend(loc="lower right")
    last.set(xlabel="step", xlim=(0, steps))
    return figure


def _climbs(axes: Axes, values: np.ndarray, best: int) -> None:
    """One line per start, the best on top."""
    others = np.delete(values, best, axis=1)
    if others.size:
        lines = axes.plot(others, color="0.7", linewidth=0.8)
        lines[0].set_label("other starts")
    axes.plot(values[:, best], color=SERIES[0], linewidth=1.5, label="best start")


def _range(history: np.ndarray, reached: np.ndarray) -> tuple[float, float]:
    """Limits of the axis, from three times as far below the bound as the worst start."""
    gap = max(1 - float(reached.min()), 1e-3)
    low = max(0.0, 1 - 3 * gap)
    return low, max(1.0, float(np.nanmax(history))) + 0.06 * (1 - low)


def _field(axes: Axes, optimum: PulseOptimum, fine: _Fine) -> None:
    for values, color, name in zip(fine.field.T, (_X, _Y), "xy", strict=True):
        axes.plot(fine.times, values, color=color, label=rf"$E_{name}$")
    limit = optimum.problem.constraints.peak_field
    if limit is not None:
        for sign in (1, -1):
            axes.axhline(sign * float(limit), **_BOUND, label="limit" if sign > 0 else None)
    axes.set_ylabel("field (MV/cm)")
    axes.legend(loc="upper right")


def _angular_momentum(axes: Axes, optimum: PulseOptimum, fine: _Fine) -> None:
    axes.plot(fine.times, fine.angular_momentum, color=COLORS["green"])
    if optimum.units == "hbar":
        _bound(axes, optimum, fine.times, fine.angular_momentum)
    axes.set_ylabel(r"$L$ ($\hbar$)")


def _moment(axes: Axes, optimum: PulseOptimum, fine: _Fine) -> None:
    magnetic = fine.moment is not None
    values = fine.rotation if fine.moment is None else fine.moment
    axes.plot(fine.times, values, color=COLORS["black"])
    if magnetic and optimum.units == "mu_B/cell":
        _bound(axes, optimum, fine.times, values)
    axes.set_ylabel(r"$M_z$ ($\mu_\mathrm{B}$ per cell)" if magnetic else r"$\Omega$ (rad/ps)")
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))


def _bound(axes: Axes, optimum: PulseOptimum, times: np.ndarray, values: np.ndarray) -> None:
    """Draw the times of the objective, and the bound with the sign of the values at the times where it is valid."""
    objective = optimum.problem.objective
    start, end = float(times[0]), float(times[-1])
    if isinstance(objective, MeanMoment):
        start, end = float(objective.start), float(objective.end)
        axes.axvspan(start, end, color="0.92", linewidth=0, zorder=0, label="mean")
    elif isinstance(objective, MomentAt | AngularMomentumAt | Switching):
        probes = [objective.first, objective.second] if isinstance(objective, Switching) else [objective.time]
        end = float(probes[0])
        for n, probe in enumerate(probes):
            axes.axvline(float(probe), **_DOTTED, label=None if n else "probe")
    if optimum.bound is not None:
        inside = values[(times >= start) & (times <= end)]
        sign = np.sign(inside[np.argmax(np.abs(inside))]) or 1.0
        axes.plot([start, end], [sign * optimum.bound] * 2, **_BOUND, label="bound")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")


def _orbit(axes: Axes, values: np.ndarray, name: str, unit: str) -> None:
    axes.plot(*values.T, color="0.25", linewidth=0.7)
    reach = 1.08 * float(np.abs(values).max()) or 1.0
    axes.set(xlabel=rf"${name}_x$ ({unit})", ylabel=rf"${name}_y$ ({unit})")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), box_aspect=1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def _spectrum(axes: Axes, optimum: PulseOptimum) -> None:
    phonon, band = optimum.problem.forecast.phonon, optimum.problem.constraints.band
    modes = np.unique(phonon.oscillators.frequency)
    frequencies = np.linspace(0, 4 * modes.max(), _FREQUENCIES)
    amplitudes = np.abs(np.asarray(optimum.pulse.spectrum(frequencies)))
    seen = frequencies[np.max(amplitudes, axis=-1) >= _SHARE * amplitudes.max()]
    marked = np.concatenate([seen, modes, [] if band is None else np.asarray(band)])
    if band is not None:
        axes.axvspan(*np.asarray(band), color=COLORS["sky"], alpha=0.25, linewidth=0, label="band")
    for n, mode in enumerate(modes):
        axes.axvline(mode, **_DOTTED, label=None if n else "mode")
    for values, color in zip(amplitudes.T, (_X, _Y), strict=True):
        axes.plot(frequencies, values, color=color)
    axes.set(xlabel=r"frequency $\nu$ (THz)", ylabel=r"$|E(\nu)|$ (MV ps/cm)")
    axes.set(xlim=(marked.min(), marked.max()), ylim=(0, None))
    axes.legend(loc="upper right")


def _fine(optimum: PulseOptimum) -> _Fine:
    forecast = optimum.problem.forecast
    times = np.linspace(float(forecast.times[0]), float(forecast.times[-1]), _DENSE)
    chain = replace(forecast.chain, pulse=optimum.pulse)
    rest = np.zeros(chain.driven.oscillators.frequency.shape)  # as the search counts it, even if it cuts the pulse
    motion = chain.motion(times, steps=FixedSteps(), initial=(rest, rest))
    rotation = chain.rotation(motion)
    return _Fine(
        times,
        np.asarray(optimum.pulse(times)),
        np.asarray(motion.q[:, :2]) @ np.eye(min(motion.q.shape[1], 2), 2),
        np.asarray(motion.angular_momentum),
        np.asarray(rotation),
        None if forecast.curve is None else np.asarray(forecast.curve(rotation)),
    )
