"""The spline through sampled fields, and its file."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from chiraljax import InputError
from chiraljax.pulse import GaussianPulse, SampledPulse
from chiraljax.units import FLUENCE

TIMES = np.linspace(-2.5, 8.5, 1101)


@eqx.filter_jit
def at(pulse, t):
    return pulse(t)


def test_agrees_with_scipy_on_uneven_samples():
    rng = np.random.default_rng(0)
    times, field = np.cumsum(rng.uniform(0.1, 1, 12)), rng.normal(size=(12, 2))
    t = np.linspace(times[0], times[-1], 400)
    expected = CubicSpline(times, field, bc_type="natural")(t)
    np.testing.assert_allclose(at(SampledPulse(times, field), t), expected, atol=1e-12)


def test_reproduces_a_gaussian_pulse():
    """A cubic spline errs by at most 5/384 h⁴ max|E⁗| (Hall and Meyer 1976), here |E⁗| < 2 (2πν + 2)⁴ MV/cm/ps⁴."""
    pulse = GaussianPulse()
    t = np.linspace(-2, 8, 777)
    bound = 5 / 384 * 0.01**4 * 2 * (2 * np.pi * 2.42 + 2) ** 4
    np.testing.assert_allclose(at(SampledPulse(TIMES, at(pulse, TIMES)), t), at(pulse, t), atol=bound)


def test_zero_outside_the_window():
    pulse = SampledPulse([0.0, 1.0, 2.0, 3.0], np.ones((4, 2)))
    found = at(pulse, np.array([-0.1, 0.0, 1.5, 3.0, 3.1]))
    np.testing.assert_array_equal(found[::4], 0)
    np.testing.assert_allclose(found[1:4], 1)


def test_twice_continuously_differentiable():
    rng = np.random.default_rng(1)
    times = np.arange(8.0)
    pulse = SampledPulse(times, rng.normal(size=(8, 2)))
    curvature = jax.jit(jax.vmap(jax.jacfwd(jax.jacfwd(pulse))))
    knots, small = times[1:-1], 1e-9
    np.testing.assert_allclose(curvature(knots - small), curvature(knots + small), atol=1e-7)
    np.testing.assert_allclose(curvature(np.array([small, 7 - small])), 0, atol=1e-7)


def test_linear_in_the_samples():
    """The spline is linear in its samples, so its derivative along them is the spline through the direction."""
    rng = np.random.default_rng(2)
    field, direction = rng.normal(size=(2, 9, 2))
    times = np.arange(9.0)

    @jax.jit
    def slopes(field, direction):
        value, tangent = jax.jvp(lambda f: SampledPulse(times, f)(3.3), (field,), (direction,))
        return value, tangent, jax.grad(lambda f: SampledPulse(times, f)(3.3).sum())(field)

    _, tangent, gradient = slopes(field, direction)
    np.testing.assert_allclose(tangent, slopes(direction, field)[0], atol=1e-13)
    assert np.vdot(gradient, direction) == pytest.approx(float(tangent.sum()))


def test_file(tmp_path):
    path = tmp_path / "pulse.csv"
    path.write_text("# measured\nt,E_x,E_y\n0,0,0\n1,0.5,-0.5\n\n# late\n2,1,0\n3,0,0\n")
    pulse = SampledPulse.from_csv(path)
    np.testing.assert_allclose(pulse(1.0), [0.5, -0.5])
    assert pulse.support == (0.0, 3.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the header t,E_x,E_y, but is empty"),
        ("t,x,y\n0,0,0\n", "row 1 must be the header t,E_x,E_y, but got t,x,y"),
        ("t,E_x,E_y\n0,0,0\n1,0\n", "row 3 must have 3 columns t,E_x,E_y, but got 2"),
        ("#\nt,E_x,E_y\n0,0,0\n1,nan,0\n", "row 4, column E_x must be a finite number, but got 'nan'"),
        ("t,E_x,E_y\n0,0,high\n", "row 2, column E_y must be a finite number, but got 'high'"),
        ("t,E_x,E_y\n0,0,0\n2,0,0\n1,0,0\n", "row 4, column t must be later than 2 ps in the row before, but is 1"),
        ("t,E_x,E_y\n0,0,0\n0,0,0\n", "row 3, column t must be later than 0 ps in the row before, but is 0"),
        ("t,E_x,E_y\n0,0,0\n", "must have at least four samples, but got 1"),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "pulse.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        SampledPulse.from_csv(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


FEMTOSECONDS = "-500,-12.5,0\n0,800.3,1e2\n33.4,-0.7,3\n1000,0,0\n"
PICOSECONDS = "-0.5,-0.0125,0\n0,0.8003,0.1\n0.0334,-0.0007,0.003\n1,0,0\n"


@pytest.mark.parametrize(
    "header",
    ["t (fs),E_x (kV/cm),E_y (kV/cm)", "t [fs],E_x [kV/cm],E_y [kV/cm]", "t/fs,E_x/(kV/cm),E_y/(kV/cm)", "t,E_x,E_y"],
)
def test_units_in_the_header_or_as_arguments(tmp_path, header):
    """The same numbers to the last bit as a file in ps and MV/cm; a header agrees with the same arguments."""
    (tmp_path / "other.csv").write_text(f"{header}\n{FEMTOSECONDS}")
    (tmp_path / "own.csv").write_text(f"t,E_x,E_y\n{PICOSECONDS}")
    expected = SampledPulse.from_csv(tmp_path / "own.csv")
    units = {"time_unit": "fs", "field_unit": "kV/cm"}
    for options in [units] if header == "t,E_x,E_y" else [{}, units]:
        pulse = SampledPulse.from_csv(tmp_path / "other.csv", **options)
        np.testing.assert_array_equal(pulse.times, expected.times)
        np.testing.assert_array_equal(pulse.field, expected.field)


@pytest.mark.parametrize(
    "text",
    [
        '"t","E_x","E_y"\n0,0,0\n1,0.5,-0.5\n2,1,0\n3,0,0\n',
        "t;E_x;E_y\n0;0;0\n1;0,5;-0,5\n2;1;0\n3;0;0\n",
        "\ufefft (ps)\tE_x (MV/cm)\tE_y (MV/cm)\r\n0\t0\t0\r\n1\t5.0D-1\t-.5\r\n2\t1\t0\r\n3\t0\t0\r\n",
        "# time (fs)  Ex (kV/cm)  Ey (kV/cm)\n0 0 0\n1e3 500 -500\n2000 1000 0\n3000 0 0\n",
        "# at the sample\n0 0 0\n1 0.5 -0.5\n2 1 0\n3 0 0\n",
        ",t,E_x,E_y\n0,0,0,0\n1,1,0.5,-0.5\n2,2,1,0\n3,3,0,0\n",
    ],
)
def test_tables_of_other_programs(tmp_path, text):
    (tmp_path / "pulse.csv").write_bytes(text.encode())
    pulse = SampledPulse.from_csv(tmp_path / "pulse.csv")
    np.testing.assert_array_equal(pulse.times, [0, 1, 2, 3])
    np.testing.assert_array_equal(pulse.field, [[0, 0], [0.5, -0.5], [1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("t (min),E_x,E_y", {}, "row 1, column t must be in ps, as, fs, ns, us, ms or s, but is in min"),
        ("t,E_x (kV),E_y (kV)", {}, "row 1, column E_x must be in MV/cm, kV/cm, V/cm"),
        ("t,E_x (kV/cm),E_y", {}, "row 1 must give the unit of both E_x and E_y or of none, but got t,E_x (kV/cm),E_y"),
        ("t in fs,E_x,E_y", {}, "row 1 must be the header t,E_x,E_y, but got t in fs"),
        ("t (fs),E_x,E_y", {"time_unit": "ps"}, "row 1, column t must be in ps, which was asked for, but is in fs"),
        (
            "# t in fs, E in kV/cm",
            {},
            "must have the header t,E_x,E_y with its units, or time_unit and field_unit be given, as a",
        ),
        ("t,E_x,E_y", {"field_unit": "T"}, "field_unit must be in MV/cm, kV/cm"),
    ],
)
def test_other_units_are_refused(tmp_path, header, options, message):
    (tmp_path / "pulse.csv").write_text(f"{header}\n{FEMTOSECONDS}")
    with pytest.raises(InputError) as error:
        SampledPulse.from_csv(tmp_path / "pulse.csv", **options)
    assert message in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none.csv: must be a CSV file of a pulse, but there is no such file"):
        SampledPulse.from_csv(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("times", "field", "message"),
    [
        ([0.0, 1.0], np.zeros((2, 2)), "at least four times"),
        ([0.0, 1.0, 3.0, 2.0], np.zeros((4, 2)), "times must increase, but got 2.0 ps after 3.0 ps"),
        ([0.0, 1.0, 2.0, 3.0], np.full((4, 2), np.nan), "field must be finite"),
    ],
)
def test_bad_samples(times, field, message):
    with pytest.raises(InputError, match=message):
        SampledPulse(times, field)


@pytest.mark.parametrize("field", [np.zeros((4, 3)), np.zeros(4), np.zeros((5, 2))])
def test_field_of_another_shape(field):
    with pytest.raises(InputError, match=r"field must have the shape \((4|T), 2\)"):
        SampledPulse(np.arange(4.0), field)


@pytest.mark.slow
def test_a_spike_among_many_samples():
    """A Gaussian of 5 fs in 200 ps of 1 fs: its peak, and ∫E²dt = √π τ E₀² to the error of the spline, (Δt/τ)⁴/720."""
    times = np.linspace(0, 200, 200_001)
    field = np.exp(-0.5 * ((times - 77.0) / 0.005) ** 2)
    pulse = SampledPulse(times, np.stack([field, 0 * field], axis=1))
    assert float(pulse.peak_field) == pytest.approx(1, rel=1e-9)
    assert float(pulse.fluence) == pytest.approx(FLUENCE * np.sqrt(np.pi) * 0.005, rel=1e-5)
    assert float(np.abs(pulse.spectrum(np.array([3.0]))[0, 0])) == pytest.approx(
        np.sqrt(2 * np.pi) * 0.005 * np.exp(-((2 * np.pi * 3.0 * 0.005) ** 2) / 2), rel=1e-5
    )
