"""Gap, edges, masses and spin–orbit splitting of a model beside those of the bands."""

from typing import NamedTuple

import numpy as np

from ..electrons import Electrons
from ._bands import Bands
from ._character import labels, shares_of_bands, shares_of_model
from ._edges import HBAR2_OVER_MASS, Bloch, Edge, Levels, Line, Side, distance, edge, lines_at, on_mesh, triple
from ._target import Match

_GAP, _THERMAL = 0.1, 0.05
"""A gap may differ by a tenth, as those of first-principles methods do, or by 50 meV, two k_BT at room temperature"""
_MASS = 0.2
"""A mass or a splitting may differ by a fifth; a moment of few carriers differs by about as much"""
_ROUNDING = 1e-3
"""eV: an energy difference smaller than this makes no mass or splitting wrong"""
_PLACE = 0.1
"""An edge may lie beside that of the bands by this share of the radius of the zone, 0.11 1/Å in silicon"""
_VALLEY = 0.01
"""eV: places whose energy is within this of an edge are edges too"""
_OTHER = 0.5
"""of an edge is in other orbitals than in the bands: it has another character"""
_DRAWN = 0.25
"""A band with less than this share of the largest projection of its target is not surely the level"""
_SEPARATE = 0.05
"""eV: distance of the next level from which on the degeneracy of an edge is certain"""
_FOLD = {1: "nondegenerate", 2: "twofold", 3: "threefold", 4: "fourfold", 6: "sixfold"}


class Gap(NamedTuple):
    """The edges of a gap, None where they are not among the targets."""

    valence: Edge | None
    conduction: Edge | None

    @property
    def gap(self) -> float | None:
        """eV; negative if the bands overlap."""
        return None if self.valence is None or self.conduction is None else self.conduction.energy - self.valence.energy


class EdgeComparison(NamedTuple):
    """What a model and the bands have at their edges, on the k-points of the bands."""

    bands: Gap
    model: Gap
    """its masses, splittings, degeneracies and characters are those at the edges of the bands"""
    wrong: tuple[str, ...]
    """what differs by more than it may, in words: first gaps, places, degeneracies and characters"""
    serious: int
    """how many of these are wrong"""

    @property
    def another(self) -> bool:
        """Whether more is wrong than masses and splittings: the model is of another material."""
        return self.serious > 0

    @property
    def heading(self) -> str:
        """The first line of a report: what is wrong; empty if nothing is."""
        return f"WRONG: {'; '.join(self.wrong)}" if self.wrong else ""

    @property
    def table(self) -> list[str]:
        """All that was compared, as lines of text."""
        sides = [
            (name, getattr(self.bands, name), getattr(self.model, name))
            for name in Gap._fields
            if getattr(self.bands, name) is not None
        ]
        if not sides:
            return ["Gap and edges: not compared, as the levels beside the gap are not targets"]
        lines = [f"{'Gap, edges, masses':<34}{'bands':>28}  {'model':>28}"]
        if self.bands.gap is not None and self.model.gap is not None:
            lines.append(_row("gap, eV", f"{self.bands.gap:.3f}", f"{self.model.gap:.3f}"))
        for name, theirs, ours in sides:
            lines += _rows_of_edge(name, theirs, ours)
        return lines


class _Sampled(NamedTuple):
    """What the edges are taken from."""

    electrons: Electrons
    """with spin–orbit coupling only if the bands have it"""
    bloch: Bloch
    bare: Bloch
    """without spin–orbit coupling"""
    bands: Levels
    model: Levels
    mesh: tuple[np.ndarray, np.ndarray]
    """k-points and levels of the model between those of the bands"""
    masks: dict[str, np.ndarray]
    spin_orbit: bool


