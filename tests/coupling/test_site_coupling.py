"""Ω of every site."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj

DATA = Path(__file__).parents[1] / "data" / "phonons"
TIMES = np.linspace(0, 8, 81)


@pytest.mark.slow
def test_one_pair_of_rocksalt_turns_all_sites_as_the_mode():
    """Both atoms move on circles, so L_i/I_i is L/q² for each; thermal inertia is shared in the same proportion."""
    phonon = cj.load_lattice(DATA / "MgO" / "phonopy_disp.yaml").phonon(damping=0.5, axis=(1, 1, 0))
    motion = phonon.drive(cj.GaussianPulse(frequency=9.6, ellipticity=0.4), TIMES)
    expected = cj.KinematicRotation(temperature=200.0)(motion)
    found = cj.SiteRotation(temperature=200.0)(motion)
    assert found.shape == (81, 2)
    np.testing.assert_allclose(found, np.stack([expected] * 2, axis=1), atol=1e-12 * float(abs(expected).max()))


@pytest.mark.slow
def test_several_modes_turn_sites_at_different_rates(ktao3):
    """Without thermal motion Ω_i is the rate of the displacement's direction, d(atan2(u_y, u_x))/dt, here by central
    differences over 0.2 fs: they err by h²/6 of a third derivative, 1e-5 of ω of the fastest mode."""
    lattice = cj.load_lattice("KTaO3")
    phonon = lattice.phonon(damping=0.5, modes="all", crystal=ktao3.crystal)
    h = 1e-4
    times = np.array([0.0, 3.0 - h, 3.0, 3.0 + h])
    motion = phonon.drive(cj.GaussianPulse(frequency=5.0, duration=0.1), times)
    angles = np.arctan2(np.asarray(motion.displacements)[1:, :, 1], np.asarray(motion.displacements)[1:, :, 0])
    expected = np.angle(np.exp(1j * (angles[2] - angles[0]))) / (2 * h)
    found = np.asarray(cj.SiteRotation(temperature=0.0)(motion))[2]
    inertia = motion.site_inertia[2]
    vectors = np.asarray(phonon.oscillators.eigenvectors)
    zero_point = cj.phonon.thermal_square(phonon, 0.0) @ np.sum(vectors**2, axis=-1)
    np.testing.assert_allclose(found * (1 + zero_point / inertia), expected, atol=1e-3)
    assert np.ptp(expected) > 1.0


def test_a_site_that_nothing_moves_is_at_rest():
    vectors = np.zeros((1, 2, 2, 3))
    vectors[0, 0, 0, 0] = vectors[0, 1, 0, 1] = 1.0
    phonon = cj.Phonon(2.0, 0.1, 1.0, vectors, [10.0, 20.0])
    found = cj.SiteRotation()(phonon.drive(cj.GaussianPulse(), TIMES))
    assert jnp.all(jnp.isfinite(found))
    assert not np.any(found[:, 1])
    assert np.any(found[:, 0])


def test_wrong_temperature():
    with pytest.raises(cj.InputError, match="temperature must be zero or positive"):
        cj.SiteRotation(temperature=-1.0)
