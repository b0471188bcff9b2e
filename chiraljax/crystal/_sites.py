"""The same crystal in two descriptions."""

import numpy as np

from .._errors import InputError, check
from ._crystal import Crystal

_STRAIN, _MOVED = 0.03, 0.3
"""largest differences in the same crystal: of the lattice vectors, relative, and of a site, Å"""


def site_order(crystal: Crystal, other: Crystal) -> tuple[int, ...]:
    """For each site of `crystal` the index of the same site in `other`, up to a shift of the origin.

    The lattice vectors must agree to 3 % and sites to 0.3 Å, so a relaxed cell matches a measured one.

    Raises:
        InputError: if the two are not the same crystal.
    """
    strain = np.linalg.solve(crystal.vectors, other.vectors) - np.eye(3)
    check(
        abs(strain).max() < _STRAIN,
        "crystals",
        f"must have the same lattice vectors to {_STRAIN:.0%}, but one has "
        f"{crystal.vectors.round(3).tolist()} and the other {other.vectors.round(3).tolist()} Å",
    )
    check(
        sorted(crystal.symbols) == sorted(other.symbols),
        "crystals",
        f"must have the same atoms, but one has {' '.join(sorted(crystal.symbols))} and the other "
        f"{' '.join(sorted(other.symbols))}",
    )
    rare = min(set(crystal.symbols), key=crystal.symbols.count)
    anchor = np.array(crystal.positions[crystal.symbols.index(rare)])
    best, order = np.inf, ()
    for site, symbol in enumerate(other.symbols):
        if symbol == rare:
            worst, partners = _matched(crystal, other, anchor - np.array(other.positions[site]))
            if worst < best:
                best, order = worst, partners
    if best > _MOVED:
        raise InputError(
            "crystals",
            f"must have their atoms at the same places to {_MOVED} Å up to a shift, but they are "
            f"{best:.2g} Å apart at best; are the cells turned or chosen differently?",
        )
    return order


def _matched(crystal: Crystal, other: Crystal, shift: np.ndarray) -> tuple[float, tuple[int, ...]]:
    """The largest distance (Å) between sites and their partners, each the nearest one of its element."""
    offsets = np.array(crystal.positions)[:, None] - (np.array(other.positions) + shift)
    distances = np.linalg.norm((offsets - np.rint(offsets)) @ crystal.vectors, axis=-1)
    different = np.array(crystal.symbols)[:, None] != np.array(other.symbols)
    distances = np.where(different, np.inf, distances)
    order = tuple(int(site) for site in distances.argmin(axis=1))
    return (float(distances.min(axis=1).max()) if len(set(order)) == len(order) else np.inf), order
