"""Modes of any degeneracy: the anharmonic tensors, the balance of energy and of angular momentum."""

from itertools import permutations
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import simpson

import chiraljax as cj
from chiraljax.units import FIELD_FORCE, HBAR, MASS_ENERGY

WURTZITE = Path(__file__).parents[1] / "data" / "phonons" / "ZnO" / "phonopy_params.yaml"
TIMES = np.linspace(0, 6, 61)


def symmetric(rng, modes, rank, size):
    """A random tensor that is symmetric in all its places."""
    tensor = rng.normal(size=(modes,) * rank)
    orders = list(permutations(range(rank)))
    return size * sum(tensor.transpose(order) for order in orders) / len(orders)


@pytest.fixture(scope="module")
def lattice():
    return cj.load_lattice(WURTZITE)


@pytest.fixture(scope="module")
def anharmonic(lattice):
    """Four modes of wurtzite: silent E2 and the E1 that light turns about c, with random terms of third and fourth
    order that bend the motion by a few percent."""
    rng = np.random.default_rng(1)
    return lattice.normal_modes(
        damping=[0.3, 0.5],
        modes=[0, 3],
        cubic=symmetric(rng, 4, 3, 300.0),
        quartic=symmetric(rng, 4, 4, 200.0),
    )


@pytest.fixture(scope="module")
def driven(anharmonic):
    return anharmonic.drive(cj.GaussianPulse(frequency=9.2), TIMES, steps=cj.AdaptiveSteps())


def test_potential_and_force(anharmonic):
    q = jnp.asarray(np.random.default_rng(0).normal(size=4))
    cubic, quartic = np.asarray(anharmonic.cubic), np.asarray(anharmonic.quartic)
    by_hand = sum(cubic[a, b, c] * q[a] * q[b] * q[c] / 6 for a in range(4) for b in range(4) for c in range(4)) + sum(
        quartic[a, b, c, d] * q[a] * q[b] * q[c] * q[d] / 24
        for a in range(4)
        for b in range(4)
        for c in range(4)
        for d in range(4)
    )
    assert anharmonic.potential(q) == pytest.approx(float(by_hand), rel=1e-12)
    np.testing.assert_allclose(anharmonic.anharmonic_force(q), -jax.grad(anharmonic.potential)(q), rtol=1e-12)


def test_energy_balance(anharmonic):
    """∫ q̇·Z̃E/ε∞ dt = energy + Σ η ∫ q̇² dt, by Simpson's rule: h⁴/180 of the integrand's third
    derivative, η(4πν)³q̇², is 10⁻⁷ of the energy."""
    pulse = cj.GaussianPulse(frequency=9.2, peak_field=1.0, ellipticity=0.7)
    times = np.linspace(0, 6, 3001)
    motion = anharmonic.drive(pulse, times)
    v = np.asarray(motion.velocity)
    force = np.asarray(pulse(times)) @ np.asarray(anharmonic.mode_effective_charge).T * FIELD_FORCE
    work = MASS_ENERGY * simpson((v * force).sum(axis=1), times)
    lost = MASS_ENERGY * simpson(v**2 @ np.asarray(anharmonic.damping), times)
    q = np.abs(motion.q)
    assert q[:, :2].max() > 1e-3 * q.max()  # the silent pair is dragged along
    assert float(motion.energy[-1]) + lost == pytest.approx(work, rel=1e-6)


@pytest.mark.slow
def test_fixed_and_adaptive_steps(anharmonic, driven):
    """1e-7 is what `FixedSteps` promise."""
    stepped = anharmonic.drive(cj.GaussianPulse(frequency=9.2), TIMES, steps=cj.FixedSteps())
    np.testing.assert_allclose(stepped.q, driven.q, atol=1e-7 * np.abs(driven.q).max())


def test_sites_carry_the_angular_momentum_and_the_inertia(anharmonic, driven):
    np.testing.assert_allclose(driven.site_angular_momentum.sum(axis=1), driven.angular_momentum, atol=1e-12)
    inertia = np.einsum("ta,ab,tb->t", driven.q, anharmonic.inertia, driven.q)
    np.testing.assert_allclose(driven.site_inertia.sum(axis=1), inertia, atol=1e-12)


def test_kinematic_coupling_of_a_pair_and_of_its_modes(lattice):
    """In wurtzite E1 moves atoms on circles across c, so both descriptions have the same L and inertia."""
    pulse = cj.GaussianPulse(frequency=9.2)
    pair = lattice.phonon(damping=0.5).drive(pulse, TIMES)
    modes = lattice.normal_modes(damping=0.5, modes=[3]).drive(pulse, TIMES)
    coupling = cj.KinematicRotation(temperature=100.0)
    np.testing.assert_allclose(coupling(modes), coupling(pair), atol=1e-10)


def test_linear_light_along_a_of_wurtzite_makes_an_ellipse(lattice):
    """Circular light across the polar axis drives A1 and E1 each on its own line: exact propagators of two oscillators
    with phases of their own; the sum over sites of m u × u̇ is their q × q̇ times the overlap of the vectors."""
    modes = lattice.normal_modes(damping=0.5, axis=(1, 0, 0))
    motion = modes.drive(cj.GaussianPulse(frequency=8.5, peak_field=2.0), TIMES)
    overlap = float(modes.turning[1, 0])
    q, v = np.asarray(motion.q), np.asarray(motion.velocity)
    expected = overlap * (q[:, 1] * v[:, 0] - q[:, 0] * v[:, 1]) / HBAR
    assert abs(expected).max() > 0.01
    np.testing.assert_allclose(motion.site_angular_momentum.sum(axis=1), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": [1.0, -2.0]}, "frequency must be positive"),
        ({"frequency": 1.0}, r"frequency must have the shape \(2,\), but got \(\)"),
        ({"mode_effective_charge": [1.0, 1.0]}, r"mode_effective_charge must have the shape \(2, 2\)"),
        ({"eigenvectors": np.ones((2, 1, 1, 3))}, "eigenvectors must be orthonormal over the cell"),
        ({"cubic": np.arange(8.0).reshape(2, 2, 2)}, "cubic must be symmetric in all its places"),
        ({"plane": [[1, 0, 0], [1, 1, 0]]}, "plane must hold two orthonormal vectors"),
        ({"plane": [1, 0, 0]}, r"plane must have the shape \(2, 3\)"),
        ({"eigenvectors": np.ones((2, 3))}, r"eigenvectors must have the shape \(P, 2, atoms, 3\) of pairs or"),
        ({"quartic_cubic": [1.0, 1.0]}, "quartic_cubic must be left out for single modes"),
        ({"volume": -1.0}, "volume must be positive"),
        ({"born_charges": np.zeros((2, 3, 3))}, r"born_charges must have the shape \(1, 3, 3\)"),
    ],
)
def test_wrong_arguments(change, message):
    right = {
        "frequency": [1.0, 2.0],
        "damping": [0.1, 0.1],
        "mode_effective_charge": np.eye(2),
        "eigenvectors": np.eye(3)[:2, None, None],
        "masses": [1.0],
    }
    cj.Phonon(**right)
    with pytest.raises(cj.InputError, match=message):
        cj.Phonon(**(right | change))


def test_initial_values_have_a_shape(make_phonon):
    with pytest.raises(cj.InputError, match=r"initial must be q and q̇ of the shape \(2,\)"):
        make_phonon().drive(cj.GaussianPulse(), [0.0, 1.0], initial=([0.0], [0.0]))
