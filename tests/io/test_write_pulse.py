"""Pulses that are written and read back."""

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import chiraljax as cj

RANDOM = np.random.default_rng(0)
AMPLITUDES = RANDOM.normal(size=(4, 2, 2))
TRACE = cj.SampledPulse(np.cumsum(RANDOM.uniform(0.1, 1, 6)), RANDOM.normal(size=(6, 2)))
PULSES = {
    "gaussian": cj.GaussianPulse(1 / 3, ellipticity=0.1, phase=np.pi, chirp=-1e-30, angle=2.0, delay=-0.7),
    "sampled": TRACE,
    "spline": cj.SplinePulse(AMPLITUDES, -1 / 3, 20.0, 2.42),
    "fourier": cj.FourierPulse(AMPLITUDES, 0.1, 1e3, 2**40),
    "shaped": cj.ShapedPulse(AMPLITUDES, [1 / 3, 2 / 3], -0.1),
}


def same(first, second):
    """Of one class, with equal static fields, and every number equal to the last bit."""
    ours, structure = jax.tree.flatten(first)
    theirs, other = jax.tree.flatten(second)
    return structure == other and all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("pulse", PULSES.values(), ids=PULSES)
def test_reads_back_the_same(tmp_path, pulse):
    cj.write_pulse(tmp_path / "p.toml", pulse)
    assert same(cj.load_pulse(tmp_path / "p.toml"), pulse)
    assert (tmp_path / "p.toml").read_text().startswith("# Written by chiraljax ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(float, (3, 2, 2), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_any_amplitudes(tmp_path, amplitudes):
    pulse = cj.SplinePulse(amplitudes, 0.0, 1.0, 2.0)
    cj.write_pulse(tmp_path / "p.toml", pulse)
    assert same(cj.load_pulse(tmp_path / "p.toml"), pulse)


def test_terms_of_a_sum_family_by_family(tmp_path):
    """The traces have files of their own beside the pulse, and a sum within a sum is one sum."""
    terms = [*PULSES.values(), cj.GaussianPulse(), 2.0 * TRACE]
    cj.write_pulse(tmp_path / "p.toml", cj.SumPulse([cj.SumPulse(terms[:3]), *terms[3:]]))
    gaussian, trace, spline, fourier, shaped, default, twice = terms
    expected = cj.SumPulse([gaussian, default, trace, twice, fourier, shaped, spline])
    assert same(cj.load_pulse(tmp_path / "p.toml"), expected)
    assert {file.name for file in tmp_path.iterdir()} == {"p.toml", "p.sampled-1.csv", "p.sampled-2.csv"}


def test_field(tmp_path):
    pulse, times = cj.GaussianPulse(), np.linspace(0, 6, 31)
    cj.write_field(tmp_path / "field.csv", pulse, times)
    assert same(cj.SampledPulse.from_csv(tmp_path / "field.csv"), cj.SampledPulse(times, pulse(times)))
    comment, header, *rows = (tmp_path / "field.csv").read_text().splitlines()
    assert comment.startswith("# ")
    assert comment.endswith("t in ps, E_x in MV/cm, E_y in MV/cm")
    assert header == "t,E_x,E_y"
    assert len(rows) == 31


@pytest.mark.parametrize(
    ("pulse", "message"),
    [
        (
            jax.vmap(cj.GaussianPulse)(np.ones(3)),
            "peak_field must be one number, but got the shape (3,)",
        ),
        (
            jax.vmap(lambda f: f * PULSES["spline"])(np.ones(3)),
            "amplitudes must have the shape (K, 2, 2), but got (3, 4, 2, 2)",
        ),
        (jax.vmap(lambda f: f * TRACE)(np.ones(3)), "times must have the shape (T,), but got (3, 6)"),
    ],
    ids=["gaussian", "spline", "sampled"],
)
def test_what_cannot_be_read_back_is_not_written(tmp_path, pulse, message):
    (tmp_path / "p.toml").write_text("older")
    with pytest.raises(cj.InputError) as caught:
        cj.write_pulse(tmp_path / "p.toml", TRACE + pulse)
    assert str(caught.value).startswith(f"{tmp_path / 'p.toml'}: {message}")
    assert "\n" not in str(caught.value)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("p.toml", "older")]


def test_a_pulse_of_another_class(tmp_path):
    class Another(cj.AbstractPulse):
        def __call__(self, t):
            return cj.GaussianPulse()(t)

        peak_field = support = __mul__ = with_ellipticity = None

    with pytest.raises(cj.InputError, match=r"p\.toml: pulse must be of a class with a name, but got Another"):
        cj.write_pulse(tmp_path / "p.toml", Another())


def test_other_suffixes_and_times_are_refused(tmp_path):
    with pytest.raises(cj.InputError, match=r"must be a pulse file \.toml, but got '\.json'"):
        cj.write_pulse(tmp_path / "p.json", TRACE)
    with pytest.raises(cj.InputError, match=r"must be a CSV file \.csv, but got '\.txt'"):
        cj.write_field(tmp_path / "p.txt", TRACE, np.arange(9.0))
    with pytest.raises(cj.InputError, match=r"times must increase, but got 0\.0 ps after 3\.0 ps"):
        cj.write_field(tmp_path / "p.csv", TRACE, [1.0, 2.0, 3.0, 0.0])
    assert not list(tmp_path.iterdir())
