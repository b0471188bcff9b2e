"""Bad input: exit status 2, one line that names what is wrong, no file left behind."""

from importlib import resources

import numpy as np
import pytest

from chiraljax import GaussianPulse, write_field
from chiraljax.cli import main

KTAO3 = (resources.files("chiraljax.materials") / "KTaO3.toml").read_text(encoding="utf-8")
MOMENT = ["magnetization", "KTaO3", "--mu", "0", "--temperature", "300", "--rotation-thz", "2.42"]


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder and returns its one line, having checked all that holds for each."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        before = {file.name for file in tmp_path.iterdir()}
        assert main(arguments) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("chiraljax: ")
        assert output.err.count("\n") == 1
        assert {file.name for file in tmp_path.iterdir()} == before
        return output.err.strip()

    return run


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("filling = 18", "filling = 18\nfilled = 18", "electrons.filled is not a field of a material file"),
        ("delta = 0.02087", "", "integrals of hopping Ta.d–Ta.d shell 1 must have"),
        ('species = "Ta"\norbital', 'species = "Nb"\norbital', "Nb"),
        ("t2g = 3.08778", "t2g = nan", "electrons.shells.1.onsite.t2g must be a finite number, but got nan"),
        ("filling = 18", "", "electrons.filling is required, but missing"),
        ("[electrons]", "[electrons", "must be a TOML file"),
    ],
    ids=["unknown field", "missing integral", "shell without sites", "NaN", "missing field", "not TOML"],
)
def test_material(refused, tmp_path, old, new, message):
    assert old in KTAO3
    (tmp_path / "m.toml").write_text(KTAO3.replace(old, new), encoding="utf-8")
    line = refused("bands", "m.toml", "--out", "b.csv")
    assert line.startswith("chiraljax: m.toml: ")
    assert message in line


def test_unknown_material(refused):
    assert "nothing: must be a bundled material (" in refused("bands", "nothing", "--out", "b.csv")


def test_k_list_of_the_wrong_width(refused, tmp_path):
    (tmp_path / "k.csv").write_text("k1,k2,k3\n0,0\n")
    line = refused("bands", "KTaO3", "--kpoints", "k.csv", "--out", "b.csv")
    assert line == "chiraljax: k.csv: row 2 must have 3 columns k1,k2,k3, but got 2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "t,E_x,E_y\n0,0,0\n2,0,0\n1,0,0\n3,0,0\n",
            "row 4, column t must be later than 2 ps in the row before, but is 1",
        ),
        (
            "t,E_x,E_y\n0,0,0\n1,0,0\n1,0,0\n3,0,0\n",
            "row 4, column t must be later than 1 ps in the row before, but is 1",
        ),
    ],
    ids=["unsorted", "duplicate"],
)
def test_pulse(refused, tmp_path, text, message):
    (tmp_path / "p.csv").write_text(text)
    arguments = ("--mu", "0", "--temperature", "300", "--out", "s.csv")
    assert message in refused("simulate", "KTaO3", "--pulse", "p.csv", *arguments)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--temperature", "-1", "--temperature must be zero or positive, but got -1"),
        ("--temperature", "100:-5:3", "--temperature must be zero or positive, but got -5"),
        ("--temperature", "nan", "--temperature must be finite, but got 'nan'"),
        ("--mu", "0:1", "--mu must be a number A or a range A:B:N of N evenly spaced numbers, but got '0:1'"),
        ("--mu", "0:1:2.5", "--mu must be a number A or a range A:B:N"),
        ("--mu", "0:1:0", "--mu must have N of at least 1, but got '0:1:0'"),
        ("--mu", "0:1:1", "--mu must have N of at least 2, but got '0:1:1'"),
        ("--mu", "x", "--mu must be a number A or a range"),
        ("--rotation-thz", "inf", "--rotation-thz must be finite, but got 'inf'"),
        ("--rtol", "0", "--rtol must be positive, but got 0"),
        ("--rtol", "small", "--rtol"),
        ("--region", "cube", "--region must be zone or gamma_cube, but got 'cube'"),
        (
            "--out",
            "m.txt",
            "--out must end in one of .csv, .nc, .json, .png, .pdf, .svg, or be - for JSON, but got 'm.txt'",
        ),
        ("--out", "none/m.csv", "--out must be in a folder that exists, but there is no folder none"),
        ("--nothing", "1", "--nothing"),
    ],
)
def test_options(refused, option, value, message):
    assert message in refused(*MOMENT, "--out", "m.csv", option, value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["bands"], "Missing argument"),
        (["bands", "KTaO3"], "Missing option '--out'"),
        (["bands", "KTaO3", "--out", "b.csv", "--points", "0"], "--points must be at least 1, but got 0"),
        (["bands", "KTaO3", "--out", "b.png", "--window", "1:0"], "--window must be a range A:B that increases, but"),
        (["bands", "KTaO3", "--out", "b.png", "--path", "Γ-Y"], "path must go through "),
        (["bands", "KTaO3", "--out", "b.png", "--path", "Γ"], "path must have two points or more between breaks"),
        (["reproduce"], "Missing option '--out'"),
        ([*MOMENT[:-1], "0:1:2", "--out", "m.png"], "--rotation-thz must be one number for a figure"),
    ],
)
def test_usage(refused, arguments, message):
    assert message in refused(*arguments)


