"""Two modes of one frequency are a pair: the same best pulse, though no limit is known for single modes."""

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError

MOMENT = {"objective": cj.MomentAt(5.0), "mu": 0.05, "temperature": 600.0}
SLOPE = 1e-4


@pytest.fixture(scope="module")
def pair(make_phonon):
    """Its two modes move every atom equally far, so that q × q̇ is the angular momentum of the atoms."""
    moved = np.array([-0.398214, -0.489984, -0.489984, 0.536118, -0.271725])
    moved /= np.linalg.norm(moved)
    eigenvectors = np.zeros((1, 2, 5, 3))
    eigenvectors[0, 0, :, 0] = eigenvectors[0, 1, :, 1] = moved
    return make_phonon(eigenvectors=eigenvectors)


@pytest.fixture(scope="module")
def single(ktao3, pair):
    """KTaO₃ with the same two modes, each by itself."""
    modes = pair.oscillators
    eigenvectors = modes.eigenvectors[:, None]
    return ktao3.with_phonon(
        cj.Phonon(modes.frequency, modes.damping, modes.charges, eigenvectors, pair.masses, pair.dielectric_constant)
    )


@pytest.fixture
def linear(monkeypatch, make_curve):
    """M = SLOPE Ω instead of a k-sum; the list of how far it was asked to reach."""
    asked = []

    def curve(electrons, *, rotation, **_):
        fastest = float(jnp.max(jnp.abs(jnp.asarray(rotation))))
        asked.append(fastest)
        return make_curve([SLOPE * fastest, 0.0], fastest)

    monkeypatch.setattr("chiraljax.chain._chain.magnetization_curve", curve)
    return asked


class Half(cj.AbstractCoupling):
    """Half the kinematic Ω, for which no limit is known."""

    def __call__(self, motion):
        return cj.KinematicRotation()(motion) / 2


@pytest.mark.slow
def test_the_angular_momentum_of_a_pair(optimize_soon, ktao3, single, pair, fluence):
    """Both come as near to the limit of all fields as 150 splines can, and so to each other by their 10⁻⁵ at rest."""
    limit = cj.angular_momentum_limit(pair, cj.Constraints(fluence), time=5.0, start=0.0).value
    of_modes = optimize_soon(material=single, steps=120)
    of_pair = optimize_soon(material=ktao3.with_phonon(pair), steps=120)
    assert of_modes.objective == pytest.approx(of_pair.objective, rel=1e-4)
    assert 0.95 * limit < of_modes.objective <= limit
    assert of_pair.bound == pytest.approx(limit)
    assert of_modes.bound is None
    assert of_modes.bound_reason == "none is known for single modes"
    with pytest.raises(InputError, match="of pairs, since no bound is known for single modes"):
        cj.angular_momentum_limit(single.phonon, cj.Constraints(fluence), time=5.0, start=0.0)


@pytest.mark.slow
def test_the_moment_of_a_pair(optimize_soon, ktao3, single, pair, fluence, linear):
    """M(Ω) is asked for as far as the pair can turn, though nothing says so but a search for |Ω|."""
    limit = cj.rotation_limit(pair, cj.KinematicRotation(), cj.Constraints(fluence), time=5.2, start=0.0).value
    of_modes = optimize_soon(material=single, steps=120, **MOMENT)
    assert len(linear) == 1
    assert 0.95 * limit < linear[0] <= 1.5 * limit
    of_pair = optimize_soon(material=ktao3.with_phonon(pair), steps=120, **MOMENT)
    assert of_modes.objective == pytest.approx(of_pair.objective, rel=1e-3)
    assert of_modes.objective == pytest.approx(SLOPE * abs(float(of_modes.outcome.rotation[100])), rel=1e-6)


@pytest.mark.slow
def test_any_coupling(optimize_soon, phonon, fluence, linear):
    """One for which no limit is known: half the kinematic Ω, and so half the moment of its limit."""
    half = optimize_soon(coupling=Half(), steps=120, **MOMENT)
    limit = cj.rotation_limit(phonon, cj.KinematicRotation(), cj.Constraints(fluence), time=5.0, start=0.0).value
    assert half.bound_reason == "none is known for the coupling Half"
    assert 0.95 * SLOPE * limit / 2 < half.objective <= SLOPE * limit / 2


@pytest.mark.slow
def test_a_curve_that_does_not_reach(optimize_soon, linear, monkeypatch):
    """Of a guess that is too small nothing is gained beyond it; value and error are those of a longer curve."""
    monkeypatch.setattr("chiraljax.control._optimize._rotations", lambda *_: 0.5)
    found = optimize_soon(coupling=Half(), steps=120, **MOMENT)
    reach = float(jnp.abs(found.outcome.rotation).max())
    assert reach > 0.5
    assert linear == [0.5, pytest.approx(1.1 * reach)]
    assert found.objective == pytest.approx(SLOPE * abs(float(found.outcome.rotation[100])), rel=1e-6)
