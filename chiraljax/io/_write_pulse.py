"""Writing pulses."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tomlkit
from tomlkit.items import Table

from .._atomic import atomic_path
from .._errors import check, within
from .._types import ArrayLike, real
from .._validation import parse_toml
from ..pulse import AbstractPulse, FourierPulse, GaussianPulse, SampledPulse, ShapedPulse, SplinePulse, SumPulse
from ._csv import write_csv
from ._pulse_schema import PulseFile
from ._toml import lines, plain, tables

_FIELDS: dict[type[AbstractPulse], tuple[str, str]] = {
    GaussianPulse: ("gaussian", "peak_field frequency duration center ellipticity phase chirp angle delay"),
    SplinePulse: ("spline", "start end frequency amplitudes"),
    FourierPulse: ("fourier", "start end first amplitudes"),
    ShapedPulse: ("shaped", "band center resolution amplitudes"),
}
_UNITS = {
    "gaussian": "peak_field in MV/cm, frequency in THz, times in ps, phase and angle in rad, chirp in THz/ps",
    "sampled": "columns t in ps, E_x and E_y in MV/cm",
    "spline": "start and end in ps, frequency in THz, amplitudes in MV/cm: Re A_x, Im A_x, Re A_y, Im A_y",
    "fourier": "start and end in ps, amplitudes in MV/cm: Re A_x, Im A_x, Re A_y, Im A_y",
    "shaped": "band and resolution in THz, center in ps, amplitudes in MV/cm/THz: Re A_x, Im A_x, Re A_y, Im A_y",
}


def write_pulse(path: str | os.PathLike[str], pulse: AbstractPulse) -> None:
    """A pulse file that `load_pulse` reads as the same pulse, every number to the last bit.

    The terms of a sum are tables, family by family. The samples of the n-th `SampledPulse` of `NAME.toml` are in
    `NAME.sampled-n.csv` beside it.
    Raises `InputError`, and leaves older files as they were, for a path that does not end in .toml, for a pulse of
    another class and for numbers that `load_pulse` would not take, such as those of several pulses in one.
    """
    path = Path(path)
    check(path.suffix == ".toml", "", f"must be a pulse file .toml, but got {path.suffix!r}", path)
    rows: dict[str, list[Table]] = {name: [] for name in _UNITS}
    samples: dict[str, SampledPulse] = {}
    for term in _terms(pulse, path):
        if isinstance(term, SampledPulse):
            name = f"{path.stem}.sampled-{len(samples) + 1}.csv"
            samples[name] = term
            rows["sampled"].append(tomlkit.table().add("file", name))
        else:
            family, fields = _FIELDS[type(term)]
            rows[family].append(_table(term, fields.split()))
    text = tomlkit.dumps(_document(rows))
    parse_toml(text, PulseFile, str(path), "pulse file")
    with ExitStack() as stack:
        stack.enter_context(atomic_path(path)).write_text(text, encoding="utf-8")
        for name, term in samples.items():
            _write_samples(stack.enter_context(atomic_path(path.with_name(name))), term)


def write_field(path: str | os.PathLike[str], pulse: AbstractPulse, times: ArrayLike) -> None:
    """The field of `pulse` in MV/cm at the `times` (T,) in ps as a CSV file t,E_x,E_y for `SampledPulse.from_csv`.

    Raises `InputError`, and leaves an older file as it was, for a path that does not end in .csv and for fewer than
    four times or times that do not increase.
    """
    path = Path(path)
    check(path.suffix == ".csv", "", f"must be a CSV file .csv, but got {path.suffix!r}", path)
    times = real(times)
    _write_samples(path, SampledPulse(times, pulse(times)))


def _terms(pulse: AbstractPulse, path: Path) -> Iterator[AbstractPulse]:
    """What adds up to `pulse`, each checked as if it were built now: under `vmap` it was not."""
    if isinstance(pulse, SumPulse):
        for term in pulse.pulses:
            yield from _terms(term, path)
        return
    known = isinstance(pulse, SampledPulse) or type(pulse) in _FIELDS
    check(known, "pulse", f"must be of a family with a table, but got {type(pulse).__name__}", path)
    with within(source=path):
        yield replace(pulse)


def _document(rows: Mapping[str, list[Table]]) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Written by chiraljax {version('chiraljax')}. The tables add up."))
    for name, found in rows.items():
        if found:
            document.add(tomlkit.nl())
            document.add(tomlkit.comment(_UNITS[name]))
            document.add(name, tables(found))
    return document


def _table(pulse: AbstractPulse, fields: list[str]) -> Table:
    table = tomlkit.table()
    for name in fields:
        value = plain(getattr(pulse, name))
        table.add(name, lines(np.reshape(value, (-1, 4)).tolist()) if name == "amplitudes" else value)
    return table


def _write_samples(path: Path, pulse: SampledPulse) -> None:
    comment = f"Written by chiraljax {version('chiraljax')}: t in ps, E_x and E_y in MV/cm"
    write_csv(path, ["t", "E_x", "E_y"], np.column_stack([pulse.times, pulse.field]), comment=comment)
