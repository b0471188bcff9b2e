"""Equal steps, with a cheap gradient."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite
from .._errors import InputError, check
from .._tracing import concrete
from .._types import ArrayLike
from ..pulse import AbstractPulse
from ..units import FIELD_FORCE
from ._base import AbstractModes, State
from ._bath import HeatBath
from ._free import free_motion, gauss
from ._motion import Motion
from ._steps import AbstractSteps

_STAGES, _QUADRATURE = 4, 10
_STEPS_PER_PERIOD = 16
_PICARD = 6
"""Iterations of the anharmonic force; each multiplies its error by (ωh)²/2 · V''/ω², at most 1/13 · V''/ω²."""
_NODES, _WEIGHTS = gauss(_STAGES)
_ENDS = np.append(_NODES, 1.0)
_INNER, _INNER_WEIGHTS = gauss(_QUADRATURE)
_LAGRANGE = np.stack(
    [
        np.prod([(_ENDS[:, None] * _INNER - other) / (node - other) for other in _NODES if other != node], axis=0)
        for node in _NODES
    ],
    axis=-1,
)
"""(end, inner node, stage): the polynomial that is one at its stage and zero at the others."""


class FixedSteps(AbstractSteps):
    """Equal steps between equally spaced times: for gradients, batches and a heat bath.

    Collocation: over a step the field and the anharmonic force are the polynomials through their values at Gauss's four
    nodes, and the harmonic motion is exact. The error is of eighth order in the step; it is not estimated. The whole
    field is computed before the loop over steps, so over 10 ps a gradient costs two to three drives for any number of
    pulse parameters.

    Args:
        substeps: steps per interval of the times, at least one. Unless given, there are 16 per period of the fastest
            mode and per 2π/η; the error relative to the largest |q| is then below 10⁻⁷ for fields that are smooth over
            a step.

    Raises:
        InputError: for less than one step.
    """

    substeps: int | None = eqx.field(static=True, default=None)
    stages: ClassVar[int] = _STAGES
    """Nodes of a step."""

    def __check_init__(self) -> None:
        check(self.substeps is None or self.substeps >= 1, "substeps", f"must be positive, but got {self.substeps}")

    def resolving(self, phonon: AbstractModes, times: ArrayLike) -> "FixedSteps":
        """The same with `substeps`: unless given, those for `phonon` and equally spaced `times` (T,) in ps.

        Raises:
            InputError: for times that are not equally spaced, and for traced times or frequencies.
        """
        if self.substeps is not None:
            return self
        with jax.ensure_compile_time_eval():  # under jit the modes may still have values
            modes = phonon.oscillators
            instants, frequency, damping = (
                concrete(jax.lax.stop_gradient(part)) for part in (times, modes.frequency, modes.damping)
            )
        if instants is None or frequency is None or damping is None:
            raise InputError("substeps", "must be given where times or frequencies have no value yet")
        check(
            instants.ndim == 1 and instants.shape[0] >= 2,
            "times",
            f"must hold at least two times, but got {instants.shape}",
        )
        check_finite("times", instants)
        gaps = np.diff(instants)
        check(
            equally_spaced(instants),
            "times",
            f"must be equally spaced, but got spacings from {gaps.min():g} to {gaps.max():g} ps",
        )
        rate = _STEPS_PER_PERIOD * max(frequency.max(), damping.max() / (2 * np.pi))
        return FixedSteps(max(1, math.ceil(gaps[0] * rate - 1e-9)))

    def nodes(
        self, times: Float[Array, " T"], before: int = 0, after: int = 0
    ) -> tuple[Float[Array, "steps stages"], Float[Array, "steps stages"]]:
        """Nodes and weights, both in ps, of Gauss's rule in every step; the field is evaluated at the nodes.

        Args:
            times: (T,) in ps, equally spaced.
            before: number of more steps before times[0].
            after: number of more steps after times[-1].

        Raises:
            InputError: without `substeps`.
        """
        steps, step = self._steps(times)
        starts = jnp.arange(-before, steps + after, dtype=float)[:, None]
        instants = times[0] + step * (starts + _NODES)
        return instants, jnp.broadcast_to(step * _WEIGHTS, instants.shape)

    def motion(
        self,
        phonon: AbstractModes,
        pulse: AbstractPulse,
        times: Float[Array, " T"],
        initial: State,
        bath: HeatBath | None = None,
    ) -> Motion:
        steps = self.resolving(phonon, times)
        return steps.from_field(phonon, pulse(steps.nodes(times)[0]), times, initial=initial, bath=bath)

    def from_field(
        self,
        phonon: AbstractModes,
        field: Float[Array, "steps stages 2"],
        times: Float[Array, " T"],
        *,
        harmonic: bool | None = None,
        initial: State | None = None,
        bath: HeatBath | None = None,
    ) -> Motion:
        """The motion in a field that is given by its values at `nodes`.

        Args:
            field: in MV/cm, (steps, stages, 2).
            times: (T,) in ps, equally spaced.
            harmonic: whether V = 0; needed while `phonon` is traced, else found from it.
            initial: q (C,) in Å√u and q̇ (C,) in Å√u/ps at times[0]; at rest unless given.

        Raises:
            InputError: without `substeps`.
        """
        steps, step = self._steps(times)
        noise = None if bath is None else bath.noise(phonon, step * _ENDS, steps)
        rest = jnp.zeros(phonon.oscillators.frequency.shape)
        initial = (rest, rest) if initial is None else initial
        harmonic = phonon.harmonic if harmonic is None else harmonic
        q, velocity = _collocate(phonon, field, step, harmonic, initial, noise)
        every = steps // (times.shape[0] - 1)
        return Motion(phonon, times, q[::every], velocity[::every])

    def _steps(self, times: Float[Array, " T"]) -> tuple[int, Array]:
        """Number of steps and their length in ps."""
        if self.substeps is None:
            raise InputError("substeps", "must be given: FixedSteps.resolving finds them")
        steps = (times.shape[0] - 1) * self.substeps
        return steps, (times[-1] - times[0]) / steps


def equally_spaced(times: np.ndarray) -> bool:
    """Whether times (T,) increase in equal intervals, to roundoff."""
    gaps = np.diff(times)
    return bool(gaps[0] > 0 and np.ptp(gaps) <= 1e-9 * abs(times).max())


@eqx.filter_jit
def _collocate(phonon, field, step, harmonic, initial, noise):
    """q and q̇ (steps + 1, C) at the ends of the steps."""
    modes = phonon.oscillators
    free = free_motion(modes.angular_frequency, modes.damping, step * _ENDS)
    green = free_motion(modes.angular_frequency, modes.damping, step * _ENDS[:, None] * (1 - _INNER))[..., 1]
    response = step * jnp.einsum("cemd,emj,e,m->cedj", green, _LAGRANGE, _ENDS, _INNER_WEIGHTS)
    to_end, to_nodes = response[:, -1], response[:, :-1, 0]
    gain = modes.charges * FIELD_FORCE / phonon.dielectric_constant
    force = jnp.einsum("ca,sja->scj", gain, field)
    needed = slice(-1, None) if harmonic else slice(None)

    def advance(state, inputs):
        force, key = inputs
        undisturbed = jnp.einsum("cide,ce->cid", free[:, needed], state)
        if noise is not None:
            undisturbed += noise.added(key)[:, needed]
        if not harmonic:
            inner = jnp.zeros_like(force)
            for _ in range(_PICARD):
                q = undisturbed[:, :-1, 0] + jnp.einsum("cij,cj->ci", to_nodes, force + inner)
                inner = phonon.anharmonic_force(q.T).T
            force = force + inner
        state = undisturbed[:, -1] + jnp.einsum("cdj,cj->cd", to_end, force)
        return state, state

    begin = jnp.stack(initial, axis=-1)
    _, states = jax.lax.scan(advance, begin, (force, None if noise is None else noise.keys))
    states = jnp.concatenate([begin[None], states])
    return states[..., 0], states[..., 1]
