"""Whether H(R) is of spinors: random crystals with and without spin, of which the answer is known.

Each has unit hopping between all orbitals of a cell and its six neighbours.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax.io.bands._spin import spinors_of

CELLS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]])
OPPOSITE = [0, 4, 5, 6, 1, 2, 3]
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(2, 8)
S = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def hermitian(matrices):
    """H(−R) = H(R)†."""
    return (matrices + matrices[OPPOSITE].conj().swapaxes(1, 2)) / 2


def scalar(random, size):
    """Real H(R) of functions without spin, which do not decouple."""
    return hermitian(random.uniform(0.5, 1.5, (7, size, size)) * random.choice([-1, 1], (7, size, size)))


def coupling(random, size):
    """Σ_i L_i(R) ⊗ σ_i with imaginary L_i: as spin–orbit coupling, odd in spin and in motion; its norm is 1."""
    result = sum(np.kron(hermitian(1j * random.normal(size=(7, size, size))), sigma) for sigma in S)
    return result / np.linalg.norm(result)


def ordered(matrices, alternating):
    """From the order ↑↓↑↓… to ↑…↑↓…↓, unless `alternating`."""
    size = matrices.shape[1]
    order = np.arange(size) if alternating else np.arange(size).reshape(-1, 2).T.ravel()
    return matrices[:, order][:, :, order]


def noisy(random, matrices, noise):
    """With Hermitian noise of the given part of the norm."""
    change = hermitian(random.normal(size=matrices.shape) + 1j * random.normal(size=matrices.shape))
    return matrices + noise * np.linalg.norm(matrices) / np.linalg.norm(change) * change


@given(SEEDS, st.integers(3, 12), st.sampled_from([0, 1e-6, 1e-2]))
def test_orbitals_without_spin(seed, size, noise):
    """Also with phases that make H(R) complex."""
    random = np.random.default_rng(seed)
    phases = np.exp(1j * random.uniform(0, 2 * np.pi, size))
    matrices = noisy(random, phases.conj()[:, None] * scalar(random, size) * phases, noise)
    assert spinors_of(CELLS, matrices)[0] is False


@given(SEEDS, SIZES, st.booleans(), st.sampled_from([0.02, 0.1, 0.5]), st.sampled_from([0, 1e-6, 1e-3]))
def test_spin_orbit_coupling(seed, size, alternating, strength, noise):
    """Without inversion symmetry, so that bands are no pairs; `strength` and `noise` are parts of the hopping."""
    random = np.random.default_rng(seed)
    orbital = np.kron(scalar(random, size), np.eye(2))
    matrices = orbital + strength * np.linalg.norm(orbital) * coupling(random, size)
    assert spinors_of(CELLS, noisy(random, ordered(matrices, alternating), noise))[0] is True


@given(SEEDS, SIZES, st.booleans(), st.sampled_from([0, 1e-6, 1e-3, 1e-2]))
def test_two_equal_layers_and_spins_without_coupling(seed, size, alternating, hopping):
    """In any order of the functions, with hopping between the layers."""
    random = np.random.default_rng(seed)
    layers = np.kron(scalar(random, size), np.eye(2)) + hopping * np.kron(scalar(random, size), S[0])
    assert spinors_of(CELLS, ordered(layers, alternating).astype(complex))[0] is None
    order = random.permutation(2 * size)
    assert spinors_of(CELLS, layers[:, order][:, :, order].astype(complex))[0] is None


@given(SEEDS, SIZES, st.booleans(), st.sampled_from([0, 1e-6, 1e-2]))
def test_two_valleys(seed, size, alternating, noise):
    """H ⊕ H* without spin is even under iσ_y K, as it is with spin if S_z is conserved."""
    random = np.random.default_rng(seed)
    one = noisy(random, scalar(random, size), 0.5)
    matrices = np.kron(one, np.diag([1, 0])) + np.kron(one.conj(), np.diag([0, 1]))
    assert spinors_of(CELLS, noisy(random, ordered(matrices, alternating), noise))[0] is None


@pytest.mark.parametrize("phase", [0, 1, np.pi / 2])
def test_two_orbitals_of_a_helix(phase):
    """[[t, b], [−b, t]] along a screw axis is even under iσ_y K without any spin, and real but for phases."""
    matrices = np.zeros((7, 2, 2), dtype=complex)
    matrices[3] = [[1, 0.3 * np.exp(1j * phase)], [-0.3 * np.exp(-1j * phase), 1]]
    matrices[6] = matrices[3].conj().T
    assert spinors_of(CELLS, matrices)[0] is None


@given(SEEDS, SIZES, st.booleans(), st.sampled_from([0, 0.01, 0.2]))
def test_magnets(seed, size, alternating, strength):
    """Two spins apart by 0.5 in energy and 10 % in hopping, with spin–orbit coupling or without."""
    random = np.random.default_rng(seed)
    orbital = np.kron(scalar(random, size), np.eye(2))
    exchange = np.kron(0.1 * scalar(random, size) + 0.5 * (CELLS == 0).all(1)[:, None, None] * np.eye(size), S[2])
    matrices = orbital + exchange + strength * np.linalg.norm(orbital) * coupling(random, size)
    assert spinors_of(CELLS, ordered(matrices, alternating))[0] is not False


@given(SEEDS, SIZES)
def test_spinors_in_any_basis(seed, size):
    """Unitary mixtures of the functions hide time reversal, but do not make spinors scalars."""
    random = np.random.default_rng(seed)
    orbital = np.kron(scalar(random, size), np.eye(2))
    matrices = orbital + 0.1 * np.linalg.norm(orbital) * coupling(random, size)
    shape = (2 * size, 2 * size)
    mixing = np.linalg.qr(random.normal(size=shape) + 1j * random.normal(size=shape))[0]
    assert spinors_of(CELLS, mixing @ matrices @ mixing.conj().T)[0] is not False


def test_atoms_apart():
    """Levels without hopping say nothing."""
    assert spinors_of(np.zeros((1, 3), dtype=int), np.diag([1.0, 2.0]).astype(complex)[None])[0] is None
