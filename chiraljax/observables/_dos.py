"""The density of states, resolved by spin or by orbital."""

from typing import NamedTuple

import jax.numpy as jnp

from .._checks import check_finite, check_positive
from .._errors import check
from .._types import Array, ArrayLike, Float, real
from ..brillouin import Quadrature, integrate
from ..electrons import Electrons, eigh
from ._region import check_rule, unit_vector
from ._region import quadrature as fixed_rule


class DensityOfStates(NamedTuple):
    """States per eV and cell."""

    energies: Float[Array, " E"]
    """eV"""
    total: Float[Array, " E"]
    projections: Float[Array, "p E"]
    """one row a label; they add up to the total"""
    labels: tuple[str, ...]
    error: Float[Array, " E"]
    """estimated absolute error of the total from the k-sum"""


def density_of_states(
    electrons: Electrons,
    energies: ArrayLike,
    *,
    broadening: ArrayLike,
    rotation: ArrayLike = 0.0,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    project: str = "spin",
    normalisation: str = "zone",
    quadrature: Quadrature | None = None,
    n: int = 32,
) -> DensityOfStates:
    """n_p(E) = ∫_BZ Σ_i ⟨i|P_p|i⟩ g(E − E_i), with a Gaussian g of standard deviation `broadening`.

    Arguments: `energies` (E,) eV, absolute; `broadening` eV; `rotation` Ω about `axis`, rad/ps;
    `project` on the two spins along the axis (↑, ↓) or on each shell; `n` points an axis unless a
    `quadrature` is given.

    Orbital projections of one shell are summed over its sites and orbitals, so that they have the
    symmetry that the k-sum uses. Raises `InputError` for a broadening that is not positive.
    """
    check_positive("broadening", broadening)
    check_finite("energies", energies)
    check_finite("rotation", rotation)
    check(project in {"spin", "orbital"}, "project", f"must be 'spin' or 'orbital', but got {project!r}")
    energies = jnp.atleast_1d(real(energies))
    axis = unit_vector(axis)
    rule = fixed_rule(electrons, n, axis, normalisation) if quadrature is None else quadrature
    check_rule(rule, electrons, axis)
    operators, labels = _spins(electrons, axis) if project == "spin" else _shells(electrons)
    arguments = (electrons, energies, real(broadening), real(rotation) * jnp.asarray(axis), operators)
    per_k = 16 * electrons.size**2 * (4 + len(labels)) + 16 * electrons.size * energies.size
    (projections, total), (_, error) = integrate(_broadened, arguments, rule, per_k)
    return DensityOfStates(energies, total, projections, labels, error)


def _broadened(arguments, k):
    electrons, energies, broadening, rotation, operators = arguments
    levels, vectors = eigh(electrons.hamiltonian(k, rotation))
    weights = jnp.einsum("kai,pab,kbi->kpi", jnp.conj(vectors), operators, vectors, optimize=True).real
    distance = (energies[:, None] - levels[:, None, :]) / broadening
    peaks = jnp.exp(-(distance**2) / 2) / (broadening * jnp.sqrt(2 * jnp.pi))
    return jnp.einsum("kpi,kei->kpe", weights, peaks), jnp.sum(peaks, axis=-1)


def _spins(electrons: Electrons, axis) -> tuple[Array, tuple[str, ...]]:
    along = jnp.tensordot(jnp.asarray(axis, dtype=complex), electrons.spin, axes=1)
    unit = jnp.eye(electrons.size, dtype=complex)
    return jnp.stack([(unit + along) / 2, (unit - along) / 2]), ("↑", "↓")


def _shells(electrons: Electrons) -> tuple[Array, tuple[str, ...]]:
    owners = [shell for _, shell, _ in electrons.orbitals for _ in range(2)]
    labels = tuple(dict.fromkeys(owners))
    rows = [[complex(owner == label) for owner in owners] for label in labels]
    return jnp.stack([jnp.diag(jnp.array(row)) for row in rows]), labels
