"""Values in another unit are told, and usual ones are not."""

import json
import warnings
from importlib import resources

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.phonon import improbable_pulse

KTAO3 = (resources.files("chiraljax.materials") / "KTaO3.toml").read_text(encoding="utf-8")
TIMES = np.linspace(0, 10, 101)
MOMENT = ["magnetization", "KTaO3", "--temperature", "300", "--rotation-thz", "2.42", "--rtol", "1"]


@pytest.fixture(scope="module")
def coarse(electrons):
    return cj.Accuracy(rule=cj.quadrature(electrons, 4))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mu": 50.0}, "mu is 50 eV from the conduction edge, above all bands of the model, which end at 7.87 eV"),
        ({"mu": -20.0}, "mu is -20 eV from the conduction edge, below all bands of the model, which begin at -7.72 eV"),
        ({"mu": 7.7}, "carriers per cell, and 10 fill all empty bands of the model"),
        ({"temperature": 0.0517}, "the temperature is 0.0517 K, below 1 K: is it an energy? 0.0517 eV would be 600 K"),
        ({"temperature": 9000.0}, "the temperature is 9000 K, above 4500 K"),
        (
            {"rotation": 2 * np.pi * 2420},
            "the rotation is 1.521e+04 rad/ps (2420 THz), ħΩ = 10 eV, above 1.26 eV",
        ),
    ],
)
def test_moments(electrons, coarse, changes, sentence):
    """ħΩ = 4.1357 meV per THz, k_B = 0.08617 meV/K."""
    options = {"mu": 0.05, "temperature": 600.0, "rotation": 15.2} | changes
    with pytest.warns(cj.ImprobableValue) as told:
        result = cj.magnetization(electrons, **options, accuracy=coarse)
    assert len(result.warnings) == len(told) == 1
    assert sentence in result.warnings[0]
    assert told[0].filename == __file__
    assert f"  Warning: {result.warnings[0]}" in repr(result)
    assert result.to_xarray().attrs["warnings"] == list(result.warnings)


def test_a_pulse_that_lasts_too_long(phonon):
    """Its times would have to begin thousands of picoseconds before its peak."""
    (sentence,) = improbable_pulse(cj.GaussianPulse(duration=1000.0, peak_field=0.1), phonon)
    assert "lasts 707.1 ps (rms), more than a hundred times the lifetime of the phonon, 1.56 ps" in sentence


@pytest.mark.parametrize(
    ("pulse", "sentences"),
    [
        (
            {"peak_field": 1000.0},
            [
                "the field is 1000 MV/cm, above 100 MV/cm, which no table-top",
                "Å, above a tenth of the shortest distance",
            ],
        ),
        (
            {"peak_field": 3.0},
            ["atom 2 (O) moves by 0.443 Å, above a tenth of the shortest distance"],
        ),
        ({"frequency": 30.0}, ["the spectrum of the pulse has no weight at the phonon, 2.42 THz"]),
        (
            {"duration": 1e-3},
            ["the pulse lasts 0.00071 ps (rms), less than a hundredth of the period"],
        ),
    ],
)
def test_pulses(ktao3, coarse, pulse, sentences):
    """The rms duration of exp(−(t−t₀)²/τ²) is τ/√2 of the field's square root; |u| is linear in the field."""
    with pytest.warns(cj.ImprobableValue):
        result = cj.simulate(
            ktao3,
            cj.GaussianPulse(**pulse),
            mu=0.05,
            temperature=600.0,
            times=TIMES,
            steps=cj.FixedSteps(64),
            accuracy=coarse,
        )
    assert len(result.warnings) == len(sentences)
    for sentence, expected in zip(result.warnings, sentences, strict=True):
        assert expected in sentence


@pytest.mark.slow
def test_usual_values_and_zero_temperature_are_not_told(ktao3, coarse):
    """The example of the README, an ensemble at room temperature, and the documented limit T = 0."""
    options = {"mu": 0.05, "temperature": 600.0, "accuracy": coarse}
    with warnings.catch_warnings():
        warnings.simplefilter("error", cj.ImprobableValue)
        result = cj.simulate(ktao3, cj.GaussianPulse(peak_field=1.0, frequency=2.42), times=TIMES, **options)
        cj.simulate_ensemble(ktao3, cj.GaussianPulse(), times=TIMES, lattice_temperature=300.0, samples=4, **options)
        cj.magnetization(ktao3.electrons, mu=0.05, temperature=0.0, rotation=15.2)
        cj.load_material("GaAs")
    assert result.warnings == ()
    assert "warnings" not in result.to_xarray().attrs


