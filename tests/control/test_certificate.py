"""No pulse exceeds the bound: against motions by convolution with Green's function, in numpy."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import fftconvolve

import chiraljax as cj
from chiraljax.control import (
    AngularMomentumAt,
    Constraints,
    MeanMoment,
    MomentAt,
    MomentPerFluence,
    PeakAngularMomentum,
    PeakMoment,
    Switching,
)
from chiraljax.control._certificate import bound
from chiraljax.phonon import Motion
from chiraljax.units import FIELD_FORCE

SETTINGS = settings(derandomize=True, deadline=None, max_examples=10)
TIMES = np.linspace(0, 4, 81)
FINE = 50
FLUENCE = 0.5
BAND = (1.4, 3.4)
TURNS = [AngularMomentumAt(3.0), PeakAngularMomentum()]
MOMENTS = [MomentAt(3.0), PeakMoment(), MeanMoment(1.0, 3.0), Switching(2.0, 3.0)]


@pytest.fixture(scope="module")
def curve(make_curve):
    """M = 0.5 T₁ − 0.3 T₃ of Ω/20: largest at 0.58 of the range, not at its end."""
    return make_curve([0.5, -0.3], 20.0)


@pytest.fixture(scope="module")
def forecasts(make_forecast, phonon, curve):
    return make_forecast(phonon, TIMES), make_forecast(phonon, TIMES, curve)


def bound_of(objective, forecasts, constraints):
    return bound(objective, forecasts[objective.of_moment], constraints, (0.0, 4.0), False)


def moved(phonon, field):
    """Motion at TIMES of a field at FINE points an interval: q = g∗E by the trapezoid rule, (ωh)²/12 = 2·10⁻⁵."""
    step = 4 / (80 * FINE)
    t = np.arange(80 * FINE + 1) * step
    omega, half = 2 * np.pi * 2.42, 0.32
    turn = np.sqrt(omega**2 - half**2)
    force = 1.4 * FIELD_FORCE / 4.3 * step
    green = np.exp(-half * t) * np.sin(turn * t) / turn
    slope = np.exp(-half * t) * (np.cos(turn * t) - half / turn * np.sin(turn * t))
    q, v = (
        np.stack([fftconvolve(force * kernel, part)[: t.size] for part in field.T], axis=-1)
        for kernel in (green, slope)
    )
    v = v - force / 2 * field
    return Motion(phonon, jnp.asarray(TIMES), jnp.asarray(q[::FINE]), jnp.asarray(v[::FINE]))


def random_field(seed):
    """Noise around the mode with a random width and sense, of the fluence."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 4, 80 * FINE + 1)
    nu = np.fft.fftfreq(t.size, t[1])
    noise = np.fft.fft(rng.normal(size=(t.size, 2)) @ [1, 1j])
    sense = rng.choice([-1, 1])
    width = rng.uniform(0.05, 1.0)
    noise = np.fft.ifft(noise * (np.exp(-(((nu - sense * 2.42) / width) ** 2)) + rng.uniform(0, 0.01)))
    noise = noise * np.sin(np.pi * t / 4) ** 2
    field = np.stack([noise.real, noise.imag], axis=-1)
    energy = np.sum(field**2) * t[1]
    return field * np.sqrt(FLUENCE / float(cj.units.FLUENCE) / energy)


@pytest.fixture(scope="module")
def bounds(forecasts):
    return {type(o).__name__: bound_of(o, forecasts, Constraints(FLUENCE)) for o in TURNS + MOMENTS}


@SETTINGS
@given(seed=st.integers(0, 2**32 - 1))
def test_no_field_exceeds_the_bound(phonon, forecasts, bounds, seed):
    motion = moved(phonon, random_field(seed))
    for forecast, objectives in zip(forecasts, (TURNS, MOMENTS), strict=True):
        outcome = forecast.observed(cj.GaussianPulse(), motion, jnp.asarray(FLUENCE))
        for objective in objectives:
            limit = bounds[type(objective).__name__]
            assert float(objective(outcome)) <= limit.value * (1 + 1e-4)
            assert "exact limit" in limit.reason


