"""How much of each shell is in a level, of a model and of bands with projections."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..electrons import Electrons
from ._bands import Bands
from ._edges import Bloch
from ._levels import OFFSET
from ._target import Match

_CLOSE = 0.02
"""eV: levels of the bands closer than this are averaged, since any mixture of a degenerate group is one"""


class Characters(NamedTuple):
    """The shells that the matched levels of the bands are in."""

    electrons: Electrons
    masks: dict[str, np.ndarray]
    """see `labels`"""
    k: np.ndarray
    match: Match
    """of these k-points"""
    shares: np.ndarray
    """(shells, K, m), each averaged over a degenerate group"""
    weights: np.ndarray
    """(K, m)"""

    @classmethod
    def of(cls, electrons: Electrons, bands: Bands, match: Match, at_most: int) -> "Characters | None":
        """Those of up to `at_most` k-points; None without projections on the shells of the model."""
        masks = labels(electrons, bands)
        if not masks:
            return None
        rows = np.unique(np.linspace(0, len(bands) - 1, at_most).astype(int))
        part = match.at(rows)
        shares, total = shares_of_bands(bands, list(masks))
        ours = np.array([np.take_along_axis(share[rows], part.numbers, axis=1) for share in shares.values()])
        weights = part.weights * np.take_along_axis(total[rows], part.numbers, axis=1)
        return cls(electrons, masks, bands.k[rows], part, averaged(ours, part.energies), weights)

    def misfit(self, values: Mapping[str, float]) -> float:
        """Mean share of a level of the model with these parameters in other shells than in the bands, 0 to 1."""
        named = {name: value for name, value in values.items() if name != OFFSET}
        matrices = Bloch.of(self.electrons.with_parameters(named))(self.k)
        shares = shares_of_model(matrices, self.masks).values()
        theirs = averaged(np.array([share[:, self.match.levels] for share in shares]), self.match.energies)
        apart = 0.5 * np.abs(theirs - self.shares).sum(axis=0)
        return float((self.weights * apart).sum() / self.weights.sum())


def labels(electrons: Electrons, bands: Bands) -> dict[str, np.ndarray]:
    """Masks (n,) of the orbitals of each shell, or crystal-field group, that the bands have projections on."""
    found: dict[str, np.ndarray] = {}
    for shell in electrons.shells:
        name = f"{shell.species.rstrip('0123456789')}.{shell.orbital[-1]}"
        groups = {
            f"{name}.{group}": members for group, members in shell.groups.items() if shell.crystal_field == "cubic"
        }
        if not all(_has(bands, label) for label in groups) or not groups:
            groups = {name: None}
        for label, members in groups.items():
            if _has(bands, label):
                mask = [
                    full == shell.name and (members is None or orbital in members)
                    for _, full, orbital in electrons.orbitals
                ]
                found[label] = found.get(label, np.zeros(len(mask), dtype=bool)) | np.array(mask)
    return found


def shares_of_bands(bands: Bands, names: Sequence[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Shares (K, B) of the projections on `names`, adding to 1, and their sum relative to its largest value."""
    values = np.array([bands.projection(name) for name in names]).reshape(-1, *bands.energies.shape)
    total = values.sum(axis=0)
    return dict(zip(names, values / np.maximum(total, 1e-12), strict=True)), total / np.maximum(total.max(), 1e-12)


def shares_of_model(matrices: np.ndarray, masks: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Shares (K, n) of the eigenvectors of H(k), `matrices` (K, n, n) with or without spin."""
    weights = np.abs(np.linalg.eigh(matrices)[1]) ** 2
    size = matrices.shape[1]
    return {
        name: np.einsum("kan,a->kn", weights, np.repeat(mask, size // len(mask)) * 1.0) for name, mask in masks.items()
    }


def averaged(shares: np.ndarray, energies: np.ndarray) -> np.ndarray:
    """Shares (..., K, m), each averaged over the levels whose `energies` (K, m) are within 20 meV of its own."""
    near = (np.abs(energies[:, :, None] - energies[:, None, :]) < _CLOSE).astype(float)
    return np.einsum("kab,...kb->...ka", near / near.sum(axis=2, keepdims=True), shares)


def _has(bands: Bands, label: str) -> bool:
    try:
        bands.projection(label)
    except ValueError:
        return False
    return True
