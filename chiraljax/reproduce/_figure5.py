"""Figure 5: the 14 parameters of the paper's Table I, fitted to first-principles bands."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .._atomic import atomic_path
from ..crystal import as_path
from ..electrons import Electrons
from ..fit import BandFit, Bands, MultiStart, fit_bands, fit_spin_orbit
from ..io import read_bands, write_csv
from ..materials import Material
from ..observables import gap
from ..plot import bands_from_edge, fit_figure, levels_from_edge
from ._files import save
from ._row import Row

_NEAR = 0.3
"""eV above the conduction edge"""
_NAMES = {"O.p": "O 2p", "Ta.d.t2g": "Ta t₂g", "Ta.d.eg": "Ta e_g"}
_X = (0.0, 0.0, 0.5)
"""components in ascending order: the bands have one of the three equivalent points"""
_AT_EDGE = "without spin–orbit, counted from the first empty level at Γ, where the conduction edge of PBE is"


def figure5(material: Material, folder: Path, starts: int = 64, stride: int = 1) -> list[Row]:
    """Write fig5.(png|pdf|csv) and fit.txt; returns the rows on the fit and on Table I, both against PBE.

    `starts` is the number of random starts of the fit, which takes from Table I only signs that do not change any
    energy. Every `stride`-th k-point of the bundled bands is used.
    """
    table = material.electrons
    fit = fit_bands(table, _every(stride, read_bands("KTaO3_pbe")), search=MultiStart(starts))
    models = {"fit": fit.electrons, "Table I": table}
    save(fit_figure(fit, {"Table I": table}, bands="PBE", named=material.k_path(1)), folder, "fig5")
    with atomic_path(folder / "fit.txt") as temporary:
        temporary.write_text(fit.report, encoding="utf-8")
    _write(fit, models, folder)
    rows = [row for name, model in models.items() for row in _errors(fit, name, model)]
    return [*rows, *_gaps(fit, table), *_spin_orbit(fit, _every(stride, read_bands("KTaO3_pbe_soc")), table)]


def _every(stride: int, bands: Bands) -> Bands:
    return dataclasses.replace(
        bands,
        k=bands.k[::stride],
        energies=bands.energies[::stride],
        weights=np.asarray(bands.weights)[::stride],
        projections={name: values[::stride] for name, values in bands.projections.items()},
    )


def _write(fit: BandFit, models: Mapping[str, Electrons], folder: Path) -> None:
    path = as_path(fit.electrons.crystal, fit.bands.k)
    distance = np.arange(len(fit.bands)) if path is None else path.distance
    levels = {"PBE": bands_from_edge(fit)}
    levels |= {name: levels_from_edge(fit, model)[:, fit.match.levels] for name, model in models.items()}
    names, columns = ["distance_rad_per_A", "k1", "k2", "k3"], [distance, *fit.bands.k.T]
    for name, energies in levels.items():
        names += [f"e{i + 1}_{name.replace(' ', '_')}_eV" for i in fit.match.levels]
        columns += list(energies.T)
    names += [f"weight{i + 1}" for i in fit.match.levels]
    columns += list(fit.match.weights.T)
    write_csv(folder / "fig5.csv", names, np.column_stack(columns))


def _errors(fit: BandFit, name: str, model: Electrons) -> list[Row]:
    """Errors of a model against PBE, and its level at X, which is close to the conduction edge."""
    levels, energies, weights = levels_from_edge(fit, model), bands_from_edge(fit), fit.match.weights
    errors = levels[:, fit.match.levels] - energies
    near = errors[(energies >= 0) & (energies <= _NEAR)]
    rows = [
        Row(
            f"rms error of {_NAMES.get(target, target)}, {name}",
            float(np.sqrt((weights * errors**2)[:, part].sum() / weights[:, part].sum())),
            "eV",
            f"{name} against PBE along X–R–M–Γ–R, each energy by its projection where entangled; {_AT_EDGE}",
        )
        for target, part in fit.match.groups
    ]
    x = int(np.argmin(np.linalg.norm(np.sort(np.abs(fit.bands.k), axis=1) - _X, axis=1)))
    empty = fit.electrons.filling // 2
    expected = energies[x, fit.match.levels == empty].item()
    return [
        *rows,
        Row(
            f"largest error up to {_NEAR:g} eV above the edge, {name}",
            float(np.abs(near).max()),
            "eV",
            f"{name} against PBE at the {near.size} energies there; {_AT_EDGE}",
        ),
        Row(
            f"first empty level at X, {name}",
            levels[x, empty].item(),
            "eV",
            f"PBE {expected:.3f} eV; {_AT_EDGE}: a negative value puts the conduction edge at X",
        ),
    ]


def _gaps(fit: BandFit, table: Electrons) -> list[Row]:
    empty = fit.match.levels >= fit.electrons.filling // 2
    pbe = float(fit.match.energies[:, empty].min() - fit.match.energies[:, ~empty].max())
    value, error = fit.uncertainty(lambda electrons: gap(electrons.without_spin_orbit()))
    reading = f"fundamental, without spin–orbit; PBE {pbe:.3f} eV"
    return [
        Row("gap, fit", value.item(), "eV", f"{reading}; standard error {error.item():.2g} eV, a lower bound"),
        Row("gap, Table I", float(gap(table.without_spin_orbit())), "eV", reading),
    ]


def _spin_orbit(fit: BandFit, bands: Bands, table: Electrons) -> list[Row]:
    """ξ fitted alone to bands with spin–orbit coupling; all other parameters are those of the fit."""
    xi = "Ta.d.xi"
    coupled = fit_spin_orbit(fit, bands, search=MultiStart(1, draw="noise"))
    gamma = int(np.argmin(np.linalg.norm(bands.k, axis=1)))
    first, filled = coupled.electrons.filling, bands.filled or 0
    own = _splitting(np.asarray(coupled.electrons.energies(np.zeros(3)))[first:])
    pbe = _splitting(bands.energies[gamma, filled:])
    stage = (
        "ξ fitted to PBE bands with spin–orbit coupling, the others fixed at the fit without, weighted towards the edge"
    )
    return [
        Row(
            "ξ of Ta d, fit",
            coupled.parameters[xi],
            "eV",
            f"{stage}; standard error {coupled.standard_errors[xi]:.2g} eV, a lower bound; paper: Table I",
            float(table.parameters[xi]),
        ),
        Row("spin–orbit splitting at Γ, fit", own, "eV", f"{stage}; PBE {pbe:.4f} eV"),
    ]


def _splitting(empty: np.ndarray) -> float:
    """From the j = 3/2 quartet to the j = 1/2 doublet, the lowest empty levels."""
    return float(empty[4:6].mean() - empty[:4].mean())
