"""`chiraljax magnetization`."""

import math
from typing import Annotated

import typer

from .._errors import check
from .._progress import working
from ._advice import advise
from ._arguments import grid, not_negative, positive
from ._examples import example_option
from ._output import FIGURES, Force, checked_output, write

REGIONS = ("zone", "gamma_cube")


def magnetization(
    material: Annotated[str, typer.Argument(help="A bundled material or a TOML file.")],
    mu: Annotated[
        str, typer.Option(metavar="A[:B:N]", help="Chemical potential from the conduction edge, eV, or as 50meV.")
    ],
    temperature: Annotated[str, typer.Option(metavar="A[:B:N]", help="Of the electrons, K.")],
    rotation_thz: Annotated[str, typer.Option(metavar="A[:B:N]", help="Ω/2π about z, THz.")],
    out: Annotated[str, typer.Option(metavar="FILE", help=".csv, .nc, .json, .png, .pdf or .svg; - for JSON.")],
    rtol: Annotated[float, typer.Option(metavar="R", help="Relative error of the k-sum.")] = 1e-3,
    region: Annotated[str, typer.Option(metavar="zone|gamma_cube", help="Region of the k-sum.")] = "zone",
    force: Force = False,
    example: Annotated[bool, example_option("material.toml", "MATERIAL.toml")] = False,
) -> None:
    """Moment (μ_B per cell) and carriers on a grid of chemical potential, temperature and rotation."""
    path = checked_output(out, (".csv", ".nc", ".json", ".png"), force)
    potentials, rotations = grid("--mu", mu, "eV"), grid("--rotation-thz", rotation_thz, "THz")
    temperatures = not_negative("--temperature", grid("--temperature", temperature, "K"))
    positive("--rtol", rtol)
    check(region in REGIONS, "--region", f"must be zone or gamma_cube, but got {region!r}")
    single = rotations.size == 1
    check(
        path is None or path.suffix not in FIGURES or single,
        "--rotation-thz",
        "must be one number for a figure, but is a range",
    )
    from .. import observables
    from ..brillouin import Accuracy
    from ..io import in_thz, to_json, write_csv, write_json, write_netcdf
    from ..materials import load_material
    from ..plot import moment_temperature_figure, save_figure

    model = load_material(material)
    with working("Summing over the zone"):
        result = observables.magnetization(
            model.electrons,
            mu=potentials,
            temperature=temperatures,
            rotation=2 * math.pi * rotations,
            accuracy=Accuracy(rtol=rtol, region=region),
        )
    if result.status != "converged":
        advise(f"the k-sum stopped at its budget of diagonalisations; the error column says how far --rtol {rtol:g} is")
    if path is not None:
        print(result)
    data = in_thz(result.to_xarray()).assign_coords(rotation_thz=rotations)
    axes, names = ["mu", "temperature", "rotation_thz"], ["moment", "carriers", "error"]
    write(
        path,
        lambda: to_json(data),
        {
            ".csv": lambda file: write_csv(
                file, axes + names, data[names].to_dataframe().reset_index()[axes + names].values
            ),
            ".nc": lambda file: write_netcdf(file, data),
            ".json": lambda file: write_json(file, to_json(data)),
            ".png": lambda file: save_figure(
                moment_temperature_figure(temperatures, potentials, data.moment.values[:, :, 0]), file
            ),
        },
    )
