"""A rotation for each site: in the Hamiltonian, under symmetries, and which operations keep it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax import Crystal, Hopping, InputError, Shell, slater_koster
from chiraljax.brillouin import zone
from chiraljax.crystal import cartesian, magnetic_operations, reciprocal, site_images
from chiraljax.electrons import angular_momentum
from chiraljax.units import HBAR_EV_PS

PATTERN = np.array([[3.0, -5.0, 15.0], [-8.0, 1.0, 4.0], [0.0, 2.0, -11.0], [6.0, 7.0, -2.0], [9.0, 9.0, 9.0]])
SPIN = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]]) / 2
points = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array)
patterns = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).uniform(-30, 30, (5, 3)))


def _sodium(lengths, heights):
    """s orbitals on a tetragonal lattice, at some heights on the fourfold axis."""
    crystal = Crystal(np.diag(lengths), ["Na"] * len(heights), [[0, 0, z] for z in heights])
    hoppings = [Hopping(("Na.s", "Na.s"), shell, {"sigma": -0.5 / shell}) for shell in (1, 2)]
    return slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], hoppings, filling=1)


@pytest.fixture(scope="module")
def atoms():
    """Three s orbitals without hopping."""
    crystal = Crystal(4 * np.eye(3), ["H", "Li", "Na"], [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])
    return slater_koster(crystal, [Shell(name, "s", {"energy": 0.0}) for name in crystal.species], [], filling=1)


def test_equal_rotations_are_one_rotation(electrons):
    k = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    for one in (15.0, PATTERN[0]):
        vector = one * np.array([0.0, 0.0, 1.0]) if np.ndim(one) == 0 else one
        each = np.broadcast_to(vector, (5, 3))
        np.testing.assert_allclose(electrons.hamiltonian(k, each), electrons.hamiltonian(k, one), atol=1e-12)
        np.testing.assert_allclose(electrons.energies(k, each), electrons.energies(k, one), atol=1e-12)
        np.testing.assert_allclose(electrons.hoppings(each)[1], electrons.hoppings(one)[1], atol=1e-12)


def test_blocks_of_the_hamiltonian(electrons):
    """s w ħ Ω_i·(L + S) on each site, with unlike weights and the rotating-frame sign; K has no orbitals."""
    weights = {"O.p": 0.7, "Ta.d": 1.3}
    model = dataclasses.replace(electrons, rotation_sign=-1, rotation_weights=jnp.array(list(weights.values())))
    expected = np.zeros((model.size, model.size), dtype=complex)
    start = 0
    for site, shell, l in ((0, "O.p", 1), (1, "O.p", 1), (2, "O.p", 1), (3, "Ta.d", 2)):
        J = [
            np.kron(L, np.eye(2)) + np.kron(np.eye(2 * l + 1), s)
            for L, s in zip(angular_momentum(l), SPIN, strict=True)
        ]
        block = slice(start, start + len(J[0]))
        expected[block, block] = -weights[shell] * HBAR_EV_PS * np.tensordot(PATTERN[site], J, axes=1)
        start += len(J[0])
    k = np.array([0.1, -0.3, 0.2])
    np.testing.assert_allclose(model.hamiltonian(k, PATTERN) - model.hamiltonian(k), expected, atol=1e-14)
    without = np.concatenate([PATTERN[:4], np.zeros((1, 3))])
    np.testing.assert_array_equal(model.hamiltonian(k, PATTERN), model.hamiltonian(k, without))


def test_hoppings_sum_to_the_hamiltonian(electrons):
    cells, matrices = electrons.hoppings(PATTERN)
    k = np.random.default_rng(0).uniform(-1, 1, (3, 3))
    summed = np.tensordot(np.exp(2j * np.pi * k @ cells.T), matrices, axes=1)
    np.testing.assert_allclose(summed, electrons.hamiltonian(k, PATTERN), atol=1e-12)


@given(points, patterns, st.integers(0, 47))
def test_covariance(electrons, k, pattern, which):
    """An operation turns each Ω_i, an axial vector, and carries it to the site's image; H stays Hermitian."""
    operation = electrons.operations[which]
    turned = cartesian(electrons.crystal, [operation])[0]
    image, _ = site_images(electrons.crystal, operation, 0)
    moved = np.empty_like(pattern)
    moved[image] = np.linalg.det(turned) * pattern @ turned.T
    H = np.asarray(electrons.hamiltonian(k, pattern))
    np.testing.assert_array_equal(H, H.conj().T)
    found = electrons.energies(reciprocal([operation])[0] @ k, moved)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(H), atol=1e-11)


