"""The trajectories of a chunk, with L(t) and Ω(t)."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..chain import Chain
from ..phonon import FixedSteps
from ._outputs import DRIVE, ROTATION
from ._parameters import Parameter, replaced
from ._plan import SweepPlan
from ._stage import Chunk

DONE, NOT_CONVERGED, FAILED = 0, 1, 2
_PROBED, _ACCURATE, _MOST_SUBSTEPS = 16, 1e-8, 256


def trajectories(plan: SweepPlan, chunk: Chunk) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Every variable of the stage on a chunk, the largest rotations, and the number of failed trajectories.

    The phonon is driven once for each point of the axes of pulse and phonon; the axes of the coupling reuse its motion.
    """
    drives, axes = plan.over(DRIVE), plan.over(ROTATION)
    turning = [axis for axis in axes if axis not in drives]
    inner = [*drives, *turning]
    shape = [len(chunk.indices[axis]) for axis in inner]
    n_drives, n_turns = int(np.prod(shape[: len(drives)])), int(np.prod(shape[len(drives) :]))
    requested = [d.parameter for d in plan.derivatives if d.output.kind in (DRIVE, ROTATION)]
    along = tuple(dict.fromkeys([*requested, *plan.tangents("pulse", "phonon", "coupling")]))
    driven, turned = (
        tuple(dict.fromkeys(parameter for parameter in (*plan.varied, *along) if parameter.part in parts))
        for parts in (("pulse", "phonon"), ("coupling",))
    )
    momentum, rotation, momentum_tangents, rotation_tangents = _outcome(
        plan.chain,
        driven,
        turned,
        along,
        jnp.asarray(plan.values(driven, chunk.indices, drives).reshape(n_drives, len(driven))),
        jnp.asarray(plan.values(turned, chunk.indices, inner).reshape(n_drives, n_turns, len(turned))),
        jnp.asarray(plan.times),
        plan.substeps,
        is_harmonic(plan),
    )

    def on_axes(array: Array, kind: str) -> np.ndarray:
        own = inner if kind == ROTATION else list(drives)
        values = np.asarray(array)
        values = values.reshape(*shape[: len(own)], *values.shape[1 + (kind == ROTATION) :])
        order = [own.index(axis) for axis in plan.over(kind)]
        return values.transpose(*order, *range(len(own), values.ndim))

    series: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, value, tangents, kind in (
        ("angular_momentum", momentum, momentum_tangents, DRIVE),
        ("rotation", rotation, rotation_tangents, ROTATION),
    ):
        series[name] = on_axes(value, kind), on_axes(tangents, kind)
        series[f"peak_{name}"] = _peak(*series[name], time=len(plan.over(kind)))
    variables: dict[str, np.ndarray] = {name: value for name, (value, _) in series.items()}
    for derivative in plan.derivatives:
        if derivative.output.kind in (DRIVE, ROTATION):
            changes = np.moveaxis(series[derivative.output.name][1], len(plan.over(derivative.output.kind)), 0)
            variables[derivative.name] = changes[along.index(derivative.parameter)]
    indices = [along.index(parameter) for parameter in plan.tangents("pulse", "phonon", "coupling")]
    variables["rotation_tangents"] = np.take(series["rotation"][1], indices, axis=len(axes))
    bad = np.asarray(~np.isfinite(variables["angular_momentum"]).all(axis=-1))
    variables["motion_status"] = np.where(bad, FAILED, DONE).astype("int8")
    return variables, {
        "rotations": largest_rotations(variables["rotation"][chunk.inside(axes)], bool(plan.sites)).tolist(),
        "failed": int(bad[chunk.inside(drives)].sum()),
    }


def largest_rotations(rotation: np.ndarray, per_site: bool) -> np.ndarray:
    """The largest |Ω| (1,), or the Ω_i (r, sites) with the largest components along their principal patterns.

    Values that are not finite are ignored. Applied to the results of several chunks it gives the result of all
    together, except for the weights of the patterns.
    """
    if not per_site:
        return np.max(np.abs(rotation), where=np.isfinite(rotation), initial=0.0, keepdims=True).reshape(1)
    rows = rotation.reshape(-1, rotation.shape[-1])
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not len(rows):
        return np.zeros((1, rotation.shape[-1]))
    along = rows @ np.linalg.eigh(rows.T @ rows)[1]
    return rows[np.unique([along.argmin(axis=0), along.argmax(axis=0)])]


