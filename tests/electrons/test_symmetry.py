"""Invariances of the bands that follow from the crystal and from the rotation alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax import Crystal, Hopping, Shell, slater_koster
from chiraljax.crystal import cartesian, magnetic_operations, reciprocal

ROTATION = 2 * np.pi * 2.42
points = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array)


def _spin_weights(electrons, k, rotation, width=0.3):
    """⟨σ_z⟩ smeared over energies, Tr[σ_z exp(−(H − E)²/2w²)]: defined for degenerate levels too."""
    energies, vectors = np.linalg.eigh(np.asarray(electrons.hamiltonian(k, rotation)))
    spin = np.einsum("kai,ab,kbi->ki", vectors.conj(), np.asarray(electrons.spin[2]), vectors).real
    grid = np.linspace(-6, 10, 33)
    return np.einsum("ki,kie->ke", spin, np.exp(-((grid - energies[..., None]) ** 2) / (2 * width**2)))


@given(points)
def test_cubic_invariance(electrons, k):
    stars = reciprocal(electrons.operations) @ k
    assert len(stars) == 48
    energies = np.asarray(electrons.energies(np.concatenate([[k], stars, -stars])))
    np.testing.assert_allclose(energies, np.broadcast_to(energies[0], energies.shape), atol=1e-11)


@given(points)
def test_tetragonal_invariance_with_rotation(electrons, k):
    operations = magnetic_operations(electrons.crystal, electrons.operations, [0, 0, 1.0])
    assert len(operations) == 16
    stars = operations @ k
    energies = np.asarray(electrons.energies(stars, ROTATION))
    np.testing.assert_allclose(energies, np.broadcast_to(energies[0], energies.shape), atol=1e-11)
    spin = _spin_weights(electrons, stars, ROTATION)
    np.testing.assert_allclose(spin, np.broadcast_to(spin[0], spin.shape), atol=1e-11)


@given(points)
def test_hermitian_and_periodic(electrons, k):
    H = np.asarray(electrons.hamiltonian(k, ROTATION))
    np.testing.assert_array_equal(H, H.conj().T)
    np.testing.assert_allclose(H, electrons.hamiltonian(k + np.array([1, -2, 3]), ROTATION), atol=1e-12)


@given(points)
def test_time_reversal(electrons, k):
    """Θ = iσ_y K takes H(k, Ω) to H(−k, −Ω); with inversion every level at Ω = 0 is twofold."""
    theta = np.kron(np.eye(14), [[0, 1], [-1, 0]])
    reversed_ = theta @ np.asarray(electrons.hamiltonian(k, ROTATION)).conj() @ theta.T
    np.testing.assert_allclose(reversed_, electrons.hamiltonian(-k, -ROTATION), atol=1e-12)
    pairs = np.asarray(electrons.energies(k)).reshape(-1, 2)
    np.testing.assert_allclose(pairs[:, 0], pairs[:, 1], atol=1e-11)


@given(points, st.integers(0, 47), st.tuples(*[st.floats(-30, 30)] * 3).map(np.array))
def test_rotation_is_an_axial_vector(electrons, k, which, rotation):
    operation = electrons.operations[which]
    turned = cartesian(electrons.crystal, [operation])[0]
    expected = electrons.energies(k, rotation)
    found = electrons.energies(reciprocal([operation])[0] @ k, np.linalg.det(turned) * turned @ rotation)
    np.testing.assert_allclose(found, expected, atol=1e-11)


def test_barnett_sign_is_the_opposite_rotation(electrons):
    import dataclasses

    k = np.array([0.1, 0.2, 0.3])
    barnett = dataclasses.replace(electrons, rotation_sign=-1)
    np.testing.assert_array_equal(barnett.hamiltonian(k, ROTATION), electrons.hamiltonian(k, -ROTATION))


def test_rotation_weights_choose_who_feels_it(electrons):
    """With no weight anywhere the rotation does nothing; on Ta alone it splits by ħΩ m_j of the d states."""
    import dataclasses

    import jax.numpy as jnp

    k = np.zeros(3)
    still = dataclasses.replace(electrons, rotation_weights=jnp.zeros(2))
    np.testing.assert_allclose(still.energies(k, ROTATION), electrons.energies(k), atol=1e-12)
    only_ta = dataclasses.replace(electrons, rotation_weights=jnp.array([0.0, 1.0]))
    shift = np.asarray(only_ta.energies(k, ROTATION) - electrons.energies(k))
    assert np.abs(shift[12:18]).max() < 1e-10
    assert np.ptp(shift[18:22]) == pytest.approx(0.010008316, rel=0.01)


def test_broken_symmetry_is_dropped_with_one_warning(electrons):
    from chiraljax import Crystal, Hopping, Shell, slater_koster

    crystal = Crystal(3 * np.eye(3), ["Ta"], [[0, 0, 0]])
    energies = {"xy": 0.0, "yz": 0.1, "zx": 0.1, "x2-y2": 1.0, "3z2-r2": 1.0}
    shell = Shell("Ta", "d", energies, crystal_field="orbitals")
    hopping = Hopping(("Ta.d", "Ta.d"), 1, {"sigma": 0.3, "pi": -0.2, "delta": 0.1})
    with pytest.warns(UserWarning, match="lacks 40 of the crystal's 48 point operations"):
        model = slater_koster(crystal, [shell], [hopping], filling=2)
    assert len(model.operations) == 8


def test_sites_with_different_numbers_of_bonds_are_told(ktao3):
    """At c/a = 1.01 the Ta–O bonds along z are another shell, and the O above and below Ta have none of the first."""
    shells = [Shell("O", "s", {"energy": 0.0}), Shell("Ta", "s", {"energy": 1.0})]
    strained = Crystal(np.diag([3.988, 3.988, 4.028]), ktao3.crystal.species, ktao3.crystal.positions)
    with pytest.warns(UserWarning, match=r"the O sites 0, 1, 2 have 2, 2, 0 bonds of 1\.994 to 1\.994 Å; the next"):
        slater_koster(strained, shells, [Hopping(("O.s", "Ta.s"), 1, {"sigma": 1.0})], filling=6)
