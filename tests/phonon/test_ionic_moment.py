"""The moment of the moving ions, and the gyromagnetic ratio of a pair."""

from pathlib import Path

import numpy as np
import pytest
from scipy import constants as si

import chiraljax as cj

DATA = Path(__file__).parents[1] / "data" / "phonons"
TIMES = np.linspace(0, 8, 401)


@pytest.fixture(scope="module")
def salt():
    """MgO of rigid ions ±2 e, about [111]."""
    return cj.load_lattice(DATA / "MgO" / "phonopy_disp.yaml").phonon(damping=0.5, axis=(1, 1, 1))


@pytest.fixture(scope="module")
def salt_motion(salt):
    return salt.drive(cj.GaussianPulse(frequency=9.6, peak_field=3.0, ellipticity=1.0), TIMES)


def test_one_circling_charge():
    """½ e r × v in SI: +1 e at 0.1 Å turning at 1 THz."""
    vectors = np.zeros((1, 2, 1, 3))
    vectors[0, 0, 0, 0] = vectors[0, 1, 0, 1] = 1.0
    phonon = cj.Phonon(1.0, 0.0, 1.0, vectors, [4.0], born_charges=[np.eye(3)])
    motion = phonon.drive(cj.GaussianPulse(peak_field=0.0), [0.0, 0.4], initial=([0.2, 0.0], [0.0, 0.2 * 2 * np.pi]))
    expected = 0.5 * si.e * (1e-11) ** 2 * 2 * np.pi * 1e12
    magneton = si.physical_constants["nuclear magneton"][0]
    np.testing.assert_allclose(motion.ionic_moment_nuclear, expected / magneton, rtol=1e-9)
    np.testing.assert_allclose(motion.ionic_moment, expected / si.physical_constants["Bohr magneton"][0], rtol=1e-9)
    ratio = expected / magneton / float(motion.angular_momentum[0])
    np.testing.assert_allclose(phonon.gyromagnetic_ratio, ratio, rtol=1e-9)
    splitting = 2 * ratio * magneton / si.h / 1e12
    np.testing.assert_allclose(phonon.zeeman_splitting, splitting, rtol=1e-9)


def test_rigid_ions_of_rocksalt(salt, salt_motion):
    """u_i = ± q √μ/m_i: M = ½ Z μ (1/m₁² − 1/m₂²) q × q̇, proportional to L at all times."""
    light, heavy = 15.9994, 24.305
    reduced = light * heavy / (light + heavy)
    per_action = 0.5 * 2.0 * reduced * (1 / heavy**2 - 1 / light**2)
    action = salt_motion.angular_momentum * si.hbar
    expected = per_action * si.e / si.atomic_mass * action
    magneton = si.physical_constants["nuclear magneton"][0]
    largest = abs(expected / magneton).max()
    np.testing.assert_allclose(salt_motion.ionic_moment_nuclear, expected / magneton, atol=1e-7 * largest)
    gamma = per_action * si.e * si.hbar / si.atomic_mass / magneton
    np.testing.assert_allclose(salt.gyromagnetic_ratio, gamma, rtol=1e-7)


def test_sites_of_rocksalt_carry_all_angular_momentum(salt_motion):
    assert abs(salt_motion.angular_momentum).max() > 0.1
    total = salt_motion.site_angular_momentum.sum(axis=1)
    np.testing.assert_allclose(total, salt_motion.angular_momentum, rtol=0, atol=1e-12)


def test_ktao3():
    """γ = −0.11 μ_N/ħ of the soft mode, from an independent sum over the same charges; the moment's mean over a turn of
    a circular motion is γL."""
    phonon = cj.load_lattice("KTaO3").phonon(damping=0.0, frequency=2.42)
    assert phonon.gyromagnetic_ratio[0] == pytest.approx(-0.11, abs=0.005)
    turn = np.linspace(0, 1 / 2.42, 65)[:-1]
    circle = ([0.5, 0.0], [0.0, 0.5 * 2 * np.pi * 2.42])
    motion = phonon.drive(cj.GaussianPulse(peak_field=0.0), turn, initial=circle)
    expected = phonon.gyromagnetic_ratio[0] * motion.angular_momentum[0]
    assert float(np.mean(motion.ionic_moment_nuclear)) == pytest.approx(float(expected), rel=1e-8)


def test_missing_charges(make_phonon, pulse):
    phonon = make_phonon()
    with pytest.raises(cj.InputError, match="born_charges of the phonon must be given for a gyromagnetic ratio"):
        _ = phonon.gyromagnetic_ratio
    with pytest.raises(cj.InputError, match="born_charges of the phonon must be given for the moment of the ions"):
        _ = phonon.drive(pulse, [0.0, 1.0]).ionic_moment