@pytest.mark.slow
def test_results_on_the_way(ktao3, electrons, coarse):
    """What a drive, a curve, a path, a susceptibility and a density of states alone can tell."""
    options = {"temperature": 600.0, "accuracy": coarse}
    for call, expected in (
        (lambda: ktao3.phonon.drive(cj.GaussianPulse(peak_field=1000.0), TIMES), "the field is 1000 MV/cm"),
        (lambda: cj.magnetization_curve(electrons, mu=50.0, rotation=15.0, **options), "mu is 50 eV"),
        (lambda: cj.magnetization_curve(electrons, mu=7.7, rotation=15.0, **options), "carriers per cell, and 10 fill"),
        (lambda: cj.magnetization_curve(electrons, mu=0.0, rotation=2e4, **options), "the rotation is 2e+04 rad/ps"),
        (
            lambda: cj.observables.magnetization_path(electrons, mu=50.0, rotation=TIMES, **options),
            "mu is 50 eV",
        ),
        (
            lambda: cj.susceptibility(
                electrons, mu=50.0, temperature=600.0, accuracy=cj.Accuracy(rule=cj.quadrature(electrons, 4, None))
            ),
            "mu is 50 eV",
        ),
        (lambda: cj.density_of_states(electrons, [0.0, 5.0], broadening=5.0, rule=4), "the broadening is 5 eV"),
        (lambda: cj.density_of_states(electrons, [50.0, 90.0], broadening=0.1, rule=4), "the energies lie from 50 to"),
    ):
        with pytest.warns(cj.ImprobableValue) as told:
            result = call()
        assert len(result.warnings) == len(told) == 1
        assert expected in result.warnings[0]
        assert told[0].filename == __file__


@pytest.mark.slow
def test_the_best_pulse(ktao3, coarse):
    with pytest.warns(cj.ImprobableValue) as told:
        best = cj.optimize_pulse(
            ktao3,
            cj.SplinePulse.zeros(start=0.0, end=8.0, frequency=2.42, splines=20),
            times=TIMES,
            objective=cj.AngularMomentumAt(8.0),
            constraints=cj.Constraints(fluence=100.0),
            search=cj.Search(starts=1, steps=5),
        )
    assert [str(warning.message) for warning in told] == list(best.warnings)
    assert any("above a tenth of the shortest distance" in sentence for sentence in best.warnings)


def test_positions_in_angstrom():
    """CsCl with a = 4.12 Å: Cl at a/2; in a neighbouring cell along x alone it is no mistake."""
    lattice = 4.12 * np.eye(3)
    with pytest.warns(cj.ImprobableValue, match=r"position of site 1 \(Cl\) is \(2.06, 2.06, 2.06\), which is fract"):
        cj.Crystal(lattice, ["Cs", "Cl"], [[0, 0, 0], [2.06, 2.06, 2.06]])
    with warnings.catch_warnings():
        warnings.simplefilter("error", cj.ImprobableValue)
        cj.Crystal(lattice, ["Cs", "Cl"], [[0, 0, 0], [2.5, 0.5, 0.5]])


def test_traced_values_pass(electrons, coarse):
    def moment(mu):
        return cj.magnetization(electrons, mu=mu, temperature=600.0, rotation=15.2, accuracy=coarse)

    with warnings.catch_warnings():
        warnings.simplefilter("error", cj.ImprobableValue)
        assert jax.jit(moment)(jnp.asarray(50.0)).warnings == ()
        assert jax.vmap(moment)(jnp.array([0.0, 50.0])).warnings == ()
        jax.grad(lambda mu: moment(mu).moment)(50.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("filling = 18", "filling = 17", "electrons.filling is 17, which is odd"),
        ("frequency = 2.42", "frequency = 80.7", "the phonon has 80.7 THz, above 60 THz"),
        (
            "position = [0.5, 0.5, 0.5]",
            "position = [2.5, 2.5, 2.5]",
            "is (2.5, 2.5, 2.5), which is fractional",
        ),
    ],
)
def test_material_files(tmp_path, old, new, sentence):
    (tmp_path / "m.toml").write_text(KTAO3.replace(old, new), encoding="utf-8")
    with pytest.warns(cj.ImprobableValue) as told:
        cj.load_material(tmp_path / "m.toml")
    assert len(told) == 1
    assert str(told[0].message).startswith(f"{tmp_path / 'm.toml'}: ")
    assert sentence in str(told[0].message)


