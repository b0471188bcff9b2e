"""The pulse that does most."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax

from .._errors import InputError, check
from .._types import Array, ArrayLike, Float, real
from ..coupling import AbstractCoupling, FixedRotation, KinematicRotation
from ..materials import Material
from ..observables import MagnetizationCurve, magnetization_curve
from ..phonon import Phonon
from ..phonon._propagate import STAGES
from ..pulse import AbstractPulse, GaussianPulse
from ._certificate import bound
from ._chain import Chain
from ._checkpoint import describe
from ._climb import INFEASIBLE, climb
from ._constraints import Constraints
from ._ensemble import Ensemble
from ._objectives import AbstractObjective, Outcome, PeakMoment
from ._parameters import PulseSpace, compact_support, widest_support
from ._problem import Objective, Problem
from ._search import Searches
from ._sensitivity import Sensitivity, sensitivities
from .limit import rotation_limit

_LBFGS = optax.lbfgs(memory_size=20)
_PEAK_MOMENT = PeakMoment()
_POINTS_PER_PERIOD = 4
_HARMONICS = 3
"""How far above the phonon the polarisation of a field is looked at."""

Progress = Callable[[int, int, float, float], object]


class PulseOptimum(NamedTuple):
    """The best pulse that was found, and how good it is."""

    pulse: AbstractPulse
    objective: float
    """its true value, by the adaptive `drive`; of an ensemble the mean, in fixed steps"""
    error: float
    """the difference between adaptive and fixed steps, and the error of M(Ω) where the objective is of the moment"""
    units: str
    bound: float | None
    """what no pulse within the constraints exceeds; None where that is not known"""
    bound_reason: str
    slack: dict[str, dict[str, float]]
    """for each constraint `limit`, `value`, and `slack` = 1 − value/limit"""
    outcome: Outcome
    """what the pulse does, by the adaptive `drive`"""
    reached: Float[np.ndarray, " starts"]
    """the true value that each start reached"""
    history: Float[np.ndarray, "steps starts"]
    """the smooth objective before each step"""
    violations: Float[np.ndarray, "steps starts"]
    """the largest violation before each step, of |E|²/E_max² − 1 and log(leakage/allowed)"""
    status: str
    """`converged`, `not converged`, or `stopped` and why"""
    problem: Problem

    @property
    def ratio(self) -> float | None:
        """objective/bound, the certificate."""
        return None if self.bound is None else self.objective / self.bound

    def sensitivities(self) -> dict[str, Sensitivity]:
        """Of the objective to `frequency`, `damping`, `field` and `timing`; see `Sensitivity`."""
        return sensitivities(self.problem, self.pulse)


def optimize_pulse(
    material: Material,
    pulse: AbstractPulse,
    *,
    times: ArrayLike,
    objective: Objective = _PEAK_MOMENT,
    mu: float | None = None,
    temperature: float | None = None,
    coupling: AbstractCoupling | None = None,
    fluence: float | None = None,
    peak_field: float | None = None,
    band: tuple[float, float] | None = None,
    window: tuple[float, float] | None = None,
    ellipticity: float | None = None,
    leakage: float = 1e-3,
    fixed: Sequence[str] = (),
    bounds: Mapping[str, tuple[float, float]] | None = None,
    ensemble: Ensemble | None = None,
    optimizer: Any = _LBFGS,
    starts: int = 8,
    steps: int = 300,
    seed: int = 0,
    rtol: float = 1e-3,
    checkpoint: str | os.PathLike[str] | None = None,
    on_step: Progress = lambda done, total, best, violation: None,
) -> PulseOptimum:
    """The pulse of the family of `pulse` that makes the `objective` largest, within what a laser can do.

    Arguments:

    - `pulse`: the family, and the first start unless it has no field; the other starts are random. Free are the
      amplitudes of spline, Fourier and shaped pulses, the samples of a trace, and of Gaussians (also several, as a sum)
      all but the delay; `fixed` names those that stay, `bounds` gives limits (low, high) by name.
    - `times` (T,): equally spaced, ps, the phonon at rest at the first; at least four a period of the phonon.
    - `objective`: one of those in `chiraljax.control`, or a function of an `Outcome`.
    - `mu` (eV, from the conduction-band edge), `temperature` of the electrons (K): numbers, needed for a moment;
      `coupling`, `KinematicRotation` unless given; `rtol` of the k-sum.
    - `fluence` (mJ/cm²) and `peak_field` (MV/cm), upper limits, one at least; `band` (THz) and `window` (ps), outside
      which at most the fraction `leakage` of the fluence may lie; `ellipticity` from −1 to 1, of which all but that
      fraction is to be. Fluence and peak field are met exactly, the others by an augmented Lagrangian where the family
      does not by itself.
    - `ensemble`: the mean of the objective over its deviations is made large.
    - `optimizer`: of optax; L-BFGS unless given. All `starts` are advanced together, for `steps` steps at most.
    - `checkpoint`: a file from which the search goes on if it exists, written every ten steps.
    - `on_step`: called with the steps done, their total, and the best objective and its violation.

    Raises `InputError` for arguments outside these ranges, a material without a phonon, times that do not resolve it,
    constraints that no pulse meets together, a band without a mode, and a checkpoint of another search.
    """
    phonon = material.pairs()
    check(starts >= 1, "starts", f"must be at least 1, but got {starts}")
    check(steps >= 1, "steps", f"must be at least 1, but got {steps}")
    constraints = Constraints(fluence, peak_field, band, window, ellipticity, leakage)
    coupling = KinematicRotation(axis=phonon.axis) if coupling is None else coupling
    check(not coupling.per_site, "coupling", "must be one rotation for all sites, but resolves them")
    instants = _checked_times(times, phonon)
    if isinstance(objective, AbstractObjective):
        objective.check(instants)
        of_moment = objective.of_moment
        check(ellipticity != 0, "ellipticity", "must not be 0, since a linear field turns nothing")
    else:
        of_moment = mu is not None or temperature is not None
    check(not of_moment or not isinstance(coupling, FixedRotation), "coupling", "must follow the motion, but is fixed")
    constraints.check_feasible(phonon, instants, compact_support(pulse))

    def curve(fastest: float) -> MagnetizationCurve:
        if mu is None or temperature is None or np.ndim(mu) or np.ndim(temperature):
            raise InputError("mu and temperature", "must be numbers for an objective of the moment, but are not")
        return magnetization_curve(
            material.electrons, mu=mu, temperature=temperature, fastest=fastest, axis=coupling.axis, rtol=rtol
        )

    chain = Chain(phonon, coupling, None, instants, phonon.substeps(instants), phonon.harmonic)
    deviations = None if ensemble is None else jnp.asarray(ensemble.deviations)
    support = widest_support(pulse, instants)
    before, after = chain.steps(*support)
    highest = _HARMONICS * float(phonon.frequency.max())
    meter = constraints.meter(*chain.rule(before, after), highest, isinstance(pulse, GaussianPulse))
    space = PulseSpace(pulse, meter, instants, fixed, bounds or {})
    problem = Problem(space, chain, meter, before * STAGES, constraints, objective, jnp.ones(()), deviations)
    x = jnp.asarray(problem.starts(starts, seed))
    fastest = _fastest(problem) if of_moment else 0.0
    if of_moment:
        problem = problem.with_curve(curve(fastest))
    limit = bound(objective, problem.chain, constraints, support, ensemble is not None)
    problem = _scaled(problem, x, limit.value)
    known = {"mu": mu, "temperature": temperature, "material": material.name}
    found, status = climb(
        Searches(problem, optax.with_extra_args_support(optimizer)),
        x,
        steps=steps,
        checkpoint=checkpoint,
        described=describe(problem)
        | {"seed": str(seed), "starts": str(starts)}
        | {name: _text(value) for name, value in known.items()},
        on_step=_in_units(on_step, float(problem.scale)),
    )
    pulses = [constraints.fitted(problem.pulse(row)[0]) for row in found.best]
    reached = np.array([float(problem.true_value(pulse)) for pulse in pulses])
    best = max(range(starts), key=lambda start: (float(found.score[start]) > -INFEASIBLE, reached[start]))
    outcome = problem.observed(pulses[best])
    reach = float(jnp.max(jnp.abs(outcome.rotation)))
    if of_moment and reach > fastest:
        problem = problem.with_curve(curve(1.1 * reach))
        outcome = problem.observed(pulses[best])
    value, stepped = float(problem.objective(outcome)), float(problem.nominal_value(pulses[best]))
    error = abs(value - stepped)
    if isinstance(objective, AbstractObjective) and problem.chain.curve is not None:
        error += float(objective.error(outcome, jnp.max(problem.chain.curve.error)))
    return PulseOptimum(
        pulse=pulses[best],
        objective=value if ensemble is None else float(problem.true_value(pulses[best])),
        error=error,
        units=objective.units if isinstance(objective, AbstractObjective) else "",
        bound=limit.value,
        bound_reason=limit.reason,
        slack=constraints.slack(pulses[best], highest),
        outcome=outcome,
        reached=reached,
        history=found.history * float(problem.scale),
        violations=found.violations,
        status=status,
        problem=problem,
    )


def _checked_times(times: ArrayLike, phonon: Phonon) -> Float[Array, " T"]:
    instants = real(times)
    phonon.substeps(instants)
    highest = float(phonon.frequency.max())
    spacing, most = float(instants[1] - instants[0]), 1 / (_POINTS_PER_PERIOD * highest)
    check(
        spacing <= most,
        "times",
        f"must resolve the phonon with {_POINTS_PER_PERIOD} points a period of {highest:g} THz, at"
        f" most {most:.3g} ps apart, but are {spacing:.3g} ps apart",
    )
    return instants


def _text(value: object) -> str:
    """The same for 300, 300.0 and an array of it."""
    return str(value) if value is None or isinstance(value, str) else str(np.asarray(value).astype(float).tolist())


def _in_units(on_step: Progress, scale: float) -> Progress:
    return lambda done, total, best, violation: on_step(done, total, best * scale, violation)


def _fastest(problem: Problem) -> float:
    """A guess of the largest |Ω| of all pulses: exact without anharmonicity and ensemble, else half as much again."""
    phonon, times = problem.chain.phonon, problem.chain.times
    quartic = (phonon.quartic_isotropic, phonon.quartic_cubic)
    harmonic = eqx.tree_at(
        lambda p: (p.quartic_isotropic, p.quartic_cubic), phonon, tuple(jnp.zeros_like(term) for term in quartic)
    )
    fluence = float(problem.constraints.largest_fluence(problem.meter))
    limit = rotation_limit(
        harmonic, problem.chain.coupling, time=float(times[-1]), start=float(times[0]), fluence=fluence
    )
    sure = phonon.harmonic and problem.deviations is None
    return limit.value * (1.001 if sure else 1.5)


def _scaled(problem: Problem, x: Float[Array, "starts n"], limit: float | None) -> Problem:
    """With the bound, or the largest value of the starts, as the unit of the objective."""
    if limit is not None:
        return eqx.tree_at(lambda p: p.scale, problem, real(limit))
    values = np.array([float(problem.true_value(problem.pulse(row)[0])) for row in x])
    check(
        np.all(np.isfinite(values)),
        "objective",
        f"must be finite for the pulses that the search begins with, but is {values}",
    )
    return eqx.tree_at(lambda p: p.scale, problem, real(np.abs(values).max() or 1.0))
