"""The chemical potential at a given doping."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from .._checks import check_finite, check_positive
from .._door import door
from .._errors import check
from .._result import quantity
from .._tracing import concrete, is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from .._warnings import warn
from ..brillouin import AbstractSum, Accuracy, Levels, Mesh, Quadrature, chemical_root, over_cells, sample
from ..crystal import Crystal, magnetic_operations
from ..electrons import Electrons
from ..units import BOLTZMANN, PER_CM3_TO_PER_A3
from ._band_edges import conduction_edge
from ._filling import grid
from ._region import check_rule, fixed_rule, unit_vector

_POINTS = 48
"""Points per axis of the first rule"""
_FEWEST = 1e-10
"""Carriers per cell that are not resolved further"""
_BISECTIONS = 60
_LARGEST = 690.0
"""Logarithm of the largest derivative with respect to the doping, which keeps it finite"""
_GRID = ("doping", "temperature")


class ChemicalPotential(AbstractSum):
    """μ on the grid doping.shape + temperature.shape, or on their common shape if they are paired."""

    mu: Float[Array, "*grid"] = quantity("eV", _GRID, error="error")
    """from the conduction-band edge without rotation"""
    error: Float[Array, "*grid"] = quantity("eV", _GRID)
    """estimated: that of the carriers divided by ∂n/∂μ"""
    doping: Float[Array, "*doping"] = quantity("1/cell", ("doping",))
    temperature: Float[Array, "*temperature"] = quantity("K", ("temperature",))
    eigensolves: Int[Array, ""]
    interpolated: Int[Array, ""]
    converged: Bool[Array, ""]
    rule: Quadrature
    """the sum over points, which comes first"""


def per_cell(density: ArrayLike, crystal: Crystal) -> Float[Array, "..."]:
    """Carriers per cell of a `density` in cm⁻³, of the same shape."""
    return real(density) * PER_CM3_TO_PER_A3 * crystal.volume


@door
def chemical_potential(
    electrons: Electrons,
    *,
    doping: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike = 0.0,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    paired: bool = False,
    accuracy: Accuracy = Accuracy(),
) -> ChemicalPotential:
    """μ at which electrons − holes = `doping`.

    The logarithms of the numbers of electrons and of holes are compared and differentiated. So root and derivatives
    are accurate at any temperature, and in the gap, where both numbers are far below the rounding of their sum. A sum
    over 48 points per axis comes first. Where that does not resolve the Fermi surface, the cells of k that it crosses
    are divided (`chemical_root`).

    Args:
        doping: per cell (see `per_cell`; negative for holes), any shape.
        temperature: K, positive, any shape.
        rotation: Ω about `axis`, rad/ps.
        paired: one doping for each temperature.
        accuracy: `rtol` is that of the doping, or of electrons and holes together if these are more; `atol` does not
            apply. Under `jit`, and with a rule, there is the sum over points alone. So there is for derivatives, which
            are then those of a sum that may not resolve the Fermi surface, and warn of it.

    Raises:
        InputError: for a temperature that is not positive, a doping that leaves no state empty or none filled, and a
            rule for another axis.

    Warns:
        UserWarning: where the tolerance is not reached.
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
    check_rule(accuracy, electrons, direction)
    points = fixed_rule(_POINTS if accuracy.rule is None else accuracy.rule, electrons, direction, accuracy.region)
    given = real(doping), real(temperature)
    shape, doping, temperature = grid("doping", *given, paired)
    vector, filling = real(rotation) * jnp.asarray(direction), electrons.filling

    def energies(k):
        return sample(_levels, (electrons, vector), k, 16 * electrons.size**2 * 4)

    levels, solves = energies(points.k), len(points.k)
    mu = _root(filling, jnp.log(jnp.asarray(points.weights)), levels, doping, temperature)
    held = jax.lax.stop_gradient((levels, mu, doping, temperature))
    error, slope, both = _compared(filling, np.stack([points.weights, points.coarse], axis=-1), *held)
    allowed = accuracy.rtol * jnp.maximum(jnp.maximum(jnp.abs(held[2]), both), _FEWEST)
    if not is_traced(held) and points.mesh is not None:
        known = tuple(np.asarray(part) for part in held)
        error = np.maximum(error, _missed(points.mesh, points.weights, *known))
        missing = np.flatnonzero(error > allowed)
        if len(missing) and accuracy.rule is None and points.region == "zone" and not is_differentiated((mu,)):
            operations = magnetic_operations(electrons.crystal, electrons.operations, direction)
            levels = Levels(lambda k: np.asarray(energies(k)), operations, electrons.periodic)
            mu, error, slope, allowed = (np.array(part) for part in (mu, error, slope, allowed))
            for pair in missing:
                root = chemical_root(
                    levels,
                    filling,
                    float(known[2][pair]),
                    BOLTZMANN * float(known[3][pair]),
                    float(known[1][pair]),
                    accuracy.rtol,
                    levels.solves + accuracy.budget,
                )
                mu[pair], error[pair], slope[pair] = root.mu, root.error, root.slope
                allowed[pair] = accuracy.rtol * max(abs(known[2][pair]), root.both, _FEWEST)
            solves += levels.solves
        if np.any(error > allowed):
            _warn(np.asarray(error / allowed) * accuracy.rtol, known[2], known[3], accuracy.rtol)
    slope = jnp.maximum(slope, _FEWEST / (BOLTZMANN * held[3]))
    return ChemicalPotential(
        mu=(jnp.asarray(mu) - conduction_edge(electrons).energy).reshape(shape),
        error=(jnp.asarray(error) / slope).reshape(shape),
        doping=given[0],
        temperature=given[1],
        eigensolves=jnp.asarray(solves),
        interpolated=jnp.asarray(0),
        converged=jnp.all(error <= allowed),
        rule=points,
    )


