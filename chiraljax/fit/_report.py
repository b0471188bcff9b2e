"""A fit in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._fit import BandFit

_CORRELATED = 0.95


def report(fit: BandFit) -> str:
    """Model error first, then the parameters with their standard errors, and what the bands do not determine."""
    bands = fit.bands
    kind = "with" if bands.spin_orbit else "without"
    lines = [
        f"Fit to {len(bands)} k-points, {kind} spin–orbit coupling: {bands.source or 'no source given'}",
        f"{'converged' if fit.converged else 'NOT CONVERGED, the best found'} · loss {fit.loss:.6g} eV²"
        f" · the same loss from {_again(fit.losses)} of {len(fit.losses)} last searches",
        "",
        "Model error, eV (an error of the model, not of the solver)",
        *_errors(fit),
        "",
        "Parameters, eV (standard errors take the residuals as independent: lower bounds)",
        *_parameters(fit),
    ]
    pairs = _pairs(fit)
    if pairs:
        lines += ["", f"Correlations above {_CORRELATED:g} in magnitude", *pairs]
    if fit.at_bounds:
        lines += ["", "At the edge of their bounds, so neither free nor determined: " + ", ".join(fit.at_bounds)]
    if fit.directions:
        lines += ["", "What the bands determine badly", *_directions(fit)]
    if fit.signs:
        choices = "; ".join(" and ".join(names) for names in fit.signs)
        lines += ["", f"Signs that no energy depends on, kept as in the model given: {choices}"]
    return "\n".join(lines) + "\n"


def _errors(fit: BandFit) -> list[str]:
    rows = []
    for name, value in fit.rms.items():
        error, row, level = fit.largest[name]
        k = ", ".join(f"{x:.3f}" for x in fit.bands.k[row])
        rows.append(f"  {name:<14} rms {value:.4f}   largest {error:+.3f} (level {level} at k = {k})")
    if fit.edge is not None:
        rows.append(f"  {'edge':<14} rms {fit.edge[0]:.4f}   largest {fit.edge[1]:.3f} (up to 0.3 eV above the edge)")
    return rows


def _parameters(fit: BandFit) -> list[str]:
    errors = fit.standard_errors
    rows = []
    for name, value in fit.parameters.items():
        note = f"± {errors[name]:.5f}" if name in errors else "tied or fixed"
        if name.endswith(".xi") and not fit.bands.spin_orbit:
            note = "not fitted: the bands have no spin–orbit coupling"
        rows.append(f"  {name:<20} {value:10.5f}  {note}")
    if "offset" in errors:
        rows.append(f"  {'energy zero':<20} {fit.offset:10.5f}  ± {errors['offset']:.5f}")
    return rows


def _pairs(fit: BandFit) -> list[str]:
    table = fit.correlation
    where = [(i, j) for i in range(len(table)) for j in range(i) if abs(table[i, j]) > _CORRELATED]
    return [f"  {fit.free[j]}, {fit.free[i]}: {table[i, j]:+.3f}" for i, j in where]


def _directions(fit: BandFit) -> list[str]:
    rows = []
    for direction in fit.directions:
        parts = " ".join(f"{value:+.2f} {name}" for name, value in direction.components.items())
        kind = "weakly" if direction.determined else "not"
        rows += [f"  {kind} determined (± {direction.error:.3g} eV): {parts}", f"    {direction.advice}"]
    return rows


def _again(losses: np.ndarray) -> int:
    return int(np.sum(losses <= losses[0] * (1 + 1e-4) + 1e-18))
