"""The moments of a chunk of points, from its trajectories and its tables."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..observables import MOST_NODES, AbstractInterpolant
from ._motion import FAILED, NOT_CONVERGED
from ._outputs import DRIVE, POINT, ROTATION, TABLE
from ._plan import SweepPlan
from ._stage import Chunk, aligned


def points(
    plan: SweepPlan, chunk: Chunk, inputs: dict[str, np.ndarray], interpolant: AbstractInterpolant
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Every variable of the stage on a chunk, and the numbers of its points that did not converge or failed.

    `inputs` holds the working variables and the statuses of the previous stages on the axes of the chunk. Its
    coefficients have places for `MOST_NODES`; those that `interpolant` does not use are zero.
    """
    axes = plan.over(POINT)

    def on_axes(name: str, kind: str) -> np.ndarray:
        return aligned(inputs[name], plan.over(kind), axes)

    timed = any(output.timed for output in (*plan.outputs, *(d.output for d in plan.point_derivatives)))
    turning = plan.tangents("pulse", "phonon", "coupling")
    others = plan.tangents("electrons", "filling")
    places, order = interpolant.places(MOST_NODES), len(axes)
    result = _moments(
        interpolant,
        jnp.asarray(on_axes("rotation", ROTATION)),
        jnp.asarray(on_axes("coefficients", TABLE)[..., places]),
        [jnp.asarray(np.take(on_axes("rotation_tangents", ROTATION), i, axis=order)) for i in range(len(turning))],
        [jnp.asarray(on_axes("coefficient_tangents", TABLE)[..., i, :][..., places]) for i in range(len(others))],
        timed,
    )
    peak, moment, peak_slopes, slopes = jax.tree.map(np.asarray, result)
    variables = {"peak_moment": peak, "moment": moment}
    parameters = [*turning, *others]
    for derivative in plan.point_derivatives:
        series = slopes if derivative.output.timed else peak_slopes
        variables[derivative.name] = series[parameters.index(derivative.parameter)]
    status = np.maximum(on_axes("motion_status", DRIVE), on_axes("electrons_status", TABLE))
    status = np.broadcast_to(status, peak.shape)[chunk.inside(axes)]
    facts = {"failed": int(np.sum(status == FAILED)), "not_converged": int(np.sum(status == NOT_CONVERGED))}
    return variables, facts


@eqx.filter_jit
def _moments(
    interpolant: AbstractInterpolant,
    rotation: Float[Array, "..."],
    coefficients: Float[Array, "*tables n"],
    turns: list[Array],
    others: list[Array],
    timed: bool,
):
    """Largest |M| and M(t), μ_B per cell, and their derivatives, on the axes of Ω (rad/ps) and of the coefficients.

    `turns` are derivatives of Ω and `others` of the coefficients.
    """

    def moment(rotation, coefficients):
        terms = interpolant.basis(rotation)
        return sum(
            (coefficients[..., i, None] * terms[i] for i in range(1, len(terms))),
            start=coefficients[..., 0, None] * terms[0],
        )

    value = moment(rotation, coefficients)
    steps = [(turn, jnp.zeros_like(coefficients)) for turn in turns]
    steps += [(jnp.zeros_like(rotation), other) for other in others]
    slopes = [jax.jvp(moment, (rotation, coefficients), step)[1] for step in steps]
    if not slopes:
        return jnp.max(jnp.abs(value), axis=-1), value if timed else None, [], []
    at = jnp.argmax(jnp.abs(value), axis=-1)[..., None]
    top = jnp.take_along_axis(value, at, axis=-1)[..., 0]
    peaks = [jnp.sign(top) * jnp.take_along_axis(slope, at, axis=-1)[..., 0] for slope in slopes]
    return jnp.abs(top), value if timed else None, peaks, slopes if timed else []