def _warn(missed: np.ndarray, doping: np.ndarray, temperature: np.ndarray, rtol: float) -> None:
    worst = int(np.argmax(missed))
    warn(
        f"chemical_potential: the Fermi surface of {np.sum(missed > rtol)} of {len(missed)} pairs of doping and"
        f" temperature is not resolved; at doping {doping[worst]:g} and {temperature[worst]:g} K the carriers err by"
        f" {100 * missed[worst]:.2g} %: give a finer rule or a larger budget",
    )


@partial(jax.jit, static_argnums=0)
def _compared(
    filling: int, weights: Array, levels: Array, mu: Array, _, temperature: Array
) -> tuple[Array, Array, Array]:
    """Of each pair: the distance of the carriers from those by the embedded rule, ∂n/∂μ, electrons and holes."""

    def of_pair(pair):
        level, thermal = pair
        electrons = jax.nn.sigmoid((level - levels[:, filling:]) / thermal).sum(axis=1) @ weights
        holes = jax.nn.sigmoid((levels[:, :filling] - level) / thermal).sum(axis=1) @ weights
        x = (levels - level) / thermal
        slope = weights[:, 0] @ (jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)).sum(axis=1) / thermal
        return jnp.abs(jnp.diff(electrons - holes)[0]), slope, electrons[0] + holes[0]

    return jax.lax.map(of_pair, (mu, BOLTZMANN * temperature))


def _missed(
    mesh: Mesh, weights: np.ndarray, levels: np.ndarray, mu: np.ndarray, _, temperature: np.ndarray
) -> np.ndarray:
    """The carriers that a rule misses at μ, (s,)."""
    none = np.zeros((0, *levels.shape))
    return over_cells(mesh, levels, none, weights, mu, temperature).unresolved[0]


def _levels(arguments, k):
    electrons, rotation = arguments
    return electrons.energies(k, rotation)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
@partial(jax.jit, static_argnums=0)
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
