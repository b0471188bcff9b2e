"""Band edges of models without symmetry against a search of 40³ points, and of models with closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import chiraljax as cj
from chiraljax import Crystal, Hopping, Shell, slater_koster
from chiraljax.observables._extremum import shortest

EDGES = {1: cj.conduction_edge, -1: cj.valence_edge}


def random_model(seed: int):
    """One to three s or p shells on a triclinic lattice, random hoppings to two to six shells of neighbours."""
    rng = np.random.default_rng(seed)
    labels = ["H", "C", "N"][: rng.integers(1, 4)]
    lattice = np.diag(rng.uniform(3, 5, 3)) + rng.uniform(-1.2, 1.2, (3, 3))
    places = [[0, 0, 0], rng.uniform(0.2, 0.45, 3), rng.uniform(0.55, 0.8, 3)]
    crystal = Crystal(lattice, labels, places[: len(labels)])
    orbitals = ["p" if rng.uniform() < 0.3 and len(labels) < 3 else "s" for _ in labels]
    spin = rng.uniform() < 0.3
    shells = [
        Shell(label, orbital, {"energy": rng.uniform(-1, 1)}, spin_orbit=0.2 if orbital == "p" and spin else None)
        for label, orbital in zip(labels, orbitals, strict=True)
    ]
    hoppings = [
        Hopping(
            (shells[i].name, shells[j].name),
            shell,
            {
                name: rng.normal() / np.sqrt(shell)
                for name in ("sigma", "pi")[: 1 + (orbitals[i] + orbitals[j] == "pp")]
            },
        )
        for i in range(len(labels))
        for j in range(i, len(labels))
        for shell in range(1, 1 + rng.integers(2, 7))
    ]
    size = sum(2 if orbital == "s" else 6 for orbital in orbitals)
    return slater_koster(crystal, shells, hoppings, filling=int(rng.integers(1, size)))


def brute_force(electrons, sign: int) -> float:
    """The lowest of the 40³ points and of the simplex searches (Nelder and Mead) from its 12 lowest local minima."""
    n, band = 40, electrons.filling - (sign < 0)
    cells, matrices = electrons.hoppings()

    def height(k):
        turns = np.exp(2j * np.pi * (np.atleast_2d(k) @ cells.T))
        return sign * np.linalg.eigvalsh(np.tensordot(turns, np.asarray(matrices), axes=1))[:, band]

    axes = [np.arange(n) / n if periodic else np.zeros(1) for periodic in electrons.periodic]
    k = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = np.concatenate([height(part) for part in k.reshape(-1, k.shape[2], 3)]).reshape(k.shape[:3])
    least = np.ones(values.shape, bool)
    for shift in np.ndindex(3, 3, 3):
        least &= values <= np.roll(values, np.array(shift) - 1, (0, 1, 2))
    found = float(values.min())
    for first in np.argsort(np.where(least, values, np.inf), axis=None)[: min(12, least.sum())]:
        x = k.reshape(-1, 3)[first]
        for width in (0.5 / n, 0.05 / n):
            simplex = x + width * np.concatenate([np.zeros((1, 3)), np.eye(3)])
            options = {"xatol": 1e-8, "fatol": 1e-11, "maxiter": 500, "initial_simplex": simplex}
            result = minimize(lambda k: height(k)[0], x, method="Nelder-Mead", options=options)
            x, found = result.x, min(found, float(result.fun))
    return sign * found


def check_random(seed: int) -> None:
    electrons, sign = random_model(seed), 1 - 2 * (seed % 2)
    edge = EDGES[sign](electrons)
    assert sign * (float(edge.energy) - brute_force(electrons, sign)) < 1e-7
    band = electrons.filling - (sign < 0)
    assert float(electrons.energies(edge.k)[band]) == pytest.approx(float(edge.energy), abs=1e-8)
    assert float(edge.error) < 1e-7


@pytest.mark.filterwarnings("ignore:.*the next shell may belong")
@pytest.mark.parametrize("seed", range(4))
def test_random_models(seed):
    check_random(seed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*the next shell may belong")
@pytest.mark.parametrize("seed", range(4, 100))
def test_more_random_models(seed):
    check_random(seed)


@pytest.mark.filterwarnings("ignore:.*the next shell may belong")
@pytest.mark.parametrize("seed", [1, 8])
def test_traced(seed):
    """Under `jit` fewer candidates are refined, with the same result."""
    electrons = random_model(seed)
    known, traced = cj.conduction_edge(electrons), jax.jit(cj.conduction_edge)(electrons)
    assert float(traced.energy) == pytest.approx(float(known.energy), abs=2e-8)
    assert float(traced.error) < 1e-7


@pytest.mark.parametrize("shear", [[[1, 0, 0], [2, 1, 0], [-3, 4, 1]], [[1, 5, 0], [0, 1, 0], [7, 0, 1]]])
def test_sheared_cell(shear):
    """The same crystal in another cell has the same edges, at the same Cartesian k up to symmetry."""
    electrons = cj.load_material("GaAs").electrons
    crystal = electrons.crystal
    other = Crystal(shear @ crystal.vectors, crystal.species, crystal.positions @ np.linalg.inv(shear))
    sheared = slater_koster(other, *electrons.specification, filling=8)
    for edge in EDGES.values():
        assert float(edge(sheared).energy) == pytest.approx(float(edge(electrons).energy), abs=1e-9)
    assert np.max(np.abs(cj.conduction_edge(sheared).k)) < 1e-6


def test_shortest_vectors():
    """A sheared cubic lattice gives back the unit vectors, in some order and with some signs."""
    sheared = np.array([[1.0, 0, 0], [17, 1, 0], [-30, 43, 1]])
    np.testing.assert_array_equal(np.sort(np.linalg.norm(shortest(sheared) @ sheared, axis=1)), np.ones(3))
    skewed = np.array([[3, 1], [2, 1]]) @ np.array([[1, 0, 0], [0.5, np.sqrt(0.75), 0]])
    assert np.linalg.norm(shortest(skewed) @ skewed, axis=1) == pytest.approx(1)


def test_cone():
    """π bands of graphene: both edges are the Dirac point K, a cone."""
    a = 2.46
    crystal = Crystal(
        [[a, 0, 0], [-a / 2, a * np.sqrt(0.75), 0], [0, 0, 9]], "CC", [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0]]
    )
    electrons = slater_koster(
        crystal, [Shell("C", "s", {"energy": 0.3})], [Hopping(("C.s", "C.s"), 1, {"sigma": -2.7})], filling=2
    )
    for edge in (cj.conduction_edge(electrons), cj.valence_edge(electrons), jax.jit(cj.valence_edge)(electrons)):
        assert float(edge.energy) == pytest.approx(0.3, abs=3e-8)
        np.testing.assert_allclose(np.sort(np.abs(edge.k)), [0, 1 / 3, 1 / 3], atol=1e-7)
        assert float(edge.error) < 1e-7


def test_minimum_between_the_points_of_a_mesh():
    """E = 2 t₁ cos θ + 2 t₂ cos 2θ, θ = 2πk, has the minimum −2 t₂ − t₁²/(4 t₂) at cos θ = −t₁/(4 t₂), off the mesh."""
    t1, t2 = 0.5, 0.3
    crystal = Crystal(np.diag([2.0, 50, 50]), ["H"], [[0, 0, 0]])
    shell = Shell("H", "s", {"energy": 0.0})
    hoppings = [Hopping(("H.s", "H.s"), 1, {"sigma": t1}), Hopping(("H.s", "H.s"), 2, {"sigma": t2})]
    edge = cj.conduction_edge(slater_koster(crystal, [shell], hoppings, filling=0))
    assert float(edge.energy) == pytest.approx(-2 * t2 - t1**2 / (4 * t2), abs=1e-9)
    np.testing.assert_allclose(np.cos(2 * np.pi * edge.k[0]), -t1 / (4 * t2), atol=1e-5)
    np.testing.assert_array_equal(edge.k[1:], 0)


def test_levels_of_atoms():
    """Without hopping H does not depend on k."""
    crystal = Crystal(4 * np.eye(3), ["H"], [[0, 0, 0]])
    electrons = slater_koster(crystal, [Shell("H", "s", {"energy": 0.7})], [], filling=0)
    for find in (cj.conduction_edge, jax.jit(cj.conduction_edge)):
        edge = find(electrons)
        assert float(edge.energy) == pytest.approx(0.7, abs=1e-15)
        np.testing.assert_array_equal(edge.k, 0)


@pytest.mark.slow
def test_derivative_of_a_degenerate_edge(electrons):
    """A shift of all on-site energies shifts the edge as much: dE/dε = 1, eagerly and under `jit`, and in a batch."""
    names = [name for name in electrons.parameters if name.startswith(("O.p.", "Ta.d.")) and name != "Ta.d.xi"]

    def edge(shift):
        moved = {name: electrons.parameters[name] + shift for name in names}
        return cj.conduction_edge(electrons.with_parameters(moved)).energy

    shifts = jnp.array([0.0, 0.1])
    assert float(jax.grad(edge)(0.0)) == pytest.approx(1, rel=1e-9)
    assert float(jax.jit(jax.grad(edge))(0.0)) == pytest.approx(1, rel=1e-9)
    np.testing.assert_allclose(jax.vmap(edge)(shifts), [edge(shift) for shift in shifts], atol=1e-9)


def test_nothing_is_compiled_or_searched_again(insulator, monkeypatch):
    """Other parameters use the compiled programs; equal electrons use the edge that is known."""
    compiled, solved = [], []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, duration, **_: compiled.append(event) if event.endswith("backend_compile_duration") else None
    )
    name = next(iter(insulator.parameters))
    models = [insulator.with_parameters({name: insulator.parameters[name] + shift}) for shift in (0.01, 0.02, 0.02)]
    cj.conduction_edge(models[0])
    before = len(compiled)
    solve = np.linalg.eigvalsh
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda matrices: solved.append(len(matrices)) or solve(matrices))
    second = cj.conduction_edge(models[1])
    assert len(compiled) == before
    assert 0 < sum(solved) < 500
    solved.clear()
    assert float(cj.conduction_edge(models[2]).energy) == float(second.energy)
    assert not solved


def test_shows_its_error(insulator):
    assert "±" in repr(cj.conduction_edge(insulator))
