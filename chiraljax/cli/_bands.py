"""`chiraljax bands`."""

import math
from typing import Annotated

import typer

from .._errors import check
from ._arguments import one, span
from ._examples import example_option
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
    path: Annotated[
        str | None,
        typer.Option(metavar="PATH", help='Through named points, as "0.1 M-Γ-0.1 R|X-M"; G is Γ.'),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="A:B", help="Of the figure, from the conduction edge, eV, or as -20meV:90meV."),
    ] = None,
    spin: Annotated[
        bool, typer.Option("--spin", help="⟨σ_z⟩ of each level: colours of the figure, columns s1,s2,….")
    ] = False,
    points: Annotated[int, typer.Option(metavar="N", help="Intervals of each segment of the path.")] = 60,
    force: Force = False,
    example: Annotated[bool, example_option("material.toml", "MATERIAL.toml")] = False,
) -> None:
    """Energies (eV) along a path or at listed k-points."""
    file = checked_output(out, (".csv", ".png", ".json"), force)
    frequency = one("--rotation-thz", rotation_thz, "THz")
    rotation = 2 * math.pi * frequency
    shown = None if window is None else span("--window", window, "eV")
    check(path is None or kpoints is None, "--path", "must not stand beside --kpoints")
    check(points >= 1, "--points", f"must be at least 1, but got {points}")
    import numpy as np

    from ..crystal import KPath
    from ..io import read_kpoints, write_csv, write_json
    from ..materials import load_material
    from ..observables import band_spin, conduction_edge
    from ..plot import bands_figure, save_figure

    listed = read_kpoints(kpoints) if kpoints else None
    model = load_material(material)
    if listed is None:
        route = model.k_path(points, path)
    else:
        steps = np.linalg.norm(np.diff(listed, axis=0) @ model.crystal.reciprocal, axis=1)
        route = KPath(listed, np.concatenate([[0.0], np.cumsum(steps)]))
    table: dict[str, np.ndarray] = {}
    if spin:
        table["e"], table["s"] = band_spin(model.electrons, route.k, rotation)
    else:
        table["e"] = np.asarray(model.electrons.energies(route.k, rotation))
    energies = table["e"]
    columns = ["k1", "k2", "k3", *(f"{name}{i}" for name in table for i in range(1, energies.shape[1] + 1))]

    def figure():
        edge = float(conduction_edge(model.electrons).energy)
        rest = np.asarray(model.electrons.energies(route.k)) if spin and rotation else None
        return bands_figure(route, energies, edge, window=shown, spin=table.get("s"), rest=rest)

    if file is not None:
        print(_found(energies, model.electrons.filling))

    def content() -> dict:
        units = {"k": "fractional", "energies": "eV"} | ({"spin": "1"} if spin else {})
        levels = {name: table[key].tolist() for name, key in (("energies", "e"), ("spin", "s")) if key in table}
        return {"k": route.k.tolist(), **levels, "rotation_thz": frequency, "units": units}

    write(
        file,
        content,
        {
            ".csv": lambda file: write_csv(file, columns, np.hstack([route.k, *table.values()])),
            ".json": lambda file: write_json(file, content()),
            ".png": lambda file: save_figure(figure(), file),
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
