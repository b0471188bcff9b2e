"""Pulse files."""

import re
from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.io import load_pulse

EXAMPLE = Path(__file__).parents[2] / "scripts" / "configs" / "pulse.toml"
TIMES = np.linspace(0, 6, 61)


def _write(folder, text, name="p.toml"):
    (folder / name).write_text(text)
    return folder / name


def _trace(folder):
    rows = "\n".join(f"{t},{np.exp(-((t - 3) ** 2))},0" for t in TIMES)
    return _write(folder, f"t,E_x,E_y\n{rows}\n", "trace.csv")


def test_the_example_is_the_default_pulse():
    np.testing.assert_array_equal(load_pulse(EXAMPLE)(TIMES), cj.GaussianPulse()(TIMES))


def test_a_table_may_leave_out_what_is_default(tmp_path):
    pulse = load_pulse(_write(tmp_path, "[[gaussian]]\nellipticity = 0.5\n"))
    np.testing.assert_array_equal(pulse(TIMES), cj.GaussianPulse(ellipticity=0.5)(TIMES))


def test_rows_of_amplitudes_are_re_and_im_of_x_then_of_y(tmp_path):
    amplitudes = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]
    rows = "amplitudes = [[1, 2, 3, 4], [5, 6, 7, 8]]\n"
    tables = {
        "[[spline]]\nstart = 0\nend = 6\nfrequency = 2\n": cj.SplinePulse(amplitudes, 0.0, 6.0, 2.0),
        "[[fourier]]\nstart = 0\nend = 6\nfirst = 12\n": cj.FourierPulse(amplitudes, 0.0, 6.0, 12),
        "[[shaped]]\nband = [1, 3]\ncenter = 3\n": cj.ShapedPulse(amplitudes, [1.0, 3.0], 3.0),
    }
    for table, expected in tables.items():
        np.testing.assert_array_equal(load_pulse(_write(tmp_path, table + rows))(TIMES), expected(TIMES))


def test_the_commented_tables_of_the_example_are_right(tmp_path):
    """Each paragraph is a table of a family, below a line that says what it is."""
    _trace(tmp_path)
    first, *others = EXAMPLE.read_text(encoding="utf-8").split("\n\n# ")[1:]
    text = "\n".join(
        [f"# {first}", *(re.sub(r"^# ", "", other, flags=re.MULTILINE).partition("\n")[2] for other in others)]
    )
    pulse = load_pulse(_write(tmp_path, text))
    families = {cj.GaussianPulse, cj.SampledPulse, cj.SplinePulse, cj.FourierPulse, cj.ShapedPulse}
    assert {type(term) for term in pulse.pulses} == families


def test_several_tables_add_up(tmp_path):
    trace = _trace(tmp_path)
    pulse = load_pulse(_write(tmp_path, "[[gaussian]]\n[[gaussian]]\ndelay = 1\n[[sampled]]\nfile = 'trace.csv'\n"))
    expected = cj.GaussianPulse()(TIMES) + cj.GaussianPulse(delay=1.0)(TIMES) + load_pulse(trace)(TIMES)
    np.testing.assert_allclose(pulse(TIMES), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[gaussian]]\nfrequencies = 1\n", "gaussian.0.frequencies is not a field of a pulse file"),
        ("[[gaussian]]\nfrequency = 0\n", "gaussian.0.frequency must be positive, but got 0"),
        ("[[gaussian]]\nphase = nan\n", "gaussian.0.phase must be a finite number, but got nan"),
        (
            "[[gaussian]]\nellipticity = 2\n",
            "gaussian.0.ellipticity must lie between -1 and 1, but got 2",
        ),
        ("[[sampled]]\n", "sampled.0.file is required, but missing"),
        (
            "[[spline]]\nstart = 0\nend = 1\nfrequency = 2\namplitudes = []\n",
            "spline.0.amplitudes must have the shape (K, 2, 2), but got (0, 2, 2)",
        ),
        (
            "[[spline]]\nstart = 1\nend = 0\nfrequency = 2\namplitudes = [[0, 0, 0, 0]]\n",
            "spline.0.end must be later than start, 1.0 ps, but got 0.0 ps",
        ),
        (
            "[[fourier]]\nstart = 0\nend = 1\nfirst = 1\namplitudes = [[0, 0, 0, 0]]\n",
            "fourier.0.first must be a whole number of at least 2, but got 1",
        ),
        (
            "[[fourier]]\nstart = 0\nend = 1\nfirst = 2\namplitudes = [[0, 0, 0, 0], [0, 0, 0]]\n",
            "fourier.0.amplitudes.1.3 is required, but missing",
        ),
        (
            "[[shaped]]\nband = [2, 1]\ncenter = 0\namplitudes = [[0, 0, 0, 0]]\n",
            "shaped.0.band must increase, but got [2. 1.]",
        ),
        (
            "",
            "must have at least one table [[gaussian]], [[sampled]], ",
        ),
        ("[[gaussian]\n", "must be a TOML file, but"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    file = _write(tmp_path, text)
    with pytest.raises(cj.InputError) as caught:
        load_pulse(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_the_trace_is_named_when_it_is_wrong(tmp_path):
    trace = _write(tmp_path, "t,E_x,E_y\n0,0,0\n1,0,0\n1,0,0\n2,0,0\n", "trace.csv")
    with pytest.raises(cj.InputError, match=r"trace\.csv: row 4, column t must be later"):
        load_pulse(trace)
    with pytest.raises(cj.InputError, match=r"trace\.csv: row 4, column t must be later"):
        load_pulse(_write(tmp_path, "[[sampled]]\nfile = 'trace.csv'\n"))


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(cj.InputError, match=r"must be a pulse file \.toml or \.csv, but got '\.json'"):
        load_pulse(tmp_path / "p.json")


def test_numbers_with_units(tmp_path):
    text = '[[gaussian]]\npeak_field = "800 kV/cm"\nduration = "900fs"\nfrequency = "80 cm^-1"\nphase = "90 deg"\n'
    pulse = load_pulse(_write(tmp_path, text))
    assert float(pulse.peak_field) == 0.8
    assert float(pulse.duration) == 0.9
    assert float(pulse.frequency) == pytest.approx(80 * 0.0299792458, rel=1e-15)
    assert float(pulse.phase) == pytest.approx(np.pi / 2, rel=1e-15)
    for wrong in ('peak_field = "800 kV"', 'ellipticity = "1 rad"'):
        with pytest.raises(cj.InputError, match=rf"gaussian.0.{wrong.split()[0]} must be a valid number.*, but got"):
            load_pulse(_write(tmp_path, f"[[gaussian]]\n{wrong}\n"))


def test_units_of_a_trace(tmp_path):
    expected = load_pulse(_trace(tmp_path))
    rows = "\n".join(f"{t}e3,{np.exp(-((t - 3) ** 2))}e3,0" for t in TIMES)
    other = _write(tmp_path, f"t,E_x,E_y\n{rows}\n", "other.csv")
    table = '[[sampled]]\nfile = "other.csv"\ntime_unit = "fs"\nfield_unit = "kV/cm"\n'
    for pulse in (load_pulse(other, time_unit="fs", field_unit="kV/cm"), load_pulse(_write(tmp_path, table))):
        np.testing.assert_array_equal(pulse.times, expected.times)
        np.testing.assert_array_equal(pulse.field, expected.field)
    with pytest.raises(cj.InputError, match=r"field_unit must be left out for p\.toml"):
        load_pulse(tmp_path / "p.toml", field_unit="kV/cm")
