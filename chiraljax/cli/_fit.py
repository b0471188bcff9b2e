"""`chiraljax fit`."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from .._errors import InputError, check
from .._progress import counted
from ._advice import advise
from ._arguments import finite
from ._examples import example_option
from ._output import Force, check_new, checked_output, write

NOT_CONVERGED = 1


def fit(
    material: Annotated[str, typer.Argument(help="The model to fit: a bundled material or a TOML file.")],
    bands: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Of VASP, Quantum ESPRESSO, CASTEP, ASE, pymatgen, Wannier90, .json, .csv; or bundled."
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE", help=".toml, .json, .png, .pdf, .svg, .py (PythTB) or …_hr.dat (Wannier90); - for JSON."
        ),
    ],
    spin_orbit_bands: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Second stage: fit only the spin–orbit parameters to these bands."),
    ] = None,
    check_bands: Annotated[
        str | None, typer.Option("--check", metavar="FILE", help="Bands for a k-fold check, such as a dense mesh.")
    ] = None,
    spin_orbit: Annotated[
        bool | None,
        typer.Option(
            "--spin-orbit/--no-spin-orbit",
            help="Whether --bands and --check are with spin–orbit coupling, one electron per band, if no file says it.",
            show_default=False,
        ),
    ] = None,
    spin: Annotated[
        str | None,
        typer.Option(metavar="up|down", help="Which bands of --bands and --check, if those of the two spins differ."),
    ] = None,
    kpoints: Annotated[
        str | None,
        typer.Option("--k", metavar="FILE.csv", help="Columns k1,k2,k3: where …_hr.dat, …_tb.dat, bands.x give bands."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Of --bands, if its name and content do not say it.")
    ] = None,
    insist: Annotated[bool, typer.Option("--insist", help="Fit bands of another crystal all the same.")] = False,
    config: Annotated[str | None, typer.Option(metavar="FIT.toml", help="Targets, bounds, priors, ties.")] = None,
    edge_weight: Annotated[
        float, typer.Option(metavar="W", help="Energies near the conduction edge count 1 + W times.")
    ] = 0.0,
    starts: Annotated[int | None, typer.Option(metavar="N", help="Local searches; default 64.")] = None,
    draw: Annotated[str | None, typer.Option(metavar="uniform|harrison|noise", help="Where they begin.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of the random starts; default 0.")] = None,
    force: Force = False,
    example: Annotated[bool, example_option("fit.toml", "FIT.toml")] = False,
) -> int:
    """Slater–Koster parameters from bands, with their errors: writes the fitted material, prints a report."""
    path = checked_output(out, (".toml", ".json", ".png", ".py", ".dat"), force)
    check(
        path is None or path.suffix != ".dat" or path.name.endswith("_hr.dat"),
        "--out",
        f"must end in _hr.dat for Wannier90, but got {out!r}",
    )
    if path is not None and path.suffix == ".dat":
        check_new(path.with_name(path.name.removesuffix("_hr.dat") + "_centres.xyz"), force)
    check(
        finite("--edge-weight", edge_weight) >= 0, "--edge-weight", f"must be zero or positive, but got {edge_weight:g}"
    )
    from ..fit import MultiStart, Variation, cross_validate, default_targets, fit_bands, fit_spin_orbit
    from ..io import fit_content, load_fit, read_kpoints, write_json, write_material, write_pythtb, write_wannier90
    from ..materials import load_material
    from ..plot import fit_figure, save_figure

    listed = read_kpoints(kpoints) if kpoints else None
    targets, variation, search = load_fit(config) if config else (None, Variation(), MultiStart())
    chosen = {"starts": starts, "draw": draw, "seed": seed}
    search = dataclasses.replace(search, **{name: value for name, value in chosen.items() if value is not None})
    model, data = load_material(material), _read(bands, spin_orbit, spin, listed, file_format)
    second = _read(spin_orbit_bands, k=listed, assumed=True, may_ignore_k=True) if spin_orbit_bands else None
    other = _read(check_bands, spin_orbit, spin, listed, may_ignore_k=True) if check_bands else None
    check(
        not (edge_weight and targets),
        "--edge-weight",
        "must not stand beside targets in --config, which have their own",
    )
    check(
        second is None or (second.spin_orbit and not data.spin_orbit),
        "--spin-orbit-bands",
        "must be bands with spin–orbit coupling, after --bands without",
    )
    check(
        other is None or other.spin_orbit == data.spin_orbit,
        "--check",
        "must be bands with spin–orbit coupling if --bands are, and without if not",
    )
    if edge_weight:
        targets = default_targets(model.electrons, data, edge_weight)
    for each in (data, second, other):
        if each is not None and not insist:
            _refuse_another_crystal(model.electrons, each)
    options = {"targets": targets, "variation": variation, "search": search, "insist": True}
    with counted("Fitting") as advance:
        result = fit_bands(model.electrons, data, **options, on_step=advance)
    last, reports, converged = result, [result.report], result.converged
    if second is not None:
        with counted("Fitting spin–orbit coupling") as advance:
            last = fit_spin_orbit(
                result,
                second,
                edge_weight=edge_weight or None,
                search=MultiStart(8, seed=seed or 0),
                insist=True,
                on_step=advance,
            )
        reports.append(last.report)
        converged = converged and last.converged
    if other is not None:
        reports.append(cross_validate(result, other).report)
    fitted = model.with_electrons(last.electrons)
    errors = result.standard_errors | last.standard_errors
    comments = {name: f"± {value:.2g}" for name, value in errors.items() if name in fitted.electrons.parameters}
    source = f"chiraljax fit to {Path(data.source).name or bands}".replace("\n", " ")

    def content() -> dict:
        stages = {} if second is None else {"spin_orbit_stage": fit_content(last)}
        return fit_content(result) | stages

    write(
        path,
        content,
        {
            ".toml": lambda file: write_material(file, fitted, source=source, comments=comments),
            ".json": lambda file: write_json(file, content()),
            ".png": lambda file: save_figure(fit_figure(last), file),
            ".py": lambda file: write_pythtb(file, last.electrons),
            ".dat": lambda file: write_wannier90(str(file).removesuffix("_hr.dat"), last.electrons),
        },
    )
    if path is not None:
        print("\n".join(reports), end="")
    unclear = sum(not direction.determined for direction in result.directions)
    if unclear:
        advise(
            f"the bands leave {unclear} combinations of parameters undetermined; the report says what would fix them"
        )
    open_choices = [exchange for exchange in result.exchanges if not exchange.decided]
    if open_choices:
        advise(f"no energy distinguishes {len(open_choices)} exchanges of atoms; the report names them")
    if not converged:
        advise("the fit did not converge; the best parameters found were kept")
    other_material = any(each.comparison.another for each in (result, last))
    if other_material:
        advise("the fit has another gap or other edges than the bands; the first line of the report says which")
    return NOT_CONVERGED if other_material or not converged else 0


def _refuse_another_crystal(electrons, bands) -> None:
    from ..fit import check_crystal

    try:
        check_crystal(electrons, bands)
    except InputError as error:
        message = error.message.replace("insist=True fits", "--insist fits")
        raise InputError("bands", message, bands.source) from None


def _read(
    file: str,
    spin_orbit: bool | None = None,
    spin: str | None = None,
    k=None,
    file_format: str | None = None,
    *,
    assumed: bool | None = None,
    may_ignore_k: bool = False,
):
    """The bands in a file; without `spin_orbit` they are as `assumed` if nothing else says it.

    The k-points `k` are for H(R); with `may_ignore_k` a file that has its own is read without them.
    """
    from ..io import read_bands

    try:
        return read_bands(file, format=file_format, spin_orbit=spin_orbit, spin=spin, k=k)
    except InputError as error:
        if may_ignore_k and k is not None and "must be left out" in error.message and error.field == "k":
            return _read(file, spin_orbit, spin, None, file_format, assumed=assumed)
        names = {"spin": "--spin", "k": "--k", "format": "--format"}
        if error.field in names:
            raise InputError(names[error.field], error.message, error.source) from None
        if error.field != "spin_orbit":
            raise
        if assumed is not None:
            return _read(file, assumed, spin, k, file_format, may_ignore_k=may_ignore_k)
        message = error.message.replace("True", "--spin-orbit").replace("False", "--no-spin-orbit")
        raise InputError("option", message, error.source) from None
