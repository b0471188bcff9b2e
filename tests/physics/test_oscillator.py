"""The driven oscillator against exact propagators, conservation laws and symmetries."""

import equinox as eqx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson

from chiraljax.pulse import GaussianPulse
from chiraljax.units import FIELD_FORCE

SETTINGS = settings(derandomize=True, deadline=None, max_examples=6)


def duhamel(times, omega, damping, force):
    """q(t) = ∫₀ᵗ G(t−s) f(s) ds with G(t) = exp(−ηt/2) sin(Ωt)/Ω, Ω² = ω₀² − η²/4.

    As G(t−s) = Im[e^{λt} e^{−λs}]/Ω with λ = −η/2 + iΩ, the integral is a running one,
    a(t) = ∫₀ᵗ e^{−λs} f(s) ds. Gauss–Legendre with 12 points on pieces of at most 0.02 ps,
    where |λ|h < 0.31, is exact to roundoff; e^{−λs} grows by e^{3.2} over 10 ps, so that is 10⁻¹⁴.
    """
    turn = np.sqrt(omega**2 - damping**2 / 4)
    rate = -damping / 2 + 1j * turn
    x, w = np.polynomial.legendre.leggauss(12)
    pieces = int(np.ceil(times[1] / 0.02))
    edges = np.linspace(0, times[-1], pieces * (len(times) - 1) + 1)
    half = np.diff(edges)[:, None] / 2
    s = edges[:-1, None] + half * (1 + x)
    added = np.einsum("pn,pnc->pc", np.exp(-rate * s) * half * w, force(s))
    running = np.concatenate([np.zeros((1, 2)), np.cumsum(added, axis=0)])[::pieces]
    return (np.exp(rate * times)[:, None] * running).imag / turn


@pytest.mark.parametrize("points", [11, 501, 2001])
def test_exact_propagator(phonon, pulse, points):
    """To 10⁻⁸ of the largest |q|, at sparse and at dense times alike."""
    times = np.linspace(0, 10, points)
    motion = phonon.drive(pulse, times)
    force = 1.4 / 4.3 * FIELD_FORCE
    exact = duhamel(times, 2 * np.pi * 2.42, 0.64, lambda s: force * np.asarray(eqx.filter_jit(pulse)(s)))
    assert np.abs(motion.q - exact).max() < 1e-8 * np.abs(exact).max()


