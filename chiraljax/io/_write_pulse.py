"""Writing pulses."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from math import prod
from pathlib import Path

import numpy as np
import tomlkit
from tomlkit.items import Table

from .._atomic import atomic_path
from .._errors import check, within
from .._family import family
from .._parameter import parameters_of
from .._tables import rows_of
from .._types import ArrayLike, real
from ..pulse import AbstractPulse, SampledPulse, SumPulse
from ._csv import write_csv
from ._toml import lines, tables


def write_pulse(path: str | os.PathLike[str], pulse: AbstractPulse) -> None:
    """Write a pulse file that `load_pulse` reads as the same pulse, every number to the last bit.

    The terms of a sum are tables, family by family. The samples of the n-th `SampledPulse` of `NAME.toml` are in
    `NAME.sampled-n.csv` beside it.

    Raises:
        InputError: for a path that does not end in .toml, a pulse of a class without a name, and numbers that
            `load_pulse` would refuse, such as those of a batch of pulses. Older files are then unchanged.
    """
    path = Path(path)
    check(path.suffix == ".toml", "", f"must be a pulse file .toml, but got {path.suffix!r}", path)
    rows: dict[str, list[Table]] = {name: [] for name in family(AbstractPulse)}
    beside: dict[str, AbstractPulse] = {}
    for term in _terms(pulse, path):
        if term.columns:
            file = f"{path.stem}.{term.name}-{len(rows[term.name]) + 1}.csv"
            beside[file] = term
            rows[term.name].append(tomlkit.table().add("file", file))
        else:
            rows[term.name].append(_table(term))
    text = tomlkit.dumps(_document(rows))
    with ExitStack() as stack:
        stack.enter_context(atomic_path(path)).write_text(text, encoding="utf-8")
        for name, term in beside.items():
            _write_samples(stack.enter_context(atomic_path(path.with_name(name))), term)


def write_field(path: str | os.PathLike[str], pulse: AbstractPulse, times: ArrayLike) -> None:
    """Write the field of a pulse (MV/cm) as a CSV file t,E_x,E_y for `SampledPulse.from_csv`.

    Args:
        path: ends in .csv.
        pulse: any.
        times: (T,) ps.

    Raises:
        InputError: for another ending, fewer than four times, or times that do not increase. An older file is then
            unchanged.
    """
    path = Path(path)
    check(path.suffix == ".csv", "", f"must be a CSV file .csv, but got {path.suffix!r}", path)
    times = real(times)
    _write_samples(path, SampledPulse(times, pulse(times)))


def _terms(pulse: AbstractPulse, path: Path) -> Iterator[AbstractPulse]:
    """The terms of `pulse`, each checked again, because `vmap` builds pulses without checks."""
    if isinstance(pulse, SumPulse):
        for term in pulse.pulses:
            yield from _terms(term, path)
        return
    named = type(pulse) in family(AbstractPulse).values()
    check(named, "pulse", f"must be of a class with a name, but got {type(pulse).__name__}", path)
    with within(source=path):
        yield replace(pulse)


def _document(rows: Mapping[str, list[Table]]) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Written by chiraljax {version('chiraljax')}. The tables add up."))
    for name, terms in rows.items():
        if terms:
            document.add(tomlkit.nl())
            document.add(tomlkit.comment(_units(family(AbstractPulse)[name])))
            document.add(name, tables(terms))
    return document


def _units(cls: type[AbstractPulse]) -> str:
    """The units of its fields, or of the columns of its CSV file."""
    described = parameters_of(cls)
    units = {name: parameter.unit for name, parameter in described.items()}
    if cls.columns:
        widths = [prod(n for n in parameter.shape[1:] if isinstance(n, int)) for parameter in described.values()]
        units = dict(zip(cls.columns, np.repeat(list(units.values()), widths).tolist(), strict=True))
    return ", ".join(f"{name} in {unit}" for name, unit in units.items() if unit != "1")


def _table(pulse: AbstractPulse) -> Table:
    table = tomlkit.table()
    for name, parameter in parameters_of(pulse).items():
        value = rows_of(parameter, getattr(pulse, name))
        table.add(name, lines(value) if len(parameter.shape) > 1 else value)
    return table


def _write_samples(path: Path, pulse: AbstractPulse) -> None:
    comment = f"Written by chiraljax {version('chiraljax')}: {_units(type(pulse))}"
    table = np.column_stack([getattr(pulse, name) for name in parameters_of(pulse)])
    write_csv(path, list(pulse.columns), table, comment=comment)
