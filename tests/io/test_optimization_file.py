"""Optimisation files."""

import re
from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.io import load_optimization

EXAMPLE = Path(__file__).parents[2] / "scripts" / "configs" / "optimize.toml"
SMALL = """material = "KTaO3"
[pulse]
family = "spline"
start = 0
end = 6
frequency = 2.42
splines = 6
[objective]
name = "peak-angular-momentum"
[constraints]
fluence = 1
"""
PULSE = SMALL[SMALL.index("[pulse]") : SMALL.index("[objective]")]
OBJECTIVE = '[objective]\nname = "peak-angular-momentum"\n'


def _load(folder, text):
    (folder / "c.toml").write_text(text)
    return load_optimization(folder / "c.toml")


def _with_pulse(folder, pulse, text=SMALL):
    return _load(folder, text.replace(PULSE, f"[pulse]\n{pulse}\n")).pulse


def test_the_example(pulse):
    """The paper's fluence, E₀²√π/2 · 2 τ ε₀c with τ = √½ ps, to the digits that it is given with."""
    found = load_optimization(EXAMPLE)
    assert found.material.name == "KTaO3"
    assert found.pulse.amplitudes.shape == (24, 2, 2)
    assert found.options["fluence"] == pytest.approx(float(pulse.fluence), rel=1e-7)
    assert (found.options["mu"], found.options["temperature"]) == (0.05, 600.0)
    assert isinstance(found.options["objective"], cj.PeakMoment)
    np.testing.assert_allclose(found.options["times"], np.linspace(0, 10, 201))


def test_what_is_commented_out_in_the_example_is_right(tmp_path):
    """`# name = value` with a comment of its own or none is a field, tried one after another."""
    text = EXAMPLE.read_text(encoding="utf-8")
    alone = {
        '# family = "fourier"': 'family = "fourier"\nstart = 0.0\nend = 8.0\nband = [2.0, 2.8]',
        '# family = "shaped"': 'family = "shaped"\nband = [2.0, 2.8]\ncenter = 4.0\npixels = 12',
        '# family = "gaussian"': 'family = "gaussian"\npulses = 3',
        '# name = "moment-at"': 'name = "moment-at"\ntime = 5.0',
        '# name = "mean-moment"': 'name = "mean-moment"\nstart = 5.0\nend = 6.0',
        '# name = "moment-per-fluence"': 'name = "moment-per-fluence"',
        '# name = "switching"': 'name = "switching"\nfirst = 4.0\nsecond = 8.0',
        '# name = "peak-angular-momentum"': 'name = "peak-angular-momentum"',
        '# name = "angular-momentum-at"': 'name = "angular-momentum-at"\ntime = 5.0',
    }
    table = {"family": r"\[pulse\].*?(?=\n\[objective)", "name": r"\[objective\].*?(?=\n\[times)"}
    for line, fields in alone.items():
        assert line in text
        key = fields.split(" ")[0]
        head = "[pulse]" if key == "family" else "[objective]"
        _load(tmp_path, re.sub(table[key], f"{head}\n{fields}\n", text, flags=re.DOTALL))
    rest = re.sub(r"^# (?=peak_field|band|window|leakage|ellipticity|fixed|bounds)", "", text, flags=re.MULTILINE)
    head, tail = rest.split("# [ensemble]")
    rest = f"{head}[ensemble]{tail.replace('# frequency', 'frequency').replace(chr(10) + '# ', chr(10))}"
    found = _load(tmp_path, rest)
    assert found.options["peak_field"] == 1.2
    assert found.options["ensemble"].deviations.shape == (16, 4)


def test_the_text_is_the_same_without_comments(tmp_path):
    again = _load(tmp_path, load_optimization(EXAMPLE).text)
    first = load_optimization(EXAMPLE)
    assert again.text == first.text
    assert "#" not in first.text
    assert again.options.keys() == first.options.keys()


def test_families(tmp_path):
    fourier = _with_pulse(tmp_path, 'family = "fourier"\nstart = 0\nend = 10\nband = [2, 3]')
    np.testing.assert_allclose(fourier.frequencies, np.arange(21, 30) / 10)
    shaped = _with_pulse(tmp_path, 'family = "shaped"\nband = [2, 3]\ncenter = 4\npixels = 5')
    np.testing.assert_allclose(shaped.frequencies, [2.1, 2.3, 2.5, 2.7, 2.9])
    assert float(_with_pulse(tmp_path, 'family = "gaussian"\nchirp = 0.1').chirp) == 0.1
    for pulse in (fourier, shaped):
        assert float(pulse.fluence) == 0


def test_several_gaussians_spread_over_the_window(tmp_path):
    """Three in 1 to 7 ps have the middles of its thirds; without a window those of the times."""
    gaussians = 'family = "gaussian"\npulses = 3'
    whole = _with_pulse(tmp_path, gaussians)
    inside = _with_pulse(tmp_path, gaussians, SMALL + "window = [1, 7]\n")
    np.testing.assert_allclose([float(pulse.center) for pulse in inside.pulses], [2, 4, 6])
    np.testing.assert_allclose([float(pulse.center) for pulse in whole.pulses], [10 / 6, 5, 50 / 6])


