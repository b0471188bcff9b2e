"""The edges of the gap."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._parallel import one_thread
from .._result import AbstractResult, quantity
from .._types import Scalar, Vector3
from ..brillouin import zone
from ..crystal import magnetic_operations
from ..electrons import Electrons

_MESH = 12
_HALVINGS = 18
_DEGENERATE = 1e-8
"""eV: levels closer than this are one."""


class BandEdge(AbstractResult):
    """An extremum of a band over the zone."""

    energy: Scalar = quantity("eV")
    """eV"""
    k: Vector3 = quantity("1", ("component",), meaning="fractional")
    """fractional"""


def conduction_edge(electrons: Electrons) -> BandEdge:
    """The lowest energy of the first empty band without rotation.

    It is found on an irreducible 12×12×12 mesh, then by a compass search to 10⁻⁶ in k. The derivative of the energy
    is that at fixed k (envelope theorem), averaged over the degenerate levels.

    Raises:
        InputError: if every state is filled.
    """
    check(
        electrons.filling < electrons.size,
        "filling",
        f"must leave a state empty, but all {electrons.size} are filled",
    )
    return _edge(electrons, electrons.filling, +1)


def valence_edge(electrons: Electrons) -> BandEdge:
    """The highest energy of the last filled band without rotation; see `conduction_edge`.

    Raises:
        InputError: if no state is filled.
    """
    check(electrons.filling > 0, "filling", "must be positive for a valence edge, but no state is filled")
    return _edge(electrons, electrons.filling - 1, -1)


def _edge(electrons: Electrons, band: int, sign: int) -> BandEdge:
    operations = magnetic_operations(electrons.crystal, electrons.operations)
    mesh = jnp.asarray(zone(_MESH, operations, electrons.periodic).k)
    with one_thread():
        return BandEdge(*jax.block_until_ready(_search(electrons, mesh, band, sign)))


@eqx.filter_jit
def _search(electrons, mesh, band, sign):
    fixed = jax.lax.stop_gradient(electrons)

    def height(k):
        return sign * fixed.energies(k)[..., band]

    steps = np.stack(np.meshgrid(*[np.array([0.0, -1.0, 1.0])] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    steps = jnp.asarray(steps * np.array(electrons.periodic))

    def zoom(_, state):
        k, width = state
        around = k + width * steps
        return around[jnp.argmin(height(around))], width / 2

    start = mesh[jnp.argmin(height(mesh))]
    k, _ = jax.lax.fori_loop(0, _HALVINGS, zoom, (start, 1 / _MESH))
    levels = electrons.energies(k)
    group = (jnp.abs(jax.lax.stop_gradient(levels - levels[band])) < _DEGENERATE).astype(float)
    return jnp.sum(levels * group) / jnp.sum(group), k
