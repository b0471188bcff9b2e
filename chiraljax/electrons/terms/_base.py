"""The interface of a further term of H."""

import abc
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..._errors import check
from ..._family import Declared
from ..._types import Array, Float, Operator
from .._structure import Structure

_ROTATION = np.array([31.0, -17.0, 11.0])
"""rad/ps, without symmetry"""
_ZERO = 1e-12

Part = TypeVar("Part")


class AbstractTerm(Declared):
    """A term of H within the cell: one matrix for all k, which may depend on the rotation.

    Numbers of a term that are arrays are differentiable. A direction that is meant to stay is better static: the
    symmetry of H is that for any values of the arrays.
    """

    @abc.abstractmethod
    def matrix(self, structure: Structure, rotations: Float[Array, "sites 3"]) -> Operator:
        """The term (n, n) in eV.

        Args:
            structure: has the operators on the basis, `angular_momentum` and `spin` (3, n, n), and its `owners`, the
                site and shell of each spin-orbital.
            rotations: Ω of each site, rad/ps.
        """


def check_term(term: AbstractTerm, structure: Structure, sites: int) -> None:
    """Raise `InputError` for a term of another shape, not Hermitian, or odd under t → −t, Ω → −Ω."""
    name, size = f"term {type(term).__name__}", 2 * structure.n_orbitals
    rotations = jnp.asarray(_ROTATION * np.linspace(1, 2, sites)[:, None])
    there, back = (np.asarray(generic(term).matrix(structure, sign * rotations)) for sign in (1, -1))
    check(there.shape == (size, size), name, f"must have shape {(size, size)}, but got {there.shape}")
    check(np.all(np.isfinite(there)), name, "must be finite, but is not")
    skew = np.abs(there - there.conj().T).max()
    check(skew < _ZERO, name, f"must be Hermitian, but H − H† has an element of {skew:.3g} eV")
    reversal = np.kron(np.eye(structure.n_orbitals), [[0, 1], [-1, 0]])
    odd = np.abs(reversal @ there.conj() @ reversal.T - back).max()
    check(odd < _ZERO, name, f"must be even under t → −t with Ω → −Ω, but differs by {odd:.3g} eV")


def generic(part: Part) -> Part:
    """The same with unrelated values of its arrays, so that it has no accidental symmetry."""
    leaves, tree = jax.tree.flatten(part)
    count = np.cumsum([0, *(np.size(leaf) for leaf in leaves)])
    shifts = [0.1 * np.sin(1 + np.arange(n, n + np.size(leaf))) for n, leaf in zip(count[:-1], leaves, strict=True)]
    return jax.tree.unflatten(
        tree,
        [
            jnp.asarray(leaf) + shift.reshape(np.shape(leaf)) if eqx.is_inexact_array(leaf) else leaf
            for leaf, shift in zip(leaves, shifts, strict=True)
        ],
    )
