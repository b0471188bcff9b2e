"""Figure 4: the moment against temperature, in both normalisations."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..brillouin import Accuracy
from ..electrons import Electrons
from ..io import write_csv
from ..observables import Magnetization, magnetization
from ..plot import PAGE, draw_moment_temperature, new_figure, panel_label, styled
from ._files import save
from ._row import Row

_MU = np.array([-0.05, 0.0, 0.05, 0.1, 0.2])
_TEMPERATURE = np.linspace(100, 600, 26)
_POINT = {"mu": 0.05, "temperature": 100.0}
"""the point of the report for both normalisations"""
_TITLES: Mapping[str, str] = {"zone": "whole zone, as printed", "gamma_cube": r"cube $|k_i| \leq 0.05$ at Γ"}
_WORDS: Mapping[str, str] = {
    "zone": "Eq. 5 as printed, over the whole zone",
    "gamma_cube": "k-sum restricted to |k_i| ≤ 0.05 around Γ and normalised to that cube",
}


def moments(
    electrons: Electrons, rotation: float, region: str, rtol: float, temperature: np.ndarray = _TEMPERATURE
) -> Magnetization:
    """M_z on the (μ, T) grid of the figure, from one set of diagonalisations."""
    accuracy = Accuracy(rtol=rtol, region=region)
    return magnetization(electrons, mu=_MU, temperature=temperature, rotation=rotation, accuracy=accuracy)


def figure4(results: Mapping[str, Magnetization], ionic_moment: float, folder: Path) -> list[Row]:
    """Write fig4.(png|pdf|csv) from the moments of each region; returns their rows.

    They are compared with `ionic_moment`, the largest of Fig. 2 in μ_B per cell.
    """
    save(_draw(results), folder, "fig4")
    columns = [
        "normalisation",
        "mu_eV",
        "temperature_K",
        "moment_muB_per_cell",
        "carriers_per_cell",
        "error_muB_per_cell",
    ]
    rows = []
    for region, result in results.items():
        frame = result.to_xarray().to_dataframe().reset_index()
        rows += [[region, *values] for values in frame[["mu", "temperature", "moment", "carriers", "error"]].values]
    write_csv(folder / "fig4.csv", columns, rows)
    return [
        *(row for region, result in results.items() for row in _rows(region, result)),
        *(row for region, result in results.items() for row in _ratios(region, result, ionic_moment)),
    ]


@styled()
def _draw(results: Mapping[str, Magnetization]) -> Figure:
    figure, (panels,) = new_figure(PAGE, 2.9, ncols=len(results))
    for axes, letter, (region, result), power in zip(panels, "ab", results.items(), (3, 2), strict=False):
        moment = np.asarray(result.moment)
        draw_moment_temperature(axes, np.asarray(result.temperature), np.asarray(result.mu), 10**power * moment)
        axes.set_ylabel(rf"$M_z$ ($10^{{-{power}}}\,\mu_\mathrm{{B}}$ per cell)")
        axes.set_title(_TITLES[region])
        panel_label(axes, letter)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, title=r"$\mu - E_\mathrm{CBM}$ (meV)", loc="outside right center")
    return figure


def _rows(region: str, result: Magnetization) -> list[Row]:
    return [
        Row(
            f"{kind}M_z, {region}",
            point.moment.item(),
            "μ_B per cell",
            f"{_WORDS[region]}; μ = {1e3 * point.mu.item():+.0f} meV, T = {point.temperature.item():g} K",
            0.1,
            "order of magnitude",
            point.error.item(),
        )
        for kind, point in _points(result).items()
    ]


def _ratios(region: str, result: Magnetization, ionic_moment: float) -> list[Row]:
    """The moment of the electrons divided by that of the ions."""
    return [
        Row(
            f"{kind}|M_z| over the ionic moment, {region}",
            abs(point.moment.item() / ionic_moment),
            "",
            f"M_z: {_WORDS[region]}; μ = {1e3 * point.mu.item():+.0f} meV, T = {point.temperature.item():g} K, Ω fixed;"
            f" ionic moment: the largest of Fig. 2, {abs(ionic_moment):.2g} μ_B",
            1e3,
            "order of magnitude",
            abs(point.error.item() / ionic_moment),
        )
        for kind, point in _points(result).items()
    ]


def _points(result: Magnetization) -> dict:
    """The points of the report: `_POINT`, and the largest moment."""
    data = result.to_xarray()
    largest = np.unravel_index(np.argmax(np.abs(data.moment.values)), data.moment.shape)
    return {
        "": data.sel(_POINT, method="nearest"),
        "largest ": data.isel(mu=int(largest[0]), temperature=int(largest[1])),
    }