def test_paths_count_from_the_folder_of_the_file(tmp_path, monkeypatch, pulse):
    bundled = Path(cj.__file__).parent / "materials" / "KTaO3.toml"
    (tmp_path / "own.toml").write_text(bundled.read_text(encoding="utf-8"), encoding="utf-8")
    cj.write_pulse(tmp_path / "first.toml", pulse)
    monkeypatch.chdir("/")
    found = _load(tmp_path, SMALL.replace('"KTaO3"', '"own.toml"').replace(PULSE, '[pulse]\nfile = "first.toml"\n'))
    assert found.material.name == "KTaO3"
    assert isinstance(found.pulse, cj.GaussianPulse)


@pytest.mark.parametrize(
    ("name", "times", "expected"),
    [
        ("peak-moment", "", cj.PeakMoment()),
        ("moment-per-fluence", "", cj.MomentPerFluence()),
        ("moment-at", "time = 5", cj.MomentAt(5.0)),
        ("mean-moment", "start = 5\nend = 6", cj.MeanMoment(5.0, 6.0)),
        ("switching", "first = 4\nsecond = 8", cj.Switching(4.0, 8.0)),
        ("angular-momentum-at", "time = 5", cj.AngularMomentumAt(5.0)),
    ],
)
def test_objectives(tmp_path, name, times, expected):
    text = (
        SMALL.replace(OBJECTIVE, f'[objective]\nname = "{name}"\n{times}\n') + "[electrons]\nmu = 0\ntemperature = 9\n"
    )
    found = _load(tmp_path, text).options["objective"]
    assert type(found) is type(expected)
    assert vars(found) == vars(expected)


def test_couplings_and_the_optimizer(tmp_path):
    assert "optimizer" not in _load(tmp_path, SMALL).options
    found = _load(
        tmp_path, SMALL + '[coupling]\nname = "constant-inertia"\ninertia = 2\n[search]\noptimizer = "adam"\n'
    )
    assert float(found.options["coupling"].inertia) == 2
    assert found.options["optimizer"] is not None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("splines = 6", "splines = 6\nsplnes = 6", "pulse.spline.splnes: is not a field of a pulse optimisation file"),
        ("splines = 6", "", "pulse.spline.splines: is required, but missing"),
        ('"spline"', '"splines"', "pulse.family: must be one of 'gaussian', 'spline', 'fourier', 'shaped'"),
        ('family = "spline"\n', "", "pulse.family: is required, but missing"),
        ("end = 6", "end = -1", "pulse: end must be later than start, 0.0 ps, but got -1.0 ps"),
        (
            PULSE,
            '[pulse]\nfile = "none.toml"\n',
            "none.toml: must be a TOML file of a pulse, but there is no such file",
        ),
        (PULSE, '[pulse]\nfamily = "gaussian"\ncenter = 1\npulses = 2\n', "pulse: center must not stand beside pulses"),
        (PULSE, '[pulse]\nfamily = "fourier"\nstart = 0\nend = 1\nband = [2, 3]\n', "pulse: band must hold"),
        ('"KTaO3"', '"none.toml"', "material: "),
        ('"peak-angular-momentum"', '"peak"', "objective.name: must be one of 'peak-moment', "),
        ('"peak-angular-momentum"', '"moment-at"', "objective.moment-at.time: is required, but missing"),
        ('"peak-angular-momentum"', '"peak-moment"', "electrons: is required for the objective peak-moment"),
        ("fluence = 1", "fluence = 0", "constraints.fluence: must be greater than 0, but got 0"),
        ("fluence = 1", "fluence = 1\nleakage = 2", "constraints.leakage: must be less than 1, but got 2"),
        ("fluence = 1", "fluence = 1\n[times]\nend = 0", "times.end must be after start, 0 ps, but is 0"),
        ("fluence = 1", "fluence = 1\n[times]\ncount = 1", "times.count: must be greater than or equal to 2"),
        ("fluence = 1", "fluence = 1\n[search]\noptimizer = 'sgd'", "search.optimizer: must be 'lbfgs' or"),
        ("fluence = 1", "fluence = 1\n[search]\nlearning_rate = 0.1", "search: learning_rate must not stand beside"),
        ("fluence = 1", "fluence = 1\n[ensemble]\n", "ensemble: One of frequency, damping, field and timing must be"),
        (
            "fluence = 1",
            "fluence = 1\n[coupling]\nname = 'rigid'",
            "coupling.name: must be one of 'kinematic',",
        ),
        ("[constraints]\nfluence = 1\n", "", "constraints: is required, but missing"),
    ],
)
def test_what_is_wrong(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(cj.InputError) as caught:
        _load(tmp_path, SMALL.replace(old, new))
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'c.toml'}: ")
    assert message in line
    assert "\n" not in line
