"""A misspelt name in a file is told as itself, before what is missing for it, and in our own words."""

import re

import pytest

import chiraljax as cj
from chiraljax.io import load_fit, load_optimization, load_sweep

OPTIMIZATION = """material = "KTaO3"
[pulse]
family = "spline"
start = 0
end = 5
frequency = 2.42
splines = 6
[constraints]
fluence = 0.1
[objective]
name = "peak-angular-momentum"
"""
FOREIGN = re.compile(r"pydantic|Input|instance of|after validation|unable to parse|model_|Table", re.IGNORECASE)


def _refused(read, tmp_path, text):
    path = tmp_path / "f.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cj.InputError) as caught:
        read(path)
    message = str(caught.value).removeprefix(f"{path}: ")
    assert "\n" not in message
    assert not FOREIGN.search(message.replace("a table", ""))
    return message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[gaussian]]\npeak_feild = 1\n",
            "gaussian.0.peak_feild is not a field of a pulse file: do you mean peak_field?",
        ),
        ("[[gausian]]\npeak_field = 1\n", "gausian is not a field of a pulse file: do you mean gaussian?"),
        ("[[gaussian]]\nxyz = 1\n", "gaussian.0.xyz is not a field of a pulse file"),
        ("[[sampled]]\nfil = 'a.csv'\n", "sampled.0.fil is not a field of a pulse file: do you mean file?"),
        ("gaussian = 1\n", "gaussian must be a list, but got 1"),
        ("[[gaussian]]\npeak_field = [1]\n", "gaussian.0.peak_field must be a valid number, but got [1]"),
        ("[[gaussian]]\npeak_field = {a = 1}\n", "gaussian.0.peak_field must be a valid number, but got a table"),
        ("gaussian = [1]\n", "gaussian.0 must be a table, but got 1"),
    ],
)
def test_pulse_files(tmp_path, text, message):
    assert _refused(cj.load_pulse, tmp_path, text) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("splines", "splnes", "pulse.splnes is not a field of a pulse optimisation file: do you mean splines?"),
        ("family", "famly", "pulse.famly is not a field of a pulse optimisation file: do you mean family?"),
        ("name", "nme", "objective.nme is not a field of a pulse optimisation file: do you mean name?"),
        (
            "[constraints]",
            "[constraint]",
            "constraint is not a field of a pulse optimisation file: do you mean constraints?",
        ),
        ("splines = 6", "splines = 1.5", "pulse.splines must be a whole number, but got 1.5"),
        ("material =", "materiall =", "materiall is not a field of a pulse optimisation file: do you mean material?"),
        ('"KTaO3"', "3", "material must be a text, but got 3"),
    ],
)
def test_optimization_files(tmp_path, old, new, message):
    assert _refused(load_optimization, tmp_path, OPTIMIZATION.replace(old, new)) == message


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (
            "mu = { strat = 0.0, stop = 1.0, count = 3 }",
            "axes.mu.strat is not a field of a sweep file: do you mean start?",
        ),
        ("mu = { valeus = [0.0] }", "axes.mu.valeus is not a field of a sweep file: do you mean values?"),
        ("mu = 1.0", "axes.mu must be a list, but got 1.0"),
        ("mu = []", "axes.mu must have at least 1 item, but got []"),
    ],
)
def test_sweep_files(tmp_path, axes, message):
    assert _refused(load_sweep, tmp_path, f'material = "KTaO3"\n[axes]\n{axes}\n') == message


def test_fit_files(tmp_path):
    message = _refused(load_fit, tmp_path, "start = 3\n[[target]]\nbands = [0, 1]\nweigth = 2.0\n")
    assert message.startswith("start is not a field of a fit file: do you mean starts?")


def test_material_files(tmp_path, ktao3):
    cj.write_material(tmp_path / "m.toml", ktao3)
    text = (tmp_path / "m.toml").read_text(encoding="utf-8")
    message = _refused(cj.load_material, tmp_path, text.replace("filling", "filing"))
    assert message == "electrons.filing is not a field of a material file: do you mean filling?"
