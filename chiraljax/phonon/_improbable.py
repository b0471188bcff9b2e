"""Improbable frequencies and pulses."""

from collections.abc import Iterator

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import constants

from .._tracing import concrete, is_differentiated, is_staged
from ..pulse import AbstractPulse
from ._base import AbstractModes, Oscillators

_HIGHEST = 60.0
"""THz; diamond has 40, bonds of hydrogen have more"""
_PER_CM = constants.c * 1e2 / constants.tera
_FIELD = 100.0
"""MV/cm; the strongest table-top sources of terahertz and infrared pulses"""
_ORDERS = 100.0
"""longer than the lifetime, or shorter than the period"""
_WEIGHT = 1e-3
"""of the largest Fourier component"""
_SAMPLES, _MOST = 2**13, 2**18
_PER_PERIOD = 16
"""samples of the pulse in all, and per period of the fastest mode"""


def improbable_frequencies(modes: AbstractModes) -> tuple[str, ...]:
    """A sentence for a frequency above that of crystals without bonds of hydrogen; a traced value passes."""
    frequency = concrete(modes.oscillators.frequency)
    if frequency is None or frequency.max(initial=0) <= _HIGHEST:
        return ()
    return (
        f"the phonon has {frequency.max():.4g} THz, above {_HIGHEST:g} THz, which only bonds of hydrogen reach: is it "
        f"in 1/cm? {frequency.max():.4g} 1/cm are {frequency.max() * _PER_CM:.3g} THz",
    )


def improbable_pulse(pulse: AbstractPulse, phonon: AbstractModes) -> tuple[str, ...]:
    """A sentence for a field, a length or a spectrum that does not fit the phonon; a traced one passes."""
    return () if is_staged() or is_differentiated((pulse, phonon)) else tuple(_pulse(pulse, phonon.oscillators))


def _pulse(pulse: AbstractPulse, modes: Oscillators) -> Iterator[str]:
    frequency, damping, charges = map(np.asarray, modes[:3])
    driven = np.any(charges != 0, axis=1)
    start, end = map(float, pulse.support)
    if not driven.any() or not end > start:
        return
    frequency, damping = frequency[driven], damping[driven]
    count = int(np.clip(_PER_PERIOD * frequency.max() * (end - start), _SAMPLES, _MOST))
    times = np.linspace(start, end, count)
    field = np.asarray(_field(pulse, jnp.asarray(times)))
    intensity = np.sum(field**2, axis=-1)
    total = intensity.sum()
    if not total > 0:
        return
    if np.sqrt(intensity.max()) > _FIELD:
        yield (
            f"the field is {np.sqrt(intensity.max()):.4g} MV/cm, above {_FIELD:g} MV/cm, which no table-top source "
            "gives: is it in kV/cm?"
        )
    mean = times @ intensity / total
    length = np.sqrt((times - mean) ** 2 @ intensity / total)
    if length * _ORDERS < 1 / frequency.max():
        yield (
            f"the pulse lasts {length:.2g} ps (rms), less than a hundredth of the period of the phonon, "
            f"{1 / frequency.max():.2g} ps: are times in ps?"
        )
    lifetime = np.max(1 / damping) if np.all(damping > 0) else np.inf
    if length > _ORDERS * lifetime:
        yield (
            f"the pulse lasts {length:.4g} ps (rms), more than a hundred times the lifetime of the phonon, "
            f"{lifetime:.3g} ps: are times in ps and not in fs?"
        )
    largest = np.abs(np.fft.rfft(field, axis=0)).max()
    at = np.abs(np.exp(2j * np.pi * np.outer(frequency, times)) @ field)
    if at.max() < _WEIGHT * largest:
        yield (
            f"the spectrum of the pulse has no weight at the phonon, {_listed(frequency)} THz: there it is below a "
            "thousandth of its largest value; are frequencies in THz and times in ps?"
        )


@eqx.filter_jit
def _field(pulse: AbstractPulse, times: Float[Array, " T"]) -> Float[Array, "T 2"]:
    return pulse(times)


def _listed(frequency: np.ndarray) -> str:
    return ", ".join(f"{value:.3g}" for value in dict.fromkeys(frequency.tolist()))
