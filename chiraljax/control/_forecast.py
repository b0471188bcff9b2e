"""The outcome of a pulse by the chain on a fixed grid of times, with M(Ω) made beforehand."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import ArrayLike, Scalar
from .._warnings import silent
from ..chain import Chain
from ..observables import MagnetizationCurve
from ..phonon import AdaptiveSteps, Motion, Phonon
from ..pulse import AbstractPulse
from ._deviations import varied
from ._outcome import Outcome
from ._steps import Steps

_DRIVE_STEPS = 1 << 16


class Forecast(eqx.Module):
    """Pulse → motion → Ω → M(Ω); one evaluation drives the phonon once and diagonalises nothing.

    Beyond the largest |Ω| of the curve, M is constant: a search gains nothing from Ω where M(Ω) is not known.
    """

    chain: Chain
    curve: MagnetizationCurve | None
    steps: Steps
    harmonic: bool = eqx.field(static=True)

    @classmethod
    def of(cls, chain: Chain, times: ArrayLike) -> "Forecast":
        """A forecast without M(Ω).

        Raises `InputError` for a material without a phonon and for times that are not equally spaced.
        """
        phonon = chain.driven
        return cls(chain, None, Steps.of(phonon, times), phonon.harmonic)

    @property
    def phonon(self) -> Phonon:
        return self.chain.driven

    @property
    def times(self) -> Float[Array, " T"]:
        """Times of the outcome, ps."""
        return self.steps.times

    @property
    def highest(self) -> float:
        """The highest frequency of the phonon, THz."""
        return float(jnp.max(self.phonon.oscillators.frequency))

    def outcome(self, pulse: AbstractPulse, field: Float[Array, "N 2"], fluence: Scalar) -> Outcome:
        """The outcome of `pulse`, from its `field` (MV/cm) at the nodes of `steps` and its `fluence`."""
        return self.observed(pulse, self.steps.motion(self.phonon, field, self.harmonic), fluence)

    def varied(self, pulse: AbstractPulse, deviation: Float[Array, "4"], fluence: Scalar) -> Outcome:
        """The outcome of `pulse` with deviations of frequency, damping, field and timing (see `Deviations`)."""
        field = (1 + deviation[2]) * pulse(self.steps.nodes - deviation[3])
        forecast = eqx.tree_at(lambda forecast: forecast.chain.phonon, self, varied(self.phonon, deviation))
        return forecast.outcome(pulse, field, fluence)

    def driven(self, pulse: AbstractPulse, fluence: Scalar) -> Outcome:
        """The outcome of `pulse` by the adaptive drive, from rest at the first time even if that cuts the pulse."""
        chain = dataclasses.replace(self.chain, pulse=pulse)
        rest = jnp.zeros(self.phonon.oscillators.frequency.shape)
        with silent():  # `optimize_pulse` tells of its best pulse
            motion = chain.motion(self.times, steps=AdaptiveSteps(_DRIVE_STEPS), initial=(rest, rest))
        return self.observed(pulse, motion, fluence)

    def observed(self, pulse: AbstractPulse, motion: Motion, fluence: Scalar) -> Outcome:
        """The outcome of the `motion` under `pulse`."""
        rotation = self.chain.rotation(motion)
        moment = jnp.full(motion.times.shape, jnp.nan)
        if self.curve is not None:
            moment = self.curve(self.curve.interpolant.clipped(rotation))
        return Outcome(pulse=pulse, times=self.times, motion=motion, rotation=rotation, moment=moment, fluence=fluence)
