"""The trajectories of a chunk, and what follows from them alone."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from ..phonon import Motion
from ..phonon._propagate import propagate, step_nodes
from ._outputs import DRIVE, ROTATION
from ._parameters import Parameter, Setup, replaced
from ._plan import Plan
from ._stage import Chunk

DONE, NOT_CONVERGED, FAILED = 0, 1, 2
_PROBED, _ACCURATE, _MOST_SUBSTEPS = 16, 1e-8, 256


def trajectories(plan: Plan, chunk: Chunk) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Every variable of the stage on a chunk, and the facts max|Ω| (rad/ps) and how many trajectories failed.

    The phonon is driven once for each point of the axes of pulse and phonon; the axes of the coupling reuse its motion.
    """
    drives, axes = plan.over(DRIVE), plan.over(ROTATION)
    turning = [axis for axis in axes if axis not in drives]
    inner = [*drives, *turning]
    shape = [len(chunk.indices[axis]) for axis in inner]
    n_drives, n_turns = int(np.prod(shape[: len(drives)])), int(np.prod(shape[len(drives) :]))
    asked = [d.parameter for d in plan.derivatives if d.output.kind in (DRIVE, ROTATION)]
    along = tuple(dict.fromkeys([*asked, *plan.tangents("pulse", "phonon", "coupling")]))
    driven, turned = (
        tuple(dict.fromkeys(one for one in (*plan.varied, *along) if one.part in parts))
        for parts in (("pulse", "phonon"), ("coupling",))
    )
    momentum, rotation, momentum_tangents, rotation_tangents = _outcome(
        plan.setup,
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

    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, value, tangents, kind in (
        ("angular_momentum", momentum, momentum_tangents, DRIVE),
        ("rotation", rotation, rotation_tangents, ROTATION),
    ):
        series, changes = on_axes(value, kind), on_axes(tangents, kind)
        known[name] = series, changes
        known[f"peak_{name}"] = _peak(series, changes)
    found: dict[str, np.ndarray] = {name: value for name, (value, _) in known.items()}
    for derivative in plan.derivatives:
        if derivative.output.kind in (DRIVE, ROTATION):
            changes = np.moveaxis(known[derivative.output.name][1], len(plan.over(derivative.output.kind)), 0)
            found[derivative.name] = changes[along.index(derivative.parameter)]
    kept = [along.index(one) for one in plan.tangents("pulse", "phonon", "coupling")]
    found["rotation_tangents"] = known["rotation"][1][..., kept, :]
    bad = np.asarray(~np.isfinite(found["angular_momentum"]).all(axis=-1))
    found["motion_status"] = np.where(bad, FAILED, DONE).astype("int8")
    speeds = np.abs(found["rotation"][chunk.inside(axes)])
    facts = {
        "fastest": float(np.max(speeds, where=np.isfinite(speeds), initial=0.0)),
        "failed": int(bad[chunk.inside(drives)].sum()),
    }
    return found, facts


def _peak(series: np.ndarray, changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest |x(t)| and its derivatives, from x (..., T) and those of x (..., P, T)."""
    at = np.argmax(np.abs(series), axis=-1)[..., None]
    value = np.take_along_axis(series, at, axis=-1)
    slope = np.take_along_axis(changes, at[..., None, :], axis=-1)[..., 0]
    return np.abs(value)[..., 0], np.sign(value) * slope


@eqx.filter_jit
def _outcome(
    setup: Setup,
    driven: tuple[Parameter, ...],
    turned: tuple[Parameter, ...],
    along: tuple[Parameter, ...],
    drives: Float[Array, "b p"],
    turns: Float[Array, "b c q"],
    times: Float[Array, " T"],
    substeps: int,
    harmonic: bool,
) -> tuple[Array, Array, Array, Array]:
    """L (b, T) in ħ, Ω (b, c, T) in rad/ps, and their derivatives (b, P, T) and (b, c, P, T) in the P of `along`."""

    def outcome(drive, turn):
        moved = replaced(setup, driven, drive)
        motion = _motion(moved, times, substeps, harmonic)
        return motion.angular_momentum, jax.vmap(lambda row: replaced(moved, turned, row).coupling(motion))(turn)

    def one(drive, turn):
        value = outcome(drive, turn)
        changes = [
            jax.jvp(outcome, (drive, turn), (unit(drive, driven, one), unit(turn, turned, one)))[1] for one in along
        ]
        empty = jax.tree.map(lambda part: jnp.zeros((*part.shape[:-1], 0, part.shape[-1])), value)
        if not changes:
            return value, empty
        return value, jax.tree.map(lambda *parts: jnp.stack(parts, axis=-2), *changes)

    value, changes = jax.vmap(one)(drives, turns)
    return *value, *changes


def unit(values: Array, of: tuple[Parameter, ...], along: Parameter) -> Array:
    """The step, of the shape of `values` (..., P), in which one of the parameters `of` them changes by 1."""
    return jnp.broadcast_to(jnp.array([float(one == along) for one in of]), values.shape)


def _motion(setup: Setup, times: Array, substeps: int, harmonic: bool) -> Motion:
    if setup.phonon is None:
        raise InputError("material", "must have a phonon to be driven, but has none")
    return propagate(setup.phonon, setup.pulse(step_nodes(times, substeps)), times, substeps, harmonic)


def is_harmonic(plan: Plan) -> bool:
    """Whether no point of the sweep has a quartic term."""
    varied = any("quartic" in one.name for one in (*plan.varied, *(d.parameter for d in plan.derivatives)))
    return plan.setup.phonon is not None and plan.setup.phonon.harmonic and not varied


def substeps_of(plan: Plan, first: int) -> tuple[int, float]:
    """Steps of the integrator an interval of the times, and the largest relative error with them.

    Trajectories at the ends of each axis and at random points are compared with those of half the step, until they
    agree to 10⁻⁸ of their largest L.
    """
    drives = plan.over(DRIVE)
    sizes = plan.sizes(DRIVE)
    driven = tuple(one for one in plan.varied if one.part in ("pulse", "phonon"))
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
        arguments = (plan.setup, driven, (), (), jnp.asarray(values), turns, jnp.asarray(plan.times))
        now = np.asarray(_outcome(*arguments, substeps, is_harmonic(plan))[0])
        if before is not None:
            ok = np.isfinite(now).all(axis=1) & np.isfinite(before).all(axis=1)
            scale = np.abs(now[ok]).max(axis=1)
            error = float(np.max(np.abs(now - before)[ok].max(axis=1) / np.where(scale > 0, scale, 1), initial=0.0))
            if error < _ACCURATE or substeps >= _MOST_SUBSTEPS:
                return substeps // 2, error
        before, substeps = now, 2 * substeps
