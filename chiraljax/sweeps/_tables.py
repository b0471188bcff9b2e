"""The tables of a chunk: moments as polynomials in Ω for every pair (μ, T), carriers and gap."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._types import Array
from ..observables import FermiSurface, MagnetizationCurve, chemical_potential, gap, magnetization_curve
from ..observables._curve import MOST_NODES
from ._motion import DONE, FAILED, NOT_CONVERGED, unit
from ._outputs import MODEL, POINT, TABLE
from ._parameters import Parameter, replaced
from ._plan import TABLE_STAGE, Plan
from ._stage import Chunk

_DIFFERENTIATED = 1024
"""Pairs (μ, T) that are differentiated together; each takes some 0.4 MB."""


def tables(plan: Plan, chunk: Chunk, fastest: float) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Every variable of the stage on a chunk, which is one model of the electrons, and what it cost.

    One set of diagonalisations serves all pairs (μ, T) of the chunk. `fastest` (rad/ps) is the largest |Ω|
    of the sweep. A model for which nothing can be computed, as without a gap to count μ from, has failed: NaN.
    """
    shapes = {TABLE: tuple(len(chunk.indices[axis]) for axis in plan.over(TABLE)), MODEL: (1,) * len(plan.over(MODEL))}
    full = {v.name: (*shapes[v.kind], *(n for _, n in v.tail)) for v in plan.variables(TABLE_STAGE)}
    try:
        found, facts = _computed(plan, chunk, fastest)
    except (InputError, RuntimeError) as error:
        lost = {name: np.full(shape, np.nan) for name, shape in full.items()}
        status = np.full(shapes[TABLE], FAILED, "int8")
        count = status[chunk.inside(chunk.slices)].size
        return lost | {"electrons_status": status}, {"failed": count, "messages": [" ".join(str(error).split())]}
    return {name: found[name].reshape(shape) for name, shape in full.items()}, facts


def _computed(plan: Plan, chunk: Chunk, fastest: float) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Variables with one axis of pairs (μ, T), or none for those of the model alone, before their tail."""
    asked = [d.parameter for d in plan.derivatives if d.output.kind in (TABLE, MODEL)]
    along = tuple(dict.fromkeys([*asked, *plan.tangents("electrons", "filling")]))
    inner, outer = (
        tuple(dict.fromkeys(one for one in (*plan.varied, *plan.fixed, *along) if one.part == part))
        for part in ("electrons", "filling")
    )
    n_pairs = int(np.prod([len(rows) for rows in chunk.indices.values()]))
    values = jnp.asarray(plan.values(inner, chunk.indices, plan.over(MODEL)).reshape(len(inner)))
    pairs = jnp.asarray(plan.values(outer, chunk.indices, plan.over(TABLE)).reshape(n_pairs, len(outer)))
    numbers, curve = _table(plan, inner, outer, fastest, {}, values, pairs)
    changes = {one: _slopes(plan, inner, outer, fastest, curve, values, pairs, one) for one in along}
    found: dict[str, Any] = dict(numbers)
    for derivative in plan.derivatives:
        if derivative.output.kind in (TABLE, MODEL):
            found[derivative.name] = changes[derivative.parameter][derivative.output.name]
    kept = plan.tangents("electrons", "filling")
    if kept:
        found["coefficient_tangents"] = jnp.stack([changes[one]["coefficients"] for one in kept], axis=1)
    status, facts = np.full(len(pairs), DONE, "int8"), {}
    if curve is not None:
        found["moment_error"] = curve.error
        largest = np.abs(np.asarray(curve(fastest * np.linspace(0, 1, 33)))).max(axis=-1)
        loose = np.asarray(curve.error) > plan.options["atol"] + plan.options["rtol"] * largest
        status[loose & (not bool(curve.converged))] = NOT_CONVERGED
        status[~np.isfinite(np.asarray(numbers["coefficients"])).all(axis=-1)] = FAILED
        facts = {
            "nodes": int(curve.coefficients.shape[-1]),
            "eigensolves": int(curve.eigensolves),
            "interpolated": int(curve.interpolated),
        }
    found["electrons_status"] = status
    counted = status.reshape([len(rows) for rows in chunk.indices.values()])[chunk.inside(chunk.slices)]
    facts |= {"failed": int(np.sum(counted == FAILED)), "not_converged": int(np.sum(counted == NOT_CONVERGED))}
    return {name: np.asarray(value) for name, value in found.items()}, facts


def _slopes(
    plan: Plan,
    inner: tuple[Parameter, ...],
    outer: tuple[Parameter, ...],
    fastest: float,
    curve: MagnetizationCurve | None,
    values: Array,
    pairs: Array,
    along: Parameter,
) -> dict[str, Array]:
    """Derivatives of what `_table` gives, on the rule and the nodes that it ended with, block by block of the pairs."""
    parts = []
    for rows in np.array_split(np.arange(len(pairs)), -(-len(pairs) // _DIFFERENTIATED)):
        some, ended = pairs[rows], {}
        if curve is not None:
            rule = curve.quadrature
            rule = rule.of_pairs(rows.tolist()) if isinstance(rule, FermiSurface) else rule
            ended = {"quadrature": rule, "nodes": curve.coefficients.shape[-1]}

        def numbers(values: Array, some: Array, ended=ended) -> dict[str, Array]:
            return _table(plan, inner, outer, fastest, ended, values, some)[0]

        steps = (unit(values, inner, along), unit(some, outer, along))
        parts.append(jax.jvp(numbers, (values, some), steps)[1])
    return {
        name: part if part.ndim == 0 else jnp.concatenate([one[name] for one in parts])
        for name, part in parts[0].items()
    }


def _table(
    plan: Plan,
    inner: tuple[Parameter, ...],
    outer: tuple[Parameter, ...],
    fastest: float,
    ended: dict[str, Any],
    values: Array,
    pairs: Array,
) -> tuple[dict[str, Array], MagnetizationCurve | None]:
    """What depends on the electrons at `values` of `inner` and on their filling at `pairs` (s, P) of `outer`.

    `ended` holds options of `magnetization_curve` that repeat a search.
    """
    electrons = replaced(plan.setup, inner, values).electrons
    numbers, wanted = {}, plan.names
    if "gap" in wanted:
        numbers["gap"] = gap(electrons)
    if not plan.wants(TABLE, POINT):
        return numbers, None
    column = {parameter.name: pairs[:, i] for i, parameter in enumerate(outer)}
    heat = column["temperature"]
    mu = column.get("mu")
    if mu is None:
        mu = chemical_potential(electrons, doping=column["doping"], temperature=heat, paired=True)
    numbers["chemical_potential"] = mu
    if not plan.wants(POINT) and "carriers" not in wanted:
        return numbers, None
    curve = magnetization_curve(
        electrons,
        mu=mu,
        temperature=heat,
        fastest=fastest,
        axis=plan.setup.coupling.axis,
        paired=True,
        **plan.options | ended,
    )
    missing = MOST_NODES - curve.coefficients.shape[-1]
    numbers["coefficients"] = jnp.pad(curve.coefficients, ((0, 0), (0, missing)))
    numbers["carriers"] = curve.carriers
    return numbers, curve
