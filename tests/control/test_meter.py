"""Integrals over Gaussian pulses in closed form, and what a laser can make."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, erfc

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control import Constraints
from chiraljax.control._meter import FieldMeter
from chiraljax.units import FLUENCE

SETTINGS = settings(derandomize=True, deadline=None, max_examples=6)
HIGHEST = 3 * 2.42


def measured(pulse, band=None, highest=None):
    meter = FieldMeter.of_support(pulse, None if band is None else jnp.asarray(band), highest)
    return meter, pulse(meter.times)


def test_fluence(pulse):
    """∫E₀²exp(−(t−t₀)²/τ²)dt = E₀²τ√π of a circular pulse."""
    meter, field = measured(pulse)
    assert float(meter.fluence(field)) == pytest.approx(FLUENCE * np.sqrt(np.pi / 2), rel=1e-12)
    assert float(meter.fluence(field)) == pytest.approx(float(pulse.fluence), rel=1e-12)


@pytest.mark.parametrize("band", [(1.92, 2.92), (2.3, 2.5), (0.0, 2.42), (2.5, 4.0)])
@pytest.mark.parametrize("ellipticity", [-1.0, 0.3])
def test_outside_band(band, ellipticity):
    """|Ê(ν)|² ∝ exp(−(2πτ(ν−ν₀))²); what ν₀ and −ν₀ share is exp(−(2πτν₀)²) < 10⁻⁴⁶."""
    pulse = cj.GaussianPulse(ellipticity=ellipticity, angle=0.4)
    width = 2 * np.pi * 0.5**0.5
    inside = (erf(width * (band[1] - 2.42)) - erf(width * (band[0] - 2.42))) / 2
    meter, field = measured(pulse, band)
    assert float(meter.outside_band(field)) == pytest.approx(1 - inside, abs=1e-12)


def test_outside_window(pulse):
    """|E|² = exp(−(t−t₀)²/τ²); edges between two samples, where the midpoint rule errs by the square of the step."""
    meter, field = measured(pulse)
    middles = np.asarray(meter.times[:-1] + meter.times[1:]) / 2
    start, end = middles[np.searchsorted(middles, [2.4, 4.1])]
    expected = (erfc((3 - start) / 0.5**0.5) + erfc((end - 3) / 0.5**0.5)) / 2
    assert float(meter.outside_window(field, jnp.array([start, end]))) == pytest.approx(expected, abs=1e-6)
    assert float(meter.outside_window(field, jnp.array([-100.0, 100.0]))) == 0


@pytest.mark.parametrize("own", [-1.0, -0.4, 0.0, 0.7, 1.0])
@pytest.mark.parametrize("wanted", [-1.0, 0.0, 0.5])
def test_other_polarisation(own, wanted):
    """½(1 − s·s′) of two Stokes vectors of one orientation is sin²(χ − χ′), ε = tan χ; whatever the orientation."""
    for angle in (0.0, 1.1, -2.0):
        meter, field = measured(cj.GaussianPulse(ellipticity=own, angle=angle, phase=0.3), highest=HIGHEST)
        found = float(meter.other_polarisation(field, jnp.asarray(wanted)))
        assert found == pytest.approx(np.sin(np.arctan(own) - np.arctan(wanted)) ** 2, abs=1e-12)


def test_other_polarisation_of_two_ellipses():
    """Two colours of the same shape at right angles: their S₁ and S₂ cancel, so ½(1 − S₃ sin 2χ/S₀) is left."""
    one = cj.GaussianPulse(ellipticity=0.5, frequency=2.0, duration=2.0)
    both = one + cj.GaussianPulse(ellipticity=0.5, frequency=4.0, duration=2.0, angle=np.pi / 2)
    meter, field = measured(both, highest=HIGHEST)
    sine = 2 * 0.5 / (1 + 0.5**2)
    found = float(meter.other_polarisation(field, jnp.asarray(0.5)))
    assert found == pytest.approx((1 - sine**2) / 2, abs=1e-10)


def test_slopes_of_violations():
    """Central differences along random directions, on a coarse rule; each violation weighed at random."""
    rng = np.random.default_rng(0)
    times = jnp.linspace(0.0, 4.0, 200)
    weights = jnp.full(200, 0.02)
    limits = Constraints(1.0, 0.7, (1.9, 2.9), (0.5, 3.0), 0.5)
    meter = limits.meter(times, weights, HIGHEST)
    probes = {"peak_field": jnp.asarray(rng.normal(size=200))}

    def value(field):
        found = limits.violations(meter, field)
        assert set(found) == {"peak_field", "band", "window", "ellipticity"}
        return jnp.stack([jnp.sum(probes.get(name, jnp.ones(())) * found[name]) for name in sorted(found)])

    @jax.jit
    def all_of(field, direction):
        ahead, behind = value(field + 1e-5 * direction), value(field - 1e-5 * direction)
        return jax.jacrev(value)(field), (ahead - behind) / 2e-5

    field, direction = jnp.asarray(rng.normal(size=(2, 200, 2)))
    slopes, numeric = all_of(field, direction)
    along = np.einsum("ktc,tc->k", slopes, direction)
    np.testing.assert_allclose(along, numeric, rtol=1e-7, atol=1e-7 * abs(along).max())
    assert np.all(np.isfinite(all_of(jnp.zeros((200, 2)), direction)[0]))


def test_violations_are_logarithms_of_leakage(pulse):
    """Zero at 0.99 of the allowed leakage, and |E|²/E_max² − 1 for the field."""
    band, width = (2.2, 2.6), 2 * np.pi * 0.5**0.5
    outside = 1 - (erf(width * 0.18) + erf(width * 0.22)) / 2
    limits = Constraints(peak_field=0.5, band=band, leakage=outside / 0.99)
    meter, field = measured(pulse, band)
    found = limits.violations(meter, field)
    assert float(found["band"]) == pytest.approx(0, abs=1e-10)
    assert float(found["peak_field"].max()) == pytest.approx(1 / 0.5**2 - 1, rel=1e-4)


@SETTINGS
@given(peak=st.floats(1.0, 100.0), fluence=st.floats(0.01, 1.0), field=st.floats(0.01, 0.8))
def test_fitted_obeys(peak, fluence, field):
    limits = Constraints(fluence, field)
    weaker = limits.fitted(cj.GaussianPulse(peak, ellipticity=0.2))
    assert all(entry["slack"] >= 0 for entry in limits.slack(weaker, HIGHEST).values())
    assert min(entry["slack"] for entry in limits.slack(weaker, HIGHEST).values()) < 1e-12


def test_fitted_leaves_a_weak_pulse(pulse):
    fluence = float(pulse.fluence)
    assert Constraints(1.01 * fluence, 1.01).fitted(pulse).peak_field == pulse.peak_field
    assert float(Constraints(fluence / 4).fitted(pulse).peak_field) == pytest.approx(0.5, rel=1e-10)
    zero = cj.SplinePulse.zeros(0.0, 4.0, 2.42, 4)
    assert np.all(np.asarray(Constraints(1.0, 1.0).fitted(zero).amplitudes) == 0)


def test_slack(pulse):
    """Of a pulse in closed form; an edge of the window between two of 8192 samples errs by 10⁻⁴."""
    limits = Constraints(1.0, 2.0, (1.92, 2.92), (2.0, 4.0), 1.0, 0.1)
    slack = limits.slack(pulse, HIGHEST)
    width, tau = 2 * np.pi * 0.5**0.5, 0.5**0.5
    expected = {
        "fluence": FLUENCE * np.sqrt(np.pi / 2),
        "peak_field": 1.0,
        "band": erfc(width / 2),
        "window": erfc(1 / tau),
        "ellipticity": 1.0,
    }
    assert set(slack) == set(expected)
    for name, value in expected.items():
        assert slack[name]["value"] == pytest.approx(value, abs=2e-4)
        assert slack[name]["slack"] == pytest.approx(1 - slack[name]["value"] / slack[name]["limit"], rel=1e-12)
    assert [slack[name]["limit"] for name in expected] == [1.0, 2.0, 0.1, 0.1, 0.1]


def test_largest_fluence():
    """The peak field all the time is ε₀cE²T."""
    meter = FieldMeter(jnp.linspace(0.0, 4.0, 101), jnp.full(101, 4 / 101))
    filled = FLUENCE * 0.5**2 * 4
    assert float(Constraints(peak_field=0.5).largest_fluence(meter)) == pytest.approx(filled, rel=1e-12)
    assert float(Constraints(10 * filled, 0.5).largest_fluence(meter)) == pytest.approx(filled, rel=1e-12)
    assert float(Constraints(filled / 2, 0.5).largest_fluence(meter)) == pytest.approx(filled / 2, rel=1e-12)
    assert float(Constraints(3.0).largest_fluence(meter)) == 3.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fluence": None}, "fluence or peak_field must be given, but got neither"),
        ({"fluence": 0.0}, "fluence must be positive"),
        ({"fluence": np.inf}, "fluence must be finite"),
        ({"peak_field": -1.0}, "peak_field must be positive"),
        ({"band": (2.0, 2.0)}, "band must increase, but got 2 to 2 THz"),
        ({"band": (2.0, np.inf)}, "band must be finite"),
        ({"band": (-1.0, 2.0)}, "band must be zero or positive"),
        ({"window": (3.0, 1.0)}, "window must increase, but got 3 to 1 ps"),
        ({"leakage": -0.1}, "leakage must lie between 0 and 1"),
        ({"leakage": 1.0}, "leakage must be below 1"),
        ({"leakage": np.nan}, "leakage must be finite"),
        ({"ellipticity": 1.5}, "ellipticity must lie between -1 and 1"),
        ({"ellipticity": np.nan}, "ellipticity must be finite"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(InputError, match=message):
        Constraints(**({"fluence": 1.0} | changes))
