"""The estimated cost of a plan."""

import time
from math import prod

import numpy as np

from .._parallel import cores
from ..observables import quadrature
from ._outputs import DRIVE, POINT, TABLE
from ._plan import MOTION_STAGE, POINT_STAGE, TABLE_STAGE, SweepPlan
from ._stage import Stage

_STEP, _TERM = 2e-7, 4e-9
"""Seconds of one core per step of a trajectory, and per time and power of Ω of a point: orders of magnitude."""
_TRIED = 64
"""Matrices whose diagonalisation is timed."""


def summary(plan: SweepPlan) -> str:
    """The numbers of trajectories, diagonalisations, points and chunks, with estimates of disk and time."""
    axes = " × ".join(f"{axis.name} ({axis.size})" for axis in plan.axes)
    lines = [f"Sweep of {plan.material} over {axes}", f"  outputs         {', '.join(_named(plan))}"]
    seconds = 0.0
    for stage in plan.stages:
        text, cost = {MOTION_STAGE: _drives, TABLE_STAGE: _tables, POINT_STAGE: _points}[stage.name](plan, stage)
        lines.append(f"  {stage.name:<15} {text} in {_many(stage.n_chunks, 'chunk')}")
        seconds += cost
    lines.append(f"  disk            at most {_bytes(_stored(plan))}")
    lines.append(f"  memory          at most {plan.memory:g} GB")
    lines.append(f"  time            {_duration(seconds)} or more, and compilation")
    return "\n".join(lines)


def _named(plan: SweepPlan) -> list[str]:
    return [*(output.name for output in plan.outputs), *(derivative.name for derivative in plan.derivatives)]


def _drives(plan: SweepPlan, stage: Stage) -> tuple[str, float]:
    turning = prod(n for axis, n in stage.blocks.items() if axis not in plan.over(DRIVE))
    number = prod(plan.sizes(DRIVE).values()) * turning
    tangents = 1 + len(plan.tangents("pulse", "phonon", "coupling"))
    steps = (len(plan.times) - 1) * plan.substeps
    text = f"{_many(number, 'drive')} of the phonon, {plan.motion_error:.0e} accurate, {stage.points:,} Ω(t)"
    return text, number * steps * tangents * _STEP


def _tables(plan: SweepPlan, stage: Stage) -> tuple[str, float]:
    electrons, accuracy = plan.chain.electrons, plan.accuracy
    pairs = prod(stage.block[axis] for axis in plan.over(TABLE))
    text = f"{_many(stage.n_chunks, 'table')} of {_many(pairs, 'pair')} (μ, T)"
    if not plan.wants(POINT, TABLE):
        return text, 0.0
    region = accuracy.region or "zone"
    rules = [quadrature(electrons, n, plan.chain.axis, region).weights.size for n in (12, 16)]
    least = accuracy.first_nodes(plan.chain.coupling.per_site) * sum(rules)
    passes = 1 + len(plan.tangents("electrons", "filling"))
    text += f", each from {least * passes:,} to {passes * accuracy.budget:,} diagonalisations"
    return text, stage.n_chunks * passes * least * _seconds_per_matrix(electrons.size) / cores()


def _points(plan: SweepPlan, stage: Stage) -> tuple[str, float]:
    nodes = plan.accuracy.first_nodes(plan.chain.coupling.per_site)
    per_point = len(plan.times) * nodes * (1 + len(plan.point_derivatives))
    return f"{stage.points:,}", stage.points * per_point * _TERM / cores()


def _seconds_per_matrix(size: int) -> float:
    matrices = np.random.default_rng(0).normal(size=(_TRIED, size, size)) + 0j
    matrices += np.conj(np.swapaxes(matrices, -1, -2))
    start = time.perf_counter()
    np.linalg.eigh(matrices)
    return (time.perf_counter() - start) / _TRIED


def _stored(plan: SweepPlan) -> int:
    return sum(
        prod((*plan.sizes(variable.kind).values(), *(n for _, n in variable.tail))) * np.dtype(variable.dtype).itemsize
        for stage in plan.stages
        for variable in plan.variables(stage.name)
    )


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bytes(count: int) -> str:
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