def test_on_the_command_line(capsys):
    assert main([*MOMENT, "--mu", "50", "--out", "-"]) == 0
    output = capsys.readouterr()
    (line,) = [line for line in output.err.splitlines() if line.startswith("Warning: ")]
    assert "mu is 50 eV from the conduction edge" in line
    assert json.loads(output.out)["warnings"] == [line.removeprefix("Warning: ")]
    assert main([*MOMENT, "--mu", "50meV", "--out", "-"]) == 0
    assert "Warning" not in capsys.readouterr().err


def test_a_sweep_on_the_command_line(capsys, tmp_path):
    """One line, in the store as well, however many points the sweep has."""
    axes = '"pulse.peak_field" = { start = 500, stop = 3000, count = 3, units = "kV/cm" }'
    text = f'material = "KTaO3"\noutputs = ["peak_angular_momentum"]\n[axes]\n{axes}\n'
    (tmp_path / "s.toml").write_text(text)
    assert main(["sweep", str(tmp_path / "s.toml"), "--out", str(tmp_path / "s.zarr")]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Warning: ")]
    assert "atom 2 (O) moves by 0.44" in line
    data = cj.open_sweep(tmp_path / "s.zarr")
    assert data.attrs["warnings"] == [line.removeprefix("Warning: ")]
    np.testing.assert_array_equal(data["pulse.peak_field"], [0.5, 1.75, 3.0])


@pytest.mark.slow
def test_in_files_and_sweeps(ktao3, electrons, coarse, tmp_path):
    options = {"mu": 0.05, "outputs": ["carriers"], "accuracy": coarse, "out": tmp_path / "s.zarr"}
    with pytest.warns(cj.ImprobableValue, match="above 4500 K"):
        cj.sweep(ktao3, axes={"temperature": [300.0, 5000.0]}, **options)
    (sentence,) = cj.open_sweep(tmp_path / "s.zarr").attrs["warnings"]
    assert "the temperature is 5000 K" in sentence
    with pytest.warns(cj.ImprobableValue, match="the field is 2000 MV/cm"):
        cj.plan_sweep(ktao3, axes={"pulse.peak_field": [1.0, 2000.0]}, outputs=["peak_angular_momentum"])
    for axes, options, expected in (
        ({"pulse.peak_field": [1.0, 3.0]}, {"outputs": ["peak_angular_momentum"]}, "atom 2 (O) moves by 0.44"),
        ({"coupling.inertia": [1e-4, 1.0]}, {"outputs": ["peak_rotation"]}, "the rotation is "),
        ({"mu": [0.0, 7.7]}, {"outputs": ["carriers"], "temperature": 600.0}, "carriers per cell, and 10 fill"),
        ({"doping": [0.1, 9.9]}, {"outputs": ["carriers"], "temperature": 600.0}, "are 9.9 carriers per cell, and 10"),
    ):
        coupling = cj.ConstantInertia() if "coupling.inertia" in axes else None
        with pytest.warns(cj.ImprobableValue) as told:
            plan = cj.plan_sweep(ktao3, axes=axes, coupling=coupling, accuracy=coarse, **options)
        assert [str(warning.message) for warning in told] == list(plan.warnings)
        assert len(plan.warnings) == 1
        assert expected in plan.warnings[0]
    with pytest.warns(cj.ImprobableValue):
        result = cj.magnetization(electrons, mu=[50.0], temperature=[0.5], rotation=15.2, accuracy=coarse)
    result.to_xarray().to_netcdf(tmp_path / "m.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "m.nc", engine="h5netcdf") as data:
        assert list(data.attrs["warnings"]) == list(result.warnings)
