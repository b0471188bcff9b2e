"""`chiraljax simulate`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from .._errors import check
from .._progress import working
from ._advice import advise
from ._arguments import grid, not_negative, positive
from ._examples import example_option
from ._magnetization import REGIONS
from ._output import Force, checked_animation, checked_output, write, written

if TYPE_CHECKING:
    from numpy import ndarray

    from ..chain import Simulation
    from ..materials import Material
    from ..pulse import AbstractPulse

_PER_PERIOD = 20
"""times of the animation per period of the fastest mode"""


class Command(TyperCommand):
    """Lists the couplings in its help; they are imported only then."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from .._family import family, help_of
        from ..coupling import AbstractCoupling

        option: Any = next(option for option in self.params if option.name == "coupling")
        members = family(AbstractCoupling)
        option.metavar = "|".join(members)
        option.help += "".join(f" {name}: {help_of(cls)}" for name, cls in members.items())
        super().format_help(ctx, formatter)


def simulate(
    material: Annotated[str, typer.Argument(help="A bundled material or a TOML file.")],
    mu: Annotated[
        str, typer.Option(metavar="A[:B:N]", help="Chemical potential from the conduction edge, eV, or as 50meV.")
    ],
    temperature: Annotated[str, typer.Option(metavar="A[:B:N]", help="Of the electrons, K.")],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help=".csv, .nc, .json, .png, .pdf or .svg; - for JSON on standard output. May be left out with --animate.",
        ),
    ] = None,
    pulse: Annotated[
        str | None,
        typer.Option(
            metavar="PULSE.toml",
            help="Or a .csv of t,E_x,E_y (or t,E) in ps and MV/cm, or with units, as E_x (kV/cm); default: the paper's"
            " pulse.",
        ),
    ] = None,
    coupling: Annotated[str, typer.Option(metavar="NAME", help="How Ω follows from the motion.")] = "kinematic",
    surface: Annotated[
        str, typer.Option(metavar="screened|fresnel", help="The field over ε∞, or what the surface lets through of it.")
    ] = "screened",
    times: Annotated[
        str | None,
        typer.Option(
            metavar="A:B:N", help="ps; the phonon is at rest at A; default: 0:10:201, or further as the pulse needs."
        ),
    ] = None,
    rtol: Annotated[float, typer.Option(metavar="R", help="Relative error of the k-sum.")] = 1e-3,
    region: Annotated[str, typer.Option(metavar="zone|gamma_cube", help="Region of the k-sum.")] = "zone",
    animate: Annotated[
        str | None,
        typer.Option(metavar="FILE.gif", help="Show the turning cell; for one --mu and one --temperature."),
    ] = None,
    force: Force = False,
    example: Annotated[bool, example_option("pulse.toml", "PULSE.toml")] = False,
) -> None:
    """Moment (μ_B per cell) against time after a pulse."""
    check(out is not None or animate is not None, "--out or --animate", "must be given, but neither is")
    path = None if out is None else checked_output(out, (".csv", ".nc", ".json", ".png"), force)
    film = None if animate is None else checked_animation("--animate", animate, force)
    potentials, instants = grid("--mu", mu, "eV"), None if times is None else grid("--times", times, "ps")
    temperatures = not_negative("--temperature", grid("--temperature", temperature, "K"))
    check(
        instants is None or (len(instants) > 1 and instants[1] > instants[0]),
        "--times",
        f"must be a range A:B:N that increases, but got {times!r}",
    )
    check(
        film is None or len(potentials) == len(temperatures) == 1,
        "--animate",
        f"needs one --mu and one --temperature, but got {len(potentials)} and {len(temperatures)}",
    )
    positive("--rtol", rtol)
    check(region in REGIONS, "--region", f"must be zone or gamma_cube, but got {region!r}")
    check(surface in ("screened", "fresnel"), "--surface", f"must be screened or fresnel, but got {surface!r}")
    from .._family import family
    from ..brillouin import Accuracy
    from ..chain import simulate as run
    from ..coupling import AbstractCoupling
    from ..io import load_pulse
    from ..materials import load_material
    from ..phonon import default_times
    from ..pulse import GaussianPulse

    couplings: dict[str, Any] = family(AbstractCoupling)
    check(coupling in couplings, "--coupling", f"must be one of {', '.join(couplings)}, but got {coupling!r}")
    field = load_pulse(pulse) if pulse else GaussianPulse()
    instants = default_times([field]) if instants is None else instants
    model = load_material(material)
    with working("Driving the phonon and summing over the zone"):
        result = run(
            model,
            field,
            mu=potentials,
            temperature=temperatures,
            times=instants,
            coupling=couplings[coupling](),
            surface=surface,
            accuracy=Accuracy(rtol=rtol, region=region),
        )
    if result.status != "converged":
        advise(f"status {result.status}: the numbers do not meet --rtol {rtol:g}; see the error column")
    if out != "-":
        print(result)
    if out is not None:
        _write(path, result, model)
    if film is not None:
        with working("Drawing the turning cell"):
            _animate(film, model, field, surface, result, instants)
        written(film)


def _write(path: Path | None, result: "Simulation", model: "Material") -> None:
    """Write Ω, M and its error, one column of Ω per site if the coupling is per site."""
    from ..io import to_json, write_csv, write_json, write_netcdf
    from ..plot import moment_time_figure, save_figure

    data = result.to_xarray()
    table = data[["rotation", "moment", "error"]]
    rotations = ["rotation"]
    if "atom" in data.rotation.dims:
        rotations = [f"rotation_{label}{i}" for i, label in enumerate(model.crystal.species, 1)]
        table = table.drop_vars("rotation").assign(
            dict(zip(rotations, data.rotation.transpose("atom", "time"), strict=True))
        )
    columns = ["mu", "temperature", "time", *rotations, "moment", "error"]
    write(
        path,
        lambda: to_json(data),
        {
            ".csv": lambda file: write_csv(file, columns, table.to_dataframe().reset_index()[columns].values),
            ".nc": lambda file: write_netcdf(file, data),
            ".json": lambda file: write_json(file, to_json(data)),
            ".png": lambda file: save_figure(moment_time_figure(result), file),
        },
    )


def _animate(
    film: Path, model: "Material", field: "AbstractPulse", surface: str, result: "Simulation", instants: "ndarray"
) -> None:
    """Write the animation at `_PER_PERIOD` times per period, with the moment interpolated between `instants`."""
    import numpy as np

    from ..plot import write_animation

    assert model.phonon is not None
    periods = (instants[-1] - instants[0]) * float(model.phonon.oscillators.frequency.max())
    times = np.linspace(instants[0], instants[-1], math.ceil(_PER_PERIOD * periods) + 1)
    moment = np.interp(times, instants, np.ravel(result.moment))
    write_animation(film, model.phonon.drive(field, times, surface=surface), field, model.crystal, moment)
