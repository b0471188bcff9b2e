"""Which phonon light of a direction turns, and what it cannot."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.lattice._polarisation import ellipticity


def test_soft_mode_of_ktao3_is_that_of_the_material(tantalate, ktao3):
    """The material file's eigenvector is from the same force constants, with six digits."""
    phonon = tantalate.phonon(damping=0.64, frequency=2.42, crystal=ktao3.crystal)
    np.testing.assert_allclose(phonon.eigenvectors, ktao3.phonon.eigenvectors, atol=2e-6)
    np.testing.assert_allclose(phonon.masses, ktao3.phonon.masses, atol=2e-3)
    assert phonon.frequency[0] == 2.42
    assert phonon.volume == pytest.approx(3.988**3)


@pytest.mark.parametrize("axis", [(0, 0, 1), (0, 0, -2), (1, 1, 1), (0.3, -0.5, 0.8)])
def test_pairs_about_any_axis_of_a_cubic_crystal(tantalate, axis):
    phonon = tantalate.phonon(damping=0.5, axis=axis, modes="all")
    plane = np.array(phonon.plane)
    np.testing.assert_allclose(phonon.axis, np.array(axis) / np.linalg.norm(axis), atol=1e-14)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-14)
    expected = [1.36171878, 0.62228945, 1.13095224]
    np.testing.assert_allclose(phonon.mode_effective_charge, expected, atol=1e-6)
    polarised = np.einsum(
        "iab,pcib,i->pca", tantalate.born_charges, np.asarray(phonon.eigenvectors), tantalate.masses**-0.5
    )
    np.testing.assert_allclose(polarised, np.array(expected)[:, None, None] * plane, atol=1e-6)


def test_field_x_points_where_asked(tantalate):
    phonon = tantalate.phonon(damping=0.5, x=(1, 1, 5))
    np.testing.assert_allclose(phonon.plane, np.array([[1, 1, 0], [-1, 1, 0]]) / np.sqrt(2), atol=1e-14)


def test_uniaxial_crystal(wurtzite):
    """About the c axis light turns E1; along a it drives A1 and one of E1, each along its own line."""
    phonon = wurtzite.phonon(damping=0.5)
    assert phonon.frequency[0] == pytest.approx(9.3683, abs=1e-4)
    modes = wurtzite.normal_modes(damping=0.5, axis=(1, 0, 0))
    np.testing.assert_allclose(modes.frequency, [7.7225, 9.3683], atol=1e-4)
    z = np.sqrt(4 * (2 / 65.38 + 2 / 15.9994))
    np.testing.assert_allclose(
        modes.mode_effective_charge, [[0, z], [z, 0]], atol=1e-7
    )  # x of the field along b, y along c


def test_normal_modes_of_a_pair_move_as_the_pair(tantalate):
    times = np.linspace(0, 8, 81)
    pair = tantalate.phonon(damping=0.64, modes="all").drive(cj.GaussianPulse(), times)
    modes = tantalate.normal_modes(damping=0.64).drive(cj.GaussianPulse(), times)
    np.testing.assert_allclose(modes.q, pair.q, atol=1e-10)
    np.testing.assert_allclose(modes.angular_momentum, modes.site_angular_momentum.sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(modes.site_angular_momentum, pair.site_angular_momentum, atol=1e-10)


def test_silent_modes_may_join_for_their_anharmonic_coupling(wurtzite):
    modes = wurtzite.normal_modes(damping=0.5, modes=[0, 3])
    np.testing.assert_allclose(np.linalg.norm(modes.mode_effective_charge, axis=1) > 0.1, [False, False, True, True])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "KTaO3",
            {"modes": [2]},
            r"modes must be infrared-active, but T2u \(7.52 THz\) is not, so light cannot drive it",
        ),
        ("KTaO3", {"modes": [7]}, r"modes must be numbers from 0 to 3, but got \[7\]"),
        ("KTaO3", {"modes": [0, 0]}, "modes must be named once"),
        ("KTaO3", {"modes": "every"}, "modes must be numbers or 'all', but got 'every'"),
        ("KTaO3", {"axis": (0, 0, 0)}, "axis must not be zero"),
        ("KTaO3", {"x": (0, 0, 2)}, "x must not point along the axis"),
        ("KTaO3", {"damping": [1, 2]}, "damping must be a number or 1 of them"),
        ("KTaO3", {"frequency": -1}, "frequency must be positive"),
        (
            "ZnO",
            {"modes": [1]},
            r"axis must not point along the modes, but A1 \(7.723 THz\) is polarised along \[0.0, 0.0, 1.0\]",
        ),
        (
            "ZnO",
            {"axis": (1, 0, 1)},
            r"axis must be an axis of symmetry, but light along \[0.7071, 0.0, 0.7071\] cannot be",
        ),
        (
            "ZnO",
            {"axis": (1, 0, 0)},
            r"modes must be degenerate pairs, but .* drives A1 .* a ratio of axes of at most 0.86,",
        ),
        ("MgO", {"modes": [0], "crystal": "KTaO3"}, "crystals must have the same lattice vectors"),
    ],
)
def test_what_cannot_turn_is_said_in_one_line(lattices, name, options, message):
    options = {"damping": 0.5} | options
    if "crystal" in options:
        options["crystal"] = lattices[options["crystal"]].crystal
    with pytest.raises(cj.InputError, match=message) as error:
        lattices[name].phonon(**options)
    assert "\n" not in str(error.value)


def test_light_across_no_polarisation(wurtzite):
    with pytest.raises(cj.InputError, match="drives no mode of"):
        wurtzite.normal_modes(damping=0.5, axis=(1, 0, 1))


def test_ellipticity_of_two_oscillators():
    """Equal ones turn in a circle. Where the phase is a quarter off (ω far below or above both) the ratio is that of
    the amplitudes; the largest of a driven motion, sampled over a period, is what the formula says."""
    ratio, _ = ellipticity((2.0, 2.0), (5.0, 5.0), (0.3, 0.3))
    assert ratio == pytest.approx(1)
    ratio, nu = ellipticity((1.0, 3.0), (5.0, 6.0), (0.7, 0.2))
    omega, t = 2 * np.pi * nu, np.linspace(0, 1 / nu, 100001)
    rows = [
        np.sqrt(s) * np.exp(-1j * omega * t) / ((2 * np.pi * f) ** 2 - omega**2 - 1j * eta * omega)
        for s, f, eta in ((1.0, 5.0, 0.7), (3.0, 6.0, 0.2))
    ]
    radius = np.hypot(np.real(rows[0]), np.real(1j * rows[1]))
    assert ratio == pytest.approx(radius.min() / radius.max(), rel=1e-6)