def compare(electrons: Electrons, bands: Bands, matched: Match, energies: np.ndarray, offset: float) -> EdgeComparison:
    """The comparison of bands with a model whose levels have the `energies` (K, n) at their k-points.

    Gap, energies and places are those of the lowest empty and highest filled sampled energies. The model is also
    searched on a 12×12×12 mesh, so that an edge beside the k-points of the bands does not pass unseen. Masses,
    degeneracies, characters and splittings of both are at the edges of the bands, masses from the same k-points.

    Args:
        electrons: the model, with spin–orbit coupling only if the bands have it.
        energies: eV, from the reference of the bands.
        offset: eV, of these energies from those of the model.
    """
    per_level = 1 if bands.spin_orbit else 2
    filled, size = electrons.filling // per_level, energies.shape[1]
    masks = labels(electrons, bands)
    theirs = _levels_of(bands, matched, size, masks)
    sides = {"valence": Side(filled - 1, -1), "conduction": Side(filled, +1)}
    present = {
        name: side
        for name, side in sides.items()
        if 0 <= side.first < size and np.any(np.isfinite(theirs.energies[:, side.first]))
    }
    empty: dict[str, Edge | None] = dict.fromkeys(Gap._fields)
    if not present:
        return EdgeComparison(Gap(None, None), Gap(None, None), (), 0)
    bloch = Bloch.of(electrons)
    bare = Bloch.of(electrons.without_spin_orbit()) if electrons.has_spin_orbit else bloch
    k, levels = on_mesh(bloch)
    ours, mesh = Levels(bands.k, energies, {}), (k, levels + offset)
    sampled = _Sampled(electrons, bloch, bare, theirs, ours, mesh, masks, bands.spin_orbit)
    found = {name: _at_edge(name, sampled, side) for name, side in present.items()}
    pair = (
        Gap(**empty | {name: each.bands for name, each in found.items()}),
        Gap(**empty | {name: each.model for name, each in found.items()}),
    )
    serious = [text for each in found.values() for text in each.serious]
    slight = [text for each in found.values() for text in each.slight]
    gaps = pair[0].gap, pair[1].gap
    if gaps[0] is not None and gaps[1] is not None and abs(gaps[1] - gaps[0]) > max(_GAP * abs(gaps[0]), _THERMAL):
        serious.insert(0, f"the gap is {gaps[1]:.3f} eV, of the bands {gaps[0]:.3f} eV")
    return EdgeComparison(pair[0], pair[1], (*serious, *slight), len(serious))


def _levels_of(bands: Bands, matched: Match, size: int, masks: dict[str, np.ndarray]) -> Levels:
    """The bands as levels of the model, NaN where none is matched or the match has little weight."""
    energies = np.full((len(bands), size), np.nan)
    share = matched.weights / (np.asarray(bands.weights) / np.mean(np.asarray(bands.weights)))[:, None]
    for _, part in matched.groups:
        drawn = share[:, part] >= _DRAWN * share[:, part].max()
        energies[:, matched.levels[part]] = np.where(drawn, matched.energies[:, part], np.nan)
    shares = {}
    for name, values in shares_of_bands(bands, list(masks))[0].items():
        shares[name] = np.full(energies.shape, np.nan)
        shares[name][:, matched.levels] = np.take_along_axis(values, matched.numbers, axis=1)
    return Levels(bands.k, energies, shares)


class _Compared(NamedTuple):
    """One edge of the bands and of the model, and sentences on their differences."""

    bands: Edge
    model: Edge
    serious: list[str]
    """places, degeneracies and characters"""
    slight: list[str]
    """masses and splittings"""


def _at_edge(name: str, sampled: _Sampled, side: Side) -> _Compared:
    electrons, theirs, ours = sampled.electrons, sampled.bands, sampled.model
    row, own = side.row(theirs), side.row(ours)
    lines = lines_at(electrons, theirs.k, row)
    group = side.group(theirs.energies[row])
    joined = 2 * _degeneracy_without_spin(sampled.bare, theirs.k[row], side) if sampled.spin_orbit else 0
    shares = {}
    if sampled.masks:
        parts = shares_of_model(sampled.bloch(theirs.k[[row]]), sampled.masks)
        shares = {label: np.broadcast_to(part, ours.energies.shape) for label, part in parts.items()}
    bands = edge(theirs, side, row, lines, group, joined)
    model = edge(Levels(ours.k, ours.energies, shares), side, row, lines, group, joined)
    serious = _misplaced(name, sampled, side, row)
    beyond = side.first + side.step * bands.degeneracy
    at = theirs.energies[row]
    clear = not 0 <= beyond < len(at) or abs(at[beyond] - at[side.first]) > _SEPARATE
    if clear and model.degeneracy != bands.degeneracy:
        serious.append(f"the {name} edge is {_fold(model)}, of the bands {_fold(bands)}")
    if shares and 0.5 * sum(abs(model.character[label] - bands.character[label]) for label in shares) > _OTHER:
        serious.append(f"the {name} edge is {_orbitals(model)}, of the bands {_orbitals(bands)}")
    slight = _wrong_masses(name, bands, model, lines)
    if bands.splitting is not None and model.splitting is not None:
        apart = abs(model.splitting - bands.splitting)
        if apart > max(_MASS * bands.splitting, _ROUNDING):
            slight.append(
                f"the spin–orbit splitting of the {name} edge is {model.splitting:.3f} eV, of the bands "
                f"{bands.splitting:.3f} eV"
            )
    placed = model._replace(energy=float(ours.energies[own, side.first]), k=triple(ours.k[own]))
    return _Compared(bands, placed, serious, slight)


