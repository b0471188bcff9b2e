"""The number of electrons in cells that are divided, against closed forms."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

import chiraljax as cj
from chiraljax import Crystal, Hopping, Shell, slater_koster
from chiraljax.units import BOLTZMANN


@pytest.fixture(scope="module")
def chain():
    """E = −cos(2πk_z)."""
    crystal = Crystal(np.diag([20.0, 20.0, 4.0]), ["Na"], [[0, 0, 0]])
    hopping = Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.5})
    return slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], [hopping], filling=0)


def of_chain(mu: float, temperature: float) -> float:
    """Electrons per cell: 2 ∫ f dk, split where f changes."""
    thermal = BOLTZMANN * temperature
    at = np.arccos(np.clip(-mu, -1, 1)) / (2 * np.pi)
    parts = np.unique(np.clip([0, *(at + np.linspace(-20, 20, 41) * max(0.5 * thermal, 1e-3 * at)), 0.5], 0, 0.5))
    f = [quad(lambda k: expit(-(mu_of(k) - mu) / thermal), a, b)[0] for a, b in pairwise(parts)]
    return 4 * sum(f)


def mu_of(k: float) -> float:
    return -np.cos(2 * np.pi * k)


@pytest.mark.parametrize("temperature", [1.0, 30.0])
def test_dopings_of_a_chain(chain, temperature):
    doping = np.array([1e-3, 0.03, 0.5, 1.0, 1.7])
    found = cj.chemical_potential(chain, doping=doping, temperature=temperature)
    assert found.status == "converged"
    edge = float(cj.conduction_edge(chain).energy)
    for wanted, mu in zip(doping, np.asarray(found.mu), strict=True):
        assert of_chain(mu + edge, temperature) == pytest.approx(wanted, rel=1e-3)


def test_small_dopings_of_a_cubic_band():
    """E = 2t Σ cos is a parabola at its edge, with ħ²/2m = |t|a² and n = (2m E_F/ħ²)^{3/2}/3π² at T → 0."""
    crystal = Crystal(4 * np.eye(3), ["Na"], [[0, 0, 0]])
    hopping = Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.5})
    metal = slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], [hopping], filling=0)
    for doping in (1e-6, 1e-5):
        found = cj.chemical_potential(metal, doping=doping, temperature=0.05)
        fermi = 0.5 * (3 * np.pi**2 * doping) ** (2 / 3)
        assert found.status == "converged"
        assert float(found.mu) == pytest.approx(fermi, rel=1e-3)


def test_a_search_without_budget_says_so(chain):
    with pytest.warns(UserWarning, match="is not resolved"):
        found = cj.chemical_potential(chain, doping=1e-3, temperature=1.0, accuracy=cj.Accuracy(budget=1))
    assert found.status == "budget_exhausted"
    assert float(found.error) > 0
