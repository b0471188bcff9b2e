"""Ω(t) of each coupling."""

import jax
import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.coupling import ConstantInertia, FixedRotation, KinematicRotation, SiteRotation
from chiraljax.pulse import GaussianPulse
from chiraljax.units import BOLTZMANN, HBAR, HBAR_EV_PS


@pytest.fixture(scope="module")
def motion(phonon, pulse, window):
    return phonon.drive(pulse, window)


def test_fixed(motion):
    np.testing.assert_allclose(FixedRotation()(motion), np.full(501, 2 * np.pi * 2.42))


def test_kinematic(motion, phonon):
    """ħ/ω₀ coth(ħω₀/2k_BT) is 2.18 Å²u at 300 K, and the zero-point ħ/ω₀ at rest."""
    omega = 2 * np.pi * 2.42
    square = HBAR / omega / np.tanh(HBAR_EV_PS * omega / (2 * BOLTZMANN * 300))
    coupling = KinematicRotation()
    assert coupling.thermal_square(phonon) == pytest.approx(square)
    assert square == pytest.approx(2.2, abs=0.02)
    assert KinematicRotation(0.0).thermal_square(phonon) == pytest.approx(HBAR / omega)
    (q1, q2), (v1, v2) = motion.q.T, motion.velocity.T
    expected = (q1 * v2 - q2 * v1) / (q1**2 + q2**2 + square)
    np.testing.assert_allclose(coupling(motion), expected, rtol=1e-12)
    assert coupling(motion)[0] == 0


def test_kinematic_stays_below_the_frequency_and_follows_the_pulse(motion):
    rotation = np.abs(KinematicRotation()(motion))
    assert rotation.max() < 2 * np.pi * 2.42
    assert rotation[-1] < 0.05 * rotation.max()


def test_constant_inertia_peaks_near_the_frequency(motion):
    """Its default is the largest |q|² of this motion, so Ω = L/|q|²max = ω₀ within the width of the pulse."""
    assert np.sum(np.asarray(motion.q) ** 2, axis=1).max() == pytest.approx(1.45, abs=0.005)
    assert np.abs(ConstantInertia()(motion)).max() == pytest.approx(2 * np.pi * 2.42, rel=0.02)
    np.testing.assert_allclose(ConstantInertia(2.9)(motion), ConstantInertia(1.45)(motion) / 2)


def test_axis(phonon, make_phonon):
    """That of the phonon; only a fixed rotation may have one of its own."""
    tilted = make_phonon(plane=((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    for coupling in (FixedRotation(), KinematicRotation(), ConstantInertia(), SiteRotation()):
        assert coupling.axis_of(phonon) == (0.0, 0.0, 1.0)
        assert coupling.axis_of(tilted) == (1.0, 0.0, 0.0)
    np.testing.assert_allclose(FixedRotation(axis=[0, 3, 4]).axis_of(tilted), [0, 0.6, 0.8])
    with pytest.raises(InputError, match="axis must not be zero"):
        FixedRotation(axis=[0, 0, 0])
    with pytest.raises(InputError, match=r"axis must have the shape \(3,\)"):
        FixedRotation(axis=[0, 1])


@pytest.mark.parametrize("parameter", [0.0, 300.0])
def test_gradient_in_the_temperature_is_finite(motion, parameter):
    slope = jax.grad(lambda temperature: KinematicRotation(temperature)(motion)[200])(parameter)
    assert np.isfinite(slope)


def test_bad_arguments():
    with pytest.raises(InputError, match="inertia must be positive"):
        ConstantInertia(0.0)
    with pytest.raises(InputError, match="temperature must be zero or positive"):
        KinematicRotation(-1.0)
    with pytest.raises(InputError, match="rotation must be finite"):
        FixedRotation(np.inf)


def test_gradient_from_the_pulse(phonon, window):
    """L is quadratic in the field, so d ln Ω/d ln E₀ = 2 for a constant inertia."""
    peak = lambda field: -ConstantInertia()(phonon.drive(GaussianPulse(field), window))[200]  # noqa: E731
    value, slope = jax.value_and_grad(peak)(1.0)
    assert slope == pytest.approx(2 * float(value))
