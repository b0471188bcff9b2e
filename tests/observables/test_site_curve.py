"""Moments along trajectories of rotations per site: closed forms, limits, the error that is reported, and the cost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, InputError, Shell, slater_koster
from chiraljax._units import BOLTZMANN, HBAR_EV_PS
from chiraljax.observables import magnetization_path

LEVELS, ORDERS, WEIGHTS = [0.1, 0.15, 0.2], [0, 1, 2], [1.0, 1.0, 0.5]
OPTIONS = {"mu": 0.12, "temperature": 300.0}
PHASE = np.linspace(0, 2 * np.pi, 121)
BELL = np.exp(-((PHASE - 2) ** 2))


@pytest.fixture(scope="module")
def atoms():
    """No hopping, filled by two: three sites with s, p and d levels at `LEVELS`, and one without orbitals, the second.

    μ counts from the lowest of the levels that two electrons do not fill, that of the p shell.
    """
    crystal = Crystal(5 * np.eye(3), ["H", "K", "C", "Na"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0]])
    shells = [
        Shell("H", "s", {"energy": LEVELS[0]}),
        Shell("C", "p", {"energy": LEVELS[1]}),
        Shell("Na", "d", {"t2g": LEVELS[2], "eg": LEVELS[2]}, "cubic", rotation_weight=0.5),
    ]
    return slater_koster(crystal, shells, [], filling=2)


@pytest.fixture(scope="module")
def rule(atoms):
    return cj.quadrature(atoms.site_resolved(), 2)


def _exact(path, mu=OPTIONS["mu"], temperature=OPTIONS["temperature"]):
    """Σ 2m_s f(E_i + ħΩ_i (m_l + m_s)) of every site, (T,)."""
    total = jnp.zeros(len(path))
    for site, level, order, weight in zip([0, 2, 3], LEVELS, ORDERS, WEIGHTS, strict=True):
        m, s = np.arange(-order, order + 1)[:, None], np.array([0.5, -0.5])
        energy = level + weight * HBAR_EV_PS * path[:, site, None, None] * (m + s)
        x = (energy - mu - LEVELS[1]) / (BOLTZMANN * temperature)
        total = total + jnp.sum(2 * s / (jnp.exp(x) + 1), axis=(1, 2))
    return total


def _path(size, across, aside=0.0):
    """A pulse of Ω along one pattern, with deviations of two kinds; the site without orbitals turns as it likes."""
    one, two, three = [1.0, 0.0, 0.8, 0.9], [1.0, 0.0, -0.5, -0.6], [0.1, 0.0, 1.0, -1.0]
    shapes = [np.sin(2 * PHASE) * BELL, across * np.cos(3 * PHASE) * BELL, aside * np.sin(5 * PHASE) * BELL]
    return size * np.stack(shapes, axis=1) @ [one, two, three] + 70 * np.outer(np.cos(PHASE), [0, 1, 0, 0])


@pytest.mark.parametrize(
    ("across", "aside", "patterns"), [(0.0, 0.0, 6 + 3), (0.1, 0.0, 6 + 4 + 3), (0.1, 0.03, 6 + 8 + 3)]
)
def test_closed_form(atoms, rule, across, aside, patterns):
    """Within the error that is reported, and cheap: as many patterns as axes need, not as there are times."""
    path = _path(20.0, across, aside)
    found = magnetization_path(atoms, rotation=path, quadrature=rule, **OPTIONS)
    exact = _exact(path)
    largest = float(jnp.max(jnp.abs(exact)))
    assert largest > 0.01
    assert found.status == "converged"
    assert np.all(np.abs(found.moment - exact) <= found.error + 1e-12)
    assert np.all(found.error < 1e-3 * largest + 1e-7)
    assert int(found.eigensolves) == patterns * len(rule.weights)
    assert patterns < len(path) / 5
