"""What a search returns: texts for the prompt, labelled arrays, and the paper's pulse beside the best one."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import chiraljax as cj
from chiraljax.control import given_pulse, paper_pulse


@pytest.fixture(scope="module")
def found(optimize_soon):
    return optimize_soon(steps=20)


def test_an_optimum_at_the_prompt(found):
    head, *rows = repr(found).splitlines()
    assert head == f"PulseOptimum, {found.status}, 20 steps of 2 starts"
    shown = {row.split("  ")[1]: row for row in rows}
    assert set(shown) == {"objective", "bound", "reached", "history", "violations", "share of the bound", "slack"}
    assert f"{found.objective:.6g} ± {found.error:.1g} ħ" in shown["objective"]
    assert f"{found.ratio:.2%} of the exact limit" in shown["share of the bound"]
    assert "fluence " in shown["slack"]
    assert "20×2" in shown["history"]


def test_an_optimum_labelled(found, tmp_path):
    found.to_xarray().to_netcdf(tmp_path / "optimum.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "optimum.nc", engine="h5netcdf") as data:
        assert float(data.objective) == found.objective
        assert (data.objective.units, data.attrs["status"]) == ("hbar", found.status)
        assert data.attrs["bound_reason"] == found.bound_reason
        np.testing.assert_array_equal(data.history.transpose("step", "start"), found.history)
        np.testing.assert_array_equal(data.reached, found.reached)
        assert float(data.slack.sel(constraint="fluence")) == found.slack["fluence"]["slack"]
        at = data.sel(time=5.0, method="nearest")
        assert abs(float(at.angular_momentum)) == pytest.approx(found.objective, rel=1e-12)
        assert (data.field.dims, data.field.units) == (("time", "component"), "MV/cm")
        np.testing.assert_allclose(data.field, found.pulse(found.outcome.times), atol=1e-12)


def test_parts_at_the_prompt(found):
    limit = cj.angular_momentum_limit(found.problem.forecast.phonon, cj.Constraints(1.0), time=5.0, start=0.0)
    assert repr(limit).startswith("Limit, converged\n")
    assert f"{limit.value:.6g} ħ" in repr(limit)
    assert limit.to_xarray().field.dims == ("times", "component")
    assert repr(found.outcome).startswith("Outcome, converged\n")


def test_the_paper_pulse(found, phonon):
    """As strong as the best one, where it does most at the probe: none 0.1 ps earlier or later does more."""
    comparison = paper_pulse(found)

    def reached(pulse):
        return abs(float(phonon.drive(pulse, [0.0, 5.0]).angular_momentum[-1]))

    assert float(comparison.pulse.fluence) == pytest.approx(float(found.pulse.fluence), rel=1e-9)
    assert comparison.value == pytest.approx(reached(comparison.pulse), rel=1e-5)
    assert comparison.gain == pytest.approx(found.objective / comparison.value)
    for earlier in (-0.1, 0.1):
        assert reached(replace(comparison.pulse, center=comparison.pulse.center + earlier)) <= comparison.value * (
            1 + 1e-5
        )


def test_a_pulse_without_a_field_is_no_comparison(found):
    assert given_pulse(found) is None


def test_times_of_the_field(found):
    """Over its support, 32 per period of the mode at least."""
    times = found.field_times()
    np.testing.assert_allclose([times[0], times[-1]], found.pulse.support)
    assert np.diff(times).max() <= 1 / (32 * 2.42)
    assert found.near_best(np.inf) == 2
