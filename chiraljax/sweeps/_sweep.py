"""Planning and running a sweep."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from .._checks import check_finite, check_positive
from .._door import door
from .._errors import check
from .._progress import sweeping
from .._types import ArrayLike
from .._warnings import silent, tell
from ..brillouin import Accuracy
from ..chain import Chain
from ..coupling import AbstractCoupling
from ..materials import Material, material_of
from ..phonon import FixedSteps, check_first, default_times, extent, warn_of_last
from ..pulse import AbstractPulse
from ._axes import axes_of
from ._estimate import summary
from ._improbable import improbable_values
from ._motion import substeps_of
from ._outputs import DRIVE, POINT, ROTATION, TABLE, derivatives_of, outputs_of
from ._parameters import FILLING, replaced
from ._plan import SweepPlan, check_effect
from ._pulse import pulses_of
from ._run import LANES, Interrupted, barrier, here, interpolant_after, on_cluster
from ._store import Store, open_sweep

_BASE = 1.0
"""GB that Python, JAX and its compiler take."""
_TABLES = 1.5
"""GB that the sum over the zone takes in addition."""
_LEAST = 0.25
"""GB that the chunks need."""
_SHOWN = 5
"""Most messages of failed points in the results."""


@door
def plan_sweep(
    material: Material | str | Path,
    pulse: AbstractPulse | None = None,
    *,
    axes: Mapping[str, Any],
    outputs: Sequence[str] = ("peak_moment",),
    gradients: Mapping[str, Sequence[str]] | None = None,
    mu: float | None = None,
    doping: float | None = None,
    temperature: float | None = None,
    times: ArrayLike | None = None,
    coupling: AbstractCoupling | str | None = None,
    accuracy: Accuracy = Accuracy(),
    memory: float = 4.0,
) -> SweepPlan:
    """The plan of a sweep, with the arguments of `sweep`; `print` it to see its cost.

    Raises:
        InputError: as `sweep`, for these arguments.
    """
    material = material_of(material)
    chain = Chain.of(material, pulse, coupling)
    plan = SweepPlan(
        material=material.name,
        chain=chain,
        axes=axes_of(axes, chain),
        outputs=outputs_of(outputs),
        derivatives=derivatives_of(gradients or {}, chain),
        filling={},
        times=default_times([]) if times is None else _times(times),
        substeps=1,
        motion_error=0.0,
        accuracy=accuracy,
        memory=memory,
    )
    check_effect(plan)
    plan = dataclasses.replace(plan, filling=_filling(plan, {"mu": mu, "doping": doping, "temperature": temperature}))
    check_positive("memory", memory)
    if plan.wants(DRIVE, ROTATION, POINT):
        pulses = pulses_of(plan)
        if times is None:
            plan = dataclasses.replace(plan, times=default_times(pulses))
        _check_pulses(plan, pulses)
        substeps, error = substeps_of(plan, _substeps(plan))
        plan = dataclasses.replace(plan, substeps=substeps, motion_error=error)
    taken = _BASE + (_TABLES if plan.wants(TABLE, POINT) else 0.0)
    check(
        memory >= taken + _LEAST,
        "memory",
        f"must be at least {taken + _LEAST:g} GB for these outputs, but got {memory:g}",
    )
    plan = plan.with_stages(1e9 * (memory - taken) / LANES)
    return dataclasses.replace(plan, summary=summary(plan), warnings=tell(improbable_values(plan)))


@door
def sweep(
    material: Material | str | Path,
    pulse: AbstractPulse | None = None,
    *,
    out: str | os.PathLike[str],
    resume: bool = False,
    scheduler: str | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    progress: bool = False,
    **options: Any,
) -> xr.Dataset:
    """Many simulations: every point of the grid of `axes`, each output on the axes that it depends on, in a Zarr store.

    Only different work is done. Axes of the pulse and the phonon need new trajectories but no diagonalisation. Axes of
    the coupling reuse the trajectories. For each model of the electrons one set of diagonalisations serves all (μ, T)
    and all Ω: M(Ω) is interpolated as by `magnetization_curve`, up to the largest |Ω| of the sweep.
    `print(plan_sweep(...))` estimates the cost.

    Args:
        material: with a phonon; itself, or as `load_material` takes it.
        pulse: by default the paper's.
        out: the folder to make.
        resume: continue an interrupted sweep of the same arguments in `out`, if there is one.
        scheduler: address of a Dask scheduler whose workers compute and write the chunks.
        on_progress: called with the stage, the number of finished chunks and the number of all.
        progress: whether to show a bar for each stage on standard error.
        axes: a mapping. The name of a parameter maps to its values (N,). Any other name maps to a mapping from
            parameters to values of one length, which vary together (see `sobol_samples` and `uniform_samples`).
            Parameters are the fields of pulse, phonon and coupling (pulse.peak_field, phonon.damping,
            coupling.inertia; with an index as in pulse.pulses[0].chirp), electrons.NAME for each of
            `Electrons.parameters`, mu (eV, from the conduction-band edge), doping (carriers per cell), temperature (K,
            of the electrons), pulse.scale (factor of the field), phonon.temperature (K, of its table). An
            `xarray.DataArray` may have other `units`, such as kV/cm or meV, and doping 1/cm3.
        outputs: any of peak_moment, moment (μ_B per cell; largest |M|, and M(t)), peak_angular_momentum,
            angular_momentum (ħ), peak_rotation, rotation (rad/ps), carriers (1/cell), chemical_potential, gap (eV).
        gradients: a mapping from outputs to parameters, which need not be axes; in the unit of the output per unit of
            the parameter.
        mu, doping, temperature: those that no axis varies; mu or doping, not both.
        times: (T,) ps, equally spaced, by default 201 from 0 to 10, or further at the same spacing if pulses at the
            ends of the axes need it. The phonon is at rest at the first. A warning says until when to go if L of the
            latest pulse still rises at the last.
        coupling: by default `KinematicRotation`.
        accuracy: of M(Ω), as in `magnetization_curve`.
        memory: GB that the process may take; it determines the size of the chunks.

    Returns:
        The results as by `open_sweep`. A failed point is NaN; `motion_status` and `electrons_status` tell which (0
        done, 1 not converged, 2 failed). `moment_error` is the estimated absolute error of the moments for each (μ, T).
        The attributes are the `warnings`, if any, and the numbers of `points`, of points that `failed` or did not
        converge (`not_converged`), of `eigensolves`, and of chunks that were `damaged` on disk and computed again, and
        `motion_error`, the relative error of the trial trajectories.

    Raises:
        InputError: for an unknown axis, output or parameter (with the nearest name), an empty axis, other units, values
            out of range, a material without a phonon, times that begin after a pulse, too little memory; for a store
            that exists, is of another sweep or another format, or in use; for a disk that is full or not writable.
        KeyboardInterrupt: after Ctrl-C, when the current chunks are finished.
    """
    plan = plan_sweep(material, pulse, **options)
    with sweeping(plan.stages, progress) as advance:

        def step(stage: str, done: int, total: int) -> None:
            advance(stage, done, total)
            if on_progress is not None:
                on_progress(stage, done, total)

        return run_sweep(plan, out, resume=resume, scheduler=scheduler, on_progress=step)


def run_sweep(
    plan: SweepPlan,
    out: str | os.PathLike[str],
    *,
    resume: bool = False,
    scheduler: str | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    attributes: dict[str, str] | None = None,
) -> xr.Dataset:
    """Run a plan of `plan_sweep`; arguments, results and errors as of `sweep`.

    Args:
        attributes: added to the attributes of the store.
    """
    first = jax.process_index() == 0
    store = Store(out)
    if first and (not resume or not Path(out).exists()):
        store = Store.create(out, plan, attributes or {})
    barrier("created")
    store.check_same(plan)
    stages = {stage.name: stage for stage in plan.stages}
    blocks = store.description()["blocks"]
    plan = dataclasses.replace(plan, stages=tuple(stage._replace(block=blocks[name]) for name, stage in stages.items()))
    if not first:
        return _run(plan, store, scheduler, None)
    with store.locked():
        damaged = store.verify(plan.stages)
        return _run(plan, store, scheduler, on_progress).assign_attrs(damaged=damaged)


def _run(
    plan: SweepPlan, store: Store, scheduler: str | None, on_progress: Callable[[str, int, int], None] | None
) -> xr.Dataset:
    barrier("verified")
    for position, stage in enumerate(plan.stages):
        interpolant = interpolant_after(plan, store, plan.stages[:position])
        missing = [number for number in range(stage.n_chunks) if not store.done(stage, number)]
        done = stage.n_chunks - len(missing)

        def advance(stage=stage) -> None:
            nonlocal done
            done += 1
            if on_progress is not None:
                on_progress(stage.name, done, stage.n_chunks)

        if on_progress is not None:
            on_progress(stage.name, done, stage.n_chunks)
        own = missing[jax.process_index() :: jax.process_count()]
        try:
            if scheduler is not None:
                on_cluster(scheduler, plan, store, stage, own, interpolant, advance)
            elif own:
                here(plan, store, stage, own, interpolant, advance)
        except Interrupted:
            done = sum(store.done(stage, number) for number in range(stage.n_chunks))
            raise Interrupted(
                f"interrupted after {done} of {stage.n_chunks} chunks of {stage.name}; all are kept in {store.path}:"
                " resume the sweep to go on"
            ) from None
        barrier(stage.name)
    return open_sweep(store.path).assign_attrs(_totals(plan, store))


def _totals(plan: SweepPlan, store: Store) -> dict[str, Any]:
    """Numbers of points, of failures and of diagonalisations, and messages."""
    last = store.facts(plan.stages[-1])
    all_facts = [fact for stage in plan.stages for fact in store.facts(stage)]
    totals: dict[str, Any] = {name: sum(f.get(name, 0) for f in last) for name in ("failed", "not_converged")}
    totals |= {name: sum(f.get(name, 0) for f in all_facts) for name in ("eigensolves", "interpolated")}
    messages = dict.fromkeys(message for fact in all_facts for message in fact.get("messages", []))
    return totals | {"points": plan.stages[-1].points, "messages": list(messages)[:_SHOWN]}


def _times(times: ArrayLike) -> np.ndarray:
    times = np.array(times, dtype=float)
    check(times.ndim == 1 and times.size >= 2, "times", f"must hold at least two times, but got {times.shape}")
    check_finite("times", times)
    gaps = np.diff(times)
    check(
        gaps[0] > 0 and np.ptp(gaps) <= 1e-9 * abs(times).max(),
        "times",
        f"must be equally spaced, but got spacings from {gaps.min():g} to {gaps.max():g} ps",
    )
    return times


def _check_pulses(plan: SweepPlan, pulses: list[AbstractPulse]) -> None:
    """Raise `InputError` if the times begin after one of the `pulses`; warn if L rises to the end under the latest."""
    phonon = plan.chain.driven
    for pulse in pulses:
        check_first(phonon, pulse, plan.times)
    over, latest = max((((extent(pulse) or plan.times)[-1], pulse) for pulse in pulses), key=lambda pair: pair[0])
    if over > plan.times[-1] and any(name.startswith("peak_") for name in plan.names):
        with silent():  # the plan tells of all pulses
            motion = phonon.drive(latest, plan.times)
        warn_of_last(latest, plan.times, motion.angular_momentum, "L")


def _filling(plan: SweepPlan, arguments: dict[str, float | None]) -> dict[str, float]:
    """The arguments that are not None; raises `InputError` if one is missing, superfluous or also an axis."""
    varied = {parameter.name for parameter in plan.varied}
    fixed = {name: float(value) for name, value in arguments.items() if value is not None}
    for name in fixed:
        check(name not in varied, name, "must be left out where an axis varies it")
        check_finite(name, fixed[name])
    available = varied | set(fixed)
    if plan.wants(TABLE, POINT):
        for field, names in (("temperature", {"temperature"}), ("mu or doping", {"mu", "doping"})):
            check(names & available, field, "is required for these outputs, but there is no axis of it either")
    check(not {"mu", "doping"} <= available, "mu or doping", "must be left out: one gives the other")
    check(
        "chemical_potential" not in plan.names or "doping" in available,
        "outputs.chemical_potential",
        "must have a doping from which it follows, but there is none",
    )
    for derivative in plan.derivatives:
        name = derivative.parameter.name
        check(
            name not in FILLING or name in available,
            f"gradients.{derivative.output.name}",
            f"must be by parameters that are given, but {name} is not",
        )
    if "temperature" in fixed:
        check_positive("temperature", fixed["temperature"], zero="doping" not in available)
    return fixed


def _substeps(plan: SweepPlan) -> int:
    """The default of `FixedSteps` for the fastest and the most damped phonon."""
    chains = [plan.chain]
    for parameter in plan.varied:
        if parameter.part != "phonon":
            continue
        column = plan.values([parameter], {axis.name: np.arange(axis.size) for axis in plan.axes}, plan.over(DRIVE))
        chains += [replaced(plan.chain, [parameter], jnp.array([value])) for value in (column.min(), column.max())]
    return max(FixedSteps().resolving(chain.driven, plan.times).substeps or 1 for chain in chains)
