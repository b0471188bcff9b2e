"""The coordinates of the search for a pulse."""

from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import check, within
from .._parameter import parameters_of
from ..pulse import AbstractPulse, GaussianPulse, SumPulse
from ._meter import FieldMeter
from ._search import Search

_LINEAR = ("amplitudes", "field")
_EDGE = 0.98
"""Largest distance of a start from the centre of the bounds, in half-widths: on a bound a sine has no slope"""
_REGULAR = 1e-4
"""Eigenvalues of the overlaps of modes below this fraction of the largest are not scaled up further"""
_TAIL = 16.0
"""Reach of a Gaussian in durations: the longest of a search has four, and |E|² < 10⁻⁶ of its peak at four of its own"""


class Coordinate(NamedTuple):
    """One free array of a pulse."""

    name: str
    leaf: int
    shape: tuple[int, ...]
    bounds: tuple[float, float] | None
    """None if it may take any value"""


class PulseSpace(eqx.Module):
    """From a vector of free numbers to the shape of a pulse, and back.

    A bounded parameter is centre + half-width·sin x. Amplitudes and samples are S^(−½) x with the overlaps
    S = ∫φ_kφ_l dt of the fields that they multiply: |x|² is the fluence, so all directions are equal for the optimiser.
    The strength of the whole pulse is not among the numbers.
    """

    template: AbstractPulse
    coordinates: tuple[Coordinate, ...] = eqx.field(static=True)
    roots: tuple[Float[Array, "m m"] | None, ...]
    """S^(−½) of each coordinate, the same for both components of the field; None if the field is not linear in it"""

    def __init__(self, pulse: AbstractPulse, meter: FieldMeter, times: Float[Array, " T"], search: Search) -> None:
        """Raises `InputError` for names in `search` that are not free parameters of `pulse`."""
        self.template = pulse
        coordinates = list(_coordinates(pulse, np.asarray(times)))
        with within("search"):
            _check_names(search, {coordinate.name for coordinate in coordinates})
        self.coordinates = tuple(
            coordinate._replace(bounds=search.bounds.get(coordinate.name, coordinate.bounds))
            for coordinate in coordinates
            if coordinate.name not in search.fixed
        )
        self.roots = tuple(
            _whitening(pulse, coordinate.leaf, coordinate.shape, meter) if coordinate.name in _LINEAR else None
            for coordinate in self.coordinates
        )

    @property
    def size(self) -> int:
        """The number of coordinates, n."""
        return sum(int(np.prod(coordinate.shape)) for coordinate in self.coordinates)

    def pulse(self, x: Float[Array, " n"]) -> AbstractPulse:
        """The pulse at `x` (n,), of any strength."""
        leaves, structure = jax.tree.flatten(self.template)
        ends = np.cumsum([int(np.prod(coordinate.shape)) for coordinate in self.coordinates])
        for coordinate, root, part in zip(self.coordinates, self.roots, jnp.split(x, ends[:-1]), strict=True):
            value = part.reshape(coordinate.shape)
            if root is not None:
                value = _by_component(root, value)
            elif coordinate.bounds is not None:
                low, high = coordinate.bounds
                value = (low + high) / 2 + (high - low) / 2 * jnp.sin(value)
            leaves[coordinate.leaf] = value
        return jax.tree.unflatten(structure, leaves)

    def of_template(self) -> Float[np.ndarray, " n"]:
        """The coordinates of the pulse that the search begins with; a value on a bound is moved inside."""
        leaves = [np.asarray(leaf, dtype=float) for leaf in jax.tree.leaves(self.template)]
        parts = []
        for (name, leaf, _, bounds), root in zip(self.coordinates, self.roots, strict=True):
            value = leaves[leaf]
            if root is not None:
                value = np.asarray(_by_component(jnp.linalg.inv(root), jnp.asarray(value)))
            elif bounds is not None:
                low, high = bounds
                check(
                    np.all((value >= low) & (value <= high)),
                    "pulse",
                    f"must begin within the bounds of {name}, {low:g} to {high:g}, but has {value.tolist()}",
                )
                value = np.arcsin(np.clip((2 * value - low - high) / (high - low), -_EDGE, _EDGE))
            parts.append(value.ravel())
        return np.concatenate(parts)

    def random(self, generator: np.random.Generator) -> Float[np.ndarray, " n"]:
        """Random coordinates: normal amplitudes, other parameters uniform within their bounds (angles within ±π)."""
        parts = []
        for name, _, shape, bounds in self.coordinates:
            size = int(np.prod(shape))
            if name in _LINEAR:
                parts.append(generator.normal(size=size))
            elif bounds is None:
                parts.append(generator.uniform(-np.pi, np.pi, size))
            else:
                parts.append(np.arcsin(generator.uniform(-_EDGE, _EDGE, size)))
        return np.concatenate(parts)


