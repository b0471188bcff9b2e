"""The free parameters of a fit as coordinates without bounds."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .._errors import check
from .._types import Array, Float
from ..electrons import Electrons
from ._levels import OFFSET
from ._variation import Variation, check_names

INTEGRAL, ONSITE = 5.0, 10.0
"""eV: half-widths of the default bounds, about zero, and for on-site energies about the centre of the bands; ξ is not
negative"""


class Space(eqx.Module):
    """θ = A y + b for the free parameters y, each within its bounds by y = centre + half·sin x.

    x is unbounded, so any solver can be used; a parameter at its bounds has no slope in x and is reported.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    """of all parameters θ, the energy zero last"""
    free: tuple[str, ...] = eqx.field(static=True)
    """of y"""
    matrix: Float[Array, "P F"]
    base: Float[Array, " P"]
    centre: Float[Array, " F"]
    half: Float[Array, " F"]
    prior_value: Float[Array, " F"]
    prior_weight: Float[Array, " F"]
    """1/width² in 1/eV², zero without a prior"""

    def inside(self, x: Float[Array, "*batch F"]) -> Float[Array, "*batch F"]:
        """y of x."""
        return self.centre + self.half * jnp.sin(x)

    def outside(self, y: Float[Array, "*batch F"]) -> Float[Array, "*batch F"]:
        """x of y; values outside their bounds are moved just inside."""
        return jnp.arcsin(jnp.clip((y - self.centre) / self.half, -0.999, 0.999))

    def values(self, x: Float[Array, " F"]) -> Float[Array, " P"]:
        """θ of x, eV."""
        return self.matrix @ self.inside(x) + self.base

    def project(self, values: Float[Array, " P"]) -> Float[Array, " F"]:
        """x of the free parameters of θ."""
        index = jnp.asarray([self.names.index(name) for name in self.free])
        return self.outside(values[index])

    def at_bounds(self, values: np.ndarray) -> list[str]:
        """Names of the free parameters within 10⁻³ half-widths of a bound, of θ."""
        own = values[[self.names.index(name) for name in self.free]]
        near = np.abs(own - np.asarray(self.centre)) > (1 - 1e-3) * np.asarray(self.half)
        return [name for name, at_bound in zip(self.free, near, strict=True) if at_bound]


def space(electrons: Electrons, names: Sequence[str], energies: np.ndarray, variation: Variation) -> Space:
    """The space of the parameters `names` in a fit to target `energies` (eV) with a `variation`.

    Raises `InputError` for unknown names, and for ties and priors that do not lead to free parameters.
    """
    parameters = [name for name in names if name != OFFSET]
    fixed, ties, priors = variation.fixed, variation.ties, variation.priors
    for field in ("fixed", "ties", "bounds", "priors"):
        check_names(field, getattr(variation, field), parameters)
    free = [name for name in parameters if name not in fixed and name not in ties]
    check(free, "fixed and ties", "must leave a parameter free, but they leave none")
    if not _shift_is_free(parameters, free, ties, priors):
        free.append(OFFSET)
    matrix, base = np.zeros((len(names), len(free))), np.zeros(len(names))
    for row, name in enumerate(names):
        if name in free:
            matrix[row, free.index(name)] = 1.0
        elif name in ties:
            other, factor = ties[name]
            check(other in free, "ties", f"must lead to free parameters, but {name} is tied to {other!r}")
            matrix[row, free.index(other)] = factor
        elif name != OFFSET:
            base[row] = float(electrons.parameters[name])
    middle = 0.5 * (energies.max() + energies.min())
    low, high = np.empty(len(free)), np.empty(len(free))
    for column, name in enumerate(free):
        default = (middle - ONSITE, middle + ONSITE) if is_onsite(name) else (-INTEGRAL, INTEGRAL)
        if name.endswith(".xi"):
            default = (0.0, INTEGRAL)
        if name == OFFSET:
            reach = float(np.abs(energies).max()) + ONSITE
            default = (-2 * reach, 2 * reach)
        low[column], high[column] = variation.bounds.get(name, default)
    value, weight = np.zeros(len(free)), np.zeros(len(free))
    for name, prior in priors.items():
        check(name in free, "priors", f"must be on free parameters, but {name} is fixed or tied")
        value[free.index(name)], weight[free.index(name)] = prior.value, prior.width**-2
    arrays = [jnp.asarray(array) for array in (matrix, base, (high + low) / 2, (high - low) / 2, value, weight)]
    return Space(tuple(names), tuple(free), *arrays)


def is_onsite(name: str) -> bool:
    """Whether it is an on-site energy, which a shift of the energy zero moves."""
    return "-" not in name and not name.endswith(".xi") and name != OFFSET


def _shift_is_free(parameters, free, ties, priors) -> bool:
    """Whether on-site energies can include the energy zero: all free, or tied to free ones with factor 1."""
    onsite = [name for name in parameters if is_onsite(name)]
    loose = [name for name in onsite if name in free or (name in ties and ties[name].factor == 1.0)]
    return loose == onsite and not any(name in priors for name in onsite)
