"""Methods of modules under jax.jit as they are, found again when they are compiled already."""

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj


def test_methods_compile_as_they_are(ktao3):
    k, times = jnp.array([0.1, 0.2, 0.3]), jnp.linspace(0.0, 1.0, 5)
    np.testing.assert_allclose(jax.jit(ktao3.electrons.energies)(k), ktao3.electrons.energies(k), atol=1e-13)
    np.testing.assert_allclose(jax.jit(ktao3.electrons.hamiltonian)(k), ktao3.electrons.hamiltonian(k), atol=1e-13)
    pulse = cj.GaussianPulse()
    np.testing.assert_allclose(jax.jit(pulse)(times), pulse(times), atol=1e-14)
    motion = jax.jit(ktao3.phonon.drive)(pulse, times)
    np.testing.assert_allclose(motion.q, ktao3.phonon.drive(pulse, times).q, atol=1e-13)
    coupling = cj.KinematicRotation()
    np.testing.assert_allclose(jax.jit(coupling)(motion), coupling(motion), atol=1e-13)


def test_equality_is_that_of_the_arrays_held(electrons):
    assert electrons == electrons
    assert hash(electrons) == hash(electrons)
    same = electrons.with_parameters({})
    assert electrons == same
    other = electrons.with_parameters({"Ta.d.xi": float(electrons.parameters["Ta.d.xi"])})
    assert electrons != other
    assert electrons != electrons.without_spin_orbit()
    assert electrons != 3


def test_a_changed_model_is_not_taken_for_the_old_one(electrons):
    k = jnp.zeros(3)
    before = jax.jit(electrons.energies)(k)
    after = jax.jit(electrons.with_parameters({"Ta.d.xi": 0.5}).energies)(k)
    assert float(jnp.abs(after - before).max()) > 0.1


def test_public_names_resolve():
    names = [name for name in dir(cj) if not name.startswith("_")]
    assert {"simulate", "magnetization", "load_material", "susceptibility"} <= set(names)
    assert all(getattr(cj, name) is not None for name in names)
    assert callable(cj.simulate)
