"""Operations on the basis: they carry H(k) to H(gk), on crystals with one site a cell and several."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.electrons import representation


@pytest.mark.parametrize("axis", [[0, 0, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]])
@pytest.mark.parametrize("name", ["KTaO3", "GaAs", "graphene"])
def test_covariance(name, axis, graphene):
    """H(gk) = D H(k) D† or D H(k)* D†, with Ω along the axis, and the moment along it is invariant."""
    electrons = graphene if name == "graphene" else cj.load_material(name).electrons
    axis = np.array(axis) / np.linalg.norm(axis)
    found = representation(electrons, axis)
    expected = {("KTaO3", (0, 0, 1)): 16, ("GaAs", (0, 0, 1)): 8, ("graphene", (0, 0, 1)): 24}
    assert len(found.on_k) == expected.get((name, tuple(np.rint(axis).astype(int))), len(found.on_k))
    k = np.array([0.123, -0.271, 0.0 if name == "graphene" else 0.314])
    image = found.on_k @ k
    D = found.at(np.arange(len(image)), image)
    np.testing.assert_allclose(
        D @ np.conj(np.swapaxes(D, 1, 2)), np.broadcast_to(np.eye(len(D[0])), D.shape), atol=1e-12
    )
    along = np.tensordot(axis, np.asarray(electrons.spin), axes=1)
    for matrix, moved in (
        (electrons.hamiltonian(k, 40 * axis), electrons.hamiltonian(image, 40 * axis)),
        (along, along),
    ):
        here = np.where(found.antiunitary[:, None, None], np.conj(matrix), matrix)
        np.testing.assert_allclose(
            D @ here @ np.conj(np.swapaxes(D, 1, 2)), np.broadcast_to(moved, D.shape), atol=1e-10
        )