def _check_names(search: Search, free: set[str]) -> None:
    for field, names in (("fixed", search.fixed), ("bounds", search.bounds)):
        wrong = [name for name in names if name not in free]
        check(not wrong, field, f"must name free parameters among {sorted(free)}, but got {wrong}")
    for name in search.bounds:
        check(name not in _LINEAR, "bounds", f"must not hold {name}, which the constraints limit")
    check(free - set(search.fixed), "fixed", f"must leave some of {sorted(free)} free, but leaves none")


def _by_component(matrix: Float[Array, "m m"], value: Array) -> Array:
    """`matrix` applied to amplitudes (modes, component, re/im) or samples (times, component), for each component."""
    columns = jnp.moveaxis(value, 1, -1).reshape(-1, 2)
    return jnp.moveaxis((matrix @ columns).reshape(*np.delete(value.shape, 1), 2), -1, 1)


@eqx.filter_jit
def _whitening(pulse: AbstractPulse, leaf: int, shape: tuple[int, ...], meter: FieldMeter) -> Float[Array, "m m"]:
    leaves, structure = jax.tree.flatten(pulse)
    size = int(np.prod(shape)) // 2

    def along_x(unit: Float[Array, " m"]) -> Float[Array, " N"]:
        columns = jnp.stack([unit, jnp.zeros_like(unit)], axis=-1)
        changed = jnp.moveaxis(columns.reshape(*np.delete(shape, 1), 2), -1, 1)
        single = jax.tree.unflatten(structure, [*leaves[:leaf], changed, *leaves[leaf + 1 :]])
        return single(meter.times)[:, 0]

    others = along_x(jnp.zeros(size))
    fields = jax.lax.map(along_x, jnp.eye(size), batch_size=16) - others
    values, vectors = jnp.linalg.eigh((fields * meter.weights) @ fields.T)
    return (vectors / jnp.sqrt(values + _REGULAR * values[-1])) @ vectors.T


def _coordinates(pulse: AbstractPulse, times: Float[np.ndarray, " T"]) -> Iterator[Coordinate]:
    """The parameters of `pulse` that can be free, leaf by leaf of its tree."""
    terms, leaf = _terms(pulse), 0
    for term in terms:
        bounds = _gaussian_bounds(term, times) if isinstance(term, GaussianPulse) else _declared_bounds(term)
        if len(terms) == 1:
            bounds.pop("peak_field", None)
        elif isinstance(term, GaussianPulse):
            check(
                float(term.peak_field) > 0,
                "pulse",
                "must have a positive peak_field in each Gaussian of a sum, which is sought up to twice"
                " of it, but one is zero",
            )
        for path, value in jax.tree_util.tree_leaves_with_path(term):
            name = jax.tree_util.keystr(path[-1:]).strip(".")
            if name in _LINEAR or name in bounds:
                yield Coordinate(name, leaf, value.shape, bounds.get(name))
            leaf += 1


def compact_support(pulse: AbstractPulse) -> tuple[float, float] | None:
    """Start and end in ps of every pulse of the family of `pulse`; None if a search moves them."""
    if any(isinstance(term, GaussianPulse) for term in _terms(pulse)):
        return None
    return float(pulse.support[0]), float(pulse.support[1])


def widest_support(pulse: AbstractPulse, times: Float[Array, " T"]) -> tuple[float, float]:
    """Start and end in ps of all pulses that a search from `pulse` can reach; Gaussians reach `_TAIL` durations."""
    edges = []
    for term in _terms(pulse):
        reach = _TAIL * float(term.duration) if isinstance(term, GaussianPulse) else 0.0
        start, end = (float(times[0]), float(times[-1])) if reach else (float(edge) for edge in term.support)
        edges.append((start - reach, end + reach))
    starts, ends = zip(*edges, strict=True)
    return min(starts), max(ends)


def _terms(pulse: AbstractPulse) -> tuple[AbstractPulse, ...]:
    return pulse.pulses if isinstance(pulse, SumPulse) else (pulse,)


def _declared_bounds(pulse: AbstractPulse) -> dict[str, tuple[float, float] | None]:
    """The ranges of parameters that have two finite ends."""
    ranges = {name: (parameter.low, parameter.high) for name, parameter in parameters_of(pulse).items()}
    return {name: bounds for name, bounds in ranges.items() if np.isfinite(bounds).all()}


def _gaussian_bounds(pulse: GaussianPulse, times: Float[np.ndarray, " T"]) -> dict[str, tuple[float, float] | None]:
    """Bounds of a Gaussian: half to twice its frequency, a quarter to four times its duration, and others."""
    frequency, duration = float(pulse.frequency), float(pulse.duration)
    steepest = max(frequency / (4 * duration), 2 * abs(float(pulse.chirp)))
    return {
        "peak_field": (0.0, 2 * float(pulse.peak_field)),
        "frequency": (frequency / 2, 2 * frequency),
        "duration": (duration / 4, 4 * duration),
        "center": (float(times[0]), float(times[-1])),
        "ellipticity": (-1.0, 1.0),
        "phase": None,
        "chirp": (-steepest, steepest),
        "angle": None,
    }
