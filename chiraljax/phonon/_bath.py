"""A heat bath of the modes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from .._module import Module
from .._types import Scalar, real
from ._base import AbstractModes, State
from ._free import free_motion, gauss
from ._thermal import check_statistics, thermal_square, thermal_state

_NODES, _WEIGHTS = gauss(10)


class HeatBath(Module):
    """Random forces of the fluctuation–dissipation theorem: `vmap` over keys gives an ensemble of motions.

    q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞ + √(2η k_BT_eff) ξ(t) with ⟨ξ(t)ξ(t′)⟩ = δ(t − t′), independent for each
    normal coordinate. k_BT_eff is k_BT for "classical" `statistics` and (ħω₀/2) coth(ħω₀/2k_BT) for "quantum", so that
    at equilibrium ⟨q²⟩ is `thermal_square` and ⟨q̇²⟩ = ω₀²⟨q²⟩.

    In the harmonic motion the noise is exact for any step and any η (an Ornstein–Uhlenbeck process), and its mean over
    keys is the motion without a bath. In the anharmonic force it enters at the four nodes of each of the `FixedSteps`.

    Limits of "quantum": the noise of a quantum bath is coloured, here it is white with a strength for each mode, which
    is right for η ≪ ω₀. The zero-point motion is treated as heat, so V lets it leak from fast modes to slow ones, as in
    every such bath: Dammak et al., Phys. Rev. Lett. 103, 190601 (2009); Barrat and Rodney, J. Stat. Phys. 144, 679
    (2011). With V only the equilibrium of "classical" is exact, that of Boltzmann.

    Args:
        temperature: in K, zero or positive.
        key: of `jax.random`.
        statistics: "quantum" or "classical".

    Raises:
        InputError: for a negative temperature and another name of statistics.
    """

    temperature: Scalar = eqx.field(converter=real)
    key: PRNGKeyArray
    statistics: str = eqx.field(static=True, default="quantum")

    def __check_init__(self) -> None:
        check_statistics(self.temperature, self.statistics)

    @property
    def _keys(self) -> Array:
        """The keys of the initial state and of the noise."""
        return jax.random.split(self.key)

    def initial(self, phonon: AbstractModes) -> State:
        """A `thermal_state`: q (C,) in Å√u and q̇ (C,) in Å√u/ps."""
        q, velocity = thermal_state(phonon, self.temperature, self._keys[0], 1, self.statistics)
        return q[0], velocity[0]

    def noise(self, phonon: AbstractModes, ends: Float[Array, " ends"], steps: int) -> "Noise":
        """The noise in q and q̇ at `ends` (ps) of each of `steps`."""
        square = thermal_square(phonon, self.temperature, self.statistics)
        return Noise(_amplitude(phonon, square, ends), jax.random.split(self._keys[1], steps))


class Noise(Module):
    """The noise in q and q̇ as a linear map of independent standard normal numbers, the same map in each step."""

    amplitude: Float[Array, "C ends 2 ends 2"]
    keys: Array

    def added(self, key: PRNGKeyArray) -> Float[Array, "C ends 2"]:
        """The noise in q (Å√u) and q̇ (Å√u/ps) of the step with this key."""
        modes, ends = self.amplitude.shape[:2]
        return jnp.einsum("cidje,cje->cid", self.amplitude, jax.random.normal(key, (modes, ends, 2)))


@eqx.filter_jit
def _amplitude(
    phonon: AbstractModes, square: Float[Array, " C"], ends: Float[Array, " ends"]
) -> Float[Array, "C ends 2 ends 2"]:
    """The map from standard normal numbers (C, ends, 2) to the noise in q and q̇ at `ends` of a step of any length.

    The bath keeps ⟨q²⟩ at `square`: its force is √(2η k_BT_eff) ξ(t) with k_BT_eff = ω₀²⟨q²⟩. Between one end and the
    next, δ later, it adds a Gaussian with the covariance 2η k_BT_eff ∫₀^δ g gᵀ ds to the harmonic motion, where
    g = (q, q̇) is Green's function; after that the noise moves freely. The integral is by Gauss's ten points, in the
    units δ of q and 1 of q̇, in which its condition is 14 for ω₀δ ≪ 1.

    A Runge–Kutta method for stochastic equations would heat weakly damped modes by its own error, more the smaller η:
    diffrax's ShARK with 64 steps per period by 0.4 % for KTaO₃; `benchmarks/langevin.py` has bias and cost.
    """
    modes = phonon.oscillators
    omega, damping = modes.angular_frequency, modes.damping
    gaps = jnp.diff(ends, prepend=0.0)
    green = free_motion(omega, damping, gaps[:, None] * _NODES)[..., 1]
    green = green.at[..., 0].divide(gaps[:, None])
    covariance = jnp.einsum("cjmd,cjme,m->cjde", green, green, _WEIGHTS)
    width = (jnp.sqrt(2 * damping) * omega * jnp.sqrt(square))[:, None] * jnp.sqrt(gaps)
    units = jnp.stack([gaps, jnp.ones_like(gaps)], axis=-1)[:, :, None]
    root = width[..., None, None] * units * jnp.linalg.cholesky(covariance)
    later = np.tril(np.ones((len(ends), len(ends))))
    after = jnp.where(later, ends[:, None] - ends, 0.0)
    free = free_motion(omega, damping, after) * later[..., None, None]
    return jnp.einsum("cijde,cjef->cidjf", free, root)
