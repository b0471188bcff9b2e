"""What a sum over points misses, against closed forms of a simple-cubic s band, E = 2t Σ cos(2πk_i), t = −0.5 eV."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, Hopping, Shell, slater_koster
from chiraljax.brillouin import over_cells, zone
from chiraljax.units import HBAR_EV_PS

ROTATION = 15.2
HALF = ROTATION * HBAR_EV_PS / 2
"""eV: half the splitting of spin up and down"""


@pytest.fixture(scope="module")
def metal():
    crystal = Crystal(4 * np.eye(3), ["Na"], [[0, 0, 0]])
    hopping = Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.5})
    return slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], [hopping], filling=0)


def filled(energy: float, n: int = 4000) -> float:
    """States per spin below an energy: the part of k_z that is filled, at n² midpoints of (k_x, k_y).

    Against 12 000² midpoints, differences over the splitting change by less than 2·10⁻⁷.
    """
    c = -np.cos(2 * np.pi * (np.arange(n // 2) + 0.5) / n)
    return float(np.mean(np.arccos(np.clip(-(energy - c[:, None] - c), -1, 1))) / np.pi)


def moment(mu: float) -> float:
    """μ_B per cell at T = 0; spin up lies higher."""
    return filled(mu - HALF) - filled(mu + HALF)


def check_moment(metal, mu, temperature):
    result = cj.magnetization(metal, mu=mu, temperature=temperature, rotation=ROTATION, reference="absolute")
    off = abs(float(result.moment) - moment(mu))
    assert result.status != "converged" or off < 1e-3 * abs(moment(mu)) + 4e-7, (mu, temperature, result)
    return result


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_cold_metal_that_two_coarse_rules_miss(metal, temperature):
    """Rules of 12 and 16 points see no state near −1.7 eV, and agree; at 1 K f is sharp on the scale of ħΩ."""
    assert check_moment(metal, -1.7, temperature).status == "converged"


@pytest.mark.slow
@pytest.mark.parametrize(("mu", "temperature", "expected"), [(0.3, 0.0, -1.47624e-4), (0.1, 30.0, -8.3187e-5)])
def test_a_cold_fcc_metal(mu, temperature, expected):
    """Two shells of s hopping, against radii k(E) by bisection along 2560 Gauss directions around Γ, N = ∫dΩ k³/3V."""
    lattice = 2.0 * (np.ones((3, 3)) - np.eye(3))
    hoppings = [Hopping(("Na.s", "Na.s"), shell, {"sigma": value}) for shell, value in ((1, -0.5), (2, 0.11))]
    crystal = Crystal(lattice, ["Na"], [[0, 0, 0]])
    metal = slater_koster(crystal, [Shell("Na", "s", {"energy": 0.0})], hoppings, filling=0)
    found = cj.magnetization(metal, mu=mu, temperature=temperature, rotation=2 * np.pi * 2.419)
    assert found.status == "converged"
    assert float(found.moment) == pytest.approx(expected, rel=1e-3)
    if temperature > 0:
        assert float(found.carriers) == pytest.approx(1.10594e-3, rel=1e-3)


@pytest.mark.slow
def test_sixty_chemical_potentials(metal):
    """The moment of 5 K differs from that of T = 0 by about 10⁻⁵, but next to van Hove points."""
    for mu in np.random.default_rng(0).uniform(-2.9, 2.9, 60):
        if min(abs(mu - 1), abs(mu + 1)) > 0.05:
            check_moment(metal, mu, 5.0)


@pytest.mark.parametrize("mu", [-2.6, -1.7, -0.3, 1.9])
@pytest.mark.parametrize("n", [12, 16, 24])
def test_a_fixed_rule_says_what_it_misses(metal, mu, n):
    """At T = 0, where the sum over points knows nothing of ħΩ."""
    rule = cj.quadrature(metal, n)
    options = {"temperature": 0.0, "rotation": ROTATION, "reference": "absolute"}
    result = cj.magnetization(metal, mu=mu, **options, accuracy=cj.Accuracy(rule=rule))
    assert result.status == "budget_exhausted"
    assert abs(float(result.moment) - moment(mu)) < 2 * float(result.error)


def test_the_cells_of_parabolic_bands():
    """E = k²: the mean occupation of cells is that of a sphere, whose radius is several cells."""
    n, radius = 24, 0.31
    rule = zone(n)
    mesh = rule.mesh
    u = (mesh.index / n + 0.5) % 1 - 0.5
    energies, weights = np.sum(u**2, axis=1)[:, None], np.full(len(u), float(n) ** -3)
    below = energies[:, 0] < radius**2
    sums = over_cells(mesh, energies, np.ones((1, *energies.shape)), weights, np.array([radius**2]), np.zeros(1))
    sphere = 4 / 3 * np.pi * radius**3
    assert weights @ below + sums.correction[0, 0] == pytest.approx(sphere, rel=1e-3)
    assert abs(weights @ below - sphere) < sums.unresolved[0, 0]


def test_nothing_is_missed_where_temperature_resolves():
    """X = 2π²k_BT/δ is 50 or more for k_BT = 0.26 eV and levels that differ by 0.1 eV at most."""
    rule = zone(24)
    energies = 0.2 * np.cos(2 * np.pi * rule.mesh.index / 24).sum(axis=1)[:, None]
    values, weights = np.ones((1, *energies.shape)), np.full(len(energies), 24.0**-3)
    assert over_cells(rule.mesh, energies, values, weights, np.zeros(1), np.array([3000.0])).unresolved.max() < 1e-15


def test_neighbours_are_those_of_the_whole_mesh(metal):
    """The energies at the neighbours of each star's representative, from the mesh without symmetry."""
    whole, reduced = zone(12), cj.quadrature(metal, 12)
    offsets = np.array([[1, 0, 0], [0, -1, 1], [-1, 0, 0]])
    energy = dict(zip(map(tuple, whole.mesh.index), np.cos(2 * np.pi * whole.mesh.index / 12).sum(axis=1), strict=True))
    own = np.array([energy[tuple(point)] for point in reduced.mesh.index])
    around = reduced.mesh.neighbours(np.arange(len(own)), offsets)
    for number, point in enumerate(reduced.mesh.index):
        for o, offset in enumerate(offsets):
            assert own[around[number, o]] == pytest.approx(energy[tuple((point + offset) % 12)], abs=1e-12)