def _peak(series: np.ndarray, changes: np.ndarray, time: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest |x(t)| and its derivatives, from x (…, T, …) and the derivatives of x (…, P, T, …)."""
    at = np.expand_dims(np.argmax(np.abs(series), axis=time), time)
    value = np.take_along_axis(series, at, axis=time)
    slope = np.take_along_axis(changes, np.expand_dims(at, time), axis=time + 1)
    return np.abs(value).squeeze(time), (np.sign(np.expand_dims(value, time)) * slope).squeeze(time + 1)


@eqx.filter_jit
def _outcome(
    chain: Chain,
    driven: tuple[Parameter, ...],
    turned: tuple[Parameter, ...],
    along: tuple[Parameter, ...],
    drives: Float[Array, "b p"],
    turns: Float[Array, "b c q"],
    times: Float[Array, " T"],
    substeps: int,
    harmonic: bool,
) -> tuple[Array, Array, Array, Array]:
    """L (b, T) in ħ, Ω (b, c, T[, sites]) in rad/ps, and their derivatives, the axis P of `along` before T."""
    integrator = FixedSteps(substeps)

    def outcome(drive, turn):
        moved = replaced(chain, driven, drive)
        motion = integrator.from_field(moved.driven, moved.pulse(integrator.nodes(times)[0]), times, harmonic=harmonic)
        return motion.angular_momentum, jax.vmap(lambda row: replaced(moved, turned, row).rotation(motion))(turn)

    def with_derivatives(drive, turn):
        value = outcome(drive, turn)
        steps = [(unit(drive, driven, parameter), unit(turn, turned, parameter)) for parameter in along]
        changes = [jax.jvp(outcome, (drive, turn), step)[1] for step in steps]
        momentum, rotation = (jnp.stack([part, *parts]) for part, *parts in zip(value, *changes, strict=True))
        return value, (momentum[1:], jnp.moveaxis(rotation[1:], 0, 1))

    value, changes = jax.vmap(with_derivatives)(drives, turns)
    return *value, *changes


@eqx.filter_jit
def largest(
    chain: Chain,
    varied: tuple[Parameter, ...],
    values: Float[Array, "b p"],
    times: Float[Array, " T"],
    substeps: int,
    harmonic: bool,
) -> tuple[Float[Array, "b atoms"], Float[Array, " b"]]:
    """The largest displacement of each atom in Å and the largest |Ω| in rad/ps, with `values` of `varied`."""
    integrator = FixedSteps(substeps)

    def of(row):
        moved = replaced(chain, varied, row)
        motion = integrator.from_field(moved.driven, moved.pulse(integrator.nodes(times)[0]), times, harmonic=harmonic)
        lengths = jnp.linalg.norm(motion.displacements, axis=-1)
        return jnp.max(lengths, axis=0), jnp.max(jnp.abs(moved.rotation(motion)))

    return jax.lax.map(of, values)


def unit(values: Array, parameters: tuple[Parameter, ...], along: Parameter) -> Array:
    """A step in `values` (..., P) of `parameters`: 1 for `along`, 0 for the others."""
    return jnp.broadcast_to(jnp.array([float(parameter == along) for parameter in parameters]), values.shape)


def is_harmonic(plan: SweepPlan) -> bool:
    """Whether no point of the sweep has an anharmonic term."""
    names = [parameter.name for parameter in (*plan.varied, *(d.parameter for d in plan.derivatives))]
    return plan.chain.driven.harmonic and not any("cubic" in name or "quartic" in name for name in names)


def substeps_of(plan: SweepPlan, first: int) -> tuple[int, float]:
    """Steps of the integrator per interval of the times, and the largest relative error with them.

    The step is halved until L of trajectories at the ends of each axis and at random points changes by less than
    10⁻⁸ of its largest value.
    """
    drives = plan.over(DRIVE)
    sizes = plan.sizes(DRIVE)
    driven = tuple(parameter for parameter in plan.varied if parameter.part in ("pulse", "phonon"))
    picked = np.random.default_rng(0).integers(0, list(sizes.values()) or 1, (_PROBED, max(1, len(sizes))))
    rows = list(picked[:1] if not sizes else picked)
    for axis in (axis for axis in plan.axes if axis.name in sizes):
        for values in axis.values:
            for extreme in (values.argmin(), values.argmax()):
                row = rows[len(rows) % _PROBED].copy()
                row[drives.index(axis.name)] = extreme
                rows.append(row)
    points = np.stack(rows)
    values = np.concatenate(
        [
            plan.values(driven, {axis: row[i : i + 1] for i, axis in enumerate(drives)}, drives).reshape(1, -1)
            for row in points
        ]
    )
    turns = jnp.zeros((len(values), 1, 0))
    substeps, error, before = first, np.inf, None
    while True:
        arguments = (plan.chain, driven, (), (), jnp.asarray(values), turns, jnp.asarray(plan.times))
        now = np.asarray(_outcome(*arguments, substeps, is_harmonic(plan))[0])
        if before is not None:
            ok = np.isfinite(now).all(axis=1) & np.isfinite(before).all(axis=1)
            scale = np.abs(now[ok]).max(axis=1)
            error = float(np.max(np.abs(now - before)[ok].max(axis=1) / np.where(scale > 0, scale, 1), initial=0.0))
            if error < _ACCURATE or substeps >= _MOST_SUBSTEPS:
                return substeps // 2, error
        before, substeps = now, 2 * substeps