@given(points, patterns)
def test_time_reversal(electrons, k, pattern):
    """Θ = iσ_y K takes H(k, Ω_i) to H(−k, −Ω_i)."""
    theta = np.kron(np.eye(14), [[0, 1], [-1, 0]])
    reversed_ = theta @ np.asarray(electrons.hamiltonian(k, pattern)).conj() @ theta.T
    np.testing.assert_allclose(reversed_, electrons.hamiltonian(-k, -pattern), atol=1e-12)


def test_rows_are_sites(atoms):
    """With three sites too: levels at ±ħ|Ω_i|/2, their derivatives ±ħΩ_i/2|Ω_i|, under jit and vmap."""
    pattern = jnp.array([[3.0, 4.0, 0.0], [0.0, 0.0, 13.0], [-8.0, 0.0, 6.0]])
    length = np.array([5.0, 13.0, 10.0])
    order = np.argsort(np.concatenate([-length, length]))
    levels = HBAR_EV_PS / 2 * np.concatenate([-length, length])[order]
    gamma = np.zeros(3)
    np.testing.assert_allclose(atoms.energies(gamma, pattern), levels, atol=1e-15)
    many = jax.jit(jax.vmap(lambda rows: atoms.energies(gamma, rows)))(jnp.stack([pattern, 2 * pattern]))
    np.testing.assert_allclose(many, [levels, 2 * levels], atol=1e-15)
    slope = jax.jacobian(lambda rows: atoms.energies(gamma, rows))(pattern)
    expected = np.zeros((6, 3, 3))
    for site in range(3):
        expected[site, site] = -HBAR_EV_PS / 2 * pattern[site] / length[site]
    expected[3:] = -expected[:3]
    np.testing.assert_allclose(slope, expected[order], atol=1e-15)


@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (4, 3), (5, 1), (3, 5), (1, 5, 3)])
def test_other_shapes_are_refused(electrons, shape):
    for call in (electrons.hamiltonian, electrons.energies):
        with pytest.raises(InputError, match=r"rotation must be Ω_z or \(3,\), or \(5, 3\) for the sites") as caught:
            call(np.zeros(3), np.ones(shape))
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="rotation must be finite"):
        electrons.hamiltonian(np.zeros(3), np.full((5, 3), np.nan))


def test_operations_that_keep_the_sites(electrons, graphene):
    """In KTaO₃ the diagonal matrices keep each O; in graphene half of all do, the inversion not among them."""
    kept = np.array(electrons.site_resolved().operations)
    assert np.all(np.abs(kept) == np.eye(3))
    assert len(kept) == 8
    half = graphene.site_resolved().operations
    assert len(half) == 12
    assert tuple(map(tuple, (-np.eye(3, dtype=int)).tolist())) not in half


def test_a_cell_that_is_not_primitive():
    """Doubled along z, each operation occurs with and without half a cell: all are kept, half of them in a dimer."""
    doubled, unlike = _sodium([3, 3, 8.0], [0, 0.5]), _sodium([3, 3, 8.0], [0.2, 0.8])
    assert len(doubled.operations) == len(doubled.site_resolved().operations) == 16
    assert len(unlike.operations) == 16
    assert len(unlike.site_resolved().operations) == 8


@pytest.mark.parametrize("heights", [[0.0, 0.5], [0.2, 0.8], [0.1, 0.4, 0.7]])
def test_kept_operations_keep_the_sum_over_k(heights):
    """Σ_k Tr exp(−H(k, Ω_i)) and its moment along z, with the points of one star each and with all points."""
    model = _sodium([3, 3, 8.0], heights).site_resolved()
    rotation = np.zeros((len(heights), 3))
    rotation[:, 2] = [40.0, -90.0, 70.0][: len(heights)]

    def total(operations):
        rule = zone(6, operations)
        energies, vectors = np.linalg.eigh(np.asarray(model.hamiltonian(rule.k, rotation)))
        spin = np.einsum("kai,ab,kbi->ki", vectors.conj(), np.asarray(model.spin[2]), vectors).real
        return [rule.weights @ np.sum(values * np.exp(-energies), axis=1) for values in (spin, np.ones_like(spin))]

    reduced = total(magnetic_operations(model.crystal, model.operations, [0, 0, 1.0]))
    np.testing.assert_allclose(reduced, total(None), rtol=1e-11)
