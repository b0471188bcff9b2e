"""Bands of the same hoppings from PythTB, an independent tight-binding code."""

import numpy as np
import pytest

pythtb = pytest.importorskip("pythtb", reason="PythTB is not installed")


def test_same_bands_in_pythtb(ktao3):
    """H(R) is read off H(k) by a discrete Fourier transform on 5×5×5 points and handed to PythTB."""
    electrons, crystal = ktao3.electrons.without_spin_orbit(), ktao3.crystal
    n, size = 5, electrons.size // 2
    grid = np.stack(np.meshgrid(*[np.arange(n) / n] * 3, indexing="ij"), axis=-1)
    H = np.asarray(electrons.spinless_hamiltonian(grid))
    hoppings = np.fft.fftn(H, axes=(0, 1, 2)) / n**3
    positions = [crystal.positions[site] for site, _, _ in electrons.orbitals]
    model = pythtb.tb_model(3, 3, crystal.lattice, positions)
    model.set_onsite(np.diag(hoppings[0, 0, 0]).real)
    for cell in np.ndindex(n, n, n):
        R = np.where(np.array(cell) > n // 2, np.array(cell) - n, cell)
        for i in range(size):
            for j in range(size):
                value = hoppings[(*cell, i, j)]
                first = tuple(R) > (0, 0, 0) or (tuple(R) == (0, 0, 0) and i < j)
                if first and abs(value) > 1e-12:
                    model.set_hop(value, i, j, R)
    k = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    theirs = model.solve_all(k).T
    np.testing.assert_allclose(np.asarray(electrons.energies(k))[:, ::2], theirs, atol=1e-10)
