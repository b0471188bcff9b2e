"""The tables of a chunk: moments as polynomials in Ω for every pair (μ, T), carriers and gap."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._types import Array
from ..observables import MagnetizationCurve, chemical_potential, gap, magnetization_curve
from ..observables._curve import MOST_NODES
from ._motion import DONE, FAILED, NOT_CONVERGED, unit
from ._outputs import MODEL, POINT, TABLE
from ._parameters import Parameter, replaced
from ._plan import TABLE_STAGE, Plan
from ._stage import Chunk


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
        count = int(np.prod([part.stop - part.start for part in chunk.slices.values()]))
        status = np.full(shapes[TABLE], FAILED, "int8")
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
    numbers, curve = _table(plan, inner, outer, fastest, None, values, pairs)
    changes = {}
    for parameter in along:
        steps = (unit(values, inner, parameter), unit(pairs, outer, parameter))
        rule = None if curve is None else curve.quadrature
        changes[parameter] = jax.jvp(
            lambda *at, rule=rule: _table(plan, inner, outer, fastest, rule, *at)[0], (values, pairs), steps
        )[1]
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
    inside = [part.stop - part.start for part in chunk.slices.values()]
    kept_status = status.reshape(tuple(len(rows) for rows in chunk.indices.values()))[tuple(slice(n) for n in inside)]
    facts |= {"failed": int(np.sum(kept_status == FAILED)), "not_converged": int(np.sum(kept_status == NOT_CONVERGED))}
    return {name: np.asarray(value) for name, value in found.items()}, facts


def _table(
    plan: Plan,
    inner: tuple[Parameter, ...],
    outer: tuple[Parameter, ...],
    fastest: float,
    rule: Any,
    values: Array,
    pairs: Array,
) -> tuple[dict[str, Array], MagnetizationCurve | None]:
    """What depends on the electrons at `values` of `inner` and on their filling at `pairs` (s, P) of `outer`."""
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
        **plan.options | ({} if rule is None else {"quadrature": rule}),
    )
    missing = MOST_NODES - curve.coefficients.shape[-1]
    numbers["coefficients"] = jnp.pad(curve.coefficients, ((0, 0), (0, missing)))
    numbers["carriers"] = curve.carriers
    return numbers, curve
