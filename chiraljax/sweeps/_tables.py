"""The tables of a chunk: M(Ω) as polynomials for every pair (μ, T), carriers and gap."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._types import Array
from ..brillouin import Accuracy, FermiSurface
from ..observables import MOST_NODES, AbstractInterpolant, Filling, MagnetizationCurve, chemical_potential, gap
from ._motion import DONE, FAILED, NOT_CONVERGED, unit
from ._outputs import MODEL, POINT, TABLE
from ._parameters import Parameter, replaced
from ._plan import TABLE_STAGE, SweepPlan
from ._stage import Chunk

_DIFFERENTIATED = 1024
"""Pairs (μ, T) that are differentiated together; each takes about 0.4 MB."""


def tables(
    plan: SweepPlan, chunk: Chunk, interpolant: AbstractInterpolant
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Every variable of the stage on a chunk, which is one model of the electrons, and its cost.

    One set of diagonalisations serves all pairs (μ, T) of the chunk. The `interpolant` covers all rotations of the
    sweep. A model that raises, as without a gap to count μ from, has failed: NaN.
    """
    shapes = {TABLE: tuple(len(chunk.indices[axis]) for axis in plan.over(TABLE)), MODEL: (1,) * len(plan.over(MODEL))}
    full = {v.name: (*shapes[v.kind], *(n for _, n in v.tail)) for v in plan.variables(TABLE_STAGE)}
    try:
        variables, facts = _computed(plan, chunk, interpolant)
    except (InputError, RuntimeError) as error:
        lost = {name: np.full(shape, np.nan) for name, shape in full.items()}
        status = np.full(shapes[TABLE], FAILED, "int8")
        count = status[chunk.inside(chunk.slices)].size
        return lost | {"electrons_status": status}, {"failed": count, "messages": [" ".join(str(error).split())]}
    return {name: variables[name].reshape(shape) for name, shape in full.items()}, facts


def _computed(
    plan: SweepPlan, chunk: Chunk, interpolant: AbstractInterpolant
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Variables with one axis of pairs (μ, T), or none if they depend on the model alone, before their tail."""
    requested = [d.parameter for d in plan.derivatives if d.output.kind in (TABLE, MODEL)]
    along = tuple(dict.fromkeys([*requested, *plan.tangents("electrons", "filling")]))
    inner, outer = (
        tuple(dict.fromkeys(p for p in (*plan.varied, *plan.fixed, *along) if p.part == part))
        for part in ("electrons", "filling")
    )
    n_pairs = int(np.prod([len(rows) for rows in chunk.indices.values()]))
    values = jnp.asarray(plan.values(inner, chunk.indices, plan.over(MODEL)).reshape(len(inner)))
    pairs = jnp.asarray(plan.values(outer, chunk.indices, plan.over(TABLE)).reshape(n_pairs, len(outer)))
    numbers, curve = _table(plan, inner, outer, interpolant, plan.accuracy, values, pairs)
    changes = {p: _slopes(plan, inner, outer, interpolant, curve, values, pairs, p) for p in along}
    variables: dict[str, Any] = dict(numbers)
    for derivative in plan.derivatives:
        if derivative.output.kind in (TABLE, MODEL):
            variables[derivative.name] = changes[derivative.parameter][derivative.output.name]
    tangents = plan.tangents("electrons", "filling")
    if tangents:
        variables["coefficient_tangents"] = jnp.stack(
            [changes[parameter]["coefficients"] for parameter in tangents], axis=1
        )
    status, facts = np.full(len(pairs), DONE, "int8"), {}
    if curve is not None:
        variables["moment_error"] = curve.error
        largest = np.abs(np.asarray(curve(_samples(curve.interpolant)))).max(axis=-1)
        loose = np.asarray(curve.error) > plan.accuracy.atol + plan.accuracy.rtol * largest
        status[loose & (not bool(curve.converged))] = NOT_CONVERGED
        status[~np.isfinite(np.asarray(numbers["coefficients"])).all(axis=-1)] = FAILED
        facts = {
            "nodes": curve.interpolant.nodes,
            "eigensolves": int(curve.eigensolves),
            "interpolated": int(curve.interpolated),
        }
    variables["electrons_status"] = status
    counted = status.reshape([len(rows) for rows in chunk.indices.values()])[chunk.inside(chunk.slices)]
    facts |= {"failed": int(np.sum(counted == FAILED)), "not_converged": int(np.sum(counted == NOT_CONVERGED))}
    return {name: np.asarray(value) for name, value in variables.items()}, facts


def _slopes(
    plan: SweepPlan,
    inner: tuple[Parameter, ...],
    outer: tuple[Parameter, ...],
    interpolant: AbstractInterpolant,
    curve: MagnetizationCurve | None,
    values: Array,
    pairs: Array,
    along: Parameter,
) -> dict[str, Array]:
    """Derivatives of the results of `_table`, on its final rule and nodes, in blocks of pairs."""
    parts = []
    for rows in np.array_split(np.arange(len(pairs)), -(-len(pairs) // _DIFFERENTIATED)):
        block, accuracy, at = pairs[rows], plan.accuracy, interpolant
        if curve is not None:
            rule = curve.rule
            rule = rule.of_pairs(rows.tolist()) if isinstance(rule, FermiSurface) else rule
            accuracy, at = dataclasses.replace(accuracy, rule=rule), curve.interpolant

        def numbers(values: Array, block: Array, accuracy=accuracy, at=at) -> dict[str, Array]:
            return _table(plan, inner, outer, at, accuracy, values, block)[0]

        steps = (unit(values, inner, along), unit(block, outer, along))
        parts.append(jax.jvp(numbers, (values, block), steps)[1])
    return {
        name: first if first.ndim == 0 else jnp.concatenate([part[name] for part in parts])
        for name, first in parts[0].items()
    }


def _table(
    plan: SweepPlan,
    inner: tuple[Parameter, ...],
    outer: tuple[Parameter, ...],
    interpolant: AbstractInterpolant,
    accuracy: Accuracy,
    values: Array,
    pairs: Array,
) -> tuple[dict[str, Array], MagnetizationCurve | None]:
    """Results for the electrons with `values` (P,) of `inner` and their fillings with `pairs` (s, Q) of `outer`."""
    chain = replaced(plan.chain, inner, values)
    electrons = chain.electrons
    numbers, wanted = {}, plan.names
    if "gap" in wanted:
        numbers["gap"] = gap(electrons)
    if not plan.wants(TABLE, POINT):
        return numbers, None
    column = {parameter.name: pairs[:, i] for i, parameter in enumerate(outer)}
    temperature, mu = column["temperature"], column.get("mu")
    if mu is None:
        mu = chemical_potential(electrons, doping=column["doping"], temperature=temperature, paired=True).mu
    numbers["chemical_potential"] = mu
    if not plan.wants(POINT) and "carriers" not in wanted:
        return numbers, None
    filled = dataclasses.replace(chain, filling=Filling(mu, temperature, paired=True))
    most = MOST_NODES if accuracy is plan.accuracy else interpolant.nodes
    curve = filled.response(interpolant, accuracy, most)
    places = curve.interpolant.places(MOST_NODES)
    empty = jnp.zeros((*curve.coefficients.shape[:-1], plan.most_coefficients))
    numbers["coefficients"] = empty.at[..., places].set(curve.coefficients)
    numbers["carriers"] = curve.carriers
    return numbers, curve


def _samples(interpolant: AbstractInterpolant) -> Array:
    """Rotations for the scale of M: multiples of the largest point."""
    points = interpolant.points
    return jnp.tensordot(jnp.linspace(0, 1, 33), points[0], axes=0)