def test_steady_state_of_a_long_pulse(phonon):
    """At resonance ω = ω₀ the amplitude is Z̃E/(ε∞ηω₀) under an envelope that changes slowly beside 2/η.

    The curvature of the envelope at its peak corrects this by (2/ητ)² = 4·10⁻⁴, and by (η/2ω₀)² = 4·10⁻⁴
    the neglected second derivative; the start is forgotten as exp(−ηt/2) = 3·10⁻⁶ after 40 ps.
    """
    pulse = GaussianPulse(duration=150.0, center=0.0, ellipticity=1.0)
    motion = phonon.drive(pulse, np.linspace(-40, 0, 401), initial=(np.zeros(2), np.zeros(2)))
    expected = 1.4 * FIELD_FORCE / 4.3 / (0.64 * 2 * np.pi * 2.42)
    assert np.linalg.norm(motion.q[-1]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("quartic", [0.0, 60.0])
def test_energy_balance(make_phonon, pulse, quartic):
    """∫ q̇·f dt = ½q̇² + ½ω₀²q² + V + η ∫ q̇² dt.

    Simpson's rule over 10 ps with 4001 points errs by h⁴/180 of the third derivative of the integrand at the
    end, where the field is e⁻⁴⁹ but the motion is not: η |d³q̇²/dt³| h⁴/180 < 10⁻⁸ of the energy.
    """
    phonon = make_phonon(quartic_isotropic=quartic, quartic_cubic=quartic / 2)
    times = np.linspace(0, 10, 4001)
    motion = phonon.drive(pulse, times)
    q, v = np.asarray(motion.q), np.asarray(motion.velocity)
    field = np.asarray(eqx.filter_jit(pulse)(times))
    work = simpson((v * field).sum(1) * 1.4 / 4.3 * FIELD_FORCE, times)
    lost = 0.64 * simpson((v**2).sum(1), times)
    stored = 0.5 * (v[-1] @ v[-1]) + 0.5 * (2 * np.pi * 2.42) ** 2 * (q[-1] @ q[-1])
    stored += float(phonon.potential(motion.q[-1]))
    assert stored + lost == pytest.approx(work, rel=1e-7)


@SETTINGS
@given(angle=st.floats(-3, 3), ellipticity=st.floats(-1, 1))
def test_isotropic_motion_turns_with_the_field(make_phonon, angle, ellipticity):
    phonon = make_phonon(quartic_isotropic=40.0)
    times = np.linspace(0, 8, 81)
    straight = phonon.drive(GaussianPulse(ellipticity=ellipticity), times)
    turned = phonon.drive(GaussianPulse(ellipticity=ellipticity, angle=angle), times)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(turned.q, straight.q @ rotation.T, atol=1e-8)
    np.testing.assert_allclose(turned.angular_momentum, straight.angular_momentum, atol=1e-7)


@SETTINGS
@given(ellipticity=st.floats(-1, 1), phase=st.floats(-3, 3))
def test_mirror_flips_the_angular_momentum(make_phonon, ellipticity, phase):
    """y → −y maps ellipticity ε to −ε, and L to −L, also in the cubic potential."""
    phonon = make_phonon(quartic_isotropic=40.0, quartic_cubic=20.0)
    times = np.linspace(0, 8, 81)
    one = phonon.drive(GaussianPulse(ellipticity=ellipticity, phase=phase), times)
    other = phonon.drive(GaussianPulse(ellipticity=-ellipticity, phase=phase), times)
    np.testing.assert_allclose(one.angular_momentum, -other.angular_momentum, atol=1e-9)


def test_handedness(phonon, window):
    left = phonon.drive(GaussianPulse(ellipticity=1.0), window).angular_momentum
    linear = phonon.drive(GaussianPulse(ellipticity=0.0), window).angular_momentum
    assert left[200] > 3
    np.testing.assert_allclose(linear, 0, atol=1e-14)


def test_the_paper_pulse(phonon, pulse, window):
    """The largest |L| of the default pulse, from the exact propagator of `duhamel` and its derivative: 3.470 ħ."""
    assert np.abs(phonon.drive(pulse, window).angular_momentum).max() == pytest.approx(3.470, abs=0.001)


def test_free_decay(phonon, pulse, window):
    """After the pulse |q|² + |q̇/ω₀|² falls as exp(−ηt) averaged over a period, L exactly so: L̇ = −ηL."""
    late = np.asarray(phonon.drive(pulse, window).angular_momentum)[400:]
    np.testing.assert_allclose(late / late[0], np.exp(-0.64 * np.arange(101) * 0.02), rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("quartic", [0.0, 40.0])
def test_ionic_angular_momentum_lasts_for_a_thousand_periods(make_phonon, quartic):
    """Without field and damping an isotropic potential conserves q × q̇, and with it κ q × q̇ = Σ m u × u̇ of the ions.

    The solver's local tolerance is 1e-13 in some 30 steps a period: 30 000 steps add up to 3e-9 at most, and far less
    where their signs vary.
    """
    phonon = make_phonon(damping=0.0, quartic_isotropic=quartic)
    times = np.linspace(0, 1000 / 2.42, 201)
    start = ([1.0, 0.3], [-2.0, 9.0])
    motion = phonon.drive(GaussianPulse(peak_field=0.0), times, initial=start)
    total = np.asarray(motion.site_angular_momentum.sum(axis=1))
    np.testing.assert_allclose(total, total[0], rtol=3e-9)
    np.testing.assert_allclose(motion.energy, motion.energy[0], rtol=3e-9)
