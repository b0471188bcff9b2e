"""Pulses that the times cut: begun before the first, or not over at the last."""

import math
from collections.abc import Iterable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._tracing import concrete, is_traced
from .._types import ArrayLike
from .._warnings import warn
from ..pulse import AbstractPulse
from ._adaptive import AdaptiveSteps
from ._base import AbstractModes

_NEGLIGIBLE = 1e-3
"""of the peak field, and of the largest motion"""
_SAMPLES = 512
_ROUNDED = 100
"""per ps, of times in messages"""
_WINDOW, _PER_PS = (0.0, 10.0), 20
"""ps and 1/ps, of the default times"""
_AFTER = 5.0
"""ps after a late pulse; L, which decays as exp(−ηt), is then 4 % of itself with η = 0.64 rad/ps of KTaO₃"""


def default_times(pulses: Iterable[AbstractPulse]) -> Float[np.ndarray, " T"]:
    """Times (T,) in ps, 0.05 ps apart, that cut none of the `pulses`: from 0 to 10, or further as they need.

    Where a field exceeds 10⁻³ of its peak before 0, they begin with the support of the pulse. Where it does after 10
    ps, they end 5 ps after it last does.
    """
    start, end = _WINDOW
    for pulse in pulses:
        begin, over = extent(pulse) or _WINDOW
        if begin < _WINDOW[0]:
            start = min(start, math.floor(float(pulse.support[0]) * _PER_PS) / _PER_PS)
        if over > _WINDOW[1]:
            end = max(end, math.ceil((over + _AFTER) * _PER_PS) / _PER_PS)
    return np.linspace(start, end, round((end - start) * _PER_PS) + 1)


def extent(pulse: AbstractPulse) -> tuple[float, float] | None:
    """First and last time in ps of more than 10⁻³ of the peak field, with a node to either side.

    None without a field, and while the pulse is traced.
    """
    if is_traced(pulse):
        return None
    nodes, sizes = map(concrete, _sizes(_constant(pulse)))
    if nodes is None or sizes is None:
        return None
    order = np.argsort(nodes)
    strong = np.flatnonzero(sizes[order] > _NEGLIGIBLE * sizes.max())
    if not strong.size:
        return None
    first, last = max(strong[0] - 1, 0), min(strong[-1] + 1, len(nodes) - 1)
    return float(nodes[order[first]]), float(nodes[order[last]])


def cut_at_first(phonon: AbstractModes, pulse: AbstractPulse, times: ArrayLike) -> str | None:
    """What is wrong with `times` (T,) in ps if the `pulse` has moved the `phonon` before the first; else None.

    That is more than 10⁻³ of the peak field, and a motion from rest at the start of the support that has reached 10⁻³
    of its largest by then. A traced pulse, phonon or time is not judged.
    """
    instants, within = concrete(times), extent(pulse)
    if instants is None or within is None or within[0] >= instants[0] or is_traced(phonon):
        return None
    begin, first = math.floor(within[0] * _ROUNDED) / _ROUNDED, float(instants[0])
    missed = _missed(_constant(phonon), _constant(pulse), first)
    if missed is None or not missed > _NEGLIGIBLE:
        return None
    return (
        f"must begin at {begin:.12g} ps or before, as the pulse does, but begin at {first:.12g} ps, when it has made"
        f" {100 * missed:.2g} % of the largest motion"
    )


def check_first(phonon: AbstractModes, pulse: AbstractPulse, times: ArrayLike) -> None:
    """Raise `InputError`, naming the time to begin with, where `cut_at_first` finds something."""
    message = cut_at_first(phonon, pulse, times)
    if message is not None:
        raise InputError("times", message)


def warn_of_last(pulse: AbstractPulse, times: ArrayLike, values: ArrayLike, name: str) -> None:
    """Warn if |`values`| (T, ...) are largest and rising at the last of `times` (T,) in ps, before the pulse is over.

    Args:
        name: of the values.
    """
    instants, numbers = concrete(times), concrete(values)
    if instants is None or numbers is None or instants.size < 2:
        return
    sizes = np.abs(numbers).reshape(len(numbers), -1).max(axis=1)
    within = extent(pulse) if sizes[-1] > sizes[:-1].max() else None
    if within is not None and within[1] > instants[-1]:
        warn(
            f"|{name}| still rises at the last time, {instants[-1]:.12g} ps, and the pulse is not over; times until"
            f" {math.ceil(within[1] * _ROUNDED) / _ROUNDED:.12g} ps hold its peak",
        )


@eqx.filter_jit
def _sizes(pulse: AbstractPulse) -> tuple[Float[Array, " nodes"], Float[Array, " nodes"]]:
    """Nodes in ps, not in order, and |E| there in MV/cm."""
    nodes = pulse.quadrature[0]
    return nodes, jnp.linalg.norm(pulse(nodes), axis=-1)


def _missed(phonon: AbstractModes, pulse: AbstractPulse, first: float) -> float | None:
    """(q̇² + ω₀²q²)^½ at the time `first` in ps, over its largest until the pulse is over, of the largest mode."""
    begin, end = (concrete(edge) for edge in pulse.support)
    omega = phonon.oscillators.angular_frequency
    if begin is None or end is None or begin >= first:
        return None
    instants = np.unique(np.append(np.linspace(begin, max(float(end), first), _SAMPLES), first))
    rest = jnp.zeros(omega.shape)
    motion = AdaptiveSteps().motion(phonon, pulse, jnp.asarray(instants), (rest, rest))
    sizes = concrete(jnp.hypot(motion.velocity, omega * motion.q).max(axis=-1))
    if sizes is None or not np.all(np.isfinite(sizes)) or not sizes.max() > 0:
        return None
    return float(sizes[np.searchsorted(instants, first)] / sizes.max())


def _constant(tree: Any) -> Any:
    """`tree` without its derivatives."""
    return jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if eqx.is_array(leaf) else leaf, tree)
