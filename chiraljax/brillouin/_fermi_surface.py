"""The rule for pairs (μ, T) that include some too cold for a sum over points: interpolated bands on grids."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._module import Module
from .._tracing import concrete, is_differentiated
from .._types import Array
from ._bloch import AbstractBloch
from ._estimate import Estimate
from ._interpolation import BandGroup, interpolate
from ._nodes import at_nodes
from ._points import over_points, resolved
from ._quadrature import Quadrature
from ._sharp import extrapolated
from ._tetrahedra import Tetrahedra

_TWOFOLD = 1e-9
"""eV: levels that are closer than this at every node count as one"""


class FermiSurface(Module):
    """A rule for a table of pairs (μ, T), some at low temperature: for each pair a group of bands and its grid."""

    smooth: Quadrature
    """for the pairs that need only a sum over points"""
    parts: tuple[tuple[BandGroup, Tetrahedra], ...]
    method: tuple[tuple[int, bool], ...] = eqx.field(static=True)
    """for each pair the part (−1 for the smooth rule), and whether to sum between tetrahedra or over the nodes"""

    def of_pairs(self, pairs: Sequence[int]) -> "FermiSurface":
        """The rule for some of the pairs, in that order, with the parts that they need."""
        chosen = [self.method[pair] for pair in pairs]
        used = sorted({part for part, _ in chosen if part >= 0})
        method = tuple((used.index(part) if part >= 0 else -1, sharp) for part, sharp in chosen)
        return FermiSurface(self.smooth, tuple(self.parts[part] for part in used), method)


def evaluate(
    blochs: Sequence[AbstractBloch], mu: Array, temperature: Array, rule: Quadrature | FermiSurface
) -> Estimate:
    """The pairs (s,) of a batch (r,) by a given rule, each by the method that the rule has for it.

    Raises `InputError` for a `FermiSurface` of another number of pairs, and where no gradient exists: of a sum over
    points at T = 0, and of one between tetrahedra where levels stay twofold.
    """
    if isinstance(rule, Quadrature):
        return resolved(over_points(blochs, mu, temperature, rule), mu, temperature, np.arange(len(mu)))
    check(
        len(rule.method) == len(mu),
        "rule",
        f"must be one for {len(mu)} pairs of mu and temperature, but got one for {len(rule.method)}",
    )
    solves = interpolated = 0
    tables, order = [], []
    number = np.array([part for part, _ in rule.method])
    pairs = np.flatnonzero(number < 0)
    if len(pairs):
        smooth = evaluate(blochs, mu[pairs], temperature[pairs], rule.smooth)
        tables, order, solves = [jnp.stack(smooth[:2])], [pairs], smooth.eigensolves
    for part, (group, grid) in enumerate(rule.parts):
        pairs = np.flatnonzero(number == part)
        sharp = np.flatnonzero([rule.method[pair][1] for pair in pairs])
        solves += len(blochs) * group.solves(blochs[0])
        interpolated += len(blochs) * grid.n_nodes
        members = []
        for bloch in blochs:
            bands, filled = interpolate(bloch, group), group.filled(bloch)
            states = at_nodes(bands.series, grid, filled, mu[pairs], temperature[pairs])
            between = None
            if len(sharp):
                if is_differentiated(bloch):
                    _check_split(bloch, states.energies)
                between = extrapolated(states, grid, filled, mu[pairs[sharp]], temperature[pairs[sharp]])
            members.append(_with_rest(states.sums, between, sharp, bands.rest, bands.rest_error))
        tables, order = [*tables, jnp.stack(members, axis=-1)], [*order, pairs]
    values, errors = _of_pairs(tables, np.argsort(np.concatenate(order)))
    return Estimate(values, errors, solves, rule, interpolated)


@jax.jit
def _with_rest(sums: Array, between: tuple[Array, Array] | None, sharp: Array, rest: Array, rest_error: Array) -> Array:
    """Values and errors (2, q, s) of the bands of a group and of those below it, where `sharp` between tetrahedra."""
    value, error = sums[0], jax.lax.stop_gradient(jnp.abs(sums[0] - sums[1]))
    if between is not None:
        value, error = value.at[:, sharp].set(between[0]), error.at[:, sharp].set(between[1])
    return jnp.stack([value.at[:-1].add(rest[:, None]), error.at[:-1].add(rest_error[:, None])])


@jax.jit
def _of_pairs(tables: list[Array], order: Array) -> tuple[Array, Array]:
    """Values and errors (q, s, r) of all pairs in order, from those of some (2, q, s', r) each."""
    values, errors = jnp.concatenate(tables, axis=2)[:, :, order]
    return values, errors


def _check_split(bloch: AbstractBloch, energies: Array) -> None:
    """Raise `InputError` for levels that stay twofold: a gradient needs ⟨A⟩ of single levels."""
    check(
        bloch.shift != 0,
        bloch.perturbation,
        "must not be 0 for a gradient at this temperature, where levels without a splitting have none",
    )
    levels = concrete(jax.lax.stop_gradient(energies))
    check(
        levels is None or np.all(np.any(np.diff(levels) > _TWOFOLD, axis=0)),
        bloch.perturbation,
        "must split all levels for a gradient at this temperature, where those without a"
        " splitting have none: take a sum over points",
    )
