"""Limits against closed forms, a dense eigenproblem of the field, and motions that the phonon itself integrates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize

import chiraljax as cj
from chiraljax._errors import InputError
from chiraljax._units import FIELD_FORCE, FLUENCE, HBAR
from chiraljax.control import angular_momentum_limit, rotation_limit
from chiraljax.control._response import kernel, response

SETTINGS = settings(derandomize=True, deadline=None, max_examples=8)
WINDOW = {"time": 8.0, "start": 0.0}
OMEGA, DAMPING, FORCE = 2 * np.pi * 2.42, 0.64, 1.4 * FIELD_FORCE / 4.3


@pytest.fixture(scope="module")
def fluence(pulse):
    return float(pulse.fluence)


@pytest.fixture(scope="module")
def pairs(phonon):
    """Two pairs, the second overdamped and of the other sign of charge."""
    vectors = np.concatenate([np.asarray(phonon.eigenvectors)] * 2)
    return cj.Phonon([2.42, 1.1], [0.64, 20.0], [1.4, -0.8], vectors, phonon.masses, 4.3)


def motion_at(phonon, limit, time):
    """The motion that the phonon integrates under the field of a limit."""
    return phonon.drive(limit.pulse, np.array([limit.times[0], time]), max_steps=200_000)


def dense_forms(phonon, time, start, n=2000):
    """Times (midpoints), step, and maps of e to z and ż (P, n) by matrix exponentials of each pair."""
    step = (time - start) / n
    times = start + (np.arange(n) + 0.5) * step
    maps = []
    for nu, damping, charge in zip(phonon.frequency, phonon.damping, phonon.mode_effective_charge, strict=True):
        free = np.array([[0, 1], [-((2 * np.pi * float(nu)) ** 2), -float(damping)]])
        kick = np.array([0, float(charge) * FIELD_FORCE / float(phonon.dielectric_constant)])
        maps.append(linalg.expm(free * (time - times)[:, None, None]) @ kick)
    return times, step, np.moveaxis(np.array(maps), -1, 0)


@pytest.mark.parametrize("damping", [0.0, 0.64, 30.4, 4 * np.pi * 2.42, 30.5, 200.0])
def test_response_at_any_damping(make_phonon, damping):
    """The kernel is the second column of exp(t[[0, 1], [−ω², −η]]); scipy's is good to 10⁻¹² relative to its norm."""
    delays = np.linspace(0, 5, 7)
    free = np.array([[0, 1], [-(OMEGA**2), -damping]])
    exact = FORCE * linalg.expm(free * delays[:, None, None])[:, :, 1].T
    np.testing.assert_allclose(kernel(make_phonon(damping=damping), delays), exact, rtol=1e-7, atol=1e-11 * FORCE)


def test_gramian_of_an_undamped_pair(make_phonon):
    """∫ sin² = T/2 − sin(2ωT)/4ω, ∫ sin cos = sin²(ωT)/2ω, ∫ cos² = T/2 + sin(2ωT)/4ω, to roundoff."""
    length = 3.3
    ripple = np.sin(2 * OMEGA * length) / (4 * OMEGA)
    cross = np.sin(OMEGA * length) ** 2 / (2 * OMEGA)
    exact = FORCE**2 * np.array(
        [[(length / 2 - ripple) / OMEGA**2, cross / OMEGA], [cross / OMEGA, length / 2 + ripple]]
    )
    seen = response(make_phonon(damping=0.0), 4.3, 1.0, 4.3, 2.42)
    np.testing.assert_allclose(seen.gramian(), exact, rtol=1e-11)


def test_one_pair_under_a_fluence(phonon, fluence):
    """F √det W/2: λ² = det(WS) for a 2×2 product of trace zero. W by the midpoint rule, h²/24 (2ω)² = 6·10⁻⁴ · h."""
    _, step, maps = dense_forms(phonon, 8.0, 0.0, 20000)
    rows = maps[:, 0]
    expected = fluence / FLUENCE / 2 * np.sqrt(np.linalg.det(rows @ rows.T * step)) / HBAR
    limit = angular_momentum_limit(phonon, **WINDOW, fluence=fluence)
    assert limit.value == pytest.approx(expected, rel=1e-6)
    assert limit.gap == pytest.approx(0, abs=1e-12)


def test_dense_eigenproblem_of_two_pairs(pairs, fluence):
    """The largest eigenvalue of the kernel K(s, s′) = Σ [g(s)ġ(s′) − ġ(s)g(s′)]/2i on 2000 midpoints.

    The midpoint rule errs by h²/24 times the jump of the slope of a product of kernels at the end: 10⁻⁵.
    """
    _, step, (z, v) = dense_forms(pairs, 8.0, 0.0)
    kernel = (z.T @ v - v.T @ z) / 2j * step
    expected = np.linalg.eigvalsh(kernel)[-1] * fluence / FLUENCE / HBAR
    assert angular_momentum_limit(pairs, **WINDOW, fluence=fluence).value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("which", ["one", "two"])
