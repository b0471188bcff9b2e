"""Reading pulse files."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, create_model

from .._errors import check, within
from .._family import family
from .._tables import ClosedTable, Reader, file_fields, one_of, table_of
from .._validation import parse_toml, read_text
from ..pulse import AbstractPulse, SampledPulse, SumPulse

_File = create_model("File", __base__=ClosedTable, **file_fields(SampledPulse))


def load_pulse(path: str | os.PathLike[str], **options: Any) -> AbstractPulse:
    """The pulse of a TOML file, or the samples of a CSV file.

    The TOML file has tables [[gaussian]], or [[NAME]] of any class of pulses with a `name`; several tables add up. A
    number in a table may be a text with a unit, such as "800 kV/cm".

    Args:
        options: of a CSV file, those of `SampledPulse.from_csv`: `time_unit` and `field_unit` of a header that gives
            none, `baseline`, `window`, `taper`, `ellipticity` and `delay`.

    Raises:
        InputError: with the file and the field.
    """
    path = Path(path)
    check(path.suffix in {".toml", ".csv"}, "", f"must be a pulse file .toml or .csv, but got {path.suffix!r}", path)
    if path.suffix == ".csv":
        return SampledPulse.from_csv(path, **options)
    for name, value in options.items():
        check(value is None, name, f"must be left out for {path.name}: it is of CSV files")
    fields: dict[str, Any] = {
        name: (list[Annotated[Any, PlainValidator(table_of(cls))]], []) for name, cls in family(AbstractPulse).items()
    }
    schema = create_model("PulseFile", __base__=ClosedTable, **fields)
    file = parse_toml(read_text(path, "a TOML file of a pulse"), schema, str(path), "pulse file")
    pulses = []
    for name in fields:
        for number, build in enumerate(getattr(file, name)):
            with within(f"{name}.{number}", path):
                pulses.append(build(path.parent))
    check(pulses, "", f"must have at least one table {', '.join(f'[[{name}]]' for name in fields)}, but got none", path)
    return pulses[0] if len(pulses) == 1 else SumPulse(pulses)


def pulse_table(**options: Any) -> Reader:
    """A reader of tables of one pulse: its `family` and parameters (see `one_of`), or a `file` in the same folder."""
    read_family = one_of(AbstractPulse, "family", **options)

    def read(table: Any) -> Any:
        if not isinstance(table, dict) or "file" not in table or "family" in table:
            return read_family(table)
        options = _File.model_validate(table).model_dump(exclude_unset=True)
        file = options.pop("file")
        return lambda folder, **context: load_pulse(folder / file, **options)

    return read
