"""Methods of modules under jax.jit as they are, found again when they are compiled already."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax._module import Module


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


def test_equal_content_is_equal(ktao3):
    again = cj.load_material("KTaO3")
    assert ktao3 == again
    assert hash(ktao3) == hash(again)
    electrons = ktao3.electrons
    rebuilt = cj.slater_koster(ktao3.crystal, *electrons.specification, electrons.filling)
    assert electrons == rebuilt
    assert hash(electrons) == hash(rebuilt)
    value = electrons.parameters["Ta.d.xi"]
    assert electrons == electrons.with_parameters({"Ta.d.xi": float(value)})
    assert electrons != electrons.with_parameters({"Ta.d.xi": np.nextafter(float(value), 1.0)})
    assert electrons != electrons.without_spin_orbit()
    assert electrons != 3
    assert ktao3.crystal == cj.Crystal(ktao3.crystal.lattice, ktao3.crystal.species, ktao3.crystal.positions)


def test_shape_and_dtype_count():
    class Pair(Module):
        array: Any

    assert Pair(np.zeros(2)) == Pair(jnp.zeros(2))
    assert Pair(np.array(np.nan)) == Pair(np.array(np.nan))
    assert Pair(np.zeros(2)) != Pair(np.zeros((1, 2)))
    assert Pair(np.zeros(2)) != Pair(np.zeros(2, dtype=int))
    assert Pair(np.zeros(2)) != Pair(0.0)
    assert Pair(np.zeros(2)) != Pair(None)


def test_equal_models_are_compiled_once():
    traced = []

    class Scale(Module):
        factor: Any

        def times(self, x):
            traced.append(self)
            return self.factor * x

    def model(factor):
        return Scale(jnp.asarray(factor))

    for _ in range(3):
        assert jax.jit(model(2.0).times)(3.0) == 6.0
    assert len(traced) == 1
    assert jax.jit(model(5.0).times)(3.0) == 15.0
    assert len(traced) == 2


def test_equality_while_traced(electrons):
    """A value that is not known yet equals itself only, and look-ups of compiled methods raise nothing."""
    k = jnp.array([0.1, 0.2, 0.3])

    def gap(parameters):
        one = electrons.with_parameters(parameters)
        other = one.with_parameters({})
        doubled = electrons.with_parameters({name: 2 * value for name, value in parameters.items()})
        assert one == other
        assert one not in (doubled, electrons)
        energies = [jax.jit(model.energies)(k) for model in (one, other, doubled, electrons)]
        return sum(values[18] - values[17] for values in energies)

    own = electrons.parameters
    expected = 5 * (electrons.energies(k)[18] - electrons.energies(k)[17])
    np.testing.assert_allclose(jax.jit(gap)(own), expected, rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(gap)({name: value[None] for name, value in own.items()}), [expected])
    slopes = jax.grad(gap)(own)
    # the gap is linear in a common factor of all parameters; one of its five parts does not depend on them
    scale = sum(float(slopes[name] * own[name]) for name in own)
    np.testing.assert_allclose(scale, 0.8 * expected, rtol=1e-9)


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
