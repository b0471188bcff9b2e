"""`chiraljax phonons`: the table, its files and what it refuses."""

import csv
import json
from importlib import resources
from pathlib import Path

import pytest

import chiraljax as cj
from chiraljax.cli import main

MATERIAL = resources.files("chiraljax.materials") / "KTaO3.toml"
PHONONS = Path(__file__).parents[1] / "data" / "phonons"
WURTZITE = str(PHONONS / "ZnO" / "phonopy_params.yaml")
ALUMINIUM = str(PHONONS / "phonopy_examples" / "Al-ABACUS" / "phonopy_disp.yaml")


def test_table_and_what_light_turns(capsys):
    assert main(["phonons", WURTZITE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert lines[-1] == "Light along [0, 0, 1] turns the pairs at 9.368 THz (Z̃ = 0.7889 e/√u)."
    assert main(["phonons", WURTZITE, "--axis", "1,0,0"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Light along [1, 0, 0] turns no mode: modes must be degenerate pairs, but circular light")


def test_files(tmp_path, capsys):
    """As numbers, the rigid ions' Z̃² = 4(2/m_Zn + 2/m_O) along the one polar axis of A1."""
    assert main(["phonons", WURTZITE, "--out", str(tmp_path / "m.csv")]) == 0
    assert capsys.readouterr().out.endswith("m.csv: written\n")
    assert main(["phonons", WURTZITE, "--out", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    with (tmp_path / "m.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["irrep"] for row in rows] == [row["irrep"] for row in content["modes"]]
    polar = rows[1]
    assert float(polar["charge_z"]) == pytest.approx((4 * (2 / 65.38 + 2 / 15.9994)) ** 0.5, rel=1e-6)
    assert float(polar["charge_x"]) == pytest.approx(0, abs=1e-6)
    assert main(["phonons", WURTZITE, "--points", "4", "--out", str(tmp_path / "d.png")]) == 0
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")


def test_one_atom_per_cell_has_no_modes(tmp_path, capsys):
    """Its table is a header; what is drawn or driven needs a mode."""
    words = f"{ALUMINIUM}: no optical modes, one atom per cell\n"
    assert main(["phonons", ALUMINIUM]) == 0
    assert capsys.readouterr().out == words
    table = tmp_path / "modes.csv"
    assert main(["phonons", ALUMINIUM, "--out", str(table)]) == 0
    assert capsys.readouterr().out == f"{words}{table}: written\n"
    assert table.read_text().startswith("number,irrep,")
    assert table.read_text().count("\n") == 1
    assert main(["phonons", ALUMINIUM, "--out", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["modes"] == []
    with pytest.raises(cj.InputError, match="must have optical modes, but has one atom per cell"):
        cj.load_lattice(ALUMINIUM).phonon(damping=1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["KTaO4"],
            "KTaO4: must be a bundled lattice (KTaO3, KTaO3_2x2x2), a file of phonopy or a structure file, but there",
        ),
        (
            [str(MATERIAL)],
            "KTaO3.toml: must be a file of phonopy or a structure file, but is a material file, which holds",
        ),
        (["KTaO3", "--born", "none"], "none: must be a file, but there is no such file"),
        (["KTaO3", "--axis", "1,1"], "--axis must be three numbers with commas between them, but got '1,1'"),
        (["KTaO3", "--axis", "0,0,0"], "axis must not be zero"),
        (["KTaO3", "--supercell", "2,2,2"], "supercell must be left out"),
        (["KTaO3", "--supercell", "2,x,2"], "--supercell must be three integers"),
        (["KTaO3", "--points", "0"], "--points must be at least 1, but got 0"),
        (["KTaO3", "--out", "x.txt"], "--out must end in one of .csv, .json, .png"),
        (["KTaO3", "--out", "x.png"], "must hold force constants of a supercell for a dispersion"),
        ([ALUMINIUM, "--out", "x.png"], f"{ALUMINIUM}: must have optical modes to draw, but has one atom per cell"),
        (["KTaO3", "--born", WURTZITE], "must have the Born charges of the 3 inequivalent atoms"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["phonons", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
