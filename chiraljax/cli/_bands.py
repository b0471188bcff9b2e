"""`chiraljax bands`."""

import math
from typing import Annotated

import typer

from .._errors import check
from ._arguments import one
from ._output import Force, checked_output, write


def bands(
    material: Annotated[str, typer.Argument(help="A bundled material or a TOML file.")],
    out: Annotated[
        str, typer.Option(metavar="FILE", help=".csv, .json, .png, .pdf or .svg; - for JSON on standard output.")
    ],
    kpoints: Annotated[
        str | None, typer.Option(metavar="FILE.csv", help="Columns k1,k2,k3, fractional; default: the material's path.")
    ] = None,
    rotation_thz: Annotated[str, typer.Option(metavar="ν", help="Ω/2π about z, THz.")] = "0",
    points: Annotated[int, typer.Option(metavar="N", help="Intervals of each segment of the path.")] = 60,
    force: Force = False,
) -> None:
    """Energies (eV) along a path or at listed k-points."""
    path = checked_output(out, (".csv", ".png", ".json"), force)
    frequency = one("--rotation-thz", rotation_thz, "THz")
    rotation = 2 * math.pi * frequency
    check(points >= 1, "--points", f"must be at least 1, but got {points}")
    import numpy as np

    from ..crystal import KPath
    from ..io import read_kpoints, write_csv, write_json
    from ..materials import load_material
    from ..observables import conduction_edge
    from ..plot import bands_figure, save_figure

    listed = read_kpoints(kpoints) if kpoints else None
    model = load_material(material)
    if listed is None:
        route = model.k_path(points)
    else:
        steps = np.linalg.norm(np.diff(listed, axis=0) @ model.crystal.reciprocal, axis=1)
        route = KPath(listed, np.concatenate([[0.0], np.cumsum(steps)]))
    energies = np.asarray(model.electrons.energies(route.k, rotation))
    columns = ["k1", "k2", "k3", *(f"e{i}" for i in range(1, energies.shape[1] + 1))]

    if path is not None:
        print(_found(energies, model.electrons.filling))

    def content() -> dict:
        units = {"k": "fractional", "energies": "eV"}
        return {"k": route.k.tolist(), "energies": energies.tolist(), "rotation_thz": frequency, "units": units}

    write(
        path,
        content,
        {
            ".csv": lambda file: write_csv(file, columns, np.hstack([route.k, energies])),
            ".json": lambda file: write_json(file, content()),
            ".png": lambda file: save_figure(
                bands_figure(route, energies, float(conduction_edge(model.electrons).energy)), file
            ),
        },
    )


def _found(energies, filling: int) -> str:
    """What the levels (k, n) are, in one line."""
    count, size = energies.shape
    parts = [f"{size} levels at {count} k-points, {energies.min():.6g} … {energies.max():.6g} eV"]
    if filling > 0:
        parts.append(f"filled up to {energies[:, filling - 1].max():.6g} eV")
    if filling < size:
        parts.append(f"empty from {energies[:, filling].min():.6g} eV")
    return ", ".join(parts)
