"""Bands of the same models from PythTB, an independent tight-binding code."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import to_pythtb, write_wannier90

pythtb = pytest.importorskip("pythtb", reason="PythTB is not installed")


@pytest.fixture(params=["KTaO3", "GaAs", "graphene"])
def model(request, graphene):
    return graphene if request.param == "graphene" else cj.load_material(request.param).electrons


@pytest.mark.parametrize("rotation", [0.0, [3.0, -5.0, 15.0]])
def test_same_bands_in_pythtb(model, rotation):
    """PythTB sums the hoppings in its own gauge and diagonalises. Budget: roundoff of 10³ terms of some 10 eV."""
    theirs = to_pythtb(model, rotation)
    k = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    ours = np.asarray(model.energies(k, rotation))
    spinful = model.has_spin_orbit or rotation != 0.0
    assert theirs._nspin == 1 + spinful
    np.testing.assert_allclose(ours if spinful else ours[:, ::2], theirs.solve_all(k).T, atol=1e-10)


def test_states_have_the_same_spin(model):
    """⟨σ⟩ of PythTB's states, orbital by orbital, with the lattice turning about a general axis.

    Budget: all levels are at least 30 meV apart, and matrices are the same to 10⁻¹³ eV.
    """
    rotation = np.array([30.0, -50.0, 150.0])
    k = np.array([0.11, -0.23, 0.31])
    _, states = to_pythtb(model, rotation).solve_one(k, eig_vectors=True)
    theirs = np.sum(np.abs(states) ** 2, axis=1)
    _, vectors = np.linalg.eigh(np.asarray(model.hamiltonian(k, rotation)))
    ours = np.sum(np.abs(vectors.T.reshape(states.shape)) ** 2, axis=1)
    np.testing.assert_allclose(theirs, ours, atol=1e-10)


def test_its_reader_of_wannier90_files(model, tmp_path):
    """Files of `write_wannier90` with 14 decimals; the lattice, which its reader takes from the input of Wannier90."""
    write_wannier90(tmp_path / "model", model)
    lattice = "\n".join(" ".join(map(repr, row)) for row in model.crystal.vectors.tolist())
    (tmp_path / "model.win").write_text(f"begin unit_cell_cart\nang\n{lattice}\nend unit_cell_cart\n")
    theirs = pythtb.w90(str(tmp_path), "model").model(min_hopping_norm=1e-13)
    k = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    ours = np.asarray(model.energies(k))
    np.testing.assert_allclose(ours if model.has_spin_orbit else ours[:, ::2], theirs.solve_all(k).T, atol=1e-10)
