"""Sign changes that no energy sees: found by linear algebra, confirmed by diagonalisation."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import load_material
from chiraljax.fit._levels import Levels
from chiraljax.fit._signs import nearest_signs, sign_symmetries

K = np.random.default_rng(6).uniform(-0.5, 0.5, (3, 3))


def symmetries(model):
    levels = Levels(model, K)
    return levels, sign_symmetries(levels)


def test_ktao3(electrons):
    """With ξ only both signs together, since L·S joins t2g and eg; without, eg and t2g are joined by nothing."""
    assert symmetries(electrons)[1] == [("O-Ta.pd_sigma.1", "O-Ta.pd_pi.1")]
    assert symmetries(electrons.without_spin_orbit())[1] == [("O-Ta.pd_sigma.1",), ("O-Ta.pd_pi.1",)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["KTaO3", "GaAs"])
def test_exactly_these_leave_the_energies(name):
    """Every sign pattern on up to three parameters leaves the energies as they are if and only if it is generated."""
    levels, found = symmetries(load_material(name).electrons)
    random = np.random.default_rng(7).normal(size=len(levels.names))
    before = np.asarray(levels(jnp.asarray(random)))
    generated = set()
    for chosen in itertools.product((False, True), repeat=len(found)):
        pattern = frozenset()
        for names, use in zip(found, chosen, strict=True):
            pattern = pattern ^ frozenset(names) if use else pattern
        generated.add(pattern)
    for count in (1, 2, 3):
        for names in itertools.combinations(levels.names, count):
            signs = np.array([-1.0 if name in names else 1.0 for name in levels.names])
            same = np.max(np.abs(np.asarray(levels(jnp.asarray(signs * random))) - before)) < 1e-10
            assert same == (frozenset(names) in generated), names


def test_nearest():
    names = ("a", "b", "c")
    values = nearest_signs(np.array([1.0, 2.0, 3.0]), names, [("a", "b"), ("c",)], np.array([-1.0, 0.5, -2.0]))
    np.testing.assert_array_equal(values, [1.0, 2.0, -3.0])