def test_the_phonon_reaches_the_limit(phonon, pairs, fluence, which):
    """The spline through 30 samples a period misses the field by (ωh)⁴/384 ≈ 10⁻⁵."""
    chosen = phonon if which == "one" else pairs
    limit = angular_momentum_limit(chosen, **WINDOW, fluence=fluence)
    assert float(limit.pulse.fluence) == pytest.approx(fluence, rel=1e-3)
    assert float(motion_at(chosen, limit, 8.0).angular_momentum[-1]) == pytest.approx(limit.value, rel=1e-4)


def test_the_rotation_reaches_its_limit(phonon, pairs, fluence):
    for chosen in (phonon, pairs):
        for coupling in (cj.KinematicRotation(), cj.ConstantInertia()):
            limit = rotation_limit(chosen, coupling, **WINDOW, fluence=fluence)
            assert float(coupling(motion_at(chosen, limit, 8.0))[-1]) == pytest.approx(limit.value, rel=1e-4)


@SETTINGS
@given(fluence=st.floats(0.01, 10), temperature=st.floats(0, 600))
def test_kinematic_limit_of_one_pair(phonon, fluence, temperature):
    """At fixed |z| = r: Ω(r) = r √((F − r²/W₁₁)/P₂₂)/(r² + q_T²) with P = W⁻¹, maximised over r.

    With z = r real, ż = a + ib has b/r as Ω-part, and x†Px = P₁₁r² + 2P₁₂ra + P₂₂(a² + b²) ≤ F is least in a at
    r²(P₁₁ − P₁₂²/P₂₂) = r²/W₁₁.
    """
    coupling = cj.KinematicRotation(temperature)
    gramian = response(phonon, 8.0, 0.0, 8.0, 2.42).gramian()
    inverse, thermal = np.linalg.inv(gramian), float(coupling.thermal_square(phonon))
    budget = fluence / FLUENCE
    top = np.sqrt(budget * gramian[0, 0])

    def negative(r):
        return -r * np.sqrt(max(budget - r**2 / gramian[0, 0], 0) / inverse[1, 1]) / (r**2 + thermal)

    best = optimize.minimize_scalar(negative, bounds=(0, top), method="bounded", options={"xatol": 1e-8})
    limit = rotation_limit(phonon, coupling, **WINDOW, fluence=fluence)
    assert limit.value == pytest.approx(-best.fun, rel=1e-9)


def test_couplings(phonon, fluence):
    """Ω = ħL/I of a constant inertia; a fixed rotation is what it is."""
    momentum = angular_momentum_limit(phonon, **WINDOW, fluence=fluence)
    limit = rotation_limit(phonon, cj.ConstantInertia(2.0), **WINDOW, fluence=fluence)
    assert limit.value == pytest.approx(momentum.value * HBAR / 2.0, rel=1e-12)
    assert rotation_limit(phonon, cj.FixedRotation(7.0), **WINDOW, fluence=fluence).value == 7.0


def test_the_paper_pulse_is_below_its_limit(phonon, pulse, fluence):
    """At every time; the pulse has passed its peak before 0 ps to e⁻⁹."""
    times = np.linspace(0, 10, 41)
    reached = np.abs(phonon.drive(pulse, times).angular_momentum)
    for time, momentum in zip(times[4:], reached[4:], strict=True):
        assert momentum <= angular_momentum_limit(phonon, time=time, start=-1.0, fluence=fluence).value


def test_scaling(phonon, fluence):
    """L ∝ F, rising with the duration; the kinematic Ω rises with both, less than linearly."""
    values = [
        angular_momentum_limit(phonon, time=t, start=0.0, fluence=1.0).value for t in (0.01, 0.5, 1.0, 2.0, 4.0, 8.0)
    ]
    assert np.all(np.diff(values) > 0)
    doubled = angular_momentum_limit(phonon, **WINDOW, fluence=2 * fluence).value
    assert doubled == pytest.approx(2 * angular_momentum_limit(phonon, **WINDOW, fluence=fluence).value, rel=1e-12)
    rotations = [rotation_limit(phonon, cj.KinematicRotation(), **WINDOW, fluence=f).value for f in (1.0, 2.0, 4.0)]
    assert np.all(np.diff(rotations) > 0)
    assert rotations[2] < 4 * rotations[0]
    assert rotations[2] < 2 * rotations[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fluence": None}, "must be given"),
        ({"fluence": -1.0}, "fluence must be positive"),
        ({"time": 0.0}, "time must be after start"),
        ({"time": np.inf}, "time must be after start"),
    ],
)
def test_refusals(phonon, change, message):
    with pytest.raises(InputError, match=message):
        angular_momentum_limit(phonon, **({"time": 8.0, "start": 0.0, "fluence": 1.0} | change))


def test_no_bound_is_known_for_anharmonic_phonons(make_phonon):
    with pytest.raises(InputError, match="harmonic, since no bound is known"):
        angular_momentum_limit(make_phonon(quartic_isotropic=1.0), **WINDOW, fluence=1.0)
