"""The report of an optimisation."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from .._atomic import atomic_path
from ..control import (
    AngularMomentumAt,
    Comparison,
    MeanMoment,
    MomentAt,
    MomentPerFluence,
    PeakAngularMomentum,
    PeakMoment,
    PulseOptimum,
    Switching,
)
from ..pulse import GaussianPulse
from ._optimize import Optimization

_UNITS = {"mu_B/cell": "μ_B per cell", "mu_B cm^2/mJ/cell": "μ_B cm²/mJ per cell", "hbar": "ħ"}
_CONSTRAINTS = {
    "fluence": "fluence (mJ/cm²)",
    "peak_field": "peak field (MV/cm)",
    "band": "share of the fluence outside the band",
    "window": "share of the fluence outside the window",
    "ellipticity": "ellipticity",
}
_VARIED = {
    "frequency": ("frequency of the mode", "+1 %"),
    "damping": ("damping of the mode", "+1 %"),
    "field": ("field", "+1 %"),
    "timing": ("delay of the pulse", "+10 fs"),
}
_ROUNDING = 1e-6
"""relative excess over a limit that counts as met"""
_OTHERS = {"given_pulse": "the pulse that was given", "paper_pulse": "the paper's pulse"}
_PACKAGES = ("chiraljax", "jax", "jaxlib", "numpy", "scipy", "optax")


def write_optimum_report(
    path: str | os.PathLike[str],
    optimum: PulseOptimum,
    asked: Optimization,
    comparisons: Mapping[str, Comparison],
    content: Mapping[str, Any],
) -> None:
    """Write the report of an optimisation as Markdown: result, constraints, other pulses, sensitivities, input.

    Args:
        path: of the file.
        optimum: of `optimize_pulse`.
        asked: the input file.
        comparisons: with other pulses, `given_pulse` and `paper_pulse`.
        content: of `optimum_content`.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(_markdown(optimum, asked, comparisons, content), encoding="utf-8")


def _markdown(
    optimum: PulseOptimum, asked: Optimization, comparisons: Mapping[str, Comparison], content: Mapping[str, Any]
) -> str:
    units = _UNITS.get(optimum.units, optimum.units)
    parts = [
        f"# A pulse for {asked.material.name}",
        _reached(optimum, comparisons, units),
        "## How good it is",
        *_certificate(optimum, units),
        "## Constraints",
        _constraints(optimum),
        *(_beside(optimum, name, comparison, units) for name, comparison in comparisons.items()),
        "## What it depends on",
        *_sensitivities(optimum, content["sensitivities"]),
        "## What was asked",
        f"```toml\n{asked.text.strip()}\n```",
        f"Seed of the random starts: {asked.options['search'].seed}. Versions: "
        + ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        + ".",
    ]
    return "\n\n".join(parts) + "\n"


def gains(comparisons: Mapping[str, Comparison], form: str) -> str:
    """How many times more the best pulse does than each of the others, as ", 1.37 times the paper's pulse"."""
    known = {name: comparison.gain for name, comparison in comparisons.items() if comparison.gain is not None}
    return "".join(f", {gain:.3g} times {form}{_OTHERS[name]}" for name, gain in known.items())


def _reached(optimum: PulseOptimum, comparisons: Mapping[str, Comparison], units: str) -> str:
    gain = gains(comparisons, "that of ")
    return (
        f"{_objective(optimum.problem.objective)}:"
        f" **{_number(optimum.objective)} ± {optimum.error:.0e} {units}**{gain}. The search: **{optimum.status}**,"
        f" after {len(optimum.history)} steps from {len(optimum.reached)} starts.\n\n"
        "The pulse is in `pulse.toml`, its field in `field.csv`, what it does in `outcome.csv` and `optimum.png`, every"
        " number of this page in `optimum.json`."
    )


