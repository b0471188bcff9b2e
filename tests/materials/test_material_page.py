"""The example of a material file, and the page of its fields."""

import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import BaseModel

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.materials._schema import MaterialFile

ROOT = Path(__file__).parents[2]


def _fields(schema: type[BaseModel]):
    """The names of all fields of all tables."""
    for name, field in schema.model_fields.items():
        yield name
        for inner in _tables(field.annotation):
            yield from _fields(inner)


def _tables(kind: Any):
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _tables(part)


def test_every_field_is_on_the_page():
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "materials.md").read_text(encoding="utf-8")))
    fields = set(_fields(MaterialFile))
    assert {"lattice", "spin_orbit", "delta", "temperatures", "force_sets"} < fields
    assert fields - told - {"crystal", "electrons", "phonon", "path"} == set()


def test_the_example_is_a_material(tmp_path, capsys, ktao3):
    """With what it comments out, too; its energies of two shells are those of KTaO₃."""
    assert main(["bands", "--example"]) == 0
    text = capsys.readouterr().out
    assert text == (ROOT / "scripts" / "configs" / "material.toml").read_text(encoding="utf-8")
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    material = cj.load_material(tmp_path / "m.toml")
    known = ktao3.electrons.parameters
    assert material.electrons.parameters == {name: known[name] for name in material.electrons.parameters}
    full = text[: text.index("# [phonon.lattice]")].replace("\n# ", "\n")
    head, rest = full.partition("\nname =")[1:]
    (tmp_path / "m.toml").write_text(head + rest, encoding="utf-8")
    material = cj.load_material(tmp_path / "m.toml")
    assert material.phonon is not None
    np.testing.assert_allclose(material.phonon.at_temperature(10.0).frequency, [0.72])
    assert [label for _, label in material.k_path(1).ticks] == ["X", "M", "Γ"]
