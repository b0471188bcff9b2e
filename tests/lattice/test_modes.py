"""Modes at Γ against phonopy, closed forms and independent reference values."""

import numpy as np
import phonopy
import pytest

import chiraljax as cj
from chiraljax.lattice import Lattice


def test_frequencies_and_eigenvectors_are_those_of_phonopy(lattice):
    """phonopy diagonalises the dynamical matrix without regard to symmetry. Projectors on a set compare what is defined
    inside it: phonopy's own 1e-6 THz of splitting mixes sets that are 0.1 THz apart by 1e-5 at most."""
    exact = lattice.phonopy.run_qpoints([[0, 0, 0]], with_eigenvectors=True)
    frequencies, vectors = exact.frequencies[0], exact.eigenvectors[0]
    ours = np.concatenate([[one.frequency] * one.degeneracy for one in lattice.modes])
    assert len(ours) == 3 * len(lattice.masses) - 3
    np.testing.assert_allclose(np.sort([*lattice.acoustic, *ours]), frequencies, atol=1e-6)
    for one in lattice.modes:
        same = np.abs(frequencies - one.frequency) < 1e-5
        assert same.sum() == one.degeneracy
        flat = one.eigenvectors.reshape(one.degeneracy, -1)
        np.testing.assert_allclose(flat @ flat.T, np.eye(one.degeneracy), atol=1e-12)
        projector = np.real(vectors[:, same] @ vectors[:, same].conj().T)
        np.testing.assert_allclose(flat.T @ flat, projector, atol=1e-5)


def test_ktao3(tantalate):
    """Frequencies, Z̃ and labels from an independent analysis of the same force constants and charges."""
    assert [one.irrep for one in tantalate.modes] == ["T1u", "T1u", "T2u", "T1u"]
    assert [one.infrared for one in tantalate.modes] == [True, True, False, True]
    assert [one.degeneracy for one in tantalate.modes] == [3] * 4
    frequencies = [one.frequency for one in tantalate.modes]
    np.testing.assert_allclose(frequencies, [3.2736351811, 5.6728538478, 7.5199271350, 16.4427058049], atol=2e-6)
    charges = [np.sqrt(np.linalg.eigvalsh(one.oscillator_strength)[-1]) for one in tantalate.modes]
    np.testing.assert_allclose(charges, [1.3617187773, 0.6222894518, 0, 1.1309522364], atol=1e-6)
    assert charges[0] == pytest.approx(1.4, rel=0.05)  # the paper's


def test_labels_and_activity_of_wurtzite(wurtzite):
    """Γ_opt = A1 + E1 + 2 E2 + 2 B1, of which A1 (along the polar axis) and E1 (across it) are infrared-active."""
    found = {(one.irrep, one.degeneracy): one.infrared for one in wurtzite.modes}
    assert found == {("E2", 2): False, ("A1", 1): True, ("B1", 1): False, ("E1", 2): True}
    for one in wurtzite.modes:
        strength = np.diagonal(one.oscillator_strength)
        along, across = {"A1": (1, 0), "E1": (0, 1)}.get(one.irrep, (0, 0))
        expected = 4 * (2 / 65.38 + 2 / 15.9994) * np.array([across, across, along])
        np.testing.assert_allclose(strength, expected, atol=1e-7)


def test_rigid_ions_of_rocksalt(magnesia):
    """Two rigid ions: Z̃² = Z²(1/m₁ + 1/m₂), and ω_LO² = ω_TO² + Z̃²/(ε₀V) with ε∞ = 1, against phonopy's
    non-analytic term, by Lyddane, Sachs and Teller also ε(0) = (ω_LO/ω_TO)²."""
    (one,) = magnesia.modes
    strength = one.oscillator_strength
    np.testing.assert_allclose(strength, 4 * (1 / 24.305 + 1 / 15.9994) * np.eye(3), atol=1e-7)
    near = magnesia.phonopy.run_qpoints([[0, 0, 0]], nac_q_direction=[1, 0, 0]).frequencies[0]
    static = 1 + one.dielectric_share(magnesia.crystal.volume)[0, 0]
    assert static == pytest.approx((near[-1] / one.frequency) ** 2, rel=1e-6)


def altered(lattice, change):
    """The lattice with `change` (3N, 3N) added to its force constants over √(m m'), in THz²: of a single cell."""
    masses = np.repeat(lattice.masses, 3)
    constants = (change * np.sqrt(np.outer(masses, masses))).reshape(5, 3, 5, 3).swapaxes(1, 2)
    made = phonopy.Phonopy(lattice.phonopy.unitcell, np.eye(3, dtype=int), primitive_matrix=np.eye(3), log_level=0)
    made.nac_params = lattice.phonopy.nac_params
    made.force_constants = lattice.phonopy.force_constants + constants / made.unit_conversion_factor**2
    return Lattice(made, "altered")


def projector(one):
    flat = one.eigenvectors.reshape(one.degeneracy, -1)
    return flat.T @ flat


def test_sets_that_are_degenerate_by_accident_stay_apart(tantalate):
    soft, _, silent, _ = tantalate.modes
    shift = (soft.frequency**2 - silent.frequency**2) * projector(silent)
    lattice = altered(tantalate, shift)
    first, second = lattice.modes[:2]
    assert {first.irrep, second.irrep} == {"T1u", "T2u"}
    assert first.frequency == pytest.approx(second.frequency, abs=1e-6)
    assert first.degeneracy == second.degeneracy == 3
    polar = first if first.infrared else second
    np.testing.assert_allclose(projector(polar), projector(soft), atol=1e-6)


def test_an_unstable_mode_is_reported_and_driven_only_at_a_given_frequency(tantalate):
    soft = tantalate.modes[0]
    lattice = altered(tantalate, -2 * soft.frequency**2 * projector(soft))
    assert lattice.modes[0].imaginary
    assert lattice.modes[0].frequency == pytest.approx(-soft.frequency, abs=1e-6)
    assert "3.2736i" in lattice.table()
    with pytest.raises(
        cj.InputError, match=r"modes must be stable unless frequency gives measured values, but T1u \(3.274i THz\)"
    ):
        lattice.phonon(damping=0.6)
    driven = lattice.phonon(damping=0.6, frequency=2.42)
    expected = tantalate.phonon(damping=0.6, frequency=2.42)
    np.testing.assert_allclose(driven.eigenvectors, expected.eigenvectors, atol=1e-6)


def test_table_names_every_set(tantalate):
    lines = tantalate.table().splitlines()
    assert len(lines) == 5
    assert lines[1].split()[:6] == ["0", "T1u", "3", "3.2736", "yes", "1.3617"]
    assert lines[3].split() == ["2", "T2u", "3", "7.5199", "no"]


def test_force_constants_without_a_sum_rule_are_refused(tantalate):
    flat = np.kron(np.sqrt(tantalate.masses / tantalate.masses.sum())[:, None], np.eye(3))
    with pytest.raises(cj.InputError, match="must obey the acoustic sum rule, but uniform translations have 2 THz"):
        altered(tantalate, 4.0 * flat @ flat.T)