def _objective(objective: object) -> str:
    match objective:
        case PeakMoment():
            return "Largest |M(t)|"
        case MomentPerFluence():
            return "Largest |M(t)| over the fluence"
        case PeakAngularMomentum():
            return "Largest |L(t)|"
        case MomentAt():
            return f"|M| at {float(objective.time):g} ps"
        case AngularMomentumAt():
            return f"|L| at {float(objective.time):g} ps"
        case MeanMoment():
            return f"|mean of M| from {float(objective.start):g} to {float(objective.end):g} ps"
        case Switching():
            return f"|M| at {float(objective.first):g} ps and, reversed, at {float(objective.second):g} ps"
    return "Objective"


def _certificate(optimum: PulseOptimum, units: str) -> list[str]:
    within = optimum.near_best()
    starts = len(optimum.reached)
    worst = float(np.nanmin(optimum.reached)) / optimum.objective if optimum.objective else float("nan")
    spread = (
        f"{within} of {starts} starts came within 1 % of the best; the least of them reached {worst:.1%} of it"
        " (`convergence.png`)."
    )
    if optimum.bound is None or optimum.ratio is None:
        return [
            f"No upper bound: {optimum.bound_reason}. That no other pulse does better can only be guessed from how"
            " well the starts agree.",
            spread,
        ]
    return [
        f"It is **{optimum.ratio:.1%}** of {_number(optimum.bound)} {units}, which no pulse within the constraints"
        f" exceeds ({optimum.bound_reason}).",
        spread,
    ]


def _constraints(optimum: PulseOptimum) -> str:
    rows = [["constraint", "limit", "value", "slack", ""]]
    for name, entry in optimum.slack.items():
        met = "met" if entry["slack"] >= -_ROUNDING else f"**exceeded by {-entry['slack']:.2g}**"
        slack = max(entry["slack"], 0.0) if met == "met" else entry["slack"]
        rows.append([_CONSTRAINTS[name], f"{entry['limit']:.6g}", f"{entry['value']:.6g}", f"{slack:.2%}", met])
    return _table(rows)


def _beside(optimum: PulseOptimum, name: str, comparison: Comparison, units: str) -> str:
    pulse = comparison.pulse
    equal = float(pulse.fluence) > (1 - _ROUNDING) * float(optimum.pulse.fluence)
    strong = "the same fluence" if equal else "the strength that the limit of the peak field leaves it"
    gain = "" if comparison.gain is None else f"; the pulse found is {comparison.gain:.4g} times better"
    shape = f"The {type(pulse).__name__} of the input"
    if name == "paper_pulse" and isinstance(pulse, GaussianPulse):
        shape = (
            f"A circular Gaussian pulse of {float(pulse.frequency):g} THz, {float(pulse.duration):.3g} ps (standard"
            f" deviation), at {float(pulse.center):g} ps"
        )
    return (
        f"## Beside {_OTHERS[name]}\n\n{shape}, with {strong}, {float(pulse.fluence):.4g} mJ/cm² and"
        f" {float(pulse.peak_field):.4g} MV/cm at its peak, reaches {_number(comparison.value)} {units} on the same"
        f" chain{gain}. It was held to fluence and peak field only."
    )


def _sensitivities(optimum: PulseOptimum, entries: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    peak = optimum.problem.anywhere
    shown = {name: entry for name, entry in entries.items() if not (peak and name == "timing")}
    rows = [["what deviates", "by", "change", "loss of the mean"]]
    for name, entry in shown.items():
        rows.append([*_VARIED[name], _percent(entry["change"], "+.2%"), _percent(entry["loss"], ".2%")])
    losses = {name: abs(entry["loss"]) for name, entry in shown.items() if entry["loss"] is not None}
    words = "“Change” is that of the objective to first order; “loss of the mean”, for normal deviations of that width."
    if losses:
        worst = max(losses, key=lambda name: losses[name])
        quantity, step = _VARIED[worst]
        words += f" Scatter of the {quantity} matters most: {step.strip('+')} of it changes the mean by"
        words += f" {_percent(-(shown[worst]['loss'] or 0.0), '+.2%')}."
    if peak:
        words += " A delay of the pulse moves the peak and does not change it."
    return [words, _table(rows)]


def _percent(value: float | None, form: str) -> str:
    return "not finite" if value is None else format(round(value, 4) + 0.0, form)  # no −0.00 %


def _number(value: float) -> str:
    return f"{value:.5g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.4e}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])
