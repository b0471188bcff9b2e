"""Fixed steps against the adaptive drive, in value and in gradient."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax._errors import InputError
from chiraljax.pulse import GaussianPulse

TIMES = np.linspace(0, 10, 201)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"damping": 0.0},
        {"damping": 2 * 2 * np.pi * 2.42},
        {"damping": 60.0},
        {"quartic_isotropic": 30.0, "quartic_cubic": 15.0},
        {"quartic_isotropic": -5.0},
    ],
    ids=["harmonic", "undamped", "critical", "overdamped", "hardening", "softening"],
)
def test_equals_the_adaptive_drive(make_phonon, changes):
    """Budget: 10⁻⁸ from each, times what anharmonic motion amplifies."""
    phonon, pulse = make_phonon(**changes), GaussianPulse(ellipticity=-0.6)
    expected, motion = phonon.drive(pulse, TIMES), phonon.propagate(pulse, TIMES)
    assert phonon.harmonic == (not any("quartic" in name for name in changes))
    np.testing.assert_allclose(motion.q, expected.q, atol=3e-8 * np.abs(expected.q).max())
    np.testing.assert_allclose(motion.velocity, expected.velocity, atol=3e-8 * np.abs(expected.velocity).max())


def test_error_is_of_eighth_order(make_phonon):
    phonon = make_phonon(quartic_isotropic=30.0)
    exact = phonon.propagate(GaussianPulse(), TIMES[::4], substeps=32).q
    errors = [np.abs(phonon.propagate(GaussianPulse(), TIMES[::4], substeps=n).q - exact).max() for n in (4, 8)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(8, abs=1)


@pytest.mark.parametrize("changes", [{}, {"quartic_isotropic": 30.0, "quartic_cubic": 15.0}])
def test_gradient_equals_that_of_the_drive(make_phonon, changes):
    phonon, pulse = make_phonon(**changes), GaussianPulse(ellipticity=-0.6)

    @eqx.filter_jit
    @eqx.filter_grad
    def slope(arguments, move):
        phonon, pulse = arguments
        motion = move(phonon, pulse)
        return motion.angular_momentum[90] + motion.q[70, 0]

    found = slope((phonon, pulse), lambda a, b: a.propagate(b, TIMES, substeps=2))
    expected = slope((phonon, pulse), lambda a, b: a.drive(b, TIMES))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6 * max(1.0, np.abs(other).max()))


def test_two_pairs_that_couple(make_phonon):
    vectors = np.asarray(make_phonon().eigenvectors)
    phonon = make_phonon(
        frequency=[2.42, 5.9],
        damping=[0.64, 0.3],
        mode_effective_charge=[1.4, -0.8],
        eigenvectors=np.concatenate([vectors, vectors]),
        quartic_isotropic=[[20.0, 8.0], [8.0, 5.0]],
        quartic_cubic=[3.0, 1.0],
    )
    pulse = GaussianPulse(duration=0.3)
    expected, motion = phonon.drive(pulse, TIMES), phonon.propagate(pulse, TIMES)
    np.testing.assert_allclose(motion.q, expected.q, atol=3e-8 * np.abs(expected.q).max())


def test_batches_without_compiling_again(phonon):
    traces = []

    @jax.jit
    @jax.vmap
    def largest(field):
        traces.append(None)
        return jnp.abs(phonon.propagate(GaussianPulse(field), TIMES, substeps=2).angular_momentum).max()

    first, second = largest(jnp.array([0.0, 1.0, 2.0])), largest(jnp.array([0.0, 2.0, 4.0]))
    np.testing.assert_allclose(second, 4 * first, rtol=1e-12)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("times", "words"),
    [([0.0, 1.0, 3.0], "equally spaced"), ([1.0, 0.0], "equally spaced"), ([0.0], "two times"), ([0.0, np.nan], "fin")],
)
def test_bad_times(phonon, times, words):
    with pytest.raises(InputError, match=words):
        phonon.propagate(GaussianPulse(), times)


def test_steps_must_be_known(make_phonon):
    with pytest.raises(InputError, match="substeps must be given"):
        jax.jit(lambda f: make_phonon(frequency=f).propagate(GaussianPulse(), TIMES).q)(2.0)
