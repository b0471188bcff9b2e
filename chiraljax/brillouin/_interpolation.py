"""Groups of bands as small matrices that are interpolated in k."""

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._module import Module
from .._parallel import one_thread
from .._tracing import array_namespace
from .._types import Array, Float, Scalar
from ..electrons import Representation, eigenvalues, wannier
from ._bloch import AbstractBloch
from ._fourier import FourierSeries
from ._integrate import integrate, sample
from ._region import region_rule

_CUBE_POINTS = 8
"""Intervals per axis on which the bands below a group are averaged over a small region"""
_BLOCK = 2**11
"""Points of the mesh that symmetry gives together"""
_PROBES = 24
"""k-points at which an interpolation is compared with the energies themselves"""


class BandGroup(Module):
    """Which bands are interpolated, and how."""

    states: tuple[int, int] = eqx.field(static=True)
    """first band, and the band after the last"""
    trial: tuple[int, ...] = eqx.field(static=True)
    """members of the basis projected on the bands; none for all bands, for which H itself is a finite series"""
    mesh: tuple[int, int, int] = eqx.field(static=True)
    """points per axis of the mesh that is interpolated"""
    region: str = eqx.field(static=True)
    """over which the bands below the group are averaged"""

    @property
    def size(self) -> int:
        """m, the number of bands."""
        return self.states[1] - self.states[0]

    def filled(self, bloch: AbstractBloch) -> int:
        """How many of the bands are filled in the undoped crystal."""
        return min(max(bloch.filled - self.states[0], 0), self.size)

    def solves(self, bloch: AbstractBloch) -> int:
        """Diagonalisations that the series needs."""
        return len(self.stars(bloch).points) + _PROBES if self.trial else 0

    def stars(self, bloch: AbstractBloch) -> "_Stars":
        """The mesh reduced by the symmetries of `bloch`."""
        return _stars(bloch.representation, bloch.size, self.mesh, self.trial)


class BandSeries(NamedTuple):
    """The interpolation of a group of bands."""

    series: FourierSeries
    """of H (eV) and the operators: (nx, ny, nz, 1 + a, m, m)"""
    overlap: Scalar
    """smallest eigenvalue of the overlap of the trial orbitals"""
    rest: Float[Array, " a"]
    """average of Tr A over the bands below the group"""
    rest_error: Float[Array, " a"]


def interpolate(bloch: AbstractBloch, group: BandGroup) -> BandSeries:
    """The Fourier series through a group of bands on its mesh.

    One point of each star is diagonalised: H_w(gk) = D H_w(k) D†, or D H_w(k)* D† for antiunitary g.
    """
    stars = group.stars(bloch)
    per_k = 16 * bloch.size**2 * (11 + bloch.count)
    found = sample(_matrices, (bloch, group), stars.points, per_k)
    xp = array_namespace(found)
    matrices, overlap, rest = map(xp.asarray, found)
    if group.trial:
        blocks = [slice(start, start + _BLOCK) for start in range(0, len(stars.star), _BLOCK)]
        if xp is np:
            every = np.empty((len(stars.star), *matrices.shape[1:]), complex)
            for block in blocks:
                every[block] = _images(np, matrices, stars, block)
            matrices = every
        else:
            matrices = xp.concatenate([_images(xp, matrices, stars, block) for block in blocks])
    if group.region == "zone" or group.states[0] == 0:
        rest = rest[stars.star].reshape(*group.mesh, -1)
        coarse = rest[tuple(slice(None, None, 2 if n % 2 == 0 else 1) for n in group.mesh)]
        below, half = (xp.mean(part, axis=(0, 1, 2)) for part in (rest, coarse))
        error = xp.abs(below - half)
    else:
        rule = region_rule(_CUBE_POINTS, bloch.operations, bloch.periodic, group.region)
        below, error = integrate(_rest, (bloch, group), rule, per_k)
    on_mesh = matrices.reshape(*group.mesh, *matrices.shape[1:])
    del found, matrices
    series = FourierSeries.through(on_mesh, overwrite=bool(group.trial))
    lowest, below, error = (jnp.asarray(part) for part in (xp.min(overlap), below, error))
    return BandSeries(series, lowest, below, jax.lax.stop_gradient(error))


def _images(xp, matrices, stars: "_Stars", block: slice):
    """The matrices at the points of a block of the mesh."""
    turn = stars.turn[block, None]
    images = xp.conj(xp.swapaxes(turn, -1, -2)) @ matrices[stars.star[block]] @ turn
    return xp.where(stars.conjugate[block, None, None, None], xp.conj(images), images)


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


@lru_cache(maxsize=2)  # those of a fine mesh are some hundred megabytes
def _stars(symmetry: Representation, size: int, mesh: tuple[int, ...], orbitals: tuple[int, ...]) -> _Stars:
    trial = list(orbitals)
    points = np.stack(np.meshgrid(*[np.arange(n) for n in mesh], indexing="ij"), axis=-1).reshape(-1, 3)
    others = np.setdiff1d(np.arange(size), trial)
    closed = not trial or np.abs(symmetry.matrices[:, others][:, :, trial]).max(initial=0) < 1e-8
    operations = np.flatnonzero(np.all(symmetry.on_k == np.eye(3, dtype=int), axis=(1, 2)) & ~symmetry.antiunitary)
    if trial and closed:
        operations = np.arange(len(symmetry.on_k))
    images = np.stack([points @ symmetry.on_k[g].T % np.array(mesh) for g in operations])
    code = (images[..., 0] * mesh[1] + images[..., 1]) * mesh[2] + images[..., 2]
    best = np.argmin(code, axis=0)
    representatives, index = np.unique(code[best, np.arange(len(points))], return_inverse=True)
    kept = points[representatives] / mesh
    used = operations[best]
    turn = symmetry.at(used, kept[index])[:, trial][:, :, trial] if trial else np.zeros((len(points), 0, 0))
    return _Stars(kept, index, turn, symmetry.antiunitary[used])


def _rest(arguments, k):
    return _matrices(arguments, k)[2]


def _matrices(arguments, k):
    bloch, group = arguments
    hamiltonian, operators = bloch.matrices(k)
    if not group.trial:
        operators = jnp.broadcast_to(operators, (len(k), *operators.shape[-3:]))
        both = jnp.concatenate([hamiltonian[:, None], operators], axis=1)
        return both, jnp.ones(len(k)), jnp.zeros((len(k), operators.shape[1]))
    small = wannier(hamiltonian, operators, group.states, group.trial)
    both = jnp.concatenate([small.hamiltonian[:, None], small.operators], axis=1)
    return both, small.overlap, small.rest


def deviation(bloch: AbstractBloch, group: BandGroup, bands: BandSeries) -> tuple[float, float]:
    """Largest error of an interpolated energy, and of the distance of two neighbouring levels (eV).

    Sampled in the middle of cells of the mesh, where the error is largest.
    """
    cells = np.random.default_rng(0).integers(0, group.mesh, (_PROBES, 3))
    k = (cells + 0.5 * (np.array(group.mesh) > 1)) / group.mesh
    with one_thread():
        exact = np.asarray(_energies(bloch, k))[:, slice(*group.states)]
        error = np.asarray(_interpolated_energies(bands.series, k)) - exact
    return float(np.max(np.abs(error))), float(np.max(np.abs(np.diff(error)[:, ::2])))


@eqx.filter_jit
def _energies(bloch, k):
    return eigenvalues(bloch.matrices(k)[0])


@jax.jit
def _interpolated_energies(series, k):
    return eigenvalues(jax.vmap(series)(k)[:, 0])
