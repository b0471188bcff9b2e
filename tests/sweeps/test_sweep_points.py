"""Moments of a sweep against `simulate`, their derivatives against central differences, and what fails."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.sweeps import _plan, _tables

TIMES = np.linspace(0, 8, 41)
FIELDS, LEVELS, HEAT, XI = [0.5, 1.5], [0.05, 0.2], [700.0, 1000.0], [0.25, 0.28868]
INTERPOLATION = 1e-6
"""Relative error of M(Ω) from a few values of Ω at these temperatures, as in test_simulate.py."""


@pytest.fixture(scope="module")
def swept(ktao3, rule, tmp_path_factory):
    return cj.sweep(
        ktao3,
        axes={"mu": LEVELS, "pulse.peak_field": FIELDS, "electrons.Ta.d.xi": XI, "temperature": HEAT},
        outputs=["moment", "peak_moment", "carriers", "gap"],
        times=TIMES,
        accuracy=cj.Accuracy(rule=rule),
        out=tmp_path_factory.mktemp("points") / "swept.zarr",
    ).load()


def test_every_moment_is_that_of_simulate(ktao3, rule, swept):
    assert swept.moment.dims == ("mu", "pulse.peak_field", "electrons.Ta.d.xi", "temperature", "time")
    assert swept.carriers.dims == ("mu", "electrons.Ta.d.xi", "temperature")
    assert swept.gap.dims == ("electrons.Ta.d.xi",)
    for j, xi in enumerate(XI):
        electrons = ktao3.electrons.with_parameters({"Ta.d.xi": xi})
        np.testing.assert_allclose(swept.gap.values[j], float(cj.gap(electrons)), rtol=1e-12)
        rest = cj.magnetization(
            electrons, mu=LEVELS, temperature=HEAT, rotation=0.0, accuracy=cj.Accuracy(rule=rule)
        ).carriers
        np.testing.assert_allclose(swept.carriers.values[:, j], rest, rtol=INTERPOLATION)
        for i, field in enumerate(FIELDS):
            one = cj.simulate(
                ktao3.with_electrons(electrons),
                cj.GaussianPulse(peak_field=field),
                mu=LEVELS,
                temperature=HEAT,
                times=TIMES,
                accuracy=cj.Accuracy(rule=rule),
            )
            moment = np.asarray(one.moment)
            largest = np.abs(moment).max(axis=-1)
            assert np.all(np.abs(swept.moment.values[:, i, j] - moment).max(axis=-1) < INTERPOLATION * largest)
            assert np.all(np.abs(swept.peak_moment.values[:, i, j] - largest) < INTERPOLATION * largest)
    assert np.all(swept.moment_error > 0)
    assert swept.attrs["points"] == 16
    # Three Ω and the largest for each of two models; M(Ω) serves all pulses, chemical potentials and temperatures.
    assert swept.attrs["eigensolves"] == 2 * 4 * len(rule.weights)


@pytest.mark.slow
def test_chunks_change_nothing(swept, sweep, monkeypatch):
    """Blocks that cut every axis, and pairs (μ, T) in several tables.

    The spins of the states of a cell, numbers of order one, cancel in M: their rounding is 10⁻¹⁶ each, 10⁻¹⁴ in all.
    """
    for name in ("_TRAJECTORIES", "_PAIRS", "_POINTS"):
        monkeypatch.setattr(_plan, name, 3)
    axes = {"mu": LEVELS, "pulse.peak_field": FIELDS, "electrons.Ta.d.xi": XI, "temperature": HEAT}
    cut = sweep(axes=axes, outputs=["moment", "peak_moment", "carriers", "gap"])
    for name in ("moment", "peak_moment", "carriers", "gap"):
        np.testing.assert_allclose(cut[name].values, swept[name].values, rtol=1e-12, atol=1e-14)


CENTRES = {
    "pulse.peak_field": (1.0, 1e-3),
    "phonon.mode_effective_charge": (1.4, 1e-3),
    "coupling.temperature": (300.0, 0.3),
    "electrons.O-Ta.pd_pi.1": (1.57614, 1e-4),
    "mu": (0.1, 1e-4),
    "temperature": (900.0, 0.3),
}
"""A value of each parameter and the step of its differences, 10⁻³ or less of what it acts on (k_BT for μ)."""
OF_ELECTRONS = ["electrons.O-Ta.pd_pi.1", "mu", "temperature"]
DIFFERENTIATED = {
    "axes": {name: [value - step, value, value + step] for name, (value, step) in CENTRES.items()},
    "outputs": ["peak_moment", "carriers"],
    "gradients": {
        "peak_moment": list(CENTRES),
        "moment": OF_ELECTRONS[:1],
        "carriers": OF_ELECTRONS,
        "gap": OF_ELECTRONS[:1],
    },
}


@pytest.fixture(scope="module")
def differentiated(ktao3, rule, tmp_path_factory):
    """A step to either side along every parameter."""
    out = tmp_path_factory.mktemp("points") / "differentiated.zarr"
    return cj.sweep(ktao3, times=TIMES, accuracy=cj.Accuracy(rule=rule), out=out, **DIFFERENTIATED).load()


@pytest.mark.slow
@pytest.mark.parametrize("name", CENTRES)
def test_derivatives_are_central_differences(differentiated, name):
    """With steps of 10⁻³ differences err by some 10⁻⁶."""
    step = CENTRES[name][1]
    for output in ["peak_moment"] + (["carriers"] if name in OF_ELECTRONS else []):
        slope = differentiated[f"d_{output}_d_{name}"]
        middle = {axis: 1 for axis in slope.dims if axis != name}
        low, _, high = differentiated[output].isel(middle).values
        mine = float(slope.isel(middle)[1])
        assert abs(mine - (high - low) / (2 * step)) < 3e-6 * abs(mine)


@pytest.fixture(scope="module")
def in_blocks(ktao3, rule, tmp_path_factory):
    """The middle model of `differentiated`, with no axis of the electrons, and its pairs (μ, T) in three blocks."""
    options = DIFFERENTIATED | {"axes": {n: v for n, v in DIFFERENTIATED["axes"].items() if n not in OF_ELECTRONS[:1]}}
    out = tmp_path_factory.mktemp("points") / "blocks.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tables, "_DIFFERENTIATED", 4)
        return cj.sweep(ktao3, times=TIMES, accuracy=cj.Accuracy(rule=rule), out=out, **options).load()


@pytest.mark.slow
def test_derivatives_need_no_axis_of_their_parameter(in_blocks):
    series = in_blocks["d_moment_d_electrons.O-Ta.pd_pi.1"]
    assert set(series.dims) == {*CENTRES, "time"} - {"electrons.O-Ta.pd_pi.1"}
    assert np.all(np.abs(series).max("time") > 0)
    assert in_blocks["d_gap_d_electrons.O-Ta.pd_pi.1"].dims == ()


def test_derivatives_of_tables_come_in_blocks_of_pairs(in_blocks, differentiated):
    """Sums of numbers of order one over k_BT in M: their rounding is 10⁻¹⁴/k_BT."""
    whole = differentiated.isel({"electrons.O-Ta.pd_pi.1": 1})
    for output, names in DIFFERENTIATED["gradients"].items():
        for name in (f"d_{output}_d_{one}" for one in names):
            np.testing.assert_allclose(in_blocks[name].values, whole[name].values, rtol=1e-11, atol=1e-12)


def test_doping_sets_the_chemical_potential(ktao3, sweep):
    doping = [1e-3, 1e-2]
    swept = sweep(axes={"doping": doping, "temperature": HEAT}, outputs=["chemical_potential", "peak_moment"])
    expected = np.asarray(cj.chemical_potential(ktao3.electrons, doping=doping, temperature=HEAT).mu)
    np.testing.assert_allclose(swept.chemical_potential.values, expected, rtol=1e-10)
    pairs = {"mu": expected.ravel(), "temperature": np.tile(HEAT, 2)}
    given = sweep(axes={"pair": pairs}, outputs=["peak_moment"])
    np.testing.assert_allclose(given.peak_moment.values, swept.peak_moment.values.ravel(), rtol=1e-10)


def test_a_gap_alone_diagonalises_no_zone(sweep):
    swept = sweep(axes={"electrons.Ta.d.xi": XI}, outputs=["gap"])
    assert swept.attrs["eigensolves"] == 0
    assert set(swept.data_vars) == {"gap", "electrons_status"}


def test_failed_models_are_kept_as_such(sweep, rule, monkeypatch):
    """A model whose tables cannot be computed costs its own points only; they are counted, with the reason."""
    real = cj.magnetization_curve

    def curve(electrons, **options):
        if float(electrons.parameters["Ta.d.xi"]) < 0.27:
            raise InputError("", "the gap is closed")
        return real(electrons, **options)

    monkeypatch.setattr("chiraljax.chain._chain.magnetization_curve", curve)
    axes = {"electrons.Ta.d.xi": XI, "pulse.peak_field": FIELDS}
    swept = sweep(
        axes=axes,
        outputs=["peak_moment", "carriers"],
        mu=0.1,
        temperature=900.0,
        accuracy=cj.Accuracy(rule=rule, rtol=1.0),
    )
    np.testing.assert_array_equal(swept.electrons_status, [2, 0])
    np.testing.assert_array_equal(np.isnan(swept.peak_moment), [[True, True], [False, False]])
    assert np.isnan(swept.carriers[0])
    assert swept.attrs["failed"] == 2
    assert swept.attrs["messages"] == ["the gap is closed"]


def test_points_that_did_not_converge_are_counted(sweep):
    accuracy = cj.Accuracy(rtol=1e-12, atol=1e-30, budget=10)
    swept = sweep(axes={"mu": LEVELS}, temperature=300.0, accuracy=accuracy)
    np.testing.assert_array_equal(swept.electrons_status, [1, 1])
    assert swept.attrs["not_converged"] == 2
    assert swept.attrs["failed"] == 0
    assert np.all(swept.moment_error > 1e-12 * swept.peak_moment)
