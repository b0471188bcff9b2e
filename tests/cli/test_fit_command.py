"""`chiraljax fit` on a small problem: the bands of the bundled parameters, few k-points, few starts."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.io import load_fit, to_json, write_csv, write_json

ROOT = Path(__file__).parents[2]
QUICK = ["--draw", "noise", "--starts", "2"]


@pytest.fixture
def folder(tmp_path, monkeypatch, ktao3):
    """A folder with bands of Table I at 10 k-points, without (a.json) and with (b.json) spin–orbit coupling."""
    k = np.concatenate([ktao3.k_path(2).k, [[0.1, 0.2, 0.3]]])
    spinless = np.asarray(ktao3.electrons.without_spin_orbit().energies(k))[:, ::2]
    spinor = np.asarray(ktao3.electrons.energies(k))
    for name, energies in (("a.json", spinless), ("b.json", spinor)):
        spin_orbit = name == "b.json"
        bands = cj.Bands(k, energies, spin_orbit=spin_orbit, filled=18 if spin_orbit else 9, source="Table I")
        write_json(tmp_path / name, to_json(bands.to_xarray()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_both_stages_to_a_material(folder, capsys, ktao3):
    command = ["fit", "KTaO3", "--bands", "a.json", "--spin-orbit-bands", "b.json", "--check", "a.json", *QUICK]
    assert main([*command, "--out", "fitted.toml"]) == 0
    printed = capsys.readouterr().out
    assert "without spin–orbit coupling" in printed
    assert "with spin–orbit coupling" in printed
    assert "k-fold check" in printed
    fitted = cj.load_material("fitted.toml")
    for name, value in ktao3.electrons.parameters.items():
        assert float(fitted.electrons.parameters[name]) == pytest.approx(float(value), abs=1e-6)
    assert "# ± " in (folder / "fitted.toml").read_text()
    assert fitted.phonon is not None


@pytest.mark.parametrize("out", ["fit.json", "fit.png", "fit.py", "fit_hr.dat"])
def test_other_files(folder, out):
    assert main(["fit", "KTaO3", "--bands", "a.json", *QUICK, "--out", out]) == 0
    assert (folder / out).stat().st_size > 0
    if out == "fit.json":
        content = json.loads((folder / out).read_text())
        assert content["converged"]
        assert max(content["rms"].values()) < 1e-7
        assert np.shape(content["covariance"]) == (13, 13)


def test_bands_that_do_not_say_their_spin(folder, capsys):
    """A table says nothing; second-stage bands are with spin–orbit coupling by the option that names them."""
    for name in ("a", "b"):
        bands = cj.read_bands(f"{name}.json")
        columns = ["k1", "k2", "k3", *(f"e{i}" for i in range(1, bands.energies.shape[1] + 1))]
        write_csv(f"{name}.csv", columns, np.hstack([bands.k, bands.energies]))
    (folder / "fit.toml").write_text('[[target]]\nname = "all"\nlevels = [0, 14]\nbands = [0, 14]\n')
    command = ["fit", "KTaO3", "--config", "fit.toml", "--bands", "a.csv", "--spin-orbit-bands", "b.csv", *QUICK]
    assert main([*command, "--out", "f.toml"]) == 2
    expected = "a.csv: option must be --spin-orbit if a band holds one electron or --no-spin-orbit if it holds two"
    assert f"{expected}, but is not given, and the file does not say which\n" in capsys.readouterr().err
    assert main([*command, "--no-spin-orbit", "--out", "f.toml"]) == 0
    printed = capsys.readouterr().out
    assert "without spin–orbit coupling" in printed
    assert "with spin–orbit coupling" in printed


def test_progress_on_a_terminal_alone(folder, capsys, monkeypatch):
    command = ["fit", "KTaO3", "--bands", "a.json", *QUICK, "--out"]
    assert main([*command, "a.toml"]) == 0
    assert "Fitting" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main([*command, "b.toml"]) == 0
    assert "Fitting, best loss" in capsys.readouterr().err


def test_json_on_standard_output(folder, capsys):
    assert main(["fit", "KTaO3", "--bands", "a.json", *QUICK, "--out", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["units"]["energies"] == "eV"


def test_config_and_example(folder, capsys, pbe_free_targets):
    assert main(["fit", "--example"]) == 0
    text = capsys.readouterr().out
    assert text == (ROOT / "scripts" / "configs" / "fit.toml").read_text(encoding="utf-8")
    (folder / "fit.toml").write_text(text, encoding="utf-8")
    settings = load_fit("fit.toml")
    assert [_meaning(target) for target in settings.targets] == pbe_free_targets
    assert settings.variation == cj.Variation()
    assert settings.search == cj.MultiStart()


def _meaning(target):
    return target.levels, target.bands, target.window, target.projection


@pytest.fixture
def pbe_free_targets(electrons):
    """Levels, bands, window and projection of the default targets: those of the example."""
    return [_meaning(target) for target in cj.default_targets(electrons, cj.read_bands("KTaO3_pbe"))]


@pytest.mark.slow
def test_singular_fit_is_told_in_one_line(folder, capsys):
    """O 2p alone says little of Ta: status 0, a line on what is open, and the directions in the report."""
    (folder / "o.toml").write_text('[[target]]\nname = "O 2p"\nlevels = [0, 9]\nbands = [0, 9]\n')
    assert main(["fit", "KTaO3", "--bands", "KTaO3_pbe", "--config", "o.toml", *QUICK, "--out", "f.toml"]) == 0
    output = capsys.readouterr()
    assert "undetermined" in output.err
    assert output.err.count("\n") == 1
    assert "not determined" in output.out


@pytest.mark.slow
def test_not_converged_is_status_1(folder, capsys, monkeypatch):
    """The best parameters are written all the same."""
    from chiraljax.fit import _search

    monkeypatch.setattr(_search, "_FINAL_STEPS", 1)
    monkeypatch.setattr(_search, "_SEARCH_STEPS", 1)
    assert main(["fit", "KTaO3", "--bands", "a.json", "--starts", "1", "--out", "f.toml"]) == 1
    output = capsys.readouterr()
    assert "did not converge" in output.err
    assert "NOT CONVERGED" in output.out
    assert (folder / "f.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bands", "none.json"], "none.json: must be"),
        (["--bands", "a.json", "--out", "f.xyz"], "--out must end in one of"),
        (["--bands", "a.json", "--out", "f.dat"], "--out must end in _hr.dat"),
        (["--bands", "a.json", "--edge-weight", "-1"], "--edge-weight must be zero or positive"),
        (["--bands", "a.json", "--starts", "0"], "starts must be from 1 to"),
        (["--bands", "a.json", "--draw", "x"], "draw must be one of"),
        (["--bands", "b.json", "--spin-orbit-bands", "b.json", *QUICK], "--spin-orbit-bands must be"),
        (["--bands", "a.json", "--check", "b.json", *QUICK], "--check must be"),
        (
            ["--bands", "a.json", "--spin-orbit"],
            "a.json: option must be --no-spin-orbit, as the file says, but",
        ),
        (["--bands", "a.json", "--spin", "up"], "a.json: --spin must be left out, as a file of format json has no two"),
        (["--bands", "a.json", "--config", "bad.toml"], "bad.toml: target.0.levels"),
        (["--bands", "a.json", "--config", "bad2.toml"], "bad2.toml: restart is not a field of a fit file"),
        (["--bands", "a.json", "--config", "bad3.toml"], "bad3.toml: priors.Ta.d.eg.width is required, but missing"),
        (["--bands", "a.json", "--config", "bad4.toml"], "bad4.toml: ties.Ta.d.eg.by is not a field of a fit file"),
        (["--bands", "a.json", "--config", "bad5.toml"], "bad5.toml: target.0.weight must be positive, but got 0"),
        (["--bands", "a.json", "--config", "ti.toml"], "targets.x.projection must be on orbitals of the model"),
    ],
)
def test_bad_input(folder, capsys, arguments, message):
    (folder / "bad.toml").write_text('[[target]]\nname = "x"\nlevels = [0]\n')
    (folder / "bad2.toml").write_text("restart = 3\n")
    (folder / "bad3.toml").write_text('[priors]\n"Ta.d.eg" = { value = 1.0 }\n')
    (folder / "bad4.toml").write_text('[ties]\n"Ta.d.eg" = { to = "Ta.d.t2g", by = 2.0 }\n')
    (folder / "bad5.toml").write_text('[[target]]\nname = "x"\nlevels = [0, 9]\nweight = 0.0\n')
    (folder / "ti.toml").write_text('[[target]]\nname = "x"\nlevels = [0, 2]\nbands = [0, 2]\nprojection = "Ti.d"\n')
    before = {file.name for file in folder.iterdir()}
    out = [] if "--out" in arguments else ["--out", "f.toml"]
    assert main(["fit", "KTaO3", *arguments, *out]) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.count("\n") == 1
    assert {file.name for file in folder.iterdir()} == before
