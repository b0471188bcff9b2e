"""`chiraljax phonons`."""

from typing import Annotated, Any

import typer

from .._errors import InputError, check
from ._output import FIGURES, Force, checked_output, write

_COLUMNS = (
    *("number", "irrep", "degeneracy", "frequency_thz", "infrared"),
    *("charge_x", "charge_y", "charge_z"),
    *("dielectric_share_x", "dielectric_share_y", "dielectric_share_z"),
)


def phonons(
    lattice: Annotated[
        str, typer.Argument(help="A bundled lattice, phonopy.yaml, or a structure file with --supercell.")
    ],
    born: Annotated[str | None, typer.Option(metavar="BORN", help="Default: in LATTICE, or BORN beside it.")] = None,
    force_sets: Annotated[str | None, typer.Option(metavar="FORCE_SETS", help="Likewise.")] = None,
    force_constants: Annotated[
        str | None, typer.Option(metavar="FORCE_CONSTANTS", help="Likewise; or of q2r.x.")
    ] = None,
    supercell: Annotated[str | None, typer.Option(metavar="A,B,C", help="Of the forces, for a structure file.")] = None,
    calculator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Program of the forces, such as qe, if LATTICE does not name it.")
    ] = None,
    axis: Annotated[str, typer.Option(metavar="X,Y,Z", help="Along which light travels.")] = "0,0,1",
    points: Annotated[int, typer.Option(metavar="N", help="Intervals of each segment of the path.")] = 40,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help=".csv or .json of the modes at Γ, .png, .pdf or .svg of the dispersion; - for JSON."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Modes at Γ: irreducible representation, frequency, mode effective charge, and what light turns."""
    path = None if out is None else checked_output(out, (".csv", ".json", ".png"), force)
    check(points >= 1, "--points", f"must be at least 1, but got {points}")
    cells = None if supercell is None else _three("--supercell", supercell, int)
    direction = _three("--axis", axis, float)
    from ..io import write_csv, write_json
    from ..lattice import load_lattice, plane_across, polarised
    from ..plot import lattice_figure, save_figure

    plane = plane_across(direction)
    model = load_lattice(
        lattice,
        born=born,
        force_sets=force_sets,
        force_constants=force_constants,
        supercell=cells,
        calculator=calculator,
    )
    drawn = path is not None and path.suffix in FIGURES
    check(model.modes or not drawn, "", "must have optical modes to draw, but has one atom per cell", lattice)
    if out != "-":
        print(model.table() if model.modes else f"{lattice}: no optical modes, one atom per cell")
    if out != "-" and model.modes:
        print(_turned(model, direction))
    if out is None:
        return
    rows = [_row(number, mode, model.crystal.volume) for number, mode in enumerate(model.modes)]

    def figure():
        polar = next((mode for mode in model.modes if mode.infrared), model.modes[0])
        vectors = polar.eigenvectors if polar.charges is None else polarised(polar, plane)[0]
        bands = model.dispersion(points=points)
        return lattice_figure(bands, model.crystal, vectors[0] / model.masses[:, None] ** 0.5, model.modes)

    def content() -> dict:
        return {"lattice": lattice, "axis": direction, "modes": rows}

    write(
        path,
        content,
        {
            ".csv": lambda file: write_csv(file, _COLUMNS, [list(row.values()) for row in rows]),
            ".json": lambda file: write_json(file, content()),
            ".png": lambda file: save_figure(figure(), file),
        },
    )


def _row(number: int, mode, volume: float) -> dict[str, Any]:
    """A set of modes; an imaginary frequency is negative, charges in e/√u are the largest of the set."""
    row = {
        "number": number,
        "irrep": mode.irrep,
        "degeneracy": mode.degeneracy,
        "frequency_thz": mode.frequency,
        "infrared": int(mode.infrared),
    }
    strength, share = None, None
    if mode.charges is not None:
        strength, share = mode.oscillator_strength, mode.dielectric_share(volume)
    for i, direction in enumerate("xyz"):
        row[f"charge_{direction}"] = None if strength is None else max(float(strength[i, i]), 0.0) ** 0.5
    for i, direction in enumerate("xyz"):
        row[f"dielectric_share_{direction}"] = None if share is None else float(share[i, i])
    return row


def _turned(lattice, direction: list[float]) -> str:
    shown = ", ".join(f"{part:g}" for part in direction)
    try:
        pairs = lattice.phonon(damping=0.0, axis=direction, modes="all")
    except InputError as error:
        return f"Light along [{shown}] turns no mode: {error}"
    names = [
        f"{frequency:.4g} THz (Z̃ = {charge:.4g} e/√u)"
        for frequency, charge in zip(pairs.frequency, pairs.mode_effective_charge, strict=True)
    ]
    return f"Light along [{shown}] turns the pairs at {', '.join(names)}."


def _three(option: str, text: str, kind: type) -> list:
    try:
        numbers = [kind(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    name = "integers" if kind is int else "numbers"
    check(len(numbers) == 3, option, f"must be three {name} with commas between them, but got {text!r}")
    return numbers
