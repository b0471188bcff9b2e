"""Starts of a search for parameters."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
import scipy.constants as const

from .._types import Array, Float
from ..crystal import bonds
from ..electrons import Electrons
from ._levels import Levels
from ._space import Space

_ETA = {
    "ss": (-1.32,),
    "sp": (1.42,),
    "pp": (2.22, -0.63),
    "sd": (-3.16,),
    "pd": (-2.95, 1.36),
    "dd": (-16.2, 8.75, 0.0),
}
"""Harrison's universal coefficients of ħ²/(m d²) for σ, π, δ: Electronic Structure and the Properties of Solids
(Dover 1989), Solid State Table; with a d shell r_d enters, ħ² r_d^(3/2)/(m d^(7/2)) and ħ² r_d³/(m d⁵)."""
_D_RADIUS = 1.2
"""Å, for all elements, since the starts are spread over a factor of two"""
_SPREAD = 0.5
_NOISE = 0.5
"""eV"""
_MOMENT_STEPS = 40


def starting_points(draw: str, count: int, electrons: Electrons, space: Space, seed: int) -> Float[np.ndarray, "S F"]:
    """Starting values of the free parameters, `count` of them, in x of the space.

    - `uniform`: anywhere within the bounds.
    - `harrison`: integrals by Harrison's rule, each times exp(`_SPREAD`·z) with a standard normal z; on-site energies
      anywhere within the bounds.
    - `noise`: the model's own values, then these plus noise of 0.5 eV, as in the paper.
    """
    random = np.random.default_rng(seed)
    centre, half = np.asarray(space.centre), np.asarray(space.half)
    y = centre + half * random.uniform(-1, 1, (count, len(space.free)))
    if draw == "harrison":
        rule = harrison(electrons)
        for column, name in enumerate(space.free):
            if name in rule:
                y[:, column] = rule[name] * np.exp(_SPREAD * random.normal(size=count))
    if draw == "noise":
        own = {name: float(value) for name, value in electrons.parameters.items()}
        noise = _NOISE * random.normal(size=y.shape)
        noise[0] = 0.0
        y = np.array([own.get(name, 0.0) for name in space.free]) + noise
    return np.asarray(space.outside(jnp.asarray(y)))


def harrison(electrons: Electrons) -> dict[str, float]:
    """Two-centre integrals (eV) of the model by Harrison's rule, as a first guess; zero for f shells."""
    shells, hoppings = electrons.specification
    by_name = {shell.name: shell for shell in shells}
    scale = const.hbar**2 / const.m_e / const.e * 1e20
    values = {}
    for hopping in hoppings:
        first, second = hopping.ordered(by_name)
        distance = float(
            np.linalg.norm(bonds(electrons.crystal, first.species, second.species, hopping.shell).vector[0])
        )
        letters = first.orbital[-1] + second.orbital[-1]
        powers = letters.count("d")
        reach = (_D_RADIUS / distance) ** (1.5 * powers)
        for name, eta in zip(hopping.parameters(by_name), (*_ETA.get(letters, ()), 0.0, 0.0, 0.0, 0.0), strict=False):
            values[name] = eta * scale * reach / distance**2
    return values


@eqx.filter_jit
def onto_moments(levels: Levels, space: Space, energies, x: Float[Array, "S F"]) -> Float[Array, "S F"]:
    """Each start moved to where the first two moments of the levels at every k are those of the bands.

    Σ_n E_n = Tr H is linear and Σ_n E_n² = Tr H² quadratic in θ (Cyrot-Lackmann, J. Phys. Chem. Solids 29, 1235
    (1968)), for any order of the levels: without diagonalisation and with few local minima. `energies` (K, n) are of
    all levels, at k-points so few that the matrix elements are kept.
    """
    diagonal, upper = levels.elements  # pyright: ignore[reportGeneralTypeIssues]
    trace = jnp.sum(diagonal, axis=1)
    square = jnp.einsum("kap,kaq->kpq", diagonal, diagonal)
    square = square + 2 * jnp.einsum("kxp,kxq->kpq", jnp.conj(upper), upper).real
    first, second = jnp.sum(energies, axis=1), jnp.sum(energies**2, axis=1)
    scale = 2 * jnp.sqrt(jnp.mean(energies**2))
    solver = optx.LevenbergMarquardt(rtol=1e-4, atol=1e-4)

    def residual(x, _):
        values = space.values(x)
        return trace @ values - first, (jnp.einsum("kpq,p,q->k", square, values, values) - second) / scale

    def move(x):
        return optx.least_squares(residual, solver, x, max_steps=_MOMENT_STEPS, throw=False).value

    return jax.vmap(move)(x)
