"""What a phonon is made of: shapes, the potential and its force, the table of temperatures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.phonon import Phonon, TemperatureTable


@pytest.fixture(scope="module")
def two_pairs(make_phonon, phonon):
    return make_phonon(
        frequency=[2.42, 5.7],
        damping=[0.64, 0.5],
        mode_effective_charge=[1.4, 0.6],
        eigenvectors=np.concatenate([phonon.eigenvectors] * 2),
        quartic_isotropic=[[30.0, 7.0], [7.0, 20.0]],
        quartic_cubic=[5.0, -3.0],
    )


def test_force_is_minus_the_gradient_of_the_potential(two_pairs):
    q = jnp.asarray(np.random.default_rng(0).normal(size=4))
    np.testing.assert_allclose(two_pairs.anharmonic_force(q), -jax.grad(two_pairs.potential)(q), rtol=1e-13)
    pair = q.reshape(2, 2)
    by_hand = 0.25 * sum(
        two_pairs.quartic_isotropic[a, b] * (pair[a] @ pair[a]) * (pair[b] @ pair[b])
        for a in range(2)
        for b in range(2)
    ) + 0.25 * sum(two_pairs.quartic_cubic[a] * (pair[a, 0] ** 4 + pair[a, 1] ** 4) for a in range(2))
    assert two_pairs.potential(q) == pytest.approx(float(by_hand))


def test_two_pairs_have_four_coordinates(two_pairs, pulse, window):
    motion = two_pairs.drive(pulse, window)
    assert motion.q.shape == (window.size, 4)
    assert motion.displacements.shape == (window.size, 5, 3)


def test_temperature_table(make_phonon):
    table = TemperatureTable([100, 200, 300], [[1.5], [2.0], [2.42]], [[0.3], [0.5], [0.64]])
    phonon = make_phonon(temperatures=table)
    cool = phonon.at_temperature(150)
    np.testing.assert_allclose(cool.frequency, [1.75])
    np.testing.assert_allclose(cool.damping, [0.4])
    slope = jax.grad(lambda temperature: phonon.at_temperature(temperature).frequency[0])(150.0)
    assert slope == pytest.approx(0.005)
    with pytest.raises(InputError, match="between 100 and 300 K, but got 301"):
        phonon.at_temperature(301)


def test_temperature_without_a_table(phonon):
    with pytest.raises(InputError, match="without a table"):
        phonon.at_temperature(100)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frequency": -1.0}, "frequency must be positive"),
        ({"damping": -0.1}, "damping must be zero or positive"),
        ({"masses": [1.0]}, r"masses must have the shape \(5,\), but got \(1,\)"),
        ({"damping": [0.1, 0.2]}, r"damping must have the shape \(1,\), but got \(2,\)"),
        ({"eigenvectors": np.ones((1, 2, 5, 3))}, "eigenvectors must be orthonormal"),
        ({"dielectric_constant": 0.0}, "dielectric_constant must be positive"),
    ],
)
def test_bad_arguments(make_phonon, changes, message):
    with pytest.raises(InputError, match=message):
        make_phonon(**changes)


def test_asymmetric_quartic(make_phonon, phonon):
    with pytest.raises(InputError, match="quartic_isotropic must be symmetric"):
        make_phonon(
            frequency=[2.0, 3.0],
            damping=[0.1, 0.1],
            mode_effective_charge=[1.0, 1.0],
            eigenvectors=np.concatenate([phonon.eigenvectors] * 2),
            quartic_isotropic=[[0.0, 1.0], [2.0, 0.0]],
        )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([300.0, 100.0], [[1.0], [2.0]], [[0.1], [0.1]]), "temperature must increase"),
        (([100.0, 300.0], [[1.0], [-2.0]], [[0.1], [0.1]]), "frequency must be positive"),
        (([100.0, 300.0], [[1.0], [2.0]], [[0.1]]), "damping must have one row per temperature"),
        (([100.0], [[1.0, 2.0]], [[0.1, 0.1]]), "temperatures must have a column for each of the 1 sets"),
    ],
)
def test_bad_tables(make_phonon, columns, message):
    with pytest.raises(InputError, match=message):
        make_phonon(temperatures=TemperatureTable(*columns))


def test_tensors_of_a_pair_are_its_quartic_terms(make_phonon):
    """V is of fourth order, so its fourth derivatives at q = 0 are a tensor Ψ with the same energy."""
    pair = make_phonon(quartic_isotropic=30.0, quartic_cubic=15.0)
    derivative = pair.potential
    for _ in range(4):
        derivative = jax.jacfwd(derivative)
    tensors = make_phonon(quartic=derivative(jnp.zeros(2)))
    q = jnp.asarray(np.random.default_rng(1).normal(size=(5, 2)))
    assert not tensors.harmonic
    np.testing.assert_allclose(tensors.potential(q), pair.potential(q), rtol=1e-12)


def test_single_modes_have_no_gyromagnetic_ratio():
    modes = Phonon([2.0], [0.1], [[1.0, 0.0]], np.eye(3)[:1, None, None], [1.0], born_charges=[np.eye(3)])
    with pytest.raises(InputError, match="phonon must have degenerate pairs for a gyromagnetic ratio"):
        _ = modes.gyromagnetic_ratio