def test_the_angular_momentum_is_reached(phonon, forecasts, bounds):
    """The field of the limit itself, on its own spline."""
    limit = cj.angular_momentum_limit(phonon, Constraints(FLUENCE), time=3.0, start=0.0)
    field = np.asarray(limit.pulse(np.linspace(0, 4, 80 * FINE + 1)))
    outcome = forecasts[0].observed(cj.GaussianPulse(), moved(phonon, field), jnp.asarray(FLUENCE))
    assert float(TURNS[0](outcome)) == pytest.approx(bounds["AngularMomentumAt"].value, rel=2e-3)


def test_order(bounds, forecasts):
    """A mean is at most a peak, the peak of |M| is that of the curve, and switching the smaller of two moments."""
    value = {name: limit.value for name, limit in bounds.items()}
    assert value["MeanMoment"] <= value["PeakMoment"]
    assert value["MomentAt"] <= value["PeakMoment"]
    assert value["Switching"] <= value["MomentAt"]
    assert value["AngularMomentumAt"] <= value["PeakAngularMomentum"]
    x = np.linspace(0, 1, 10001)
    assert value["PeakMoment"] <= abs(0.5 * x - 0.3 * (4 * x**3 - 3 * x)).max() * (1 + 1e-12)
    doubled = bound_of(TURNS[0], forecasts, Constraints(2 * FLUENCE)).value
    assert doubled == pytest.approx(2 * value["AngularMomentumAt"], rel=1e-10)


@pytest.mark.slow
def test_peak_in_a_band(forecasts):
    """Not below that at any single time."""
    limits = Constraints(FLUENCE, band=BAND, leakage=1e-2)
    peak = bound_of(PeakAngularMomentum(), forecasts, limits).value
    for time in (0.05, 1.0, 2.35, 4.0):
        assert bound_of(AngularMomentumAt(time), forecasts, limits).value <= peak * (1 + 1e-6)


def test_a_single_group_in_a_band(forecasts, monkeypatch):
    """The same of one group of times, for whose fields 4 ps more are allowed."""
    monkeypatch.setattr("chiraljax.control._certificate._GROUPS", 1)
    limits = Constraints(FLUENCE, band=BAND, leakage=1e-2)
    peak = bound_of(PeakAngularMomentum(), forecasts, limits).value
    for time in (1.0, 4.0):
        assert bound_of(AngularMomentumAt(time), forecasts, limits).value <= peak * (1 + 1e-6)


def test_none_is_known(forecasts, make_forecast, make_phonon):
    limits = Constraints(FLUENCE)
    hard = make_forecast(make_phonon(quartic_isotropic=1.0), TIMES)
    cases = [
        (bound(TURNS[0], hard, limits, (0.0, 4.0), False), "none is known for an anharmonic phonon"),
        (bound(TURNS[0], forecasts[0], limits, (0.0, 4.0), True), "none is known for the mean over deviations"),
        (bound(MomentPerFluence(), forecasts[1], limits, (0.0, 4.0), False), "none is known for MomentPerFluence"),
        (bound(lambda outcome: outcome.fluence, forecasts[0], limits, (0.0, 4.0), False), "none is known for <lambda>"),
        (
            bound(TURNS[0], forecasts[0], Constraints(1.0, band=BAND), (0.0, 60.0), False),
            "not computed in a band .* here 204",
        ),
    ]
    for found, reason in cases:
        assert found.value is None
        assert re.search(reason, found.reason)
        assert found.status == f"stopped: {found.reason}"


def test_none_in_a_band_before_the_first_time(phonon, forecasts):
    """A Gaussian that is half over when the phonon is let go: what fields from then on reach is less than it does."""
    pulse = cj.GaussianPulse(duration=0.75, center=0.0, ellipticity=1.0)
    limits = Constraints(float(pulse.fluence), band=(1.92, 2.92))
    rest = np.zeros(2), np.zeros(2)
    reached = abs(float(phonon.drive(pulse, TIMES, steps=cj.FixedSteps(), initial=rest).angular_momentum[20]))
    assert reached > bound(AngularMomentumAt(1.0), forecasts[0], limits, (0.0, 6.0), False).value
    found = bound(AngularMomentumAt(1.0), forecasts[0], limits, (-6.0, 6.0), False)
    assert found.value is None
    assert "may begin before the first time" in found.reason
    free = bound(AngularMomentumAt(1.0), forecasts[0], Constraints(float(pulse.fluence)), (-6.0, 6.0), False)
    assert reached <= free.value
