"""Moments at low temperature: bands interpolated in a small basis, and a sharp Fermi surface between tetrahedra."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._parallel import side_by_side
from .._tracing import is_differentiated, is_traced
from .._types import Array, Float, Scalar
from ..brillouin import FourierSeries, Tetrahedra, integrate, on_plane, sample
from ..electrons import Electrons, eigenvalues, expectations, representation, wannier
from ._region import quadrature
from ._spectral import are_many, thermal_sums
from ._thermal import spectrum

_LINES, _POINTS = 8, 17
"""Nodes diagonalised together: lines of one plane, and points along each (an axis of 16 intervals has 17)."""
_CUBE_POINTS = 8
"""Intervals an axis on which the bands below a group are averaged over a small region."""
_PROBES = 24
"""k-points at which an interpolation is compared with the energies themselves."""


class BandGroup(eqx.Module):
    """Which bands are interpolated, and how."""

    states: tuple[int, int] = eqx.field(static=True)
    """first band, and that after the last"""
    trial: tuple[int, ...] = eqx.field(static=True)
    """spin-orbitals projected on the bands; none for all bands, where H itself is the finite series"""
    mesh: tuple[int, int, int] = eqx.field(static=True)
    """points an axis of the mesh that is interpolated"""
    region: str = eqx.field(static=True)
    """over which the bands below the group are averaged"""

    @property
    def size(self) -> int:
        """m, the number of bands."""
        return self.states[1] - self.states[0]

    def filled(self, electrons: Electrons) -> int:
        """How many of the bands are filled in the undoped crystal."""
        return min(max(electrons.filling - self.states[0], 0), self.size)

    def solves(self, electrons: Electrons, axis: np.ndarray) -> int:
        """Diagonalisations that the series takes."""
        return len(_stars(electrons, self, axis).points) + _PROBES if self.trial else 0


class Bands(NamedTuple):
    """The interpolation of a group of bands at one angular velocity, or at one for each site."""

    series: FourierSeries
    """of H (eV) and σ·n: (nx, ny, nz, 2, m, m)"""
    overlap: Scalar
    """smallest eigenvalue of the overlap of the trial orbitals"""
    rest: Float[Array, ""]
    """average of Tr[σ·n] over the bands below the group"""
    rest_error: Float[Array, ""]


class Levels(NamedTuple):
    """Energies and expectation values at the nodes of a grid, and thermal sums over its nodes."""

    energies: Float[Array, "N m"]
    """eV"""
    values: Float[Array, "1 N m"]
    """⟨σ·n⟩"""
    sums: Float[Array, "2 2 s"]
    """moment and carriers by the trapezoidal rule with all nodes, then with every second"""


def interpolate(electrons: Electrons, group: BandGroup, axis: np.ndarray, omega: Float[Array, "*sites"]) -> Bands:
    """The Fourier series through a group of bands on its mesh, at Ω () or Ω_i (sites,) about `axis`.

    One point of each star is diagonalised; H_w(gk) = D H_w(k) D†, of H_w* for antiunitary g.
    """
    stars = _stars(electrons, group, axis)
    direction, per_k = jnp.asarray(axis), 16 * electrons.size**2 * 12
    matrices, overlap, rest = sample(_matrices, (electrons, group, direction, omega), stars.points, per_k)
    if group.trial:
        turn = jnp.asarray(stars.turn)[:, None]
        matrices = jnp.conj(jnp.swapaxes(turn, -1, -2)) @ matrices[stars.star] @ turn
        conjugate = jnp.asarray(stars.conjugate)[:, None, None, None]
        matrices = jnp.asarray(jnp.where(conjugate, jnp.conj(matrices), matrices))
    if group.region == "zone" or group.states[0] == 0:
        rest = rest[stars.star].reshape(group.mesh)
        coarse = rest[tuple(slice(None, None, 2 if n % 2 == 0 else 1) for n in group.mesh)]
        below, error = jnp.mean(rest), jnp.abs(jax.lax.stop_gradient(jnp.mean(rest) - jnp.mean(coarse)))
    else:
        rule = quadrature(electrons, _CUBE_POINTS, axis, group.region)
        below, error = integrate(_rest, (electrons, group, direction, omega), rule, per_k)
    series = FourierSeries.through(matrices.reshape(*group.mesh, *matrices.shape[1:]))
    return Bands(series, jnp.min(overlap), below, error)


class _Stars(NamedTuple):
    """A mesh reduced by symmetry: X(k) = D† X(k') D of the representative k', conjugated if D is antiunitary."""

    points: np.ndarray
    """(r, 3) fractional"""
    star: np.ndarray
    """(N,) number of the representative of each point of the mesh"""
    turn: np.ndarray
    """(N, m, m): D, which leads from the point to its representative, between the trial orbitals"""
    conjugate: np.ndarray
    """(N,)"""


def _stars(electrons: Electrons, group: BandGroup, axis: np.ndarray) -> _Stars:
    mesh, trial = np.array(group.mesh), list(group.trial)
    points = np.stack(np.meshgrid(*[np.arange(n) for n in mesh], indexing="ij"), axis=-1).reshape(-1, 3)
    symmetry = representation(electrons, axis)
    others = np.setdiff1d(np.arange(electrons.size), trial)
    closed = not trial or np.abs(symmetry.matrices[:, others][:, :, trial]).max(initial=0) < 1e-8
    which = np.flatnonzero(np.all(symmetry.on_k == np.eye(3, dtype=int), axis=(1, 2)) & ~symmetry.antiunitary)
    if trial and closed:
        which = np.arange(len(symmetry.on_k))
    images = np.stack([points @ symmetry.on_k[g].T % mesh for g in which])
    code = (images[..., 0] * mesh[1] + images[..., 1]) * mesh[2] + images[..., 2]
    best = np.argmin(code, axis=0)
    representatives, index = np.unique(code[best, np.arange(len(points))], return_inverse=True)
    kept = points[representatives] / mesh
    used = which[best]
    turn = symmetry.at(used, kept[index])[:, trial][:, :, trial] if trial else np.zeros((len(points), 0, 0))
    return _Stars(kept, index, turn, symmetry.antiunitary[used])


def _rest(arguments, k):
    return _matrices(arguments, k)[2]


def _matrices(arguments, k):
    electrons, group, axis, omega = arguments
    hamiltonian = electrons.hamiltonian(k, jnp.multiply.outer(omega, axis))
    along = jnp.tensordot(axis.astype(complex), electrons.spin, axes=1)
    if not group.trial:
        both = jnp.stack([hamiltonian, jnp.broadcast_to(along, hamiltonian.shape)], axis=1)
        return both, jnp.ones(len(k)), jnp.zeros(len(k))
    found = wannier(hamiltonian, along[None], group.states, group.trial)
    both = jnp.concatenate([found.hamiltonian[..., None, :, :], found.operators], axis=-3)
    return both, found.overlap, found.rest[:, 0]


def deviation(
    electrons: Electrons, group: BandGroup, bands: Bands, axis: np.ndarray, omega: Float[Array, "*sites"]
) -> tuple[float, float]:
    """Largest error of an interpolated energy, and of the distance of two neighbouring levels (eV).

    Sampled in the middle of cells of the mesh, where it is largest.
    """
    cells = np.random.default_rng(0).integers(0, group.mesh, (_PROBES, 3))
    k = (cells + 0.5 * (np.array(group.mesh) > 1)) / group.mesh
    exact = np.asarray(electrons.energies(k, jnp.multiply.outer(omega, jnp.asarray(axis))))[:, slice(*group.states)]
    error = np.asarray(_energies(bands.series, k)) - exact
    return float(np.max(np.abs(error))), float(np.max(np.abs(np.diff(error)[:, ::2])))


@jax.jit
def _energies(series, k):
    return eigenvalues(jax.vmap(series)(k)[:, 0])


def levels(series: FourierSeries, grid: Tetrahedra, filled: int, mu: Array, temperature: Array) -> Levels:
    """Diagonalise the series at every node of a grid; `filled` of its bands are filled in the undoped crystal.

    A few lines of one plane x = const at a time, in arrays of one shape, so that no other grid compiles anything new.
    The thermal sums of a pair at T = 0, which no grid resolves, are taken at 1 K; those of many pairs from the
    spectral function.
    """
    temperature = jnp.where(temperature > 0, temperature, 1.0)
    many = are_many((series, mu), temperature)
    few = np.flatnonzero(~many)
    n_z = len(grid.z)
    z = np.pad(np.arange(n_z), (0, -n_z % _POINTS), constant_values=-1).reshape(-1, _POINTS)
    of_plane = [np.flatnonzero(grid.lines[:, 0] == i) for i in range(len(grid.x))]
    padded = [np.pad(own, (0, -len(own) % _LINES), constant_values=-1).reshape(-1, _LINES) for own in of_plane]
    plane = np.repeat(np.arange(len(padded)), [len(own) * len(z) for own in padded])
    lines = np.repeat(np.concatenate(padded), len(z), axis=0)
    z = np.tile(z, (len(lines) // len(z), 1))
    used = (lines[:, :, None] >= 0) & (z[:, None, :] >= 0)
    node = np.where(used, lines[:, :, None] * n_z + z[:, None, :], 0)
    blocks = (plane, grid.y[grid.lines[lines, 1]], grid.z[z], grid.weights[node] * used[..., None])

    if is_traced((series, mu, temperature)):
        planes = jax.vmap(series.plane)(jnp.asarray(grid.x))
        step = jax.checkpoint(lambda i, *rest: _nodes(filled, planes[i], *rest, mu, temperature))
        energies, values, sums = jax.lax.map(lambda block: step(*block), jax.tree.map(jnp.asarray, blocks))
    else:
        alone = is_differentiated((series, mu, temperature))
        planes = side_by_side(lambda x: _plane(series, x), grid.x, alone)
        pairs = (mu, temperature) if len(few) == len(mu) else (mu[few], temperature[few])

        def block(which):
            i, y, z, weight = (part[which] for part in blocks)
            if many.all():
                return jax.block_until_ready(_states(planes[i], y, z))
            return jax.block_until_ready(_nodes(filled, planes[i], y, z, weight, *pairs))

        found = side_by_side(block, range(len(plane)), alone)
        stack = jnp.stack if alone else np.stack
        energies, values, *sums = (jnp.asarray(stack(part)) for part in zip(*found, strict=True))
        sums = sums[0] if sums else jnp.zeros((1, 2, 2, 0))
    position = np.zeros(len(grid.weights), int)
    position[node[used]] = np.flatnonzero(used)
    m = energies.shape[-1]
    energies, values, sums = energies.reshape(-1, m)[position], values.reshape(-1, m)[position], sums.sum(axis=0)
    if many.any():
        spectral = thermal_sums(filled, energies, values, grid.weights, mu[many], temperature[many])
        sums = jnp.zeros((2, 2, len(mu))).at[..., few].set(sums).at[..., np.flatnonzero(many)].set(spectral)
    return Levels(energies, values[None], sums)


@jax.jit
def _plane(series, x):
    return series.plane(x)


@jax.jit
def _states(plane, y, z):
    """Energies (l, z, m) and ⟨σ·n⟩ (l, z, m) on a block of lines."""
    both = on_plane(plane, y, z)
    energies, values = expectations(both[..., 0, :, :], both[..., 1:, :, :])
    return energies, values[..., 0, :]


@partial(jax.jit, static_argnums=0)
def _nodes(filled, plane, y, z, weights, mu, temperature):
    """On a block of lines: energies (l, z, m), ⟨σ·n⟩ (l, z, m) and weighted thermal sums (2, 2, s)."""
    both = on_plane(plane, y, z)
    found = spectrum(filled, both[..., 0, :, :], both[..., 1:, :, :], mu, temperature)
    sums = jnp.einsum("lzw,clzs->wcs", weights, jnp.stack([found.traces[..., 0, :], found.carriers]))
    return found.energies, found.values[..., 0, :], sums
