"""Exchanges of atoms that change no energy, as of anions and cations in rocksalt."""

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..electrons import Electrons
from ._character import Characters
from ._edges import Bloch
from ._signs import nearest_signs
from ._space import Space

_SAME = 1e-9
"""eV, roundoff of eigenvalues of some 10 eV"""
_CLEAR = 0.05
"""Difference of the misfits above which projections decide: those onto other spheres differ by as much"""
_K = np.random.default_rng(0).uniform(size=(3, 3))


class Exchange(NamedTuple):
    """Shells that can change places without a change of any energy."""

    pairs: tuple[tuple[str, str], ...]
    """each shell and the one whose place it takes, such as `("Te.5p", "Pb.6p")`"""
    misfits: tuple[float, float] | None
    """mean share of a level in other shells than the projections say, as kept and exchanged; None without them"""

    @property
    def decided(self) -> bool:
        """Whether projections tell the two apart."""
        return self.misfits is not None and self.misfits[1] > self.misfits[0] + _CLEAR

    def __str__(self) -> str:
        moved = " and ".join(f"{first} for {second}" for first, second in self.pairs)
        if self.misfits is None:
            return f"{moved}: kept nearest to the model given; projections of the bands would decide"
        shares = (
            f"{self.misfits[0]:.0%} of the levels in other shells than in the bands, exchanged {self.misfits[1]:.0%}"
        )
        why = "decided by" if self.decided else "kept nearest to the model given, not decided by"
        return f"{moved}: {why} the projections ({shares})"


def site_exchanges(electrons: Electrons, space: Space) -> list[dict[str, str]]:
    """All exchanges of atoms, with their shells, that change no energy at any k: the new name of each parameter.

    Candidates map each species onto one with as many sites and with shells of the same l and crystal field, and the
    hoppings onto each other; those are kept whose levels agree at random k-points and parameters. They form a group, of
    which the identity is left out. Only parameters may be moved that are free, without ties and priors, between the
    same bounds.
    """
    found = []
    loose = _loose(space)
    for renamed in _candidates(electrons):
        moved = {name for name, other in renamed.items() if name != other}
        alike = all(name in loose and loose[name] == loose.get(renamed[name]) for name in moved)
        if moved and alike and _keeps_energies(electrons, renamed):
            found.append(renamed)
    return found


def nearest_exchange(
    values: np.ndarray,
    names: tuple[str, ...],
    found: list[dict[str, str]],
    signs: list[tuple[str, ...]],
    to: np.ndarray,
    electrons: Electrons,
    characters: Characters | None,
) -> tuple[np.ndarray, tuple[Exchange, ...]]:
    """`values` (P,) after the exchange that the projections of the bands decide for, else nearest `to`.

    The signs of each are those of the `signs` nearest `to`. Also what could be exchanged in the result.
    """
    images = [nearest_signs(image, names, signs, to) for image in exchanged(values, names, found)]
    misfits = None
    if found and characters is not None:
        misfits = np.array([characters.misfit(dict(zip(names, image, strict=True))) for image in images])
    apart = np.array([np.sum((image - to) ** 2) for image in images])
    best = int(np.argmin(apart))
    if misfits is not None:
        fitting = np.flatnonzero(misfits <= misfits.min() + _CLEAR)
        best = int(fitting[np.argmin(apart[fitting])])
    told = []
    for renamed in found:
        (_, moved) = exchanged(images[best], names, [renamed])
        again = nearest_signs(moved, names, signs, to)
        other = int(np.argmin([np.abs(image - again).max() for image in images]))
        pairs = _shell_pairs(electrons, renamed)
        told.append(Exchange(pairs, None if misfits is None else (float(misfits[best]), float(misfits[other]))))
    return images[best], tuple(told)


