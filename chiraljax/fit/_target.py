"""Which levels of the model correspond to which bands, and the weight of each."""

import dataclasses
import itertools
from collections.abc import Sequence

import equinox as eqx
import numpy as np

from .._checks import check_positive
from .._door import door
from .._errors import check
from .._module import Module
from .._types import Float, Int
from ..electrons import Electrons
from ._bands import Bands

_CLEAN = 0.25
"""A group is not entangled if no projection on the model's orbitals is below this share of the largest one in it. (A
share of the sum is no measure: projections on overlapping spheres do not add to 1.)"""
_GAP = 0.5
"""eV"""
_EDGE_WEIGHT = 3.0
"""Default weight of the target with the conduction edge, which gives the moment"""


class Target(Module):
    """Levels of the model and the bands to which they are fitted.

    The bands are those of a range and of an energy window. If these are more than the levels, the bands with the
    largest projection at each k are taken. Levels and bands are matched in ascending order, so the order in a
    degenerate group does not matter.

    Args:
        levels: half-open range, from 0; of spin-orbitals if the bands have spin–orbit coupling, else of orbitals.
        bands: half-open range, from 0; all unless given.
        window: lowest and highest energy, eV from the reference of the bands.
        projection: a species, shell, group or orbital, such as `"Ta.d.eg"`; the weight of each energy is proportional
            to it.
        weight: of the target's mean square in the loss.
        edge: eV from the reference of the bands; energies E near it count
            1 + `edge_weight`·exp(−(E − edge)²/`edge_width`²) times.
        edge_weight: zero or positive.
        edge_width: eV, positive.

    Raises:
        InputError: for a weight or a width that is not positive.
    """

    name: str = eqx.field(static=True)
    levels: tuple[int, int] = eqx.field(static=True)
    bands: tuple[int, int] | None = eqx.field(static=True, default=None)
    window: tuple[float, float] | None = eqx.field(static=True, default=None)
    projection: str | None = eqx.field(static=True, default=None)
    weight: float = eqx.field(static=True, default=1.0)
    edge: float | None = eqx.field(static=True, default=None)
    edge_weight: float = eqx.field(static=True, default=0.0)
    edge_width: float = eqx.field(static=True, default=0.5)

    def __check_init__(self) -> None:
        for name in ("weight", "edge_width"):
            check_positive(name, getattr(self, name))
        check_positive("edge_weight", self.edge_weight, zero=True)


class Match(Module):
    """Energies and weights of the levels of all targets."""

    levels: Int[np.ndarray, " m"]
    """indices of levels"""
    energies: Float[np.ndarray, "K m"]
    """eV"""
    weights: Float[np.ndarray, "K m"]
    """of each energy in the root mean square of its target: projection times weight of the k-point"""
    loss: Float[np.ndarray, "K m"]
    """factors of the squared residuals in the loss"""
    numbers: Int[np.ndarray, "K m"]
    """indices of bands"""
    ends: tuple[tuple[str, int, int], ...] = eqx.field(static=True)
    """name, first column and end of each target"""

    @property
    def groups(self) -> tuple[tuple[str, slice], ...]:
        """Name and columns of each target."""
        return tuple((name, slice(start, end)) for name, start, end in self.ends)

    def at(self, rows: np.ndarray) -> "Match":
        """The same at some of the k-points."""
        return Match(
            self.levels, self.energies[rows], self.weights[rows], self.loss[rows], self.numbers[rows], self.ends
        )


def rms_by_target(matched: Match, residuals: Float[np.ndarray, "K m"]) -> dict[str, float]:
    """√(Σ w r²/Σ w) of each target, eV."""
    return {
        name: float(np.sqrt((matched.weights * residuals**2)[:, part].sum() / matched.weights[:, part].sum()))
        for name, part in matched.groups
    }


