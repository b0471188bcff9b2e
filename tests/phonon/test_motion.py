"""The motion of each atom adds up to that of the mode."""

import numpy as np
import pytest

from chiraljax.units import HBAR


@pytest.fixture(scope="module")
def motion(phonon, pulse, window):
    return phonon.drive(pulse, window)


def test_angular_momentum_is_q_cross_velocity(motion):
    (q1, q2), (v1, v2) = motion.q.T, motion.velocity.T
    expected = (q1 * v2 - q2 * v1) / HBAR
    np.testing.assert_allclose(motion.angular_momentum, expected, atol=1e-13)


def test_displacements_are_those_of_the_eigenvectors(motion, phonon):
    """Projecting √m_i u_i on the eigenvectors returns q, to their norm of 1 + 1.6·10⁻⁸."""
    weighted = np.asarray(motion.displacements) * np.sqrt(phonon.masses)[:, None]
    q = np.einsum("tix,cix->tc", weighted, phonon.eigenvectors[0])
    np.testing.assert_allclose(q, motion.q, atol=1e-7)


def test_sum_over_sites_where_both_polarisations_move_atoms_equally(make_phonon, pulse, window, phonon):
    """With e₂ = ẑ × e₁ on every atom, Σ m u × u̇ = Σ|e_i|² q × q̇ = q × q̇."""
    first = np.asarray(phonon.eigenvectors[0, 0]) / np.linalg.norm(phonon.eigenvectors[0, 0])
    turned = np.stack([first, np.cross([0, 0, 1], first)])
    motion = make_phonon(eigenvectors=turned).drive(pulse, window)
    np.testing.assert_allclose(motion.site_angular_momentum.sum(1), motion.angular_momentum, rtol=0, atol=1e-12)


def test_sum_over_sites_in_ktao3(motion):
    """In a cubic perovskite two O exchange their amplitudes a, b between x and y: Σ m u × u̇ = (1 − (a−b)²) q × q̇."""
    norm = 2 * 0.489984**2 + 0.398214**2 + 0.536118**2 + 0.271725**2
    overlap = norm - (0.489984 - 0.398214) ** 2
    np.testing.assert_allclose(motion.site_angular_momentum.sum(1), overlap * motion.angular_momentum, atol=1e-12)


def test_site_velocities_are_the_derivatives_of_displacements(phonon, pulse):
    """Central differences over 2 fs err by h²ω²/6 ≈ 4·10⁻⁵ of the largest velocity."""
    motion = phonon.drive(pulse, 4 + np.array([-4.0, -0.001, 0.0, 0.001]))
    slope = (motion.displacements[3] - motion.displacements[1]) / 0.002
    np.testing.assert_allclose(slope, motion.site_velocities[2], atol=1e-4 * np.abs(motion.site_velocities).max())


def test_motion_is_a_labelled_result(phonon, motion, make_phonon, pulse, window):
    """Units as in docs/conventions.md; the moment of the ions only where there are charges."""
    data = motion.to_xarray()
    assert data.status == "converged"
    assert data.angular_momentum.units == "hbar"
    assert data.q.dims == ("time", "coordinate")
    assert data.displacements.dims == ("time", "atom", "direction")
    np.testing.assert_array_equal(data.site_angular_momentum, motion.site_angular_momentum)
    assert "ionic_moment" not in data
    charged = make_phonon(born_charges=np.tile(np.eye(3), (5, 1, 1)))
    assert charged.drive(pulse, window).to_xarray().ionic_moment.units == "mu_B/cell"
    assert "Motion, converged" in repr(motion)
