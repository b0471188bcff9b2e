"""Thermal motion of the modes."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import check_positive
from .._errors import check
from .._types import ArrayLike, real
from ..units import BOLTZMANN, HBAR, HBAR_EV_PS, MASS_ENERGY
from ._base import AbstractModes


def check_statistics(temperature: ArrayLike, statistics: str) -> None:
    """Raise `InputError` for a negative temperature or another name of statistics."""
    check_positive("temperature", temperature, zero=True)
    check(
        statistics in ("quantum", "classical"),
        "statistics",
        f"must be 'quantum' or 'classical', but got {statistics!r}",
    )


def thermal_square(phonon: AbstractModes, temperature: ArrayLike, statistics: str = "quantum") -> Float[Array, " C"]:
    """⟨q²⟩ of each normal coordinate (C,) in Å²u, (ħ/2ω₀) coth(ħω₀/2k_BT) or classically k_BT/ω₀².

    Args:
        phonon: the modes, without their anharmonic terms.
        temperature: in K, zero or positive.
        statistics: "quantum" or "classical".

    Raises:
        InputError: for a negative temperature or another name of statistics.
    """
    check_statistics(temperature, statistics)
    return _square(phonon.oscillators.angular_frequency, real(temperature), statistics == "classical")


@partial(jax.jit, static_argnums=2)
def _square(omega: Array, temperature: Array, classical: bool) -> Array:
    if classical:
        return BOLTZMANN * temperature / MASS_ENERGY / omega**2
    cold = temperature == 0
    quanta = HBAR_EV_PS * omega / (2 * BOLTZMANN * jnp.where(cold, 1.0, temperature))
    return HBAR / (2 * omega) * jnp.where(cold, 1.0, 1 / jnp.tanh(quanta))


def thermal_state(
    phonon: AbstractModes, temperature: ArrayLike, key: PRNGKeyArray, samples: int, statistics: str = "quantum"
) -> tuple[Float[Array, "samples C"], Float[Array, "samples C"]]:
    """Random normal coordinates q (samples, C) in Å√u and velocities q̇ (samples, C) in Å√u/ps.

    Independent Gaussians with ⟨q²⟩ = `thermal_square` and ⟨q̇²⟩ = ω₀²⟨q²⟩: with "quantum" `statistics` the distribution
    of Wigner (Phys. Rev. 40, 749 (1932)) of the harmonic oscillator with its zero-point motion, with "classical" that
    of Boltzmann. The anharmonic V is left out; a motion in a classical `HeatBath` reaches its equilibrium in a few 1/η.
    The draws for one key are smooth in temperature and frequencies, except at T = 0 with classical statistics. Works
    under `jit`, `vmap` and `grad`.

    Args:
        temperature: in K, zero or positive.
        key: of `jax.random`.
        samples: at least 1.
        statistics: "quantum" or "classical".

    Raises:
        InputError: for a negative temperature, another name of statistics and fewer than one sample.
    """
    check(samples >= 1, "samples", f"must be at least 1, but got {samples}")
    width = jnp.sqrt(thermal_square(phonon, temperature, statistics))
    q, velocity = width * jax.random.normal(key, (2, samples, *width.shape))
    return q, phonon.oscillators.angular_frequency * velocity
