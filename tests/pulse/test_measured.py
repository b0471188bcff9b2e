"""What is done to a measured trace: wave plate, baseline, window, delay."""

import jax
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.io import load_pulse
from chiraljax.units import FLUENCE

TIMES = np.linspace(-3.0, 9.0, 481)
LINEAR = cj.GaussianPulse(ellipticity=0.0)


def _sampled(pulse, times=TIMES):
    return cj.SampledPulse(times, pulse(times))


@pytest.mark.parametrize(("angle", "ellipticity"), [(0.0, -1.0), (0.7, 0.4), (0.7, 1.0)])
def test_a_plate_makes_the_ellipse_of_a_gaussian_pulse(angle, ellipticity):
    """In MV/cm: the quadrature of this Gaussian has exp(−(2πντ)²/2) = 10⁻²⁵ of negative frequencies, the spline through
    40 samples a ps has errors of (2π·2.42/40)⁴/384 = 5·10⁻⁵, and the fluence grows by 1 + ε² without the factor."""
    linear = cj.GaussianPulse(ellipticity=0.0, angle=angle)
    expected = linear.with_ellipticity(ellipticity)(TIMES) / np.sqrt(1 + ellipticity**2)
    found = _sampled(linear).with_ellipticity(ellipticity)
    np.testing.assert_allclose(found.field, expected, atol=1e-4)
    assert float(found.fluence) == pytest.approx(float(_sampled(linear).fluence), rel=1e-12)


def test_a_plate_on_uneven_samples():
    times = np.sort(np.concatenate([TIMES, np.random.default_rng(0).uniform(-3, 9, 40)]))
    expected = LINEAR.with_ellipticity(-1.0)(times) / np.sqrt(2)
    np.testing.assert_allclose(_sampled(LINEAR, times).with_ellipticity(-1.0).field, expected, atol=1e-4)


def test_a_second_plate_sets_the_ellipse_anew():
    """Its major axis and its fluence stay, to the error of the spline."""
    once = _sampled(cj.GaussianPulse(ellipticity=0.0, angle=0.3)).with_ellipticity(0.5)
    np.testing.assert_allclose(once.with_ellipticity(-0.5).with_ellipticity(0.5).field, once.field, atol=1e-4)


def test_the_plate_is_differentiable_and_compiles():
    trace = _sampled(LINEAR)

    def energy(ellipticity):
        return FLUENCE * (trace.with_ellipticity(ellipticity).field[:, 1] ** 2).sum()

    value, slope = jax.jit(jax.value_and_grad(energy))(0.5)
    share = (energy(0.501) - energy(0.499)) / 0.002
    assert float(slope) == pytest.approx(float(share), rel=1e-5)
    assert float(value) == pytest.approx(float(energy(0.5)), rel=1e-6)


def test_a_circle_and_no_field_have_no_axis():
    for pulse in (_sampled(cj.GaussianPulse(ellipticity=1.0)), 0.0 * _sampled(LINEAR)):
        assert np.isfinite(pulse.with_ellipticity(0.5).field).all()
    with pytest.raises(InputError, match=r"ellipticity must lie between -1 and 1, but got 2"):
        _sampled(LINEAR).with_ellipticity(2.0)


def test_a_sum_with_a_trace():
    both = (LINEAR + _sampled(LINEAR)).with_ellipticity(-1.0)
    expected = LINEAR.with_ellipticity(-1.0)(TIMES) * (1 + 1 / np.sqrt(2))
    np.testing.assert_allclose(both(TIMES), expected, atol=1e-4)


def test_delay_baseline_and_window():
    trace = _sampled(LINEAR)
    np.testing.assert_array_equal(trace.delayed(0.5).times, TIMES + 0.5)
    offset = cj.SampledPulse(TIMES, trace.field + np.array([0.1, -0.2]))
    quiet = LINEAR(TIMES[TIMES <= -2]).mean(axis=0)
    np.testing.assert_allclose(offset.without_baseline(-3, -2).field, trace.field - quiet, atol=1e-15)
    cut = offset.windowed(0.0, 6.0, 1.0)
    assert cut.support == (0.0, 6.0)
    inside = (cut.times >= 1) & (cut.times <= 5)
    np.testing.assert_allclose(cut.field[inside], offset(cut.times[inside]), atol=1e-12)
    half = np.flatnonzero(np.isclose(cut.times, 0.5))
    np.testing.assert_allclose(cut.field[half], 0.5 * offset(cut.times[half]), atol=1e-12)
    np.testing.assert_allclose(cut.field[:: len(cut.times) - 1], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.without_baseline(-9, -8), "baseline must be two times with samples between them"),
        (lambda p: p.windowed(2, 1), "window must end after its start, 2.0 ps, but ends at 1.0 ps"),
        (lambda p: p.windowed(0, 1, 0.6), "taper must be at most half of the window, but is 0.6 ps"),
        (lambda p: p.windowed(0, 1, 0.0), "taper must be positive, but got 0"),
        (lambda p: p.windowed(20, 21), "window must hold at least four samples, but holds 0"),
    ],
)
def test_what_is_wrong_is_named(change, message):
    with pytest.raises(InputError) as caught:
        change(_sampled(LINEAR))
    assert message in str(caught.value)


def test_in_files(tmp_path):
    """One column of kV/cm over fs, behind a quarter-wave plate, is what Python makes of it."""
    rows = "\n".join(f"{1e3 * t:.17g},{1e3 * x:.17g}" for t, (x, _) in zip(TIMES, LINEAR(TIMES), strict=True))
    (tmp_path / "trace.csv").write_text(f"t (fs),E (kV/cm)\n{rows}\n")
    steps = 'baseline = [-3, -2]\nwindow = [-2, "8000 fs"]\ntaper = 0.5\nellipticity = -1\ndelay = "100 fs"\n'
    (tmp_path / "pulse.toml").write_text(f'[[sampled]]\nfile = "trace.csv"\n{steps}')
    found = load_pulse(tmp_path / "pulse.toml")
    expected = _sampled(LINEAR).without_baseline(-3, -2).windowed(-2, 8, 0.5).with_ellipticity(-1).delayed(0.1)
    np.testing.assert_allclose(found.times, expected.times, rtol=1e-14)
    np.testing.assert_allclose(found.field, expected.field, atol=1e-12)
    options = {"baseline": [-3, -2], "window": [-2, 8], "taper": 0.5, "ellipticity": -1, "delay": 0.1}
    np.testing.assert_array_equal(load_pulse(tmp_path / "trace.csv", **options).field, found.field)
    for wrong, message in (
        ("ellipticity = 3", "sampled.0.ellipticity must lie between -1 and 1, but got 3"),
        ("taper = 1", "sampled.0.taper must stand beside window, but there is none"),
        ("delays = 1", "sampled.0.delays is not a field of a pulse file"),
        ("window = [1]", "sampled.0.window.1 is required, but missing"),
    ):
        (tmp_path / "pulse.toml").write_text(f'[[sampled]]\nfile = "trace.csv"\n{wrong}\n')
        with pytest.raises(InputError) as caught:
            load_pulse(tmp_path / "pulse.toml")
        assert message in str(caught.value)
