"""The magnetic moment that a rotation induces."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from .._checks import check_finite, check_positive
from .._errors import InputError, check
from .._tracing import concrete, is_differentiated, is_traced
from .._types import Array, ArrayLike, Bool, Float, Int, real
from ..brillouin import Quadrature, integrate, sample
from ..electrons import Electrons, expectations
from ._band_edges import conduction_edge
from ._fermi_surface import FermiSurface, evaluate
from ._refine import Estimate, refine
from ._region import check_rule, refinements, unit_vector
from ._region import quadrature as fixed_rule
from ._resolve import carrying_groups, resolve
from ._result import AbstractResult
from ._spectral import are_many, thermal_sums
from ._thermal import thermal_trace

_TRACED_POINTS = 32
"""Points an axis where the accuracy cannot be tested, because the arguments have no value yet."""
_FIRST_POINTS = 24
"""Points an axis up to which a smooth integrand is looked for; 16 where bands can be interpolated."""


class Magnetization(AbstractResult):
    """Moments and carriers on the grid mu.shape + temperature.shape + rotation.shape, where they are not paired.

    Of a rotation per site the last axis, which runs over the sites, is no axis of the grid.
    """

    moment: Float[Array, "*grid"]
    """μ_B per cell, along the axis of rotation"""
    carriers: Float[Array, "*grid"]
    """electrons minus holes, per cell"""
    error: Float[Array, "*grid"]
    """estimated absolute error of `moment`, μ_B per cell"""
    eigensolves: Int[Array, ""]
    """diagonalisations of H spent"""
    interpolated: Int[Array, ""]
    """diagonalisations of the small matrices of interpolated bands spent"""
    converged: Bool[Array, ""]
    """whether every error is within the tolerance"""
    mu: Float[Array, "*mu"]
    temperature: Float[Array, "*temperature"]
    rotation: Float[Array, "*rotation"]
    sites: tuple[str, ...] = eqx.field(static=True)
    """labels of the sites that have a rotation each, along the last axis of `rotation`; none where all turn alike"""
    quadrature: Quadrature | FermiSurface
    """the last rule used; pass it on to repeat the calculation under `jit` or for a gradient"""

    def to_xarray(self) -> xr.Dataset:
        """The result with named axes and units; arguments that are plain numbers become scalar coordinates.

        The coordinate of rotations per site has the axes rotation and site; each site has its number and species.
        Raises `InputError` for arguments with more than one axis, and for lists of mu and temperature that are paired.
        """
        axes = {"mu": (self.mu, "eV"), "temperature": (self.temperature, "K"), "rotation": (self.rotation, "rad/ps")}
        shapes = self.mu.shape, self.temperature.shape
        check(
            self.moment.ndim == sum(values.ndim for values, _ in axes.values()) - bool(self.sites),
            "mu and temperature",
            f"must not be paired lists to be labelled, but got shapes {shapes[0]} and {shapes[1]}",
        )
        dimensions: list[str] = []
        coordinates = {"site": np.arange(len(self.sites)), "species": ("site", list(self.sites))} if self.sites else {}
        for name, (values, unit) in axes.items():
            inner = ["site"] if self.sites and name == "rotation" else []
            own = [name] * (values.ndim - len(inner))
            check(len(own) <= 1, name, f"must be a number or a list to be labelled, but got shape {values.shape}")
            dimensions += own
            coordinates[name] = xr.Variable(own + inner, np.asarray(values), {"units": unit})
        units = {"moment": "mu_B/cell", "carriers": "1/cell", "error": "mu_B/cell"}
        variables = {
            name: xr.Variable(dimensions, np.asarray(getattr(self, name)), {"units": unit})
            for name, unit in units.items()
        }
        attributes = {
            "eigensolves": int(self.eigensolves),
            "interpolated": int(self.interpolated),
            "status": self.status,
        }
        return xr.Dataset(variables, coordinates, attributes)


def magnetization(
    electrons: Electrons,
    *,
    mu: ArrayLike,
    temperature: ArrayLike,
    rotation: ArrayLike,
    axis: ArrayLike = (0.0, 0.0, 1.0),
    rtol: float = 1e-3,
    atol: float = 1e-7,
    normalisation: str | None = None,
    reference: str = "conduction",
    paired: bool = False,
    per_site: bool = False,
    quadrature: Quadrature | FermiSurface | None = None,
    max_eigensolves: int = 300_000,
) -> Magnetization:
    """M = μ_B ∫_BZ Tr[σ·n f(H(k, Ω n))] along the axis n of rotation, and the carriers, per cell.

    Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), Eq. 5.

    Arguments:

    - `mu`: chemical potential (eV), any shape; counted from the conduction-band edge without
      rotation, or with `reference="absolute"` as the energies are.
    - `temperature`: of the electrons (K), any shape; 0 is the step function, without a gradient.
    - `rotation`: angular velocity Ω about `axis` (rad/ps), any shape.
    - `per_site`: the last axis of `rotation` runs over the sites of `electrons.crystal`, (..., sites): each turns
      with its own Ω_i about `axis`, and the grid has rotation.shape[:-1]. M stays the moment of all sites together,
      ∂M/∂Ω_i is what one of them does. The k-sum uses the operations of `electrons.site_resolved()` alone.
    - `paired`: one μ for each temperature, as at fixed doping: the grid is their common shape (to which they are
      broadcast) + rotation.shape, instead of mu.shape + temperature.shape + rotation.shape.
    - `rtol`, `atol`: the rule is refined until every error is below atol + rtol·|moment|, or the
      budget of `max_eigensolves` diagonalisations is spent; `status` says which. A sum over a few hundred
      points comes first, then bands interpolated in a small basis on finer grids, where an m×m
      diagonalisation counts (m/n)² of one of H, down to T = 0; docs/brillouin.md describes it.
    - `normalisation`: `"zone"`, or `"gamma_cube"` for |k_i| ≤ 0.05 normalised to that cube; without it, that
      of a given quadrature, else the zone.
    - `quadrature`: a fixed rule instead of refinement, from an earlier result or `cj.quadrature`.
      Under `jit` and `vmap`, where no accuracy can be tested, the default is a fixed rule with 32
      points an axis; `error` and `converged` hold then too.

    One set of diagonalisations serves the whole (mu, temperature) grid, and one spectral function, where a table has
    24 pairs or more: its time hardly grows with them. The derivative with respect to parameters, Ω, μ and T is exact
    on the nodes used.

    Raises `InputError` for a negative temperature, values that are not finite, rtol or atol ≤ 0, shapes that cannot
    be paired, a rotation per site without a value for each, an unknown normalisation or reference, a quadrature for
    another axis or region, and where no gradient exists: of a sum over points at T = 0, and of one between
    tetrahedra in Ω where levels stay twofold, as at Ω = 0. `RuntimeError` if the eigensolver fails.
    """
    check_finite("mu", mu)
    check_positive("temperature", temperature, zero=True)
    check_finite("rotation", rotation)
    check_positive("rtol", rtol)
    check_positive("atol", atol)
    check_positive("max_eigensolves", max_eigensolves)
    check(
        reference in {"conduction", "absolute"},
        "reference",
        f"must be 'conduction' or 'absolute', but got {reference!r}",
    )
    direction = unit_vector(axis)
    levels, heat, speeds = real(mu), real(temperature), real(rotation)
    edge = conduction_edge(electrons).energy if reference == "conduction" else jnp.zeros(())
    shape, pairs = _pairs(levels + edge, heat, paired)
    outer, each = speeds.shape, ()
    if per_site:
        outer, each = outer[:-1], outer[-1:]
        count = len(electrons.crystal.species)
        check(
            each == (count,),
            "rotation per site",
            f"must have {count} values on its last axis, but got shape {speeds.shape}",
        )
        electrons = electrons.site_resolved()
    arguments = (electrons, *pairs, speeds.reshape(-1, *each))
    shape += outer

    def tolerance(moment) -> np.ndarray | Array:
        return atol + rtol * jnp.abs(jax.lax.stop_gradient(moment))

    if quadrature is None and is_traced(arguments):
        quadrature = fixed_rule(electrons, _TRACED_POINTS, direction, normalisation or "zone")
    if quadrature is None:
        fixed = jax.lax.stop_gradient(arguments)
        found = _search(fixed, direction, normalisation or "zone", tolerance, rtol, max_eigensolves)
        final = _evaluate(arguments, direction, found.quadrature) if is_differentiated(arguments) else found
    else:
        points = quadrature.smooth if isinstance(quadrature, FermiSurface) else quadrature
        check_rule(points, electrons, direction, normalisation)
        found = final = _evaluate(arguments, direction, quadrature)
    moment = final.moment.reshape(shape)
    known = concrete(jax.lax.stop_gradient(moment))
    if known is not None and not np.all(np.isfinite(known)):
        raise RuntimeError("the eigensolver of this device returned NaN for some k-points, from both triangles")
    error = (found.error + jnp.abs(jax.lax.stop_gradient(final.moment) - found.moment)).reshape(shape)
    return Magnetization(
        moment=moment,
        carriers=final.carriers.reshape(shape),
        error=error,
        eigensolves=jnp.asarray(found.eigensolves),
        interpolated=jnp.asarray(found.interpolated),
        converged=jnp.all(error <= tolerance(moment)),
        mu=levels,
        temperature=heat,
        rotation=speeds,
        sites=electrons.crystal.species if per_site else (),
        quadrature=found.quadrature,
    )


def _pairs(mu: Array, temperature: Array, paired: bool) -> tuple[tuple[int, ...], tuple[Array, Array]]:
    """The shape of a table and its pairs (s,)."""
    if not paired:
        both = jnp.meshgrid(mu.ravel(), temperature.ravel(), indexing="ij")
        return mu.shape + temperature.shape, (both[0].ravel(), both[1].ravel())
    try:
        shape = np.broadcast_shapes(mu.shape, temperature.shape)
    except ValueError:
        raise InputError(
            "mu and temperature", f"must have one shape to be paired, but got {mu.shape} and {temperature.shape}"
        ) from None
    return shape, (jnp.broadcast_to(mu, shape).ravel(), jnp.broadcast_to(temperature, shape).ravel())


def _search(arguments, direction, region, tolerance, rtol, budget) -> Estimate:
    """The moments (s, r) and a rule that is accurate enough: over points where that is smooth, else `resolve`d."""
    electrons, mu, temperature, rotation = arguments

    def enough(estimate: Estimate) -> bool:
        wrong = np.any(np.asarray(estimate.error > tolerance(estimate.moment)), axis=1)
        groups = carrying_groups(electrons, mu, temperature, rotation, wrong)
        return all(states != (0, electrons.size) for states, _ in groups)

    first = refine(
        lambda rule: _evaluate(arguments, direction, rule),
        refinements(electrons, direction, region, _FIRST_POINTS),
        enough,
        budget,
    )
    if jnp.all(first.error <= tolerance(first.moment)):
        return first
    return resolve(electrons, direction, mu, temperature, rotation, first, tolerance, rtol, budget)


def _evaluate(arguments, direction, rule: Quadrature | FermiSurface) -> Estimate:
    """The moments (s, r) by a given rule."""
    electrons, mu, temperature, rotation = arguments
    axis = jnp.asarray(direction)
    if isinstance(rule, FermiSurface):
        check(
            len(rule.method) == len(mu),
            "quadrature",
            f"must be one for {len(mu)} pairs of mu and temperature, but got one for {len(rule.method)}",
        )
        return evaluate(
            electrons,
            direction,
            mu,
            temperature,
            rotation,
            rule,
            lambda *pairs: _over_points((electrons, *pairs, rotation), axis, rule.smooth),
        )
    return _over_points(arguments, axis, rule)


def _over_points(arguments, axis, rule: Quadrature) -> Estimate:
    electrons, mu, temperature, rotation = arguments
    known = concrete(temperature)
    if known is not None and np.any(known == 0):
        electrons, mu, rotation = _refuse_gradient((electrons, mu, rotation))
    many = are_many((electrons, mu, axis, rotation), temperature)
    few = np.flatnonzero(~many)
    per_k = 16 * electrons.size**2 * 8

    def average(omega):
        pairs = (mu, temperature) if len(few) == len(mu) else (mu[few], temperature[few])
        return integrate(_integrand, (electrons, *pairs, axis, omega), rule, per_k + 8 * electrons.size * len(few) * 4)

    def each(omega):
        table = np.zeros((3, len(mu)))
        if len(few):
            (moment, carriers), (error, _) = average(omega)
            table[:, few] = moment, carriers, error
        energies, values = sample(_states, (electrons, axis, omega), rule.k, per_k)
        weights = np.stack([rule.weights, rule.coarse], axis=-1)
        fine, coarse = thermal_sums(electrons.filling, energies, values, weights, mu[many], temperature[many])
        table[:, many] = *fine, np.abs(fine - coarse)[0]
        return table

    if many.any():
        moment, carriers, error = jnp.asarray(np.stack([each(omega) for omega in rotation], axis=-1))
        return Estimate(moment, carriers, error, len(rule.weights) * len(rotation), rule)
    if is_traced((arguments, axis)):
        both = jax.tree.map(lambda part: jnp.moveaxis(part, 0, -1), jax.lax.map(average, rotation))
    else:
        both = jax.tree.map(lambda *parts: jnp.stack(parts, axis=-1), *[average(omega) for omega in rotation])
    (moment, carriers), (error, _) = both
    return Estimate(moment, carriers, error, len(rule.weights) * len(rotation), rule)


def _integrand(arguments, k):
    electrons, mu, temperature, axis, omega = arguments
    hamiltonian, along = _at(electrons, axis, omega, k)
    thermal = thermal_trace(hamiltonian, along, mu, temperature, electrons.filling)
    return thermal.traces[:, 0], thermal.carriers


def _states(arguments, k):
    electrons, axis, omega = arguments
    hamiltonian, along = _at(electrons, axis, omega, k)
    energies, values = expectations(hamiltonian, jnp.broadcast_to(along, (len(k), *along.shape)))
    return energies, values[:, 0]


def _at(electrons: Electrons, axis, omega, k):
    along = jnp.tensordot(axis.astype(complex), electrons.spin, axes=1)
    return electrons.hamiltonian(k, jnp.multiply.outer(omega, axis)), along[None]


@jax.custom_jvp
def _refuse_gradient(differentiable):
    return differentiable


@_refuse_gradient.defjvp
def _no_gradient_at_zero(primals, tangents):
    raise InputError("temperature", "must be positive for a gradient, but got 0: the step function has none")
