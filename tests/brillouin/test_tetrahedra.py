"""Sums between tetrahedra against closed forms, with and without symmetry, and their derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax import InputError
from chiraljax.brillouin import FourierSeries, _tetrahedra, frozen, occupied, on_plane, tetrahedra
from chiraljax.crystal import magnetic_operations

_ONE = np.ones((1, 1))


def _nodes(grid):
    lines = np.stack([grid.x[grid.lines[:, 0]], grid.y[grid.lines[:, 1]]], axis=-1)
    return np.concatenate([np.repeat(lines, len(grid.z), axis=0), np.tile(grid.z, len(lines))[:, None]], axis=1)


def _below(grid, energy, level, value=None, spacing=0):
    """∫ value θ(level − energy) over the region of the grid."""
    k = _nodes(grid)
    values = np.ones(len(k)) if value is None else value(k)
    corners, volumes = grid.corners[spacing], grid.volumes[spacing]
    levels = jnp.full((1, 1), level)
    energies, values = jnp.asarray(energy(k)[:, None]), jnp.asarray(values[None, :, None])
    return float(occupied(energies, values, corners, volumes, levels, _ONE)[0, 0, 0])


@pytest.mark.parametrize("level", [-1.4, -0.6, 0.0, 0.3, 0.9, 2.0])
def test_linear_energies_are_exact(level):
    """In the cube |x_i| ≤ 1 the volume below a·x, a = (0.9, 0.5, 0.2), by inclusion and exclusion of its corners."""
    grid, a = tetrahedra(4, half_width=0.5), np.array([0.9, 0.5, 0.2])
    corners = np.stack(np.meshgrid(*[[-1, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sides = np.prod(corners, axis=1) * -1
    exact = np.sum(sides * np.maximum(level - corners @ a, 0) ** 3) / (6 * 8 * np.prod(a))
    assert _below(grid, lambda k: 2 * k @ a, level) == pytest.approx(exact, abs=1e-14)


def test_sphere_and_second_moment():
    """E = k²: the volume 4πr³/3 and ∫k² = 4πr⁵/5 to O(1/n²), of which extrapolation takes away 95 %."""
    r, errors = 0.8, []
    for n in (16, 32):
        grid = tetrahedra(n, [np.diag(s) for s in np.ndindex(2, 2, 2) for s in [1 - 2 * np.array(s)]], half_width=0.5)
        fine, coarse = (_below(grid, lambda k: 4 * (k**2).sum(axis=1), r**2, spacing=spacing) for spacing in (0, 1))
        exact = 4 * np.pi * r**3 / 3 / 8
        errors.append((fine / exact - 1, (4 * fine - coarse) / 3 / exact - 1))
    assert errors[1][0] == pytest.approx(errors[0][0] / 4, rel=0.1)
    assert abs(errors[1][1]) < 0.05 * abs(errors[1][0])
    second = _below(grid, lambda k: 4 * (k**2).sum(axis=1), r**2, lambda k: 4 * (k**2).sum(axis=1))
    assert second == pytest.approx(4 * np.pi * r**5 / 5 / 8, rel=5e-3)


def test_full_and_empty_bands():
    grid = tetrahedra(8)
    assert grid.weights.sum(axis=0) == pytest.approx([1, 1])
    for spacing in (0, 1):
        assert grid.volumes[spacing].sum() == pytest.approx(1)
        assert _below(grid, lambda k: np.cos(2 * np.pi * k[:, 0]), 1.1, spacing=spacing) == pytest.approx(1, abs=1e-14)
        assert _below(grid, lambda k: np.cos(2 * np.pi * k[:, 0]), -1.1, spacing=spacing) == 0
    assert _below(grid, lambda k: np.zeros(len(k)), 0.0) == pytest.approx(1, abs=1e-14)


def test_symmetry_changes_nothing(electrons):
    """An invariant band with all cells, and with one of each star."""

    def band(k):
        x, y, z = np.cos(2 * np.pi * k).T
        return x + y + 0.4 * z + 0.3 * x * y

    operations = magnetic_operations(electrons.crystal, electrons.operations, [0, 0, 1.0])
    reflections = [np.diag(1 - 2 * np.array(s)) for s in np.ndindex(2, 2, 2)]
    reduced, octants = tetrahedra(16, operations), tetrahedra(16, reflections)
    assert len(reduced.volumes[0]) < 0.6 * len(octants.volumes[0])
    assert reduced.n_nodes < 0.6 * octants.n_nodes
    for level in (-1.0, 0.1, 1.3):
        assert _below(reduced, band, level) == pytest.approx(_below(octants, band, level), rel=1e-12)


def test_hexagonal_group_shares_nodes_but_not_cells(monkeypatch):
    """Operations that shear the grid relate nodes only: the sum is that of the grid without symmetry."""
    turn = np.array([[0, -1, 0], [1, 1, 0], [0, 0, 1]])
    group = [np.linalg.matrix_power(turn, n) for n in range(6)]

    def band(k):
        x, y, _ = 2 * np.pi * k.T
        return np.cos(x) + np.cos(y) + np.cos(x + y)

    reduced = tetrahedra(12, group, (True, True, False))
    monkeypatch.setattr(_tetrahedra, "_WARP", 0.0)
    full = _tetrahedra._tetrahedra.__wrapped__(12, frozen(None), (True, True, False), None)
    assert reduced.n_nodes < full.n_nodes / 4
    assert _below(reduced, band, 0.7) == pytest.approx(_below(full, band, 0.7), rel=1e-12)


@pytest.mark.slow
def test_derivative_and_jit():
    """Forward and reverse mode against central differences, and under `jit`, where no tetrahedron is left out."""
    grid = tetrahedra(8, half_width=0.5)
    k = _nodes(grid)
    rng = np.random.default_rng(0)
    energies = jnp.asarray(np.stack([4 * (k**2).sum(axis=1), k[:, 0] - 0.2], axis=-1))
    values = jnp.asarray(rng.normal(size=(1, len(k), 2)))
    direction = jnp.asarray(rng.normal(size=energies.shape))
    levels, weights = jnp.array([[0.2, 0.3, 0.5]]), np.array([[0.2], [0.3], [0.5]])

    def total(t, s):
        moved = energies + t * direction
        return occupied(moved, values * (1 + s), grid.corners[0], grid.volumes[0], levels + s, weights)[0, 0, 0]

    at = (jnp.array(0.01), jnp.array(0.0))
    h = 1e-6
    expected = [
        (total(at[0] + h, at[1]) - total(at[0] - h, at[1])) / (2 * h),
        (total(at[0], h) - total(at[0], -h)) / (2 * h),
    ]
    value, compiled = jax.jit(jax.value_and_grad(total, (0, 1)))(*at)
    for derivative in (jax.grad(total, (0, 1))(*at), jax.jacfwd(total, (0, 1))(*at), compiled):
        np.testing.assert_allclose(derivative, expected, rtol=1e-6)
    assert float(value) == pytest.approx(float(total(*at)), rel=1e-12)


@pytest.mark.parametrize("n", [4, 5])
def test_series_through_a_trigonometric_polynomial(n):
    """Exact everywhere if no harmonic exceeds (n − 1)/2; an even mesh keeps the highest as a cosine."""
    rng = np.random.default_rng(n)
    u = np.arange(n) / n
    mesh = np.stack(np.meshgrid(u, u, u, indexing="ij"), axis=-1)
    harmonics = rng.integers(-1, 2, (6, 3))
    amplitudes = rng.normal(size=(6, 2, 2)) + 1j * rng.normal(size=(6, 2, 2))

    def exact(k):
        return np.einsum("...h,hij->...ij", np.exp(2j * np.pi * k @ harmonics.T), amplitudes)

    series = FourierSeries.through(jnp.asarray(exact(mesh)))
    k = rng.uniform(-1, 1, 3)
    np.testing.assert_allclose(series(jnp.asarray(k)), exact(k), atol=1e-13)
    y, z = rng.uniform(size=3), rng.uniform(size=2)
    plane = on_plane(series.plane(k[0]), y, z)
    points = np.stack(np.broadcast_arrays(k[0], y[:, None], z[None]), axis=-1)
    np.testing.assert_allclose(plane, exact(points), atol=1e-13)


def test_bad_number_of_intervals():
    with pytest.raises(InputError, match="n must be a multiple of 4, but got 6"):
        tetrahedra(6)