def exchanged(values: np.ndarray, names: tuple[str, ...], found: list[dict[str, str]]) -> list[np.ndarray]:
    """`values` (P,), and those after each exchange."""
    images = [values]
    for renamed in found:
        image = values.copy()
        for name, other in renamed.items():
            image[names.index(other)] = values[names.index(name)]
        images.append(image)
    return images


def _loose(space: Space) -> dict[str, tuple[float, float]]:
    """The bounds of the parameters that may be moved."""
    tied = (np.asarray(space.matrix) != 0).sum(axis=0) > 1
    prior = np.asarray(space.prior_weight) > 0
    bounds = zip(np.asarray(space.centre).tolist(), np.asarray(space.half).tolist(), strict=True)
    return {name: pair for name, pair, *held in zip(space.free, bounds, tied, prior, strict=True) if not any(held)}


def _candidates(electrons: Electrons) -> Iterator[dict[str, str]]:
    """Renamings of parameters by maps of the shells onto each other that keep what the model is made of."""
    shells, crystal = electrons.shells, electrons.crystal
    species = list(dict.fromkeys(shell.species for shell in shells))

    def kind(label: str) -> tuple:
        own = sorted((shell.l, shell.crystal_field) for shell in shells if shell.species == label)
        return len(crystal.sites(label)), tuple(own)

    for image in itertools.permutations(species):
        if all(kind(label) == kind(other) for label, other in zip(species, image, strict=True)):
            onto = dict(zip(species, image, strict=True))
            for places in _maps_of_shells(shells, onto):
                renamed = _renamed(electrons, places)
                if renamed is not None:
                    yield renamed


def _maps_of_shells(shells, onto: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Maps of shells, by name, onto those of the same l and crystal field of the species `onto` which theirs goes."""
    groups: dict[tuple, list] = {}
    for shell in shells:
        groups.setdefault((shell.species, shell.l, shell.crystal_field), []).append(shell.name)
    choices = []
    for (label, l, field), members in groups.items():
        targets = groups[onto[label], l, field]
        choices.append([dict(zip(members, order, strict=True)) for order in itertools.permutations(targets)])
    for chosen in itertools.product(*choices):
        yield {name: other for part in chosen for name, other in part.items()}


def _renamed(electrons: Electrons, places: Mapping[str, str]) -> dict[str, str] | None:
    """The new name of each parameter; None if the hoppings do not go onto each other."""
    by_name = {shell.name: shell for shell in electrons.shells}
    renamed = {}
    for name, other in places.items():
        groups = [*by_name[name].groups, *(["xi"] if by_name[name].has_spin_orbit else [])]
        if by_name[name].has_spin_orbit != by_name[other].has_spin_orbit:
            return None
        renamed |= {by_name[name].parameter(group): by_name[other].parameter(group) for group in groups}
    kinds = {(frozenset(bonds.between), bonds.shell): bonds.parameters(by_name) for bonds in electrons.specification[1]}
    for (between, shell), parameters in kinds.items():
        image = kinds.get((frozenset(places[name] for name in between), shell))
        if image is None:
            return None
        renamed |= {parameters[integral]: image[integral] for integral in parameters}
    return renamed


def _keeps_energies(electrons: Electrons, renamed: Mapping[str, str]) -> bool:
    random = np.random.default_rng(1)
    values = {name: float(value) for name, value in zip(electrons.parameters, random.normal(size=99), strict=False)}
    moved = values | {renamed[name]: values[name] for name in renamed}
    before, after = (np.linalg.eigvalsh(Bloch.of(electrons.with_parameters(named))(_K)) for named in (values, moved))
    return bool(np.abs(after - before).max() < _SAME)


def _shell_pairs(electrons: Electrons, renamed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The shells that change places, each pair once."""
    pairs = []
    for shell in electrons.shells:
        first = shell.parameter(next(iter(shell.groups)))
        other = next(each for each in electrons.shells if renamed[first].startswith(f"{each.name}."))
        if other.name != shell.name and (other.name, shell.name) not in pairs:
            pairs.append((shell.name, other.name))
    return tuple(pairs)
