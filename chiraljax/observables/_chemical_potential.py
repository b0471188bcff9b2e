"""The chemical potential at a given doping."""

import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from scipy.special import expit

from .._checks import check_finite, check_positive
from .._errors import check
from .._tracing import concrete, is_differentiated
from .._types import Array, ArrayLike, Float, real
from .._units import BOLTZMANN, PER_CM3_TO_PER_A3
from ..brillouin import Mesh, Quadrature, over_cells, sample
from ..crystal import Crystal
from ..electrons import Electrons
from ._band_edges import conduction_edge
from ._filling import grid
from ._region import fixed_rule, unit_vector

_COARSE, _FINE = 48, 96
"""Points per axis of the default rules"""
_FEWEST = 1e-10
"""Carriers per cell that are not resolved further"""
_PART = 1e-3
"""Largest part of the carriers that a rule may miss without a warning"""
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
    rule: Quadrature | int | None = None,
) -> Float[Array, "..."]:
    """μ (eV, from the conduction-band edge without rotation) at which electrons − holes = `doping`.

    The logarithms of the numbers of electrons and of holes are compared and differentiated. So root and derivatives
    are accurate at any temperature, and in the gap, where both numbers are far below the rounding of their sum.

    Args:
        doping: per cell (see `per_cell`; negative for holes), any shape.
        temperature: K, positive, any shape.
        rotation: Ω about `axis`, rad/ps.
        paired: one doping for each temperature.
        rule: a number of points per axis, or a `quadrature`; by default 48 points, or 96 where these do not resolve
            the Fermi surface (`over_cells`). Under `jit` and in gradients 48.

    Returns:
        μ (eV) of shape doping.shape + temperature.shape; if `paired`, of their common shape.

    Warns:
        UserWarning: if the rule misses more than a thousandth of the doping, or of electrons and holes together.

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
    vector = real(rotation) * jnp.asarray(direction)

    def solve(rule: Quadrature | int) -> tuple[Array, np.ndarray | None]:
        points = fixed_rule(rule, electrons, direction)
        levels = sample(_levels, (electrons, vector), points.k, 16 * electrons.size**2 * 4)
        mu = _root(electrons.filling, jnp.log(jnp.asarray(points.weights)), levels, doping, temperature)
        if is_differentiated((mu, levels, doping, temperature)) or points.mesh is None:
            return mu, None
        return mu, _missed(electrons.filling, points.mesh, points.weights, levels, mu, doping, temperature)

    mu, missed = solve(_COARSE if rule is None else rule)
    if rule is None and missed is not None and np.any(missed > _PART):
        mu, missed = solve(_FINE)
    if missed is not None and np.any(missed > _PART):
        worst = int(np.argmax(missed))
        warnings.warn(
            f"chemical_potential: the rule does not resolve the Fermi surface of {np.sum(missed > _PART)} of"
            f" {len(missed)} pairs of doping and temperature; at doping {float(doping[worst]):g} and"
            f" {float(temperature[worst]):g} K the carriers err by {100 * missed[worst]:.2g} %: give a finer rule",
            stacklevel=2,
        )
    return (mu - conduction_edge(electrons).energy).reshape(shape)


def _missed(
    filling: int, mesh: Mesh, weights: np.ndarray, levels: Array, mu: Array, doping: Array, temperature: Array
) -> np.ndarray:
    """The carriers that a rule misses at μ (s,), as a part of the doping or of electrons and holes together."""
    energies = np.asarray(levels)
    arguments = energies, np.zeros((0, *energies.shape)), weights, np.asarray(mu), np.asarray(temperature)
    missed = over_cells(mesh, *arguments).unresolved[0]
    both = np.empty(len(missed))
    for pair, (level, heat) in enumerate(zip(arguments[3], BOLTZMANN * arguments[4], strict=True)):
        electrons, holes = expit((level - energies[:, filling:]) / heat), expit((energies[:, :filling] - level) / heat)
        both[pair] = weights @ (electrons.sum(axis=1) + holes.sum(axis=1))
    return missed / np.maximum(np.maximum(np.abs(np.asarray(doping)), both), _FEWEST)


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