def test_a_coupling_or_times_that_are_not(refused):
    simulate = ["simulate", "KTaO3", "--mu", "0", "--temperature", "300", "--out", "s.csv"]
    assert "--coupling must be one of constant-inertia, fixed, " in refused(*simulate, "--coupling", "x")
    assert "--out or --animate must be given, but neither is" in refused(*simulate[:-2])
    assert "--times must be a range A:B:N that increases, but got '5'" in refused(*simulate, "--times", "5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--animate", "s.mp4"], "--animate must end in .gif, but got 's.mp4'"),
        (["--animate", "none/s.gif"], "--animate must be in a folder that exists, but there is no folder none"),
        (["--animate", "s.gif", "--mu", "0:1:2"], "--animate needs one --mu and one --temperature, but got 2 and 1"),
    ],
)
def test_animation(refused, options, message):
    assert message in refused("simulate", "KTaO3", "--mu", "0", "--temperature", "300", "--out", "s.csv", *options)


def test_output_into_a_file_or_a_folder(refused, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    assert "--out must be a file, but folder.csv is a folder" in refused("bands", "KTaO3", "--out", "folder.csv")
    assert "--out must be a folder, but file is a file" in refused("reproduce", "--out", "file")


def test_an_unwritable_folder(refused, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "must be in a folder that is writable" in refused("bands", "KTaO3", "--out", "b.csv")


def test_a_failure_while_writing(tmp_path, monkeypatch, capsys):
    """What was found is printed before, so that it is not lost."""

    def full(*_):
        raise OSError(28, "No space left on device", "b.csv")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.replace", full)
    assert main(["bands", "KTaO3", "--points", "1", "--out", "b.csv"]) == 2
    output = capsys.readouterr()
    assert output.err == "chiraljax: b.csv: No space left on device\n"
    assert output.out.startswith("28 levels at 5 k-points, ")
    assert "written" not in output.out
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_times_that_begin_after_the_pulse(refused, tmp_path):
    """The paper's pulse 3 ps earlier: exp(−t²) is 10⁻³ at −2.63 ps."""
    times = np.linspace(-3, 7, 1001)
    write_field(tmp_path / "trace.csv", GaussianPulse(center=0.0), times)
    line = refused(
        *["simulate", "KTaO3", "--mu", "0", "--temperature", "300", "--out", "s.csv"],
        *["--pulse", "trace.csv", "--times", "0:10:201"],
    )
    assert line.startswith("chiraljax: times must begin at -2.6")
