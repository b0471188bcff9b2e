"""The dielectric function of the modes, and the field that enters the crystal."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex

from .._errors import InputError, check
from .._tracing import concrete
from .._types import ArrayLike, real
from ..pulse import AbstractPulse, SampledPulse
from ..units import PERMITTIVITY
from ._base import AbstractModes

_SAMPLES_PER_PERIOD, _SAMPLES_PER_PULSE, _DECAYS, _MOST_SAMPLES = 32, 256, 12, 1 << 22


def dielectric_function(phonon: AbstractModes, frequencies: ArrayLike) -> Complex[Array, "F 2 2"]:
    """ε(ν) = ε∞ + Σ Z̃ Z̃ᵀ / (ε₀V (ω₀² − ω² − iηω)) in the plane of the field, (F, 2, 2), at ν (F,) in THz.

    Of the harmonic modes, for fields e^{−2πiνt}: Gonze and Lee, Phys. Rev. B 55, 10355 (1997), with damping.

    Raises:
        InputError: for a phonon without `volume`.
    """
    if phonon.volume is None:
        raise InputError("volume of the phonon", "must be given for a dielectric function")
    modes = phonon.oscillators
    omega = 2 * jnp.pi * real(frequencies)[:, None]
    real_part = modes.angular_frequency**2 - omega**2
    poles = jax.lax.complex(real_part, -modes.damping * omega)
    strength = jnp.einsum("ca,cb->cab", modes.charges, modes.charges) / (PERMITTIVITY * phonon.volume)
    shares = jnp.einsum("fc,cab->fab", 1 / poles, strength.astype(complex))
    return (phonon.dielectric_constant * jnp.eye(2)).astype(complex) + shares


def transmission(phonon: AbstractModes, frequencies: ArrayLike) -> Complex[Array, "F 2 2"]:
    """Fresnel's t(ν) = 2/(1 + √ε) at normal incidence from vacuum, (F, 2, 2), at ν (F,) in THz.

    The field just inside the crystal over that of the incident wave, for fields e^{−2πiνt}; √ε is the matrix whose
    waves decay into the crystal.

    Raises:
        InputError: for a phonon without `volume`.
    """
    return 2 * jnp.linalg.inv(jnp.eye(2, dtype=complex) + _square_root(dielectric_function(phonon, frequencies)))


def transmitted(pulse: AbstractPulse, phonon: AbstractModes, times: ArrayLike | None = None) -> SampledPulse:
    """The field just inside the surface of a thick crystal on which `pulse` falls from vacuum.

    The spectrum of the pulse times `transmission`, by a discrete Fourier transform. The modes that the light drives are
    part of ε, so the field includes the ringing of the polarisation. The modes are harmonic; absorption on the way in
    and waves reflected at a back face are not included.

    Args:
        times: (T,) in ps, equally spaced; between them the field is a spline. Unless given, they have 32 samples per
            period of the fastest mode or 256 per pulse, whichever is finer, and last until the slowest motion has
            decayed by e⁻¹². The transform is periodic, so a field that has not decayed appears again at the start.

    Raises:
        InputError: for a phonon without `volume`, for times that are not equally spaced, and without times for a mode
            without damping and under `jit`.
    """
    if times is None:
        begin, step, count = _grid(pulse, phonon)
        instants = begin + step * jnp.arange(count, dtype=float)
    else:
        instants = real(times)
        check(
            instants.ndim == 1 and instants.shape[0] >= 4,
            "times",
            f"must hold at least four times, but got the shape {instants.shape}",
        )
        count, step = instants.shape[0], instants[1] - instants[0]
        numbers = concrete(instants)
        check(
            numbers is None or np.ptp(np.diff(numbers)) <= 1e-9 * abs(numbers).max(), "times", "must be equally spaced"
        )
    spectrum = jnp.fft.rfft(pulse(instants), axis=0)
    factors = jnp.conj(transmission(phonon, jnp.arange(count // 2 + 1, dtype=float) / (count * step)))
    inside = jnp.fft.irfft(jnp.einsum("fab,fb->fa", factors, spectrum), count, axis=0)
    return SampledPulse(instants, inside)


def _grid(pulse: AbstractPulse, phonon: AbstractModes) -> tuple[float, float, int]:
    """First time and spacing (ps) and number of samples, a power of two."""
    modes = phonon.oscillators
    values = [concrete(jax.lax.stop_gradient(part)) for part in (modes.frequency, modes.damping, *pulse.support)]
    if any(value is None for value in values):
        raise InputError("times", "must be given where the pulse or the phonon has no values yet")
    frequency, damping, begin, end = (np.asarray(value) for value in values)
    check(damping.min() > 0, "times", "must be given for a mode without damping, whose field does not decay")
    half, omega = damping / 2, 2 * np.pi * frequency
    slowest = np.min(half - np.sqrt(np.maximum(half**2 - omega**2, 0)))
    step = min(1 / (_SAMPLES_PER_PERIOD * frequency.max()), float(end - begin) / _SAMPLES_PER_PULSE)
    count = 1 << int(np.ceil(np.log2((end - begin + _DECAYS / slowest) / step)))
    check(
        count <= _MOST_SAMPLES,
        "damping of the phonon",
        f"must be larger for a field inside, but got {damping.min():g} rad/ps",
    )
    return float(begin), step, count


def _square_root(matrix: Complex[Array, "F 2 2"]) -> Complex[Array, "F 2 2"]:
    """√A with eigenvalues in the first quadrant, of symmetric A with eigenvalues in the upper half-plane.

    By Cayley and Hamilton √A = (A + √det A)/√(tr A + 2√det A); √det A is a product of two numbers in the first
    quadrant, so it lies in the upper half-plane.
    """
    trace, product = jnp.trace(matrix, axis1=-2, axis2=-1), jnp.sqrt(jnp.linalg.det(matrix))
    product = jnp.where(product.imag < 0, -product, product)
    numerator = matrix + product[..., None, None] * jnp.eye(2, dtype=complex)
    return numerator / jnp.sqrt(trace + 2 * product)[..., None, None]
