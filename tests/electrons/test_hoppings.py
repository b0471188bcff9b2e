"""Matrices on the lattice, and the specification from which a model is built again."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, Hopping, Shell, slater_koster

ROTATION = [3.0, -5.0, 15.0]


@pytest.fixture(params=["KTaO3", "GaAs", "graphene"])
def model(request, graphene):
    return graphene if request.param == "graphene" else cj.load_material(request.param).electrons


def test_hoppings_are_the_fourier_components_of_the_hamiltonian(model):
    """∫ dk e^{−2πi k·R} H(k), exact on the mesh of `harmonics`; budget: roundoff of 10³ terms of some 10 eV."""
    size = np.array(model.harmonics)
    mesh = np.stack(np.meshgrid(*[np.arange(n) / n for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
    H = np.asarray(model.hamiltonian(mesh, ROTATION))
    cells, matrices = model.hoppings(ROTATION)
    expected = np.tensordot(np.exp(-2j * np.pi * cells @ mesh.T), H, axes=1) / len(mesh)
    np.testing.assert_allclose(matrices, expected, atol=1e-13)
    k = np.random.default_rng(0).uniform(-1, 1, (7, 3))
    summed = np.tensordot(np.exp(2j * np.pi * k @ cells.T), matrices, axes=1)
    np.testing.assert_allclose(summed, model.hamiltonian(k, ROTATION), atol=1e-12)


def test_opposite_hoppings_are_adjoint(model):
    cells, matrices = model.hoppings(ROTATION)
    np.testing.assert_array_equal(cells[::-1], -cells)
    np.testing.assert_array_equal(matrices[::-1], np.conj(np.swapaxes(matrices, 1, 2)))


def test_hoppings_are_linear_in_the_parameters(electrons):
    """H(R) at θ is then its derivative along θ."""

    def matrices(parameters):
        return electrons.with_parameters(parameters).hoppings()[1]

    value, derivative = jax.jvp(matrices, (electrons.parameters,), (electrons.parameters,))
    np.testing.assert_allclose(derivative, value, atol=1e-14)
    assert jnp.abs(value).max() > 1


def test_specification_builds_the_model_again(model):
    changed = model.with_parameters({name: 0.1 * i - 0.7 for i, name in enumerate(model.parameters)})
    shells, hoppings = changed.specification
    again = slater_koster(model.crystal, shells, hoppings, model.filling, model.rotation_sign)
    assert again == changed


def test_values_stand_in_the_parameters_only(electrons):
    """With ξ = 0.5 eV nothing of the model says 0.28868 eV any more."""
    changed = electrons.with_parameters({"Ta.d.xi": 0.5})
    assert changed.shells == electrons.shells
    assert not any(isinstance(value, float) for shell in changed.shells for value in vars(shell).values())
    specified = {shell.name: shell for shell in changed.specification[0]}
    assert specified["Ta.d"].spin_orbit == 0.5
    assert "0.28868" in repr(electrons)
    assert "0.28868" not in repr(changed)


def test_specification_without_spin_orbit(electrons):
    shells, _ = electrons.without_spin_orbit().specification
    assert [shell.spin_orbit for shell in shells] == [None, None]


def test_models_that_are_declared_differently_are_not_equal():
    """The same matrix, with the axis of the crystal field fixed by one neighbour or by another."""
    crystal = Crystal(np.diag([3.0, 8.0, 8.0]), ["C", "N", "O"], [[0, 0, 0], [0.3, 0, 0], [0.7, 0, 0]])
    onsite = {"parallel": 1.0, "perpendicular": 2.0}

    def chain(axis):
        hopping = Hopping(("C.p", "C.p"), 1, {"sigma": 1.0, "pi": 0.5})
        return slater_koster(crystal, [Shell("C", "p", onsite, "axial", axis)], [hopping], 2)

    one, other = chain("N"), chain("O")
    np.testing.assert_array_equal(one.hoppings()[1], other.hoppings()[1])
    assert one != other
