"""The search for the best pulse."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from .._door import door
from .._errors import check, within
from .._progress import climbing, working
from .._types import Array, ArrayLike, Float, Scalar
from .._warnings import silent, tell, warn
from ..brillouin import Accuracy
from ..chain import Chain, improbable_simulation
from ..coupling import AbstractCoupling, FixedRotation
from ..materials import Material, material_of
from ..observables import Filling, MagnetizationCurve
from ..phonon import check_first, cut_at_first, warn_of_last
from ..pulse import AbstractPulse
from ._certificate import bound
from ._checkpoint import describe
from ._climb import INFEASIBLE, ROUND, Progress, climb
from ._constraints import Constraints
from ._deviations import Deviations
from ._feasible import check_feasible
from ._forecast import Forecast
from ._lagrangian import AugmentedLagrangian
from ._objectives import AbstractObjective, PeakMoment
from ._optimum import PulseOptimum
from ._outcome import Outcome
from ._parameters import compact_support, widest_support
from ._problem import Objective, PulseProblem
from ._search import Search
from .limit import harmonic_rotation

_POINTS_PER_PERIOD = 4


def _silent(done: int, total: int, best: float, violation: float) -> None:
    """Report nothing."""


@door
def optimize_pulse(
    material: Material | str | Path,
    pulse: AbstractPulse,
    *,
    times: ArrayLike,
    constraints: Constraints,
    objective: Objective = PeakMoment(),
    mu: float | None = None,
    temperature: float | None = None,
    coupling: AbstractCoupling | str | None = None,
    search: Search = Search(),
    deviations: Deviations | None = None,
    accuracy: Accuracy = Accuracy(),
    checkpoint: str | os.PathLike[str] | None = None,
    on_step: Progress = _silent,
    progress: bool = False,
) -> PulseOptimum:
    """The pulse of the family of `pulse` that makes the `objective` largest, within the limits of a laser.

    M(Ω) is made before the search, up to the largest |Ω| of any pulse. If that is not known (single modes, couplings
    other than the kinematic one and that of constant inertia), 1.5 times the |Ω| that a short search reaches is taken.
    Beyond it M is constant in the search. If the best pulse goes beyond it, M(Ω) is made again for that pulse; value
    and error are those with the new M(Ω).

    Args:
        material: itself, or as `load_material` takes it; with a phonon, of pairs or of single modes.
        pulse: the family, and the first start unless it has no field; the other starts are random. Free are the
            amplitudes of spline, Fourier and shaped pulses, the samples of a trace, and all parameters of Gaussians
            (also of a sum) but the delay, unless they are `fixed` in the `search`.
        times: (T,) ps, equally spaced, at least four per period of the phonon, which is at rest at the first. A
            warning says what to change if they cut the best pulse.
        constraints: fluence and peak field are met exactly; the others by an augmented Lagrangian, unless the family
            meets them by construction.
        objective: one of those in `chiraljax.control`, or a function of an `Outcome`.
        mu: eV from the conduction-band edge, a number; needed for a moment.
        temperature: K, of the electrons, a number; needed for a moment.
        coupling: `KinematicRotation` unless given.
        search: starts, steps, seed, optimizer, and the limits of single parameters.
        deviations: the mean of the objective over them is made large.
        accuracy: of the k-sums of M(Ω).
        checkpoint: a file from which the search continues if it exists, written every ten steps.
        on_step: called with the steps done, their total, and the best objective and its violation.
        progress: whether to show a bar on standard error.

    Raises:
        InputError: for arguments outside these ranges, a material without a phonon, times that do not resolve it or
            cut `pulse` at the first (except Gaussians, which the search moves; see `Phonon.drive`),
            constraints that no pulse meets together, a band without a mode, and a checkpoint of another search.
    """
    material = material_of(material)
    filling = None if mu is None or temperature is None else Filling(mu, temperature)
    forecast = Forecast.of(Chain.of(material, pulse, coupling, filling), times)
    _check(forecast, constraints, objective, pulse)
    of_moment = objective.of_moment if isinstance(objective, AbstractObjective) else (mu, temperature) != (None, None)

    def curve(rotation: ArrayLike) -> MagnetizationCurve:
        single = filling is not None and filling.shape == ()
        check(single, "mu and temperature", "must be numbers for an objective of the moment, but are not")
        with silent(), working("Summing over the zone for M(Ω)", progress):
            return forecast.chain.response(rotation, accuracy)

    problem = PulseProblem.of(pulse, forecast, constraints, objective, search, deviations)
    starts = jnp.asarray(problem.starts(search.starts, search.seed))
    if of_moment:
        check(
            not isinstance(forecast.chain.coupling, FixedRotation), "coupling", "must follow the motion, but is fixed"
        )
        problem = problem.with_curve(curve(_rotations(problem, starts, search)))
    certificate = bound(
        objective, problem.forecast, constraints, widest_support(pulse, forecast.times), deviations is not None
    )
    problem = problem.scaled(starts, certificate.value)
    scale = float(problem.scale)
    with climbing("Climbing", problem.units, progress) as advance:

        def step(done: int, total: int, best: float, violation: float) -> None:
            on_step(done, total, best * scale, violation)
            advance(done, total, best * scale, violation)

        climbed, ended = climb(
            AugmentedLagrangian(problem, search.extended),
            starts,
            steps=search.steps,
            checkpoint=checkpoint,
            described=describe(problem, material.name, mu, temperature, search),
            on_step=step,
        )
    pulses = [constraints.fitted(problem.pulse(row)[0]) for row in climbed.best]
    reached = np.array([float(problem.true_value(pulse)) for pulse in pulses])
    best = max(range(search.starts), key=lambda start: (float(climbed.score[start]) > -INFEASIBLE, reached[start]))
    problem, outcome, value, error = _judged(problem, pulses[best], curve)
    cut = cut_at_first(forecast.phonon, pulses[best], forecast.times)
    if cut is not None:
        warn(f"times {cut}; the best pulse counts from there on")
    if problem.anywhere:
        warn_of_last(pulses[best], forecast.times, outcome.rotation, "Ω")
    return PulseOptimum(
        pulse=pulses[best],
        objective=value,
        error=error,
        units=problem.units,
        bound=certificate.value,
        bound_reason=certificate.reason,
        slack=problem.slack(pulses[best]),
        outcome=outcome,
        reached=reached,
        history=climbed.history * scale,
        violations=climbed.violations,
        ended=ended,
        problem=problem,
        warnings=tell(
            improbable_simulation(
                dataclasses.replace(forecast.chain, pulse=pulses[best]), outcome.rotation, outcome.motion
            )
        ),
    )


def _check(forecast: Forecast, constraints: Constraints, objective: Objective, pulse: AbstractPulse) -> None:
    """Raise `InputError` for times, an objective and constraints that do not fit together."""
    spacing, most = float(forecast.times[1] - forecast.times[0]), 1 / (_POINTS_PER_PERIOD * forecast.highest)
    check(
        spacing <= most,
        "times",
        f"must resolve the phonon with {_POINTS_PER_PERIOD} points per period of {forecast.highest:g} THz, at"
        f" most {most:.3g} ps apart, but are {spacing:.3g} ps apart",
    )
    with within("constraints"):
        if isinstance(objective, AbstractObjective):
            flat = constraints.ellipticity is not None and float(constraints.ellipticity) == 0
            check(not flat, "ellipticity", "must not be 0, since a linear field turns nothing, but is")
        check_feasible(constraints, forecast.phonon, forecast.times, compact_support(pulse))
    if compact_support(pulse) is not None:
        check_first(forecast.phonon, pulse, forecast.times)
    if isinstance(objective, AbstractObjective):
        objective.check(forecast.times)


def _rotations(problem: PulseProblem, starts: Float[Array, "starts n"], search: Search) -> ArrayLike:
    """Ω in rad/ps that pulses may reach: the largest of all, or of every site along some trajectories.

    Exact without anharmonicity and deviations, else 1.5 times as large. If no limit is known, 1.5 times the Ω that a
    search for |Ω| reaches in a few steps.
    """
    forecast, fluence = problem.forecast, float(problem.constraints.largest_fluence(problem.meter))
    first, last = float(forecast.times[0]), float(forecast.times[-1])
    limit = harmonic_rotation(forecast.phonon, forecast.chain.coupling, fluence, time=last, start=first)
    if limit is not None:
        return limit * (1.001 if forecast.harmonic and problem.deviations is None else 1.5)
    turning = dataclasses.replace(problem, objective=_largest_rotation, deviations=None).scaled(starts, None)
    lagrangian = AugmentedLagrangian(turning, search.extended)
    progress, _ = climb(lagrangian, starts, steps=ROUND, checkpoint=None, described={}, on_step=_silent)
    pulses = [turning.pulse(row)[0] for row in (*starts, *progress.best)]
    return 1.5 * jnp.stack([turning.forecast.driven(pulse, jnp.zeros(())).rotation for pulse in pulses])


def _largest_rotation(outcome: Outcome) -> Scalar:
    """max |Ω(t)|, rad/ps."""
    return jnp.max(jnp.abs(outcome.rotation))


def _judged(
    problem: PulseProblem, pulse: AbstractPulse, curve: Callable[[ArrayLike], MagnetizationCurve]
) -> tuple[PulseProblem, Outcome, float, float]:
    """The outcome of `pulse` by the adaptive drive, its objective, and the error of the objective.

    If Ω goes beyond the M(Ω) of the problem, the problem is returned with a new `curve`.
    """
    outcome, before = problem.driven(pulse), problem.forecast.curve
    if before is not None and not before.interpolant.covers(outcome.rotation):
        problem = problem.with_curve(curve(1.1 * outcome.rotation))
        outcome = problem.driven(pulse)
    value = float(problem.objective(outcome))
    error = abs(value - float(problem.nominal_value(pulse)))
    if isinstance(problem.objective, AbstractObjective) and problem.forecast.curve is not None:
        error += float(problem.objective.error(outcome, jnp.max(problem.forecast.curve.error)))
    if problem.deviations is not None:
        value = float(problem.true_value(pulse))
    return problem, outcome, value, error
