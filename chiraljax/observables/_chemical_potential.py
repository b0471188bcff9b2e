"""The chemical potential at a given doping."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from .._checks import check_finite, check_positive
from .._errors import check
from .._tracing import concrete
from .._types import Array, ArrayLike, Float, real
from .._units import BOLTZMANN, PER_CM3_TO_PER_A3
from ..brillouin import Quadrature, sample
from ..crystal import Crystal
from ..electrons import Electrons
from ._band_edges import conduction_edge
from ._filling import grid
from ._region import fixed_rule, unit_vector

_BISECTIONS = 60
_LARGEST = 690.0
"""Logarithm of the largest derivative with respect to the doping, which keeps it finite"""


def per_cell(density: ArrayLike, crystal: Crystal) -> Float[Array, "..."]:
    """Carriers per cell of a `density` in cm⁻³, of the same shape."""
    return real(density) * PER_CM3_TO_PER_A3 * crystal.volume


def chemical_potential(
    electrons: Electrons,
    *,
    doping: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike = 0.0,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    paired: bool = False,
    rule: Quadrature | int = 48,
) -> Float[Array, "..."]:
    """μ (eV, from the conduction-band edge without rotation) at which electrons − holes = `doping`.

    The logarithms of the numbers of electrons and of holes are compared and differentiated. So root and derivatives
    are accurate at any temperature, and in the gap, where both numbers are far below the rounding of their sum.

    Args:
        doping: per cell (see `per_cell`; negative for holes), any shape.
        temperature: K, positive, any shape.
        rotation: Ω about `axis`, rad/ps.
        paired: one doping for each temperature.
        rule: a number of points per axis, or a `quadrature`.

    Returns:
        μ (eV) of shape doping.shape + temperature.shape; if `paired`, of their common shape.

    Raises:
        InputError: for a temperature that is not positive, a doping that leaves no state empty or none filled, and a
            rule for another axis.
    """
    check_finite("doping", doping)
    check_positive("temperature", temperature)
    check_finite("rotation", rotation)
    direction = unit_vector(axis)
    value = concrete(doping)
    if value is not None:
        low, high = -electrons.filling, electrons.size - electrons.filling
        check(
            np.all((value > low) & (value < high)),
            "doping",
            f"must be between {low} and {high} a cell, but got {value}",
        )
    shape, doping, temperature = grid("doping", real(doping), real(temperature), paired)
    points = fixed_rule(rule, electrons, direction)
    vector = real(rotation) * jnp.asarray(direction)
    per_k = 16 * electrons.size**2 * 4
    levels = sample(_levels, (electrons, vector), points.k, per_k)
    mu = _root(electrons.filling, jnp.log(jnp.asarray(points.weights)), levels, doping, temperature)
    return (mu - conduction_edge(electrons).energy).reshape(shape)


def _levels(arguments, k):
    electrons, rotation = arguments
    return electrons.energies(k, rotation)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _root(filling: int, weight: Array, levels: Array, doping: Array, temperature: Array) -> Array:
    """μ for each pair (doping, T) from the levels (K, n) and the logarithms of their weights (K,)."""

    def solve(pair):
        margin = 60 * BOLTZMANN * pair[1]

        def halve(_, bounds):
            low, high = bounds
            middle = (low + high) / 2
            above = _excess(filling, weight, levels, middle, *pair) > 0
            return jnp.where(above, low, middle), jnp.where(above, middle, high)

        bounds = jnp.min(levels) - margin, jnp.max(levels) + margin
        low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, bounds)
        return (low + high) / 2

    return jax.lax.map(solve, (doping, temperature))


@_root.defjvp
def _implicit(filling, primals, tangents):
    """dμ = (dn − ∂n/∂E·dE − ∂n/∂T dT)/(∂n/∂μ), the quotients taken of logarithms."""
    weight, levels, doping, temperature = primals
    d_weight, d_levels, d_doping, d_temperature = tangents
    mu = _root(filling, *primals)

    @jax.vmap
    def change(mu, doping, temperature, d_doping, d_temperature):
        def excess(weight, levels, temperature):
            return _excess(filling, weight, levels, mu, doping, temperature)

        shift = jax.jvp(excess, (weight, levels, temperature), (d_weight, d_levels, d_temperature))[1]
        slope = jax.grad(_excess, 3)(filling, weight, levels, mu, doping, temperature)
        x = (levels - mu) / (BOLTZMANN * temperature)
        states = logsumexp(weight[:, None] - jax.nn.softplus(x) - jax.nn.softplus(-x)) - jnp.log(
            BOLTZMANN * temperature
        )
        return d_doping * jnp.exp(jnp.minimum(-states, _LARGEST)) - shift / slope

    return mu, change(mu, doping, temperature, d_doping, d_temperature)


def _excess(filling, weight, levels, mu, doping, temperature):
    """log(electrons) − log(holes), |doping| added to the smaller number: rises with μ through 0."""
    thermal, weight = BOLTZMANN * temperature, weight[:, None]
    occupied = logsumexp(weight - jax.nn.softplus((levels[:, filling:] - mu) / thermal))
    vacant = logsumexp(weight - jax.nn.softplus((mu - levels[:, :filling]) / thermal))
    extra = jnp.log(jnp.where(doping == 0, 1.0, jnp.abs(jax.lax.stop_gradient(doping))))
    more = jnp.where(doping < 0, jnp.logaddexp(occupied, extra), occupied)
    less = jnp.where(doping > 0, jnp.logaddexp(vacant, extra), vacant)
    return more - less
