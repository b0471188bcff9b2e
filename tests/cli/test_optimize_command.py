"""`chiraljax optimize`: the example with few steps, what is written, going on, and what is refused."""

import csv
import json
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.io import load_pulse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "scripts" / "configs" / "optimize.toml"
FILES = ["pulse.toml", "field.csv", "outcome.csv", "optimum.json", "optimum.png", "convergence.png", "report.md"]
LATTICE = """material = "KTaO3"
[pulse]
family = "spline"
start = 0
end = 5
frequency = 2.42
splines = 6
[objective]
name = "angular-momentum-at"
time = 4
[times]
end = 5
count = 101
[constraints]
fluence = 1
[search]
starts = 2
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example with less to find and hotter electrons, which a coarse mesh resolves, after 20 steps.

    Status, what was printed, the advice, the folder.
    """
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in (
        ("splines = 24", "splines = 8"),
        ("starts = 8", "starts = 2"),
        ("steps = 300", "steps = 20"),
        ("= 600.0", "= 3000.0\nrtol = 1e-2"),
    ):
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path_factory.mktemp("example")
    (folder / "c.toml").write_text(text, encoding="utf-8")
    printed, advice = StringIO(), StringIO()
    with redirect_stdout(printed), redirect_stderr(advice):
        status = main(["optimize", str(folder / "c.toml"), "--paper", "--out", str(folder / "new" / "out")])
    return status, printed.getvalue(), advice.getvalue(), folder / "new" / "out"


@pytest.fixture
def lattice(tmp_path, monkeypatch, capsys):
    """Runs the small search for an angular momentum in an empty folder: status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(text=LATTICE, *options):
        (tmp_path / "c.toml").write_text(text, encoding="utf-8")
        status = main(["optimize", "c.toml", "--out", "out", *options])
        return status, *capsys.readouterr()

    return run


def _table(path):
    with path.open(encoding="utf-8") as file:
        header, *rows = csv.reader(line for line in file if not line.startswith("#"))
    return header, np.array(rows, dtype=float)


@eqx.filter_jit
def _field(pulse, times):
    return pulse(times)


@pytest.mark.slow
def test_too_few_steps_are_told_and_kept(example):
    status, printed, advice, folder = example
    assert status == 1
    warned, told = advice.splitlines()
    assert warned.startswith("Warning: atom 2 (O) moves by 0.205 Å")
    assert told == (
        "chiraljax: the search did not converge in 20 steps and its best pulse was kept; with a larger search.steps it"
        f" goes on from {folder / 'checkpoint.npz'}"
    )
    assert {file.name for file in folder.iterdir()} == {*FILES, "checkpoint.npz"}
    content = json.loads((folder / "optimum.json").read_text())
    assert content["status"] == "not converged"
    assert np.shape(content["history"]) == np.shape(content["violations"]) == (20, 2)
    assert printed == (
        f"{folder / 'report.md'}: {content['objective']:.4g} mu_B/cell, {content['ratio']:.1%} of what no pulse"
        f" exceeds, {content['paper_pulse']['gain']:.3g} times the paper's pulse\n"
    )


@pytest.mark.slow
def test_the_files_hold_the_same_pulse(example):
    """The samples are 32 a period; a cubic spline through a sine has errors of (2π/32)⁴/384 = 4·10⁻⁶ of it."""
    folder = example[-1]
    pulse, samples = load_pulse(folder / "pulse.toml"), cj.SampledPulse.from_csv(folder / "field.csv")
    times = np.linspace(0, 8, 3001)
    np.testing.assert_allclose(_field(samples, times), _field(pulse, times), atol=2e-5 * float(pulse.peak_field))
    assert np.diff(samples.times).max() <= 1 / (32 * 2.42)
    header, rows = _table(folder / "outcome.csv")
    assert header == ["time", "E_x", "E_y", "q_x", "q_y", "L", "rotation", "moment"]
    np.testing.assert_allclose(rows[:, 1:3], _field(pulse, rows[:, 0]), atol=1e-12)


@pytest.mark.slow
def test_the_numbers_are_those_of_the_chain(example, ktao3):
    """`simulate` of the written pulse, within the errors that both give."""
    folder = example[-1]
    content = json.loads((folder / "optimum.json").read_text())
    _, rows = _table(folder / "outcome.csv")
    run = cj.simulate(
        ktao3,
        load_pulse(folder / "pulse.toml"),
        mu=0.05,
        temperature=3000.0,
        times=rows[:, 0],
        accuracy=cj.Accuracy(rtol=1e-2),
    )
    np.testing.assert_allclose(rows[:, 5], run.motion.angular_momentum, atol=1e-6)
    np.testing.assert_allclose(rows[:, 7], run.moment, atol=content["error"] + float(run.error.max()))
    assert content["objective"] == pytest.approx(np.abs(rows[:, 7]).max(), rel=1e-9)
    assert content["ratio"] == pytest.approx(content["objective"] / content["bound"])
    assert 0.5 < content["ratio"] < 1
    assert content["slack"]["fluence"]["value"] == pytest.approx(3.3268205, rel=1e-6)
    assert max(content["reached"]) == pytest.approx(content["objective"], rel=1e-4)
    assert content["paper_pulse"]["peak_field"] == pytest.approx(1, rel=1e-6)
    assert content["paper_pulse"]["center"] == 3
    assert content["paper_pulse"]["gain"] == pytest.approx(content["objective"] / content["paper_pulse"]["objective"])


@pytest.mark.slow
def test_the_report_says_it_all(example):
    folder = example[-1]
    text = (folder / "report.md").read_text(encoding="utf-8")
    content = json.loads((folder / "optimum.json").read_text())
    assert f"**{content['objective']:.4e} ± " in text
    assert f"**{content['ratio']:.1%}**" in text
    assert "of 2 starts came within 1 % of the best" in text
    assert "| fluence (mJ/cm²) | 3.32682 | 3.32682 | 0.00% | met |" in text
    assert "## Beside the paper's pulse\n\nA circular Gaussian pulse of 2.42 THz" in text
    assert "with the same fluence, 3.327 mJ/cm² and 1 MV/cm at its peak" in text
    assert "the pulse that was given" not in text  # the search began without a field
    assert f"| frequency of the mode | +1 % | {content['sensitivities']['frequency']['change']:+.2%} |" in text
    assert 'family = "spline"' in text
    assert f"Seed of the random starts: 0. Versions: chiraljax {version('chiraljax')}, jax " in text


def test_a_pulse_of_ones_own_is_what_the_best_is_compared_with(lattice, tmp_path):
    """It is the pulse of the file at the fluence of the best one; the paper's is not mentioned unless asked."""
    text = LATTICE[LATTICE.index("[objective]") :].replace("starts = 2", "starts = 2\nsteps = 4")
    text = f'material = "KTaO3"\n[pulse]\nfamily = "gaussian"\ncenter = 2.5\nduration = 0.3\n{text}'
    _, printed, _ = lattice(text)
    content = json.loads((tmp_path / "out" / "optimum.json").read_text())
    assert "paper_pulse" not in content
    given = content["given_pulse"]
    assert (given["center"], given["fluence"]) == (2.5, pytest.approx(content["slack"]["fluence"]["value"]))
    assert printed.endswith(f", {given['gain']:.3g} times the pulse that was given\n")
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "## Beside the pulse that was given\n\nThe GaussianPulse of the input, with the same fluence" in report
    assert "paper" not in report


