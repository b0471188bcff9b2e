"""The plan of a sweep: axes, variables, stages and chunks."""

import dataclasses
from collections.abc import Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._errors import check
from ..brillouin import Accuracy
from ..chain import Chain
from ..observables import MOST_NODES, SiteInterpolant
from ._axes import Axis
from ._describe import described
from ._outputs import DRIVE, MODEL, PARTS, POINT, ROTATION, TABLE, Derivative, Output, Variable
from ._parameters import FILLING, Parameter
from ._stage import Stage, stage

MOTION_STAGE, TABLE_STAGE, POINT_STAGE = "trajectories", "tables", "points"
_TRAJECTORIES, _PAIRS, _POINTS = 2048, 20_000, 200_000
"""Most of each in a chunk, whatever the memory: they limit the loss by a kill and the time between progress."""

_BYTES_PER_STEP = 1024
"""Of a trajectory: fields, forces and states at the stages of a step, and buffers of the compiler."""


@dataclasses.dataclass(frozen=True)
class SweepPlan:
    """A sweep, checked and cut into stages; `print` it to see its cost."""

    material: str
    chain: Chain
    axes: tuple[Axis, ...]
    outputs: tuple[Output, ...]
    derivatives: tuple[Derivative, ...]
    filling: dict[str, float]
    """mu or doping and temperature where no axis varies them"""
    times: np.ndarray
    """(T,) ps"""
    substeps: int
    """of the integrator between two times"""
    motion_error: float
    """largest relative error of the trial trajectories"""
    accuracy: Accuracy
    """of M(Ω)"""
    memory: float
    """GB that the process may take"""
    stages: tuple[Stage, ...] = ()
    summary: str = ""
    """estimated cost"""
    warnings: tuple[str, ...] = ()
    """a sentence for each improbable value, as of results"""

    def __str__(self) -> str:
        return self.summary

    def over(self, kind: str) -> tuple[str, ...]:
        """Names of the axes of a variable of that kind, in order."""
        return tuple(axis.name for axis in self.axes if axis.touches(*PARTS[kind]))

    def sizes(self, kind: str) -> dict[str, int]:
        """Lengths of these axes."""
        return {axis.name: axis.size for axis in self.axes if axis.touches(*PARTS[kind])}

    def wants(self, *kinds: str) -> bool:
        """Whether an output or a derivative is of one of these kinds."""
        outputs = [*self.outputs, *(derivative.output for derivative in self.derivatives)]
        return any(output.kind in kinds for output in outputs)

    def with_stages(self, room: float) -> "SweepPlan":
        """The plan in chunks of trajectories and points of at most `room` bytes each."""
        length = len(self.times)
        stages = []
        if self.wants(DRIVE, ROTATION, POINT):
            tangents = 1 + len(self.tangents(*PARTS[ROTATION]))
            turning = [axis for axis in self.over(ROTATION) if axis not in self.over(DRIVE)]
            inner = min(prod(self.sizes(ROTATION)[axis] for axis in turning), int(room / (64 * length * tangents)))
            per_drive = tangents * length * (self.substeps * _BYTES_PER_STEP + 64 * max(1, inner))
            limits = [(turning, inner), (self.over(DRIVE), min(_TRAJECTORIES, int(room / per_drive)))]
            stages.append(stage(MOTION_STAGE, self.sizes(ROTATION), limits))
        if self.wants(TABLE, MODEL, POINT):
            pairs = [axis for axis in self.over(TABLE) if axis not in self.over(MODEL)]
            stages.append(stage(TABLE_STAGE, self.sizes(TABLE), [(self.over(MODEL), 1), (pairs, _PAIRS)]))
        if self.wants(POINT):
            series = sum(output.timed for output in self.outputs) + sum(d.output.timed for d in self.derivatives)
            per_point = 8 * length * (3 + 2 * series + 3 * bool(self.point_derivatives))
            limits = [(self.over(POINT), min(_POINTS, int(room / per_point)))]
            stages.append(stage(POINT_STAGE, self.sizes(POINT), limits))
        return dataclasses.replace(self, stages=tuple(stages))

    def stage(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)

    @property
    def point_derivatives(self) -> tuple[Derivative, ...]:
        """Derivatives of moments, which combine those of the motion or of the tables."""
        return tuple(derivative for derivative in self.derivatives if derivative.output.kind == POINT)

    def tangents(self, *parts: str) -> tuple[Parameter, ...]:
        """Parameters of these parts by which a moment is differentiated."""
        return tuple(dict.fromkeys(d.parameter for d in self.point_derivatives if d.parameter.part in parts))

    @property
    def names(self) -> set[str]:
        """Names of all outputs whose value or derivative is computed."""
        return {output.name for output in (*self.outputs, *(derivative.output for derivative in self.derivatives))}

    @property
    def fixed(self) -> tuple[Parameter, ...]:
        """Parameters of the filling that no axis varies."""
        return tuple(Parameter(name, "filling", FILLING[name]) for name in self.filling)

    @property
    def varied(self) -> tuple[Parameter, ...]:
        """All parameters that axes vary."""
        return tuple(parameter for axis in self.axes for parameter in axis.parameters)

    def values(
        self, parameters: Sequence[Parameter], indices: dict[str, np.ndarray], over: Sequence[str]
    ) -> np.ndarray:
        """Values of `parameters` on the grid of `indices` along the axes `over`, (*grid, P).

        A parameter that no axis varies has its value in `filling` or the chain.
        """
        grid = tuple(len(indices[axis]) for axis in over)
        result = np.empty((*grid, len(parameters)))
        for column, parameter in enumerate(parameters):
            axis = next((axis for axis in self.axes if parameter in axis.parameters), None)
            if axis is None:
                fixed = parameter.part == "filling"
                result[..., column] = self.filling[parameter.name] if fixed else parameter.value(self.chain)
                continue
            values = axis.values[axis.parameters.index(parameter)][indices[axis.name]]
            shape = [-1 if name == axis.name else 1 for name in over]
            result[..., column] = values.reshape(shape)
        return result

    def variables(self, stage: str) -> tuple[Variable, ...]:
        """The variables that the stage of that name stores."""
        time = (("time", len(self.times)),)
        kinds = {MOTION_STAGE: (DRIVE, ROTATION), TABLE_STAGE: (TABLE, MODEL), POINT_STAGE: (POINT,)}[stage]
        variables = [
            Variable(output.name, output.kind, output.unit, output.meaning, self._tail(output))
            for output in self.outputs
            if output.kind in kinds
        ]
        variables += [
            Variable(
                d.name,
                d.output.kind,
                d.unit,
                f"derivative of {d.output.name} in {d.parameter.name}",
                self._tail(d.output),
            )
            for d in self.derivatives
            if d.output.kind in kinds
        ]
        status = "0 done, 1 not converged, 2 failed, -1 not computed yet"
        if stage == MOTION_STAGE:
            variables.append(Variable("motion_status", DRIVE, "1", status, dtype="int8"))
            if self.wants(POINT):
                variables.append(Variable("rotation", ROTATION, "rad/ps", "", (*time, *self.sites), working=True))
                variables += self._working("rotation_tangents", ROTATION, PARTS[ROTATION], (*time, *self.sites))
        if stage == TABLE_STAGE:
            variables.append(Variable("electrons_status", TABLE, "1", status, dtype="int8"))
            if self.wants(POINT):
                nodes = (("node", self.most_coefficients),)
                error = "estimated absolute error of the moments, of the k-sum and of the interpolation in Omega"
                variables.append(Variable("moment_error", TABLE, "mu_B/cell", error))
                variables.append(Variable("coefficients", TABLE, "mu_B/cell", "", nodes, working=True))
                variables += self._working("coefficient_tangents", TABLE, PARTS[TABLE], nodes)
        return tuple(variables)

    @property
    def sites(self) -> tuple[tuple[str, int], ...]:
        """The axis of rotations per site, if the coupling has them."""
        return (("atom", len(self.chain.electrons.crystal.species)),) if self.chain.coupling.per_site else ()

    @property
    def most_coefficients(self) -> int:
        """Largest number of coefficients of M(Ω), or of M({Ω_i}) with one pattern per site with orbitals."""
        if not self.sites:
            return MOST_NODES
        patterns = len({site for site, _, _ in self.chain.electrons.orbitals})
        most = SiteInterpolant(patterns=jnp.eye(patterns), checks=jnp.zeros((0, patterns)), nodes=MOST_NODES)
        return len(most.points)

    def _tail(self, output: Output) -> tuple[tuple[str, int], ...]:
        """Axes of an output after those of the sweep."""
        sites = self.sites if output.kind == ROTATION else ()
        return ((("time", len(self.times)),) if output.timed else ()) + sites

    def _working(self, name: str, kind: str, parts: tuple[str, ...], tail: tuple) -> list[Variable]:
        count = len(self.tangents(*parts))
        return [Variable(name, kind, "", "", (("parameter", count), *tail), working=True)] if count else []

    @property
    def configuration(self) -> dict[str, Any]:
        """Everything that determines the numbers, for JSON."""
        axes = {
            axis.name: {
                parameter.name: {"values": described(values), "units": parameter.unit}
                for parameter, values in zip(axis.parameters, axis.values, strict=True)
            }
            for axis in self.axes
        }
        return {
            "material": self.material,
            "electrons": described(self.chain.electrons),
            "phonon": described(self.chain.phonon),
            "pulse": described(self.chain.pulse),
            "coupling": described(self.chain.coupling),
            "axes": axes,
            "outputs": [output.name for output in self.outputs],
            "gradients": [derivative.name for derivative in self.derivatives],
            **self.filling,
            "times": described(self.times),
            "substeps": self.substeps,
            "accuracy": described(self.accuracy),
        }


def check_effect(plan: SweepPlan) -> None:
    """Raise `InputError` for an axis that changes none of the outputs."""
    kinds = [output.kind for output in plan.outputs] + [derivative.output.kind for derivative in plan.derivatives]
    for axis in plan.axes:
        check(
            any(axis.name in plan.over(kind) for kind in kinds),
            f"axes.{axis.name}",
            f"must change an output, but changes none of the outputs {', '.join(o.name for o in plan.outputs)}",
        )
