"""Objectives of outcomes made by hand, in plain numpy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control import (
    AngularMomentumAt,
    MeanMoment,
    MomentAt,
    MomentPerFluence,
    PeakAngularMomentum,
    PeakMoment,
    Switching,
)
from chiraljax.phonon import Motion
from chiraljax.units import HBAR

TIMES = np.linspace(-1, 3, 41)
FLUENCE = 0.37
MOMENTS = [PeakMoment(), MomentPerFluence(), MomentAt(0.7), MeanMoment(0.0, 2.0), Switching(0.5, 2.5)]
TURNS = [PeakAngularMomentum(), AngularMomentumAt(0.7)]


@pytest.fixture(scope="module")
def outcome(phonon, pulse):
    """An outcome with this moment and random motion, none of which follows from another."""

    def make(moment=None, size=1.0):
        rng = np.random.default_rng(3)
        q, v = size * rng.normal(size=(2, 41, 2))
        moment = rng.normal(size=41) if moment is None else moment
        motion = Motion(phonon, jnp.asarray(TIMES), jnp.asarray(q), jnp.asarray(v))
        fluence = jnp.asarray(FLUENCE)
        return cj.Outcome(pulse, motion, jnp.asarray(TIMES), jnp.zeros(41), jnp.asarray(moment), fluence)

    return make


def turning(outcome):
    q, v = np.asarray(outcome.motion.q), np.asarray(outcome.motion.velocity)
    return (q[:, 0] * v[:, 1] - q[:, 1] * v[:, 0]) / HBAR


def test_values(outcome):
    """In numpy: the time 0.7 ps is the 18th, 0 to 2 ps are the 11th to the 31st."""
    made = outcome()
    m, turn = np.asarray(made.moment), turning(made)
    assert float(PeakMoment()(made)) == abs(m).max()
    assert float(MomentPerFluence()(made)) == pytest.approx(abs(m).max() / FLUENCE, rel=1e-14)
    assert float(MomentAt(0.7)(made)) == abs(m[17])
    assert float(MeanMoment(0.0, 2.0)(made)) == pytest.approx(abs(m[10:31].mean()), rel=1e-13)
    assert float(PeakAngularMomentum()(made)) == pytest.approx(abs(turn).max(), rel=1e-13)
    assert float(AngularMomentumAt(0.7)(made)) == pytest.approx(abs(turn[17]), rel=1e-13)


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(2, -3, 2), (-2, 3, 2), (5, -1, 1), (2, 3, -2), (-3, -2, -2), (0, 3, 0)]
)
def test_switching(outcome, first, second, expected):
    """The smaller size where the signs differ; where they do not, minus the smaller one, which must change sign."""
    moment = np.full(41, 9.0)
    moment[15], moment[35] = first, second
    made = outcome(moment)
    assert float(Switching(0.5, 2.5)(made)) == expected
    smooth = float(Switching(0.5, 2.5).smooth(made))
    assert expected - np.log(2) / 64 * max(abs(first), abs(second)) <= smooth <= expected + 1e-12


@pytest.mark.parametrize("objective", [PeakMoment(), MomentPerFluence(), PeakAngularMomentum()])
@pytest.mark.parametrize("flat", [False, True])
def test_smooth_peak(outcome, objective, flat):
    """A log-sum-exp over ±values at 64 a peak lies between the peak and log(2T)/64 above, which a flat signal has."""
    made = outcome(np.full(41, -0.3) if flat else None)
    value, smooth = float(objective(made)), float(objective.smooth(made))
    assert value <= smooth <= value * (1 + np.log(2 * 41) / 64)
    if flat and objective.of_moment:
        assert smooth == pytest.approx(value * (1 + np.log(41) / 64), rel=1e-12)


@pytest.mark.parametrize("objective", MOMENTS + TURNS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("size", [0.0, 1e-12, 1.0])
def test_smooth_has_a_slope(outcome, objective, size):
    """Finite at no signal at all; and at any other signal that of the differences, to h² times a curvature of 64².

    A slow signal, so that many values are near the largest and a scale that follows it counts.
    """
    made = outcome(size * np.cos(0.7 * TIMES + 0.4), size)

    def value(moment, q):
        return objective.smooth(eqx.tree_at(lambda o: (o.moment, o.motion.q), made, (moment, q)))

    with jax.disable_jit():
        slopes = jax.grad(value, argnums=(0, 1))(made.moment, made.motion.q)
    assert all(np.all(np.isfinite(slope)) for slope in slopes)
    if size:
        rng = np.random.default_rng(4)
        step = [1e-6 * size * rng.normal(size=slope.shape) for slope in slopes]
        up, down = (float(value(made.moment + s * step[0], made.motion.q + s * step[1])) for s in (1, -1))
        along = sum(float(np.sum(a * b)) for a, b in zip(slopes, step, strict=True))
        assert along == pytest.approx((up - down) / 2, rel=1e-6, abs=1e-9 * abs(up))


def test_error(outcome):
    made, moment = outcome(), jnp.asarray(1e-3)
    for objective in TURNS:
        assert float(objective.error(made, moment)) == 0
    for objective in MOMENTS:
        expected = 1e-3 / FLUENCE if isinstance(objective, MomentPerFluence) else 1e-3
        assert float(objective.error(made, moment)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (MomentAt(0.75), r"time must be one of the times, but got 0.75 ps; the nearest is 0.[78] ps"),
        (AngularMomentumAt(8.0), "time must be one of the times, but got 8.0 ps; the nearest is 3 ps"),
        (Switching(0.55, 1.0), "first must be one of the times"),
        (Switching(0.5, 1.01), "second must be one of the times"),
        (Switching(1.0, 0.5), "second must be after first"),
        (Switching(1.0, 1.0), "second must be after first"),
        (MeanMoment(0.51, 0.59), "none from 0.51 to 0.59 ps"),
        (MeanMoment(-2.0, -1.0), "times after the first, but there is none from -2.0 to -1.0 ps"),
        (MeanMoment(4.0, 5.0), "none from 4.0 to 5.0 ps"),
    ],
)
def test_checks(objective, message):
    with pytest.raises(InputError, match=message):
        objective.check(jnp.asarray(TIMES))


def test_checks_pass():
    for objective in MOMENTS + TURNS:
        objective.check(jnp.asarray(TIMES))
    with pytest.raises(InputError, match="end must be after start"):
        MeanMoment(1.0, 1.0)
    with pytest.raises(InputError, match="start must be finite"):
        MeanMoment(-np.inf, 1.0)


def test_ranges_are_checked_when_an_objective_is_built():
    with pytest.raises(InputError, match="time must be finite"):
        AngularMomentumAt(np.nan)
