"""Axes and parameters: which there are, what they change, and what is refused."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc

import chiraljax as cj
from chiraljax import InputError
from chiraljax.sweeps._parameters import parameter, parameters, replaced


@pytest.fixture(scope="module")
def chain(ktao3):
    pulse = cj.SumPulse([cj.GaussianPulse(), cj.GaussianPulse(frequency=2.0)])
    return cj.Chain.of(ktao3, pulse, cj.KinematicRotation())


def test_every_parameter_is_read_and_written(chain):
    """Each named number is changed by its name, and nothing else is; phonon.temperature is none of the chain."""
    known = [one for one in parameters(chain) if one.name != "phonon.temperature"]
    names = [one.name for one in known]
    assert {"pulse.pulses[1].chirp", "phonon.damping", "coupling.temperature", "electrons.Ta.d.xi"} <= set(names)
    assert len(names) == len(set(names))
    for one in known:
        old = float(one.value(chain))
        changed = one.put(chain, old + 0.125)
        others = [other for other in known if other.name != one.name]
        if one.name != "pulse.scale":
            assert float(one.value(changed)) == old + 0.125
            for other in others:
                assert float(other.value(changed)) == float(other.value(chain)), (one.name, other.name)
        assert one.unit, f"{one.name} has no unit"


def test_scale_multiplies_the_pulse_that_the_others_describe(chain):
    chosen = [parameter("pulse.scale", chain), parameter("pulse.pulses[0].peak_field", chain)]
    moved = replaced(chain, chosen, jnp.array([2.0, 0.5]))
    expected = 2 * cj.GaussianPulse(peak_field=0.5)(3.1) + 2 * cj.GaussianPulse(frequency=2.0)(3.1)
    np.testing.assert_allclose(moved.pulse(3.1), expected, rtol=1e-14)


def test_temperature_of_the_phonon_comes_before_its_damping(ktao3):
    phonon = dataclasses.replace(
        ktao3.phonon, temperatures=cj.TemperatureTable([100.0, 300.0], [[2.0], [2.5]], [[0.4], [0.6]])
    )
    chain = dataclasses.replace(cj.Chain.of(ktao3, cj.GaussianPulse(), cj.KinematicRotation()), phonon=phonon)
    chosen = [parameter(name, chain) for name in ("phonon.damping", "phonon.temperature")]
    moved = replaced(chain, chosen, jnp.array([0.9, 200.0])).phonon
    assert float(moved.frequency[0]) == 2.25
    assert float(moved.damping[0]) == 0.9


def test_samples_fill_their_box():
    """Sobol points have a lower discrepancy than random ones of the same number; both stay inside, both are seeded."""
    ranges = {"pulse.frequency": (2.0, 2.8), "pulse.chirp": (-0.1, 0.1)}
    discrepancy = {}
    for draw in (cj.sobol_samples, cj.uniform_samples):
        for count in (1, 48, 64):
            points = draw(ranges, count, seed=3)
            assert list(points) == list(ranges)
            for name, (low, high) in ranges.items():
                assert points[name].shape == (count,)
                assert np.all((points[name] >= low) & (points[name] <= high))
                np.testing.assert_array_equal(points[name], draw(ranges, count, seed=3)[name])
        unit = np.stack([(points[n] - low) / (high - low) for n, (low, high) in ranges.items()], axis=-1)
        discrepancy[draw] = qmc.discrepancy(unit)
    assert discrepancy[cj.sobol_samples] < discrepancy[cj.uniform_samples] / 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axes": {}}, "axes must hold at least one axis"),
        (
            {"axes": {"pulse.peak_feild": [1.0]}},
            "axes.pulse.peak_feild must be a parameter, but there is none of that name; did you mean pulse.peak_field?",
        ),
        ({"axes": {"fluence": [1.0]}}, "axes.fluence must be a parameter"),
        ({"axes": {"electrons.xi": [1.0]}}, "did you mean electrons.Ta.d.xi?"),
        ({"axes": {"mu": []}}, "mu must hold at least one value, but is empty"),
        ({"axes": {"mu": [[0.0]]}}, "mu must be a list, but got the shape (1, 1)"),
        ({"axes": {"mu": ["a"]}}, "mu must hold numbers"),
        ({"axes": {"mu": [0.0, np.nan]}}, "mu must be finite"),
        ({"axes": {"time": [0.0]}}, "must not have an axis called 'time'"),
        ({"axes": {"temperature": [-1.0], "mu": [0.0]}}, "temperature must be zero or positive, but got -1"),
        ({"axes": {"pulse.duration": [0.5, 0.0]}}, "axes.pulse.duration must be positive, but got 0"),
        ({"axes": {"pulse.ellipticity": [0.0, 1.5]}}, "ellipticity must lie between -1 and 1, but got 1.5"),
        ({"axes": {"phonon.frequency": [-2.0]}}, "frequency must be positive"),
        ({"axes": {"both": {"mu": [0.0, 0.1], "temperature": [300.0]}}}, "as many values of each parameter"),
        ({"axes": {"both": {}}}, "both must vary a parameter"),
        ({"axes": {"gap": {"mu": [0.0]}}}, "must not have an axis called 'gap'"),
        ({"axes": {"mu": {"pulse.chirp": [0.0]}}}, "mu must have another name, since it varies pulse.chirp"),
        ({"axes": {"mu": [0.0], "both": {"mu": [0.0]}}}, "vary mu along one axis, but mu and both do"),
        ({"axes": {"mu": [0.0], "doping": [0.0]}}, "either mu or doping"),
        ({"axes": {"doping": [100.0]}}, "doping must be between"),
        ({"axes": {"mu": [0.0]}, "outputs": []}, "outputs must name at least one"),
        ({"axes": {"mu": [0.0]}, "outputs": ["peak_momentum"]}, "peak_momentum is not; did you mean peak_moment?"),
        ({"axes": {"mu": [0.0]}, "outputs": ["carriers", "carriers"]}, "name each output once"),
        ({"axes": {"mu": [0.0]}, "outputs": ["angular_momentum"]}, "changes none of the outputs angular_momentum"),
        ({"axes": {"pulse.chirp": [0.0]}}, "temperature is required"),
        ({"axes": {"pulse.chirp": [0.0]}, "temperature": 300.0}, "mu or doping is required"),
        ({"axes": {"mu": [0.0]}, "mu": 0.1, "temperature": 300.0}, "mu must be left out where an axis varies it"),
        ({"axes": {"mu": [0.0]}, "doping": 0.1, "temperature": 300.0}, "one gives the other"),
        ({"axes": {"doping": [0.1]}, "temperature": 0.0}, "temperature must be positive"),
        (
            {"axes": {"mu": [0.0]}, "temperature": 300.0, "outputs": ["chemical_potential"]},
            "must have a doping from which it follows",
        ),
        ({"axes": {"mu": [0.0]}, "temperature": 300.0, "times": [0.0, 1.0, 3.0]}, "times must be equally spaced"),
        ({"axes": {"mu": [0.0]}, "temperature": 300.0, "memory": 0.5}, "memory must be at least"),
        (
            {"axes": {"mu": [0.0]}, "temperature": 300.0, "gradients": {"gap": ["mu"]}},
            "gradients.gap must be by parameters that it depends on, but mu does not",
        ),
        (
            {"axes": {"mu": [0.0]}, "temperature": 300.0, "gradients": {"peak": ["mu"]}},
            "gradients must be of known outputs, but peak is not",
        ),
        (
            {"axes": {"mu": [0.0]}, "temperature": 300.0, "gradients": {"gap": ["xi"]}},
            "gradients.gap.xi must be a parameter",
        ),
        (
            {"axes": {"mu": [0.0]}, "temperature": 300.0, "gradients": {"peak_moment": ["doping"]}},
            "must be by parameters that are given, but doping is not",
        ),
    ],
)
def test_bad_input_is_refused(plan, options, message):
    with pytest.raises(InputError) as error:
        plan(**options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_units_are_converted(plan, ktao3):
    def with_units(name, unit):
        return plan(axes={name: xr.DataArray([0.5, 1.0], attrs={"units": unit})}, mu=0.0, temperature=900.0)

    assert with_units("pulse.peak_field", "MV/cm").axes[0].size == 2
    np.testing.assert_array_equal(with_units("pulse.peak_field", "GV/m").axes[0].values[0], [5.0, 10.0])
    with pytest.raises(InputError, match=r"axes.pulse.peak_field must be in MV/cm, kV/cm, .*, but is in kV"):
        with_units("pulse.peak_field", "kV")
    doping = xr.DataArray([1e19, 1e21], attrs={"units": "1/cm3"})
    known = plan(axes={"doping": doping}, temperature=900.0).axes[0].values[0]
    np.testing.assert_allclose(known, doping.values * 1e-24 * ktao3.crystal.volume, rtol=1e-12)
    with pytest.raises(cj.InputError, match=r"axes\.doping must be in 1/cell or 1/cm3, but is in 1/m3"):
        plan(axes={"doping": doping.assign_attrs(units="1/m3")}, temperature=900.0)


def test_material_without_a_phonon(plan):
    with pytest.raises(InputError, match="has none"):
        plan(material=cj.load_material("GaAs"), axes={"mu": [0.0]}, temperature=900.0)


def test_samples_are_refused_for_bad_boxes():
    for ranges, count, message in (
        ({}, 4, "name a parameter"),
        ({"mu": (0.0, 1.0)}, 0, "count must be at least 1"),
        ({"mu": (1.0, 0.0)}, 4, "must increase"),
        ({"mu": (0.0,)}, 4, r"must be \(low, high\)"),
        ({"mu": (0.0, np.inf)}, 4, "finite"),
    ):
        for draw in (cj.sobol_samples, cj.uniform_samples):
            with pytest.raises(InputError, match=message):
                draw(ranges, count)


def test_the_function_keeps_its_name():
    """A folder of the name of a public function would hide it once it is imported."""
    import chiraljax.sweeps

    assert callable(cj.sweep)
    assert chiraljax.sweeps.sweep is cj.sweep


@pytest.mark.slow
def test_times_cover_the_pulses_at_the_ends_of_the_axes(plan):
    """From 8 durations before the first peak, −1 − 8·√½ = −6.66 ps, to 5 ps after exp(−(t−9)²) = 10⁻³ at 11.63 ps."""
    options = {"outputs": ["peak_angular_momentum"], "times": None}
    paper = plan(axes={"pulse.peak_field": [0.5, 1.0]}, **options)
    np.testing.assert_array_equal(paper.times, np.linspace(0, 10, 201))
    wide = plan(axes={"pulse.center": [3.0, -1.0, 9.0], "pulse.phase": [0.0, 1.0]}, **options)
    assert (wide.times[0], wide.times[-1]) == pytest.approx((-6.7, 16.65))
    with pytest.raises(cj.InputError, match=r"times must begin at -3\.63 ps or before"):
        plan(axes={"pulse.center": [3.0, -1.0]}, outputs=["peak_angular_momentum"])
    with pytest.warns(UserWarning, match=r"\|L\| still rises at the last time, 3 ps, .* until 5\.63 ps"):
        plan(axes={"pulse.peak_field": [0.5, 1.0]}, **(options | {"times": np.linspace(0, 3, 31)}))
