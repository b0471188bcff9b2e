"""The chemical potential at a given doping."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from .._checks import check_finite, check_positive, concrete
from .._errors import check
from .._types import Array, ArrayLike, Float, real
from .._units import BOLTZMANN, PER_CM3_TO_PER_A3
from ..brillouin import Quadrature, integrate
from ..crystal import Crystal
from ..electrons import Electrons
from ._band_edges import conduction_edge
from ._region import check_rule, unit_vector
from ._region import quadrature as fixed_rule
from ._thermal import thermal_trace

_BISECTIONS = 60


def per_cell(density: ArrayLike, crystal: Crystal) -> Float[Array, "..."]:
    """Carriers per cell of a density in cm⁻³."""
    return real(density) * PER_CM3_TO_PER_A3 * crystal.volume


def chemical_potential(
    electrons: Electrons,
    *,
    doping: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike = 0.0,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    quadrature: Quadrature | None = None,
    n: int = 48,
) -> Float[Array, "..."]:
    """μ (eV, from the conduction-band edge without rotation) at which electrons − holes = `doping`.

    Arguments: `doping` per cell (see `per_cell`; negative for holes) and `temperature` (K, positive),
    any shapes; `rotation` Ω about `axis`, rad/ps; `n` points an axis unless a `quadrature` is given.
    Returns doping.shape + temperature.shape.

    The logarithms of the numbers of electrons and of holes are compared, so the root is found in the
    gap too, where both numbers are far below the rounding of their sum. The derivative follows from
    that of the carriers at fixed μ. Raises `InputError` for a temperature that is not
    positive and a doping that leaves no state empty or none filled.
    """
    check_finite("doping", doping)
    check_positive("temperature", temperature)
    check_finite("rotation", rotation)
    direction = unit_vector(axis)
    known = concrete(doping)
    if known is not None:
        low, high = -electrons.filling, electrons.size - electrons.filling
        check(
            np.all((known > low) & (known < high)), f"doping must be between {low} and {high} a cell, but got {known}"
        )
    doping, temperature = real(doping), real(temperature)
    shape = doping.shape + temperature.shape
    pairs = jnp.meshgrid(doping.ravel(), temperature.ravel(), indexing="ij")
    doping, temperature = pairs[0].ravel(), pairs[1].ravel()
    rule = fixed_rule(electrons, n, direction) if quadrature is None else quadrature
    check_rule(rule, electrons, direction)
    vector = real(rotation) * jnp.asarray(direction)
    fixed = jax.lax.stop_gradient((electrons, doping, temperature, vector))
    mu = _bisect(*fixed, jnp.asarray(rule.k), jnp.asarray(rule.weights))

    per_k = 16 * electrons.size**2 * 8 + 32 * electrons.size * mu.size
    carriers, _ = integrate(_carriers, (electrons, mu, temperature, vector), rule, per_k)
    at_fixed = jax.lax.stop_gradient((electrons, temperature, vector))
    slope, _ = integrate(_slope, (at_fixed[0], mu, *at_fixed[1:]), rule, per_k)
    residual = carriers - doping
    step = residual - jax.lax.stop_gradient(residual)
    edge = conduction_edge(electrons).energy
    return (mu - step / jnp.where(slope > 0, slope, jnp.inf) - edge).reshape(shape)


def _carriers(arguments, k):
    electrons, mu, temperature, rotation = arguments
    none = jnp.zeros((0, electrons.size, electrons.size), dtype=complex)
    return thermal_trace(electrons.hamiltonian(k, rotation), none, mu, temperature, electrons.filling).carriers


def _slope(arguments, k):
    electrons, mu, temperature, rotation = arguments
    return jax.jvp(lambda mu: _carriers((electrons, mu, temperature, rotation), k), (mu,), (jnp.ones_like(mu),))[1]


@jax.jit
def _bisect(electrons, doping, temperature, rotation, k, weights):
    filling = electrons.filling
    levels = jax.lax.map(lambda one: electrons.energies(one, rotation), k, batch_size=256)
    weight = jnp.log(weights)[:, None]
    empty, filled = levels[:, filling:], levels[:, :filling]

    def excess(mu, doping, temperature):
        thermal = BOLTZMANN * temperature
        occupied = logsumexp(weight - jax.nn.softplus((empty - mu) / thermal))
        vacant = logsumexp(weight - jax.nn.softplus((mu - filled) / thermal))
        extra = jnp.log(jnp.abs(doping))
        more = jnp.logaddexp(occupied, jnp.where(doping < 0, extra, -jnp.inf))
        less = jnp.logaddexp(vacant, jnp.where(doping > 0, extra, -jnp.inf))
        return more - less

    def solve(doping, temperature):
        margin = 60 * BOLTZMANN * temperature
        bounds = jnp.min(levels) - margin, jnp.max(levels) + margin

        def halve(_, bounds):
            low, high = bounds
            middle = (low + high) / 2
            above = excess(middle, doping, temperature) > 0
            return jnp.where(above, low, middle), jnp.where(above, middle, high)

        low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, bounds)
        return (low + high) / 2

    return jax.lax.map(lambda pair: solve(*pair), (doping, temperature))
