"""Bands from projected Wannier functions: the same energies, smooth in k, with derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax.electrons import expectations, trial_orbitals, wannier

_K = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 3))


@pytest.fixture(scope="module", params=["KTaO3", "GaAs"])
def model(request):
    return cj.load_material(request.param).electrons


def _groups(model):
    return (model.filling, model.size), (0, model.filling)


@pytest.mark.slow
def test_same_levels_and_traces(model):
    """E_i of the group, Tr A over it, and the trace of the bands below."""
    hamiltonian = model.hamiltonian(_K, 15.0)
    exact, vectors = np.linalg.eigh(hamiltonian)
    operator = np.asarray(model.spin[2:])
    inside = np.einsum("kmi,amn,kni->kai", np.conj(vectors), operator, vectors).real
    for states in _groups(model):
        found = wannier(hamiltonian, model.spin[2:], states, trial_orbitals(model, states))
        energies, values = (np.asarray(part) for part in jax.jit(expectations)(found.hamiltonian, found.operators))
        np.testing.assert_allclose(energies, exact[:, slice(*states)], atol=1e-12)
        np.testing.assert_allclose(values.sum(axis=-1), inside[..., slice(*states)].sum(axis=-1), atol=1e-11)
        below = inside[..., : states[0]].sum(axis=-1)
        np.testing.assert_allclose(found.rest, below, atol=1e-11)
        assert float(found.overlap.min()) > 0.3


def test_conduction_band_of_ktao3_is_made_of_d_orbitals(electrons):
    chosen = trial_orbitals(electrons, (electrons.filling, electrons.size))
    assert {electrons.orbitals[i // 2][1] for i in chosen} == {"Ta.d"}
    assert len(chosen) == 10


def test_interpolation_converges_exponentially(electrons):
    """The largest error of an energy between the points of a mesh falls by a factor with every two points."""
    from chiraljax.brillouin import BandGroup, deviation, interpolate
    from chiraljax.observables import along, rotating

    states, axis = (electrons.filling, electrons.size), np.array([0.0, 0.0, 1.0])
    bloch, *_ = rotating(electrons, axis, jnp.array([15.0]), [along(electrons.spin, axis)])
    trial, errors = trial_orbitals(electrons, states), []
    for n in (8, 12, 16):
        group = BandGroup(states, trial, (n, n, n), "zone")
        errors.append(deviation(bloch, group, interpolate(bloch, group))[0])
    assert errors[1] < errors[0] / 5
    assert errors[2] < errors[1] / 5
    assert errors[2] < 5e-5


def test_derivative_of_the_interpolated_matrices(model):
    """H_w and ⟨σ_z⟩ in every parameter and Ω at once, through the projector and the Löwdin root."""
    states = _groups(model)[0]
    trial = trial_orbitals(model, states)

    def matrices(t):
        moved = model.with_parameters(
            {name: value + t * (0.3 + 0.1 * i) for i, (name, value) in enumerate(model.parameters.items())}
        )
        found = wannier(moved.hamiltonian(_K[:2], 15.0 + t), moved.spin[2:], states, trial)
        energies, values = expectations(found.hamiltonian, found.operators)
        return jnp.real(found.hamiltonian), jnp.imag(found.hamiltonian), energies, values, found.rest

    along = jax.jit(lambda t: jax.jvp(matrices, (t,), (jnp.ones(()),)))
    h = 1e-5
    _, slopes = along(0.0)
    for found, up, down in zip(slopes, along(h)[0], along(-h)[0], strict=True):
        expected = (np.asarray(up) - np.asarray(down)) / (2 * h)
        np.testing.assert_allclose(found, expected, atol=2e-7 * (1 + np.max(np.abs(expected))))
