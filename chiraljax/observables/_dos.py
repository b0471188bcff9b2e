"""The density of states, resolved by spin or by orbital."""

import jax.numpy as jnp

from .._checks import check_finite, check_positive
from .._door import door
from .._errors import check
from .._result import AbstractResult, quantity
from .._types import Array, ArrayLike, Float, real
from .._warnings import tell
from ..brillouin import Quadrature, integrate
from ..electrons import Electrons, eigh
from ._improbable import improbable_spectrum
from ._region import fixed_rule, unit_vector
from ._rotating import along


class DensityOfStates(AbstractResult):
    """States per eV and cell."""

    energies: Float[Array, " E"] = quantity("eV", ("energies",))
    total: Float[Array, " E"] = quantity("1/eV/cell", ("energies",), error="error")
    projections: Float[Array, "p E"] = quantity("1/eV/cell", ("labels", "energies"))
    """one row per label; they add up to the total"""
    labels: tuple[str, ...] = quantity("1", ("labels",), static=True)
    error: Float[Array, " E"] = quantity("1/eV/cell", ("energies",))
    """estimated absolute error of the total from the k-sum"""


@door
def density_of_states(
    electrons: Electrons,
    energies: ArrayLike,
    *,
    broadening: ArrayLike,
    rotation: ArrayLike = 0.0,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    project: str = "spin",
    region: str | None = None,
    rule: Quadrature | int = 32,
) -> DensityOfStates:
    """n_p(E) = ∫_BZ Σ_i ⟨i|P_p|i⟩ g(E − E_i), with a Gaussian g of standard deviation `broadening`.

    Args:
        energies: (E,) eV, absolute.
        broadening: eV, positive.
        rotation: Ω about `axis`, rad/ps.
        project: on the two spins along the axis ("spin": ↑, ↓) or on each shell ("orbital"). Projections on a shell
            are summed over its sites and orbitals, so that they have the symmetry that the k-sum uses.
        region: as in `Accuracy`.
        rule: a number of points per axis, or a `quadrature`.

    Raises:
        InputError: for a broadening that is not positive, energies that are not finite, another projection, and a rule
            for another axis or region.
    """
    check_positive("broadening", broadening)
    check_finite("energies", energies)
    check_finite("rotation", rotation)
    check(project in {"spin", "orbital"}, "project", f"must be 'spin' or 'orbital', but got {project!r}")
    energies = jnp.atleast_1d(real(energies))
    axis = unit_vector(axis)
    points = fixed_rule(rule, electrons, axis, region)
    operators, labels = _spins(electrons, axis) if project == "spin" else _shells(electrons)
    arguments = (electrons, energies, real(broadening), real(rotation) * jnp.asarray(axis), operators)
    per_k = 16 * electrons.size**2 * (4 + len(labels)) + 16 * electrons.size * energies.size
    (projections, total), (_, error) = integrate(_broadened, arguments, points, per_k)
    told = tell(improbable_spectrum(electrons, energies, real(broadening), real(rotation)))
    return DensityOfStates(energies, total, projections, labels, error, warnings=told)


def _broadened(arguments, k):
    electrons, energies, broadening, rotation, operators = arguments
    levels, vectors = eigh(electrons.hamiltonian(k, rotation))
    weights = jnp.einsum("kai,pab,kbi->kpi", jnp.conj(vectors), operators, vectors, optimize=True).real
    distance = (energies[:, None] - levels[:, None, :]) / broadening
    peaks = jnp.exp(-(distance**2) / 2) / (broadening * jnp.sqrt(2 * jnp.pi))
    return jnp.einsum("kpi,kei->kpe", weights, peaks), jnp.sum(peaks, axis=-1)


def _spins(electrons: Electrons, axis) -> tuple[Array, tuple[str, ...]]:
    spin, unit = along(electrons.spin, axis), jnp.eye(electrons.size, dtype=complex)
    return jnp.stack([(unit + spin) / 2, (unit - spin) / 2]), ("↑", "↓")


def _shells(electrons: Electrons) -> tuple[Array, tuple[str, ...]]:
    owners = [shell for _, shell, _ in electrons.orbitals for _ in range(2)]
    labels = tuple(dict.fromkeys(owners))
    rows = [[complex(owner == label) for owner in owners] for label in labels]
    return jnp.stack([jnp.diag(jnp.array(row)) for row in rows]), labels