def _misplaced(name: str, sampled: _Sampled, side: Side, row: int) -> list[str]:
    """A sentence if the edge of the model is at another k, or off the k-points of the bands."""
    electrons, theirs, ours = sampled.electrons, sampled.bands, sampled.model
    heights, others = side.step * theirs.energies[:, side.first], side.step * ours.energies[:, side.first]
    edges = theirs.k[heights <= heights[row] + _VALLEY]
    own = side.row(ours)
    radius = (abs(np.linalg.det(electrons.crystal.reciprocal)) * 3 / (4 * np.pi)) ** (1 / 3)
    steps = np.linalg.norm(np.diff(theirs.k, axis=0) @ electrons.crystal.reciprocal, axis=1)
    near = max(_PLACE * radius, 1.01 * float(np.median(steps))) if len(steps) else np.inf
    wrong = []
    if min(distance(electrons, ours.k[own], k) for k in edges) > near:
        wrong.append(f"the {name} edge is at k = {_place(ours.k[own])}, of the bands at {_place(theirs.k[row])}")
    k, levels = sampled.mesh
    beside = side.step * levels[:, side.first]
    deepest = int(np.argmin(beside))
    if beside[deepest] < others[own] - _THERMAL and min(distance(electrons, k[deepest], q) for q in edges) > near:
        depth = others[own] - beside[deepest]
        wrong.append(
            f"the {name} edge of the model is {depth:.3f} eV beyond that of its sampled k-points, at k = "
            f"{_place(k[deepest])}, where there are no bands to compare"
        )
    return wrong


def _wrong_masses(name: str, bands: Edge, model: Edge, lines: dict[str, Line]) -> list[str]:
    """A sentence with the mass that differs most from that of the bands, if any differs by too much."""
    worst, text = 0.0, []
    for direction, line in lines.items():
        step = max(abs(step) for step in line.steps)
        for mass, other in zip(bands.masses[direction], model.masses[direction], strict=True):
            slopes = 1 / mass, 1 / other
            apart = abs(slopes[1] - slopes[0])
            ratio = np.inf if slopes[0] * slopes[1] <= 0 else abs(np.log(slopes[1] / slopes[0]))
            meaningful = 0.5 * HBAR2_OVER_MASS * step**2 * apart > _ROUNDING
            if meaningful and apart > _MASS * abs(slopes[0]) and ratio > worst:
                worst = ratio
                text = [f"a mass of the {name} edge along {direction} is {other:.3g}, of the bands {mass:.3g}"]
    return text


def _degeneracy_without_spin(bare: Bloch, k: np.ndarray, side: Side) -> int:
    return len(Side(side.first // 2, side.step).group(np.linalg.eigvalsh(bare(k[None]))[0]))


def _rows_of_edge(name: str, bands: Edge, model: Edge) -> list[str]:
    rows = [
        _row(f"{name} edge, eV", f"{bands.energy:.3f}", f"{model.energy:.3f}"),
        _row("  at k", _place(bands.k), _place(model.k)),
        _row("  levels", _fold(bands), _fold(model)),
    ]
    if bands.character:
        rows.append(_row("  mostly", _orbitals(bands), _orbitals(model)))
    for direction, masses in bands.masses.items():
        both = (
            ", ".join(dict.fromkeys(f"{mass:.3g}" for mass in values)) for values in (masses, model.masses[direction])
        )
        rows.append(_row(f"  m*/m_e along {direction}", *both))
    if bands.splitting is not None and model.splitting is not None:
        rows.append(_row("  spin–orbit splitting, eV", f"{bands.splitting:.3f}", f"{model.splitting:.3f}"))
    return rows


def _row(what: str, bands: str, model: str) -> str:
    return f"  {what:<32}{bands:>28}  {model:>28}"


def _fold(edge: Edge) -> str:
    return _FOLD.get(edge.degeneracy, f"{edge.degeneracy}-fold")


def _orbitals(edge: Edge) -> str:
    label = max(edge.character, key=lambda label: edge.character[label])
    return f"{label} {edge.character[label]:.0%}"


def _place(k) -> str:
    return ", ".join(f"{x:.3g}" for x in np.round(np.asarray(k), 6) + 0.0)
