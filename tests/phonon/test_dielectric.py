"""Light and the modes: ε(ν), Fresnel's transmission and the motion behind a surface."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import constants as si

import chiraljax as cj
from chiraljax.units import FIELD_FORCE, PERMITTIVITY

NU = np.linspace(0.0, 20.0, 301)


@eqx.filter_jit
def optical(phonon, nu):
    """ε and t."""
    return cj.dielectric_function(phonon, nu), cj.transmission(phonon, nu)


@pytest.fixture(scope="module")
def phonon(make_phonon):
    return make_phonon(volume=63.4)


@pytest.fixture(scope="module")
def across():
    """Two modes at an angle, of two atoms."""
    vectors = np.zeros((2, 1, 2, 3))
    vectors[0, 0, 0, 0] = vectors[1, 0, 1, 1] = 1.0
    return cj.Phonon([3.0, 8.0], [0.5, 0.9], [[1.0, 0.3], [-0.2, 0.8]], vectors, [20.0, 30.0], 3.0, volume=70.0)


def test_permittivity_in_si():
    """1 e²/u over (1 rad/ps)² and 1 Å³, by SI units."""
    assert 1 / PERMITTIVITY == pytest.approx(si.e**2 / (si.atomic_mass * si.epsilon_0 * 1e-30 * 1e24), rel=1e-12)


@pytest.mark.slow
def test_lorentz_oscillator_and_lyddane_sachs_teller(phonon):
    """ε = ε∞ + S/(ω₀² − ω² − iηω); without damping ε(0)/ε∞ = (ω_LO/ω_TO)² where ε(ω_LO) = 0."""
    found = np.asarray(optical(phonon, NU)[0])
    omega, w0 = 2 * np.pi * NU, 2 * np.pi * 2.42
    strength = 1.4**2 / (PERMITTIVITY * 63.4)
    expected = 4.3 + strength / (w0**2 - omega**2 - 0.64j * omega)
    np.testing.assert_allclose(found[:, 0, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(found[:, 0, 1], 0, atol=1e-12)
    free = dataclasses.replace(phonon, damping=jnp.zeros(1))
    longitudinal = np.sqrt(w0**2 + strength / 4.3) / (2 * np.pi)
    static, vanishing = np.asarray(cj.dielectric_function(free, [0.0, longitudinal]))[:, 0, 0]
    assert abs(vanishing) < 1e-9
    assert static.real / 4.3 == pytest.approx((longitudinal / 2.42) ** 2, rel=1e-12)


def test_transmission_is_fresnel_s_along_principal_axes(phonon, across):
    """t = 2/(1 + n), n² = ε with Re n, Im n ≥ 0; where the axes of ε turn with the frequency too, n is its root, found
    by diagonalisation."""
    epsilon, found = (np.asarray(part)[:, 0, 0] for part in optical(phonon, NU))
    np.testing.assert_allclose(found, 2 / (1 + np.sqrt(epsilon)), rtol=1e-10)
    for epsilon, found in zip(*map(np.asarray, optical(across, NU)), strict=True):
        values, vectors = np.linalg.eig(epsilon)
        expected = vectors @ np.diag(2 / (1 + np.sqrt(values + 0j))) @ np.linalg.inv(vectors)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_surface_takes_no_energy(phonon):
    """What enters is what is not reflected: Re n |t|² = 1 − |r|², r = t − 1."""
    epsilon, t = (np.asarray(part)[1:, 0, 0] for part in optical(phonon, NU))
    index = np.sqrt(epsilon)
    np.testing.assert_allclose(index.real * abs(t) ** 2, 1 - abs(t - 1) ** 2, atol=1e-12)


@pytest.mark.slow
def test_field_inside_in_the_frequency_domain(phonon):
    """The spectrum of the trace over that of the pulse is t(ν), at frequencies of the pulse; of spline and trapezoid
    rule with 77 samples a period of the carrier, below 1e-6."""
    pulse = cj.GaussianPulse(frequency=3.0, ellipticity=0.5)
    nu = np.array([2.2, 2.7, 3.3])
    inside = cj.transmitted(pulse, phonon)
    found = np.fft.rfft(inside.field, axis=0)
    times = np.asarray(inside.times)
    grid = np.fft.rfftfreq(len(times), times[1] - times[0])
    outside = np.fft.rfft(pulse(times), axis=0)
    chosen = [int(np.argmin(abs(grid - one))) for one in nu]
    t = np.conj(optical(phonon, grid[chosen])[1])[:, :1, 0]
    np.testing.assert_allclose(found[chosen], t * outside[chosen], rtol=1e-9)


def test_before_the_pulse_nothing_enters(phonon):
    """Causality: poles and branch points of t lie in the lower half-plane, so the field inside does not precede that
    outside; e⁻¹² wraps around from the end of the window."""
    inside = cj.transmitted(cj.GaussianPulse(center=6.0), phonon)
    early = np.asarray(inside.times) < 2.0
    field = np.abs(inside.field)
    assert field[early].max() < 1e-5 * field.max()


def test_impulse_response_is_the_dielectric_function(phonon):
    """P(t) = Z̃q/V after a short field has the spectrum (ε − ε∞) ε₀E: q in fixed steps, over which the 5e-3 ps pulse
    is smooth, and E integrated by the same trapezoid rule. The window ends at e⁻¹⁹ of the motion."""
    free = dataclasses.replace(phonon, dielectric_constant=jnp.asarray(1.0))
    times = np.linspace(-0.1, 60, 60101)
    width = 5e-3

    def field(t):
        return jnp.exp(-0.5 * (t / width) ** 2)[..., None] * jnp.array([1.0, 0.0])

    steps = cj.FixedSteps().resolving(free, times)
    nodes, _ = steps.nodes(jnp.asarray(times))
    q = np.asarray(steps.from_field(free, field(nodes), jnp.asarray(times)).q)[:, 0]
    nu = np.array([0.7, 2.0, 2.42, 3.5])
    waves = np.exp(2j * np.pi * nu[:, None] * times)
    response = np.trapezoid(waves * q, times) / np.trapezoid(waves * np.asarray(field(times))[:, 0], times)
    found = 1.4 * response / (FIELD_FORCE * PERMITTIVITY * 63.4)
    np.testing.assert_allclose(found, cj.dielectric_function(free, nu)[:, 0, 0] - 1, rtol=1e-6)


@pytest.mark.slow
def test_steady_state_behind_a_surface(phonon):
    """A long pulse of one frequency: |q| = Z̃ |t| E/|ω₀² − ω² − iηω| at its peak, to the adiabatic corrections of an
    envelope of 12 ps, (ηcτ)⁻² with ηc = 0.3/ps the slower rate: 2 %."""
    nu = 3.0
    pulse = cj.GaussianPulse(frequency=nu, duration=12.0, center=60.0, ellipticity=1.0)
    motion = phonon.drive(pulse, np.linspace(0, 60, 61), steps=cj.FixedSteps(), surface="fresnel")
    omega = 2 * np.pi * nu
    t = abs(cj.transmission(phonon, [nu])[0, 0, 0])
    expected = 1.4 * FIELD_FORCE * t / abs((2 * np.pi * 2.42) ** 2 - omega**2 - 0.64j * omega)
    assert float(np.linalg.norm(motion.q[-1])) == pytest.approx(float(expected), rel=0.02)


def test_gradient_of_the_field_inside(phonon):
    times = np.linspace(0, 30, 1025)

    @jax.jit
    @jax.value_and_grad
    def peak(nu):
        return jnp.sum(cj.transmitted(cj.GaussianPulse(frequency=nu), phonon, times).field ** 2)

    difference = (peak(2.6 + 1e-4)[0] - peak(2.6 - 1e-4)[0]) / 2e-4
    assert float(peak(2.6)[1]) == pytest.approx(float(difference), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"volume": None}, {}, "volume of the phonon must be given for a dielectric function"),
        ({"damping": 0.0}, {}, "times must be given for a mode without damping"),
        ({}, {"times": [0.0, 1.0, 2.0, 4.0]}, "times must be equally spaced"),
        ({}, {"times": [0.0, 1.0]}, "times must hold at least four times"),
    ],
)
def test_what_is_missing_is_said(make_phonon, change, options, message):
    phonon = make_phonon(**({"volume": 63.4} | change))
    with pytest.raises(cj.InputError, match=message):
        cj.transmitted(cj.GaussianPulse(), phonon, **options)


def test_surfaces_have_names(phonon):
    with pytest.raises(cj.InputError, match="surface must be one of screened, fresnel, but got 'open'"):
        phonon.drive(cj.GaussianPulse(), [0.0, 1.0], surface="open")
