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
    assert found.options["constraints"].fluence == pytest.approx(float(pulse.fluence), rel=1e-7)
    assert (found.options["mu"], found.options["temperature"]) == (0.05, 600.0)
    assert isinstance(found.options["objective"], cj.PeakMoment)
    np.testing.assert_allclose(found.options["times"], np.linspace(0, 10, 201))


def test_what_is_commented_out_in_the_example_is_right(tmp_path):
    """`# name = value` with a comment of its own or none is a field, tried one after another."""
    text = EXAMPLE.read_text(encoding="utf-8")
    paragraphs = [part.split("\n") for part in text.split("\n\n")]
    alternatives = [
        [line.removeprefix("# ") for line in lines[1:]]
        for lines in paragraphs
        if lines[1:] and re.match(r"# \[(pulse|objective|coupling)\]", lines[1])
    ]
    assert len(alternatives) == 4 + 6 + 3
    (tmp_path / "trace.csv").write_text("t,E_x,E_y\n0,0,0\n1,1,0\n2,0,1\n3,0,0\n4,0,0\n5,0,0\n")
    for head, *fields in alternatives:
        _load(
            tmp_path,
            re.sub(re.escape(head) + r"\n.*?(?=\n\n)", "\n".join([head, *fields]), text, count=1, flags=re.DOTALL),
        )
    before, after = text.split("[constraints]")
    after = re.sub(r"^# (?=peak_field|band|window|leakage|ellipticity|fixed|bounds)", "", after, flags=re.MULTILINE)
    rest = f"{before}[constraints]{after}"
    head, tail = rest.split("# [deviations]")
    rest = f"{head}[deviations]{tail.replace('# frequency', 'frequency').replace(chr(10) + '# ', chr(10))}"
    found = _load(tmp_path, rest)
    assert found.options["constraints"].peak_field == 1.2
    assert found.options["deviations"].drawn().shape == (16, 4)


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
    assert _load(tmp_path, SMALL).options["search"].optimizer is cj.Search().optimizer
    found = _load(
        tmp_path, SMALL + '[coupling]\nname = "constant-inertia"\ninertia = 2\n[search]\noptimizer = "adam"\n'
    )
    assert float(found.options["coupling"].inertia) == 2
    assert found.options["search"].optimizer is not cj.Search().optimizer


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("splines = 6", "splines = 6\nsplnes = 6", "pulse.splnes is not a field of a pulse optimisation file"),
        ("splines = 6", "", "pulse.splines is required, but missing"),
        ('"spline"', '"splines"', "pulse.family must be 'gaussian', "),
        ('family = "spline"\n', "", "pulse.family is required, but missing"),
        ("end = 6", "end = -1", "pulse.end must be later than start, 0.0 ps, but got -1.0 ps"),
        (
            PULSE,
            '[pulse]\nfile = "none.toml"\n',
            "none.toml: must be a TOML file of a pulse, but there is no such file",
        ),
        (
            PULSE,
            '[pulse]\nfamily = "gaussian"\ncenter = 1\npulses = 2\n',
            "pulse.center must be left out beside pulses",
        ),
        (PULSE, '[pulse]\nfamily = "fourier"\nstart = 0\nend = 1\nband = [2, 3]\n', "pulse.band must hold"),
        ('"KTaO3"', '"none.toml"', "none.toml: must be a bundled material"),
        ('"peak-angular-momentum"', '"peak"', "objective.name must be 'peak-moment', "),
        ('"peak-angular-momentum"', '"moment-at"', "objective.time is required, but missing"),
        ('"peak-angular-momentum"', '"peak-moment"', "electrons is required for the objective peak-moment"),
        ("fluence = 1", "fluence = 0", "constraints.fluence must be positive, but got 0"),
        ("fluence = 1", "fluence = 1\nleakage = 2", "constraints.leakage must lie between 0 and 1, but got 2"),
        ("fluence = 1", "fluence = 1\n[times]\nend = 0", "times.end must be after start, 0 ps, but is 0"),
        ("fluence = 1", "fluence = 1\n[times]\ncount = 1", "times.count must be greater than or equal to 2"),
        ("fluence = 1", "fluence = 1\n[search]\noptimizer = 'sgd'", "search.optimizer must be 'lbfgs' or"),
        ("fluence = 1", "fluence = 1\n[search]\nlearning_rate = 0.1", "search.learning_rate must not stand beside"),
        (
            "fluence = 1",
            "fluence = 1\n[deviations]\n",
            "deviations.frequency, damping, field or timing must be positive",
        ),
        (
            "fluence = 1",
            "fluence = 1\n[coupling]\nname = 'rigid'",
            "coupling.name must be 'constant-inertia',",
        ),
        ("[constraints]\nfluence = 1\n", "", "constraints is required, but missing"),
    ],
)
def test_what_is_wrong(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(cj.InputError) as caught:
        _load(tmp_path, SMALL.replace(old, new))
    line = str(caught.value)
    assert line.startswith(f"{tmp_path}/")
    assert message in line
    assert "\n" not in line