@pytest.mark.slow
def test_an_interrupted_search_goes_on(lattice, monkeypatch, tmp_path, phonon):
    """What was done is kept, a change is refused, and the end is an optimum beside the paper's pulse by `drive`."""

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("chiraljax.cli._optimize.climbing", _calling(interrupt))
        assert lattice()[0] == 130
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["checkpoint.npz"]
    with np.load(tmp_path / "out" / "checkpoint.npz") as file:
        before = next(array for array in file.values() if array.shape == (10, 2))
    status, _, line = lattice(LATTICE.replace("fluence = 1", "fluence = 2"))
    assert status == 2
    assert line.startswith("chiraljax: out/checkpoint.npz: must be a checkpoint of the same search")
    assert line.endswith("; delete it to begin anew\n")
    assert line.count("\n") == 1
    status, _, line = lattice(LATTICE, "--paper")
    assert (status, line) == (0, "")
    assert {file.name for file in (tmp_path / "out").iterdir()} == set(FILES)
    content = json.loads((tmp_path / "out" / "optimum.json").read_text())
    np.testing.assert_allclose(np.array(content["history"])[:10] / content["bound"], before)
    assert content["ratio"] > 0.5
    paper = cj.GaussianPulse(center=content["paper_pulse"]["center"])
    motion = phonon.drive(float(1 / paper.fluence) ** 0.5 * paper, [0.0, 4.0])
    assert content["paper_pulse"]["objective"] == pytest.approx(abs(float(motion.angular_momentum[-1])), rel=1e-3)


def _calling(function):
    @contextmanager
    def climbing(*_):
        yield function

    return climbing


@pytest.mark.slow
def test_an_objective_that_is_not_finite_is_status_1(lattice, tmp_path):
    """Steps of 1e300 overflow the field."""
    text = LATTICE.replace("starts = 2", 'starts = 2\noptimizer = "adam"\nlearning_rate = 1e300')
    status, _, line = lattice(text)
    assert status == 1
    assert "stopped: the objective or its gradient was not finite in step 1 of start 0" in line
    assert line.count("\n") == 1
    assert {file.name for file in (tmp_path / "out").iterdir()} == set(FILES)
    assert json.loads((tmp_path / "out" / "optimum.json").read_text())["history"][1] == [None, None]
    assert "stopped" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("angular-momentum-at", "momentum", "c.toml: objective.name must be "),
        ("fluence = 1", "fluence = 0", "c.toml: constraints.fluence must be positive, but got 0"),
        ("fluence = 1", "", "c.toml: constraints.fluence or peak_field must be given"),
        ("fluence = 1", "fluence = 1\nband = [4, 5]", "c.toml: constraints.band must hold a frequency of the phonon"),
        ("count = 101", "count = 31", "c.toml: times must resolve the phonon with 4 points per period"),
        ("time = 4", "time = 4.01", "c.toml: time must be one of the times, but got 4.01 ps"),
        ("starts = 2", "start = 2", "c.toml: search.start is not a field of a pulse optimisation file"),
        ("starts = 2", "fixed = ['phase']", "c.toml: search.fixed must name free parameters"),
        ('"KTaO3"', '"GaAs"', "c.toml: material must have a phonon"),
        ('"KTaO3"', '"none.toml"', "none.toml: must be a bundled material"),
    ],
)
def test_bad_input(lattice, tmp_path, old, new, message):
    assert old in LATTICE
    status, printed, line = lattice(LATTICE.replace(old, new))
    assert (status, printed) == (2, "")
    assert line.startswith(f"chiraljax: {message}")
    assert line.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["c.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.toml", "--out", "a/b"], "none.toml: must be a TOML file of an optimisation, but there is no such file"),
        (["none.toml"], "Missing option '--out'"),
        (["none.toml", "--out", "file"], "--out must be a folder, but file is a file"),
    ],
)
def test_usage(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["optimize", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
