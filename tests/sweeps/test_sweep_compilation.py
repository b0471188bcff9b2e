"""However many chunks there are, and however the last one is cut, each stage is compiled once."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax.observables import MOST_NODES, RotationInterpolant
from chiraljax.sweeps import plan_sweep, run_sweep
from chiraljax.sweeps._plan import MOTION_STAGE, POINT_STAGE, TABLE_STAGE, SweepPlan
from chiraljax.sweeps._points import points

TIMES = np.linspace(0.0, 2.0, 21)
REACH = RotationInterpolant(fastest=jnp.asarray(15.0), nodes=6)


@pytest.fixture(scope="module")
def compilations():
    """A list that grows by one for every program compiled."""
    known = []

    def listen(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            known.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    return known


def in_blocks(plan: SweepPlan, name: str, block: int) -> SweepPlan:
    """With the first axis of that stage cut into blocks of that length."""
    stages = [
        stage._replace(block=stage.block | {next(iter(stage.block)): block}) if stage.name == name else stage
        for stage in plan.stages
    ]
    return dataclasses.replace(plan, stages=tuple(stages))


@pytest.mark.slow
def test_trajectories(ktao3, tmp_path, compilations):
    """Blocks of another length are other programs, so each sweep compiles all of its own; the first, what all share."""
    counts = []
    for size, block, chunks in ((3, 3, 1), (22, 11, 2), (58, 9, 7)):
        axes = {"pulse.peak_field": np.linspace(0.5, 2.0, size)}
        gradients = {"peak_rotation": ["phonon.damping"]}
        plan = plan_sweep(ktao3, axes=axes, outputs=["rotation"], gradients=gradients, times=TIMES)
        plan = in_blocks(plan, MOTION_STAGE, block)
        assert plan.stage(MOTION_STAGE).n_chunks == chunks
        before = len(compilations)
        result = run_sweep(plan, tmp_path / f"{size}.zarr")
        assert int(result.motion_status.max()) == 0
        counts.append(len(compilations) - before)
    assert counts[1] == counts[2] > 0


def test_points(ktao3, compilations):
    """Made-up trajectories and tables serve: the chunks are handed over without a store."""
    counts = []
    for size, block, chunks in ((3, 3, 1), (10, 5, 2), (46, 7, 7)):
        plan = plan_sweep(
            ktao3,
            axes={"pulse.peak_field": np.linspace(0.5, 2.0, size), "mu": [0.0, 0.1]},
            temperature=600.0,
            outputs=["peak_moment", "moment"],
            gradients={"moment": ["pulse.peak_field", "mu"]},
            times=TIMES,
        )
        plan = in_blocks(plan, POINT_STAGE, block)
        stage = plan.stage(POINT_STAGE)
        assert stage.n_chunks == chunks
        before = len(compilations)
        for number in range(chunks):
            chunk = stage.chunk(number)
            values, facts = points(plan, chunk, made_up(plan, chunk), REACH)
            assert values["peak_moment"].shape == (block, 2)
            assert facts["failed"] == 0
        counts.append(len(compilations) - before)
    assert counts[1] == counts[2] > 0


def made_up(plan, chunk):
    """Working variables and statuses of the stages before on a chunk."""
    random = np.random.default_rng(0)
    known = {}
    for variable in (*plan.variables(MOTION_STAGE), *plan.variables(TABLE_STAGE)):
        shape = [len(chunk.indices[axis]) for axis in plan.over(variable.kind)] + [n for _, n in variable.tail]
        if variable.working:
            known[variable.name] = random.normal(size=shape)
        elif variable.name.endswith("_status"):
            known[variable.name] = np.zeros(shape, "int8")
    assert known["coefficients"].shape[-1] == MOST_NODES
    return known
