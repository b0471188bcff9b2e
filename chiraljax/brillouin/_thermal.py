"""The thermal trace Tr[A f(H)], with its exact derivative."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import check_finite, check_positive
from .._errors import check
from .._result import AbstractResult, quantity
from .._types import Array, ArrayLike, BatchOperators, Energies, Float, Hamiltonian, real
from ..electrons import eigh, expectations
from ..units import BOLTZMANN


class ThermalTrace(AbstractResult):
    """Thermal expectation values, one column for each pair (μ, T)."""

    traces: Float[Array, "*batch a s"] = quantity("1", ("operator", "pair"))
    """Tr[A f(H)] of each operator, in the unit of A"""
    carriers: Float[Array, "*batch s"] = quantity("1", ("pair",))
    """Tr f(H) minus the number of filled states, accurate however few carriers there are"""


def thermal_trace(
    hamiltonian: Hamiltonian,
    operators: BatchOperators,
    mu: ArrayLike,
    temperature: ArrayLike,
    filling: int = 0,
) -> ThermalTrace:
    """Tr[A f(H; μ, T)] with f = 1/(exp((E − μ)/k_BT) + 1), for all s pairs (μ, T) from one diagonalisation.

    The derivative with respect to H, A, μ and T is that of Daleckii and Krein,

        d Tr[A f(H)] = Σ_nm A_mn f[E_n, E_m] dH_nm,

    with the divided differences f[a, b] = (f(a) − f(b))/(a − b), f[a, a] = f'(a), which are finite at every degeneracy.
    At T = 0 it does not exist and is NaN. Higham, Functions of Matrices (2008), Eq. 3.13.

    Args:
        hamiltonian: (..., n, n) eV.
        operators: Hermitian, (a, n, n) or (..., a, n, n).
        mu: (s,) eV, absolute.
        temperature: (s,) K, zero or positive.
        filling: number of states that count as filled in `carriers`.

    Raises:
        InputError: for a μ that is not finite, a negative temperature, and lists of different lengths.
    """
    check_finite("mu", mu)
    check_positive("temperature", temperature, zero=True)
    mu, temperature = jnp.atleast_1d(real(mu)), jnp.atleast_1d(real(temperature))
    check(
        mu.shape == temperature.shape and mu.ndim == 1,
        "mu and temperature",
        f"must be lists of one length, but got shapes {mu.shape} and {temperature.shape}",
    )
    return ThermalTrace(*_trace(filling, hamiltonian, operators, mu, temperature))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _trace(filling: int, hamiltonian, operators, mu, temperature):
    energies, vectors = _eigh(hamiltonian)
    diagonal = _in_basis_diagonal(operators, vectors)
    return _sums(filling, energies, diagonal, mu, temperature)


@_trace.defjvp
def _daleckii_krein(filling, primals, tangents):
    hamiltonian, operators, mu, temperature = primals
    d_hamiltonian, d_operators, d_mu, d_temperature = tangents
    energies, vectors = _eigh(hamiltonian)
    adjoint = jnp.conj(jnp.swapaxes(vectors, -1, -2))
    inside = adjoint[..., None, :, :] @ operators @ vectors[..., None, :, :]
    diagonal = jnp.einsum("...ann->...an", inside).real
    value = _sums(filling, energies, diagonal, mu, temperature)

    d_inside = adjoint @ d_hamiltonian @ vectors
    product = (jnp.swapaxes(inside, -1, -2) * d_inside[..., None, :, :]).real
    differences = divided_differences(energies, mu, temperature)
    slope = jnp.einsum("...snn->...sn", differences)
    distance = energies[..., None, :] - mu[:, None]
    shift = -d_mu[:, None] - distance * (d_temperature / jnp.where(temperature > 0, temperature, 1))[:, None]
    occupation = fermi(distance, temperature[:, None])
    d_traces = (
        jnp.einsum("...snm,...anm->...as", differences, product)
        + jnp.einsum("...an,...sn->...as", diagonal, slope * shift)
        + jnp.einsum("...an,...sn->...as", _in_basis_diagonal(d_operators, vectors), occupation)
    )
    d_levels = jnp.einsum("...nn->...n", d_inside).real
    d_carriers = jnp.sum(slope * (d_levels[..., None, :] + shift), axis=-1)
    return value, (d_traces, d_carriers)


class Spectrum(NamedTuple):
    """Levels, expectation values and thermal sums of one diagonalisation."""

    energies: Energies
    """eV"""
    values: Float[Array, "*batch a n"]
    """⟨i|A|i⟩"""
    traces: Float[Array, "*batch a s"]
    carriers: Float[Array, "*batch s"]


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def spectrum(filling: int, hamiltonian, operators, mu, temperature) -> Spectrum:
    """The results of `expectations` and `thermal_trace` from one diagonalisation, for operators (..., a, n, n).

    The derivative of the sums is that of `thermal_trace`, without 1/(E_i − E_j).
    """
    energies, vectors = _eigh(hamiltonian)
    diagonal = _in_basis_diagonal(operators, vectors)
    return Spectrum(energies, diagonal, *_sums(filling, energies, diagonal, mu, temperature))


@spectrum.defjvp
def _spectrum_jvp(filling, primals, tangents):
    levels, d_levels = jax.jvp(expectations, primals[:2], tangents[:2])
    sums, d_sums = jax.jvp(partial(_trace, filling), primals, tangents)
    return Spectrum(*levels, *sums), Spectrum(*d_levels, *d_sums)


def _sums(filling, energies, diagonal, mu, temperature):
    distance = energies[..., None, :] - mu[:, None]
    occupation = fermi(distance, temperature[:, None])
    traces = jnp.einsum("...an,...sn->...as", diagonal, occupation)
    holes = fermi(-distance[..., :filling], temperature[:, None])
    return traces, jnp.sum(occupation[..., filling:], axis=-1) - jnp.sum(holes, axis=-1)


def fermi(distance: Float[Array, "..."], temperature: Float[Array, "..."]) -> Float[Array, "..."]:
    """Occupation at `distance` = E − μ (eV) and T (K); at T = 0 the step, ½ at E = μ."""
    step = jnp.where(distance == 0, 0.0, -jnp.sign(distance) * jnp.inf)
    thermal = BOLTZMANN * jnp.where(temperature > 0, temperature, 1)
    return jax.nn.sigmoid(jnp.where(temperature > 0, -distance / thermal, step))


def divided_differences(
    energies: Energies, mu: Float[Array, " s"], temperature: Float[Array, " s"]
) -> Float[Array, "*batch s n n"]:
    """f[E_n, E_m] in 1/eV, for each pair (μ, T).

    With x = (E_n − μ)/k_BT, y = (E_m − μ)/k_BT, z = |x − y|, and s = min(|x|, |y|) if x and y have one sign, else 0,

        f[E_n, E_m] = − (1 − e^−z)/z · e^−s / [(1 + e^−|x|)(1 + e^−|y|) k_BT]:

    no term overflows and none cancels.
    """
    thermal = BOLTZMANN * jnp.where(temperature > 0, temperature, jnp.nan)[:, None, None]
    x = ((energies[..., None, :] - mu[:, None])[..., :, None]) / thermal
    y = jnp.swapaxes(x, -1, -2)
    z = jnp.abs(energies[..., None, :, None] - energies[..., None, None, :]) / thermal
    ratio = -jnp.expm1(-z) / jnp.where(z > 0, z, 1)
    ratio = jnp.where(z > 0, ratio, 1.0)
    smaller = jnp.where(x * y > 0, jnp.minimum(jnp.abs(x), jnp.abs(y)), 0)
    weight = (1 + jnp.exp(-jnp.abs(x))) * (1 + jnp.exp(-jnp.abs(y)))
    return -(ratio * jnp.exp(-smaller)) / (weight * thermal)


def _in_basis_diagonal(operators, vectors):
    return jnp.einsum("...mn,...amk,...kn->...an", jnp.conj(vectors), operators, vectors, optimize=True).real


@jax.custom_jvp
def _eigh(hamiltonian):
    return eigh(hamiltonian)


@_eigh.defjvp
def _no_second_derivative(primals, tangents):
    raise TypeError("a thermal trace can be differentiated once, but a second derivative was asked for")
