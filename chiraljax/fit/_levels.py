"""The levels of a model at given k-points, as functions of its parameters."""

from functools import partial
from types import ModuleType
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array, Float
from ..electrons import Electrons, eigh

OFFSET = "offset"
"""name of the energy zero, which shifts all levels equally"""
_AT_ONCE = 2e8
"""bytes of matrix elements that are kept; more are recalculated in chunks of k-points"""
_BLOCK = 32
"""k-points whose matrix elements are calculated together"""
_ZERO = 1e-12
_GENERIC = np.random.default_rng(0).uniform(size=(3, 3))
"""k-points without symmetry"""


class Pattern(NamedTuple):
    """Where ∂H/∂θ has elements above the diagonal at a generic k, and whether phases make them real."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    real: bool


class Elements(NamedTuple):
    """∂H/∂θ_p at each k, on the diagonal and at the nonzero elements above it."""

    diagonal: Float[Array, "K n P"]
    upper: Array
    """(K, x, P), real or complex"""


class Levels(eqx.Module):
    """E_n(k; θ), ascending, and its slopes ∂E_n/∂θ_p = ⟨n|∂H/∂θ_p|n⟩ (Hellmann and Feynman).

    H is linear in θ, H(k) = Σ_p θ_p ∂H/∂θ_p, so its elements are calculated once. Without a spin–orbit term the
    matrices are spinless; if every site is a centre of inversion, the phases i^l e^{2πi k·r} of the orbitals make them
    real. In a degenerate group only sums of slopes are defined; those of single eigenvectors are an element of the
    generalised Jacobian, which is sufficient for a fit.
    """

    electrons: Electrons
    k: Float[np.ndarray, "K 3"]
    elements: Elements | None
    """None if there are too many"""
    names: tuple[str, ...] = eqx.field(static=True)
    """of θ, the last being `OFFSET`"""
    pattern: Pattern = eqx.field(static=True)

    def __init__(self, electrons: Electrons, k: np.ndarray):
        self.electrons, self.k = electrons, np.asarray(k, dtype=float)
        self.names = (*electrons.parameters, OFFSET)
        few = self.k if len(self.k) * self._bytes <= _AT_ONCE else self.k[:0]
        both = np.concatenate([few, _GENERIC])
        matrices = _in_blocks(electrons, self.names, both)
        self.pattern = _pattern(electrons, matrices[len(few) :])
        self.elements = _packed(electrons, self.pattern, self.k, matrices[: len(few)], np) if len(few) else None

    @property
    def size(self) -> int:
        """Levels per k-point: spin-orbitals with a spin–orbit term, else orbitals."""
        return self.electrons.size if self.electrons.has_spin_orbit else self.electrons.size // 2

    @property
    def _bytes(self) -> int:
        return 16 * self.size**2 * len(self.names)

    def at(self, rows: np.ndarray) -> "Levels":
        """The same levels at some of the k-points."""
        return Levels(self.electrons, self.k[rows])

    def __call__(self, values: Float[Array, " P"]) -> Float[Array, "K n"]:
        """Energies (eV) at θ = `values`."""
        return self._on_elements(lambda elements: _energies(self.pattern, elements, values))

    def with_slopes(self, values: Float[Array, " P"]) -> tuple[Float[Array, "K n"], Float[Array, "K n P"]]:
        """Energies and their slopes."""
        return self._on_elements(lambda elements: _slopes(self.pattern, elements, values))

    def _on_elements(self, function):
        if self.elements is not None:
            return function(self.elements)
        size = max(1, int(_AT_ONCE / self._bytes))
        chunks = jnp.resize(jnp.asarray(self.k), (-(-len(self.k) // size), size, 3))

        def of_chunk(k):
            matrices = _matrices(self.electrons, self.names, k)
            return function(_packed(self.electrons, self.pattern, k, matrices, jnp))

        parts = jax.lax.map(jax.checkpoint(of_chunk), chunks)
        return jax.tree.map(lambda part: part.reshape(-1, *part.shape[2:])[: len(self.k)], parts)


def _pattern(electrons: Electrons, matrices) -> Pattern:
    """The pattern of `matrices` at the `_GENERIC` k-points."""
    turned = matrices if electrons.has_spin_orbit else _turned(electrons, _GENERIC, matrices, np)
    rows, columns = np.nonzero(np.triu(np.abs(turned).max(axis=(0, 3)) > _ZERO, 1))
    real = not electrons.has_spin_orbit and np.abs(turned.imag).max() < _ZERO
    return Pattern(tuple(rows.tolist()), tuple(columns.tolist()), bool(real))


def _packed(electrons: Electrons, pattern: Pattern, k, matrices, xp: ModuleType) -> Elements:
    """The elements of `matrices`; `xp` is NumPy for arrays on the host, and jax.numpy inside a trace."""
    if pattern.real:
        matrices = _turned(electrons, k, matrices, xp).real
    index = np.arange(matrices.shape[1])
    diagonal, upper = matrices[:, index, index].real, matrices[:, _index(pattern.rows), _index(pattern.columns)]
    return Elements(jnp.asarray(diagonal), jnp.asarray(upper))


def _index(numbers: tuple[int, ...]) -> np.ndarray:
    return np.array(numbers, dtype=int)


def _in_blocks(electrons: Electrons, names: tuple[str, ...], k: np.ndarray) -> np.ndarray:
    """`_matrices` in blocks of one size, so that it is compiled once for all numbers of k-points."""
    blocks = np.zeros((-(-len(k) // _BLOCK), _BLOCK, 3))
    blocks.reshape(-1, 3)[: len(k)] = k
    parts = [np.asarray(_matrices(electrons, names, jnp.asarray(block))) for block in blocks]
    return np.concatenate(parts)[: len(k)]


@eqx.filter_jit
def _matrices(electrons: Electrons, names: tuple[str, ...], k):
    """∂H/∂θ (K, n, n, P)."""

    def hamiltonian(values):
        model = electrons.with_parameters(dict(zip(names[:-1], values, strict=True)))
        return model.hamiltonian(k) if model.has_spin_orbit else model.spinless_hamiltonian(k)

    slopes = jax.jacfwd(hamiltonian)(jnp.zeros(len(names) - 1))
    shift = jnp.broadcast_to(jnp.eye(slopes.shape[-2], dtype=complex), slopes.shape[:-1])
    return jnp.concatenate([slopes, shift[..., None]], axis=-1)


def _turned(electrons: Electrons, k, matrices, xp: ModuleType):
    """The spinless matrices with the phases i^l e^{2πi k·r} of the orbitals."""
    shells = {shell.name: shell.l for shell in electrons.shells}
    positions = np.array([electrons.crystal.positions[site] for site, _, _ in electrons.orbitals])
    parity = np.array([1j ** shells[name] for _, name, _ in electrons.orbitals])
    phases = parity * xp.exp(2j * np.pi * (k @ positions.T).astype(complex))
    return xp.conj(phases)[:, :, None, None] * matrices * phases[:, None, :, None]


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _energies(pattern: Pattern, elements: Elements, values):
    return eigh(_hamiltonian(pattern, elements, values))[0]


@_energies.defjvp
def _hellmann_feynman(pattern, primals, tangents):
    energies, slopes = _slopes(pattern, *primals)
    return energies, slopes @ tangents[1]


def _hamiltonian(pattern: Pattern, elements: Elements, values):
    rows, columns = _index(pattern.rows), _index(pattern.columns)
    diagonal, upper = elements.diagonal @ values, elements.upper @ values.astype(elements.upper.dtype)
    index = np.arange(diagonal.shape[1])
    empty = jnp.zeros((*diagonal.shape, len(index)), dtype=upper.dtype)
    filled = empty.at[:, index, index].set(diagonal.astype(upper.dtype))
    return filled.at[:, rows, columns].set(upper).at[:, columns, rows].set(jnp.conj(upper))


def _slopes(pattern: Pattern, elements: Elements, values):
    energies, vectors = eigh(_hamiltonian(pattern, elements, values))
    rows, columns = _index(pattern.rows), _index(pattern.columns)
    pairs = 2 * jnp.conj(vectors[:, rows]) * vectors[:, columns]
    weights, entries = [jnp.abs(vectors) ** 2, pairs.real], [elements.diagonal, elements.upper.real]
    if jnp.iscomplexobj(pairs):
        weights.append(-pairs.imag)
        entries.append(elements.upper.imag)
    product = partial(jnp.einsum, "kxn,kxp->knp")
    return energies, product(jnp.concatenate(weights, axis=1), jnp.concatenate(entries, axis=1))