@door
def default_targets(electrons: Electrons, bands: Bands, edge_weight: float = 0.0) -> list[Target]:
    """One target for each group of levels that is separated from the others by more than 0.5 eV at every k.

    The filled levels correspond to the highest filled bands, the others to the next bands in order. A group is
    entangled with other states if its projection on the model's orbitals is somewhere less than a quarter of the
    largest; it is weighted by the projection on its dominant orbitals. The group of the conduction edge counts three
    times, and in it energies near the edge 1 + `edge_weight` times.

    Raises:
        InputError: for bands that do not say which are filled, are too few, or have projections but none on the model's
            orbitals.
    """
    per_band = 1 if bands.spin_orbit else 2
    size, filled = electrons.size // per_band, electrons.filling // per_band
    count = bands.energies.shape[1]
    if count == size and bands.filled is None:
        first = 0
    else:
        check(
            bands.filled is not None,
            "targets",
            f"must be given for {count} bands that do not say how many are filled; the model has {size} levels",
        )
        first = bands.filled - filled  # pyright: ignore[reportOptionalOperand]
    check(
        first >= 0 and first + size <= count,
        "bands",
        f"must hold {filled} filled and {size - filled} empty ones for the model, but of {count} "
        f"{bands.filled} are filled",
    )
    chosen = bands.energies[:, first : first + size]
    breaks = [i for i in range(1, size) if (chosen[:, i] - chosen[:, i - 1]).min() > _GAP]
    if 0 < filled < size and filled not in breaks:
        breaks = sorted([*breaks, filled])
    targets = []
    for start, end in zip([0, *breaks], [*breaks, size], strict=True):
        label, clean = _character(electrons, bands, first + start, first + end)
        at_edge = start == filled
        lowest = float(bands.energies[:, first + start].min()) - (bands.reference or 0.0)
        targets.append(
            Target(
                label or (f"levels {start}–{end - 1}"),
                (start, end),
                (first + start, first + end),
                projection=None if clean else label,
                weight=_EDGE_WEIGHT if at_edge else 1.0,
                edge=lowest if at_edge and edge_weight else None,
                edge_weight=edge_weight if at_edge else 0.0,
            )
        )
    return targets


def held_targets(electrons: Electrons, bands: Bands, targets: Sequence[Target], weight: float) -> list[Target]:
    """The same default `targets`, in which energies near both edges of the gap count 1 + `weight` times."""
    filled = electrons.filling // (1 if bands.spin_orbit else 2)
    held = []
    for target in targets:
        low, high = target.bands or (0, bands.energies.shape[1])
        energies = bands.energies[:, low:high] - (bands.reference or 0.0)
        edge = None
        if target.levels[1] == filled:
            edge = float(energies[:, -1].max())
        elif target.levels[0] == filled:
            edge = float(energies[:, 0].min())
        held.append(target if edge is None else dataclasses.replace(target, edge=edge, edge_weight=weight))
    return held


def match(electrons: Electrons, bands: Bands, targets: Sequence[Target]) -> Match:
    """Energies and weights of the levels of all `targets`.

    Raises `InputError` for ranges outside the model or the bands, an empty window, levels named twice, and projections
    or orbitals that do not exist.
    """
    check(targets, "targets", "must not be empty, but is")
    size = electrons.size if bands.spin_orbit else electrons.size // 2
    columns, parts, groups = [], [], []
    k_weights, zero = np.asarray(bands.weights), bands.reference or 0.0
    for target in targets:
        start, end = target.levels
        check(
            0 <= start < end <= size,
            f"targets.{target.name}.levels",
            f"must be a range within 0 to {size}, but got {target.levels}",
        )
        _check_orbitals(electrons, target)
        numbers = _bands_of(bands, target)
        energies = np.take_along_axis(bands.energies, numbers, axis=1) - zero
        share = np.ones_like(energies)
        if target.projection is not None:
            share = np.take_along_axis(bands.projection(target.projection), numbers, axis=1)
            check(
                share.max() > 0,
                f"targets.{target.name}.projection",
                f"must not vanish everywhere, but that on {target.projection} does",
            )
            share = share / share.max()
        share = share * (k_weights / k_weights.mean())[:, None]
        factor = share * target.weight / share.size
        if target.edge is not None:
            factor = factor * (1 + target.edge_weight * np.exp(-(((energies - target.edge) / target.edge_width) ** 2)))
        groups.append((_told_apart(target.name, groups), len(columns), len(columns) + end - start))
        columns += range(start, end)
        parts.append((energies, share, factor, numbers))
    check(len(set(columns)) == len(columns), "targets", "must not name a level twice, but do")
    energies, weights, loss, chosen = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Match(np.array(columns), energies, weights, loss, chosen, tuple(groups))


