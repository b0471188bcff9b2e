"""The interface of a phonon that can be driven."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from .._checks import check_finite
from .._errors import InputError, check
from .._tracing import concrete
from .._types import ArrayLike
from ..pulse import AbstractPulse
from ._base import AbstractModes
from ._dielectric import transmitted
from ._drive import drive
from ._langevin import bath_noise
from ._motion import Motion
from ._propagate import STEPS_PER_PERIOD, propagate, step_ends, step_nodes
from ._thermal import thermal_square, thermal_state

SURFACES = ("screened", "fresnel")
_STEPS_A_PIECE = 32
"""of a sampled field, at most"""


class AbstractPhonon(AbstractModes):
    """Modes at Γ that share the field of a pulse, q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞."""

    def drive(
        self,
        pulse: AbstractPulse,
        times: ArrayLike,
        *,
        surface: str = "screened",
        initial: tuple[ArrayLike, ArrayLike] | None = None,
        max_steps: int | None = None,
    ) -> Motion:
        """The motion at `times` (T,) in ps under `pulse`, from rest at times[0].

        `surface`: what becomes of the field on its way into the crystal: "screened", it is divided by ε∞; "fresnel", it
        is what the surface lets through at each frequency (see `transmitted`), so that the pulse is the one that falls
        on the crystal. `initial`: q (C,) in Å√u and q̇ (C,) in Å√u/ps at times[0], instead of rest. Works under `jit`,
        `vmap`, `grad` and `jacfwd`. The error relative to the largest |q| is below 10⁻⁸ where `status` is
        `diffrax.RESULTS.successful`; elsewhere `max_steps` did not last to the end. Without it, it is four times what
        the window of times takes, or 4096 where that is not known.

        **Raises:** `InputError` for times that do not increase, initial values of another shape, another surface, and
        as `transmitted` does.
        """
        check(surface in SURFACES, "surface", f"must be one of {', '.join(SURFACES)}, but got {surface!r}")
        if surface == "fresnel":
            pulse = transmitted(pulse, self) * self.dielectric_constant
        times = jnp.asarray(times, dtype=float)
        check(
            times.ndim == 1 and times.shape[0] >= 2,
            "times",
            f"must hold at least two times, but got the shape {times.shape}",
        )
        check_finite("times", times)
        known = concrete(times)
        if known is not None:
            check(np.all(np.diff(known) > 0), "times", "must increase, but got times that do not")
        frequencies = self.oscillators.frequency
        if max_steps is None:
            fastest = concrete(frequencies)
            periods = 0.0 if known is None or fastest is None else float((known[-1] - known[0]) * fastest.max())
            max_steps = max(4096, 2 ** math.ceil(math.log2(64 * periods + _STEPS_A_PIECE * pulse.pieces + 1)))
        check(max_steps >= 1, "max_steps", f"must be positive, but got {max_steps}")
        return drive(self, pulse, times, self._initial(initial), max_steps)

    def propagate(
        self,
        pulse: Callable[[Array], Array],
        times: ArrayLike,
        *,
        initial: tuple[ArrayLike, ArrayLike] | None = None,
        substeps: int | None = None,
    ) -> Motion:
        """The motion of `drive` at equally spaced `times` (T,) in ps, in fixed steps: for gradients and batches.

        Each interval is divided into `substeps` steps; unless given, as many as make 16 a period of the fastest
        mode, and of 2π/η. With these the error relative to the largest |q| is below 10⁻⁷ for fields smooth over
        a step (`pulse` maps times to the field in MV/cm); none is estimated. A gradient costs about two drives, for any
        number of pulse parameters; works under `jit`, `vmap`, `grad` and `jacfwd`.

        **Raises:** `InputError` for times that are not equally spaced, initial values of another shape, and for a
        frequency that has no value yet while `substeps` is not given.
        """
        substeps = self.substeps(times) if substeps is None else substeps
        times = jnp.asarray(times, dtype=float)
        field = pulse(step_nodes(times, substeps))
        return propagate(self, field, times, substeps, self.harmonic, self._initial(initial))

    def langevin(
        self,
        pulse: Callable[[Array], Array],
        times: ArrayLike,
        *,
        temperature: ArrayLike,
        key: PRNGKeyArray,
        initial: tuple[ArrayLike, ArrayLike] | None = None,
        statistics: str = "quantum",
        substeps: int | None = None,
    ) -> Motion:
        """One random motion of `propagate` in a heat bath of `temperature` (K): `vmap` over keys gives an ensemble.

        q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞ + √(2η k_BT_eff) ξ(t) with ⟨ξ(t)ξ(t′)⟩ = δ(t − t′), independent for each
        normal coordinate: the fluctuation–dissipation theorem with k_BT_eff = k_BT for "classical" `statistics` and
        (ħω₀/2) coth(ħω₀/2k_BT) for "quantum", so that at equilibrium ⟨q²⟩ is `thermal_square` and ⟨q̇²⟩ = ω₀²⟨q²⟩.
        It starts from a `thermal_state` unless `initial` is given.

        In the harmonic motion the noise is exact for any step and any η (an Ornstein–Uhlenbeck process), and its mean
        over keys is the motion of `propagate`. Through V it enters at the four nodes of each step only.

        What "quantum" leaves out: the noise of a quantum bath is coloured, here it is white with each mode's own
        strength, which is right for η ≪ ω₀. And the zero-point motion is treated as heat, so that V lets it leak from
        fast modes to slow ones, as in every such bath: Dammak et al., Phys. Rev. Lett. 103, 190601 (2009); Barrat and
        Rodney, J. Stat. Phys. 144, 679 (2011). With V the equilibrium is that of Boltzmann for "classical" alone.

        **Raises:** `InputError` as `propagate` does, for a negative temperature and another name of statistics.
        """
        substeps = self.substeps(times) if substeps is None else substeps
        times = jnp.asarray(times, dtype=float)
        at_start, later = jax.random.split(key)
        if initial is None:
            q, velocity = thermal_state(self, temperature, at_start, 1, statistics)
            initial = q[0], velocity[0]
        square = thermal_square(self, temperature, statistics)
        noise = bath_noise(self, square, step_ends(times, substeps)), later
        field = pulse(step_nodes(times, substeps))
        return propagate(self, field, times, substeps, self.harmonic, self._initial(initial), noise)

    def substeps(self, times: ArrayLike) -> int:
        """How many steps of `propagate` each interval of equally spaced `times` (T,) in ps takes.

        **Raises:** `InputError` as `propagate` does.
        """
        with jax.ensure_compile_time_eval():  # under jit the modes may still be known
            modes = self.oscillators
        known, fastest, damping = concrete(times), concrete(modes.frequency), concrete(modes.damping)
        if known is None or fastest is None or damping is None:
            raise InputError("substeps", "must be given where times or frequencies have no value yet")
        check(known.ndim == 1 and known.shape[0] >= 2, "times", f"must hold at least two times, but got {known.shape}")
        check_finite("times", known)
        gaps = np.diff(known)
        check(
            gaps[0] > 0 and np.ptp(gaps) <= 1e-9 * abs(known).max(),
            "times",
            f"must be equally spaced, but got spacings from {gaps.min():g} to {gaps.max():g} ps",
        )
        rate = STEPS_PER_PERIOD * max(fastest.max(), damping.max() / (2 * np.pi))
        return max(1, math.ceil(gaps[0] * rate - 1e-9))

    def _initial(self, given: tuple[ArrayLike, ArrayLike] | None) -> tuple[Array, Array]:
        rest = jnp.zeros(self.oscillators.frequency.shape)
        if given is None:
            return rest, rest
        q, velocity = (jnp.asarray(part, dtype=float) for part in given)
        for part in (q, velocity):
            check(
                part.shape == rest.shape,
                "initial",
                f"must be q and q̇ of the shape {rest.shape}, but got {q.shape} and {velocity.shape}",
            )
            check_finite("initial", part)
        return q, velocity