def _told_apart(name: str, groups: list[tuple[str, int, int]]) -> str:
    """The name, with a number if a target before has it."""
    known = {each for each, _, _ in groups}
    others = (f"{name} ({number})" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], others) if each not in known)


def _bands_of(bands: Bands, target: Target) -> np.ndarray:
    """Indices (K, m) of the bands of a target."""
    count, needed = bands.energies.shape[1], target.levels[1] - target.levels[0]
    field = f"targets.{target.name}.bands"
    low, high = target.bands or (0, count)
    check(0 <= low < high <= count, field, f"must be a range within 0 to {count}, but got {target.bands}")
    inside = np.zeros(bands.energies.shape, dtype=bool)
    inside[:, low:high] = True
    if target.window is not None:
        energies = bands.energies - (bands.reference or 0.0)
        inside &= (energies >= target.window[0]) & (energies <= target.window[1])
    fewest = int(inside.sum(axis=1).min())
    check(
        fewest >= needed,
        field,
        f"must be at least as many as its {needed} levels, but at k-point "
        f"{int(inside.sum(axis=1).argmin())} there are {fewest}",
    )
    if np.all(inside.sum(axis=1) == needed):
        return np.nonzero(inside)[1].reshape(len(bands), needed)
    check(
        target.projection is not None,
        field,
        f"must be its {needed} at every k-point, or a projection must choose among them",
    )
    share = np.where(inside, bands.projection(target.projection or ""), -1.0)
    return np.sort(np.argsort(-share, axis=1, kind="stable")[:, :needed], axis=1)


def _check_orbitals(electrons: Electrons, target: Target) -> None:
    """Raise `InputError` if the model has no orbital that the target's projection is on."""
    if target.projection is None:
        return
    species, *shell = target.projection.split(".")
    orbitals = {
        (electrons.crystal.species[site].rstrip("0123456789"), name.split(".")[1][-1])
        for site, name, _ in electrons.orbitals
    }
    check(
        any(species == symbol and (not shell or shell[0][-1] == letter) for symbol, letter in orbitals),
        f"targets.{target.name}.projection",
        "must be on orbitals of the model ("
        f"{', '.join(sorted('.'.join(pair) for pair in orbitals))}), but got {target.projection!r}",
    )


def _character(electrons: Electrons, bands: Bands, start: int, end: int) -> tuple[str | None, bool]:
    """The orbitals of the model that dominate a range of bands, and whether the bands are not entangled."""
    if not bands.projections:
        return None, True
    groups = {}
    for shell in electrons.shells:
        name = f"{shell.species.rstrip('0123456789')}.{shell.orbital[-1]}"
        for label in [f"{name}.{group}" for group in shell.groups] + [name]:
            try:
                groups[label] = bands.projection(label)[:, start:end]
            except ValueError:
                continue
    shells = {label: values for label, values in groups.items() if label.count(".") == 1}
    check(
        shells,
        "bands",
        f"must have projections on orbitals of the model, but have them on {', '.join(bands.projections)}",
    )
    inside = np.sum(list(shells.values()), axis=0)
    clean = bool(inside.min() >= _CLEAN * inside.max())
    largest = max(shells, key=lambda label: shells[label].sum())
    parts = {label: values.sum() for label, values in groups.items() if label.startswith(f"{largest}.")}
    if parts and max(parts.values()) > 0.9 * shells[largest].sum():
        largest = max(parts, key=lambda label: parts[label])
    return largest, clean
