"""Rules and grids over a region by its name."""

from collections.abc import Iterator

import numpy as np

from .._errors import check
from ._accuracy import REGIONS
from ._quadrature import GAMMA_CUBE, Quadrature, gamma_cube, zone
from ._tetrahedra import Tetrahedra, tetrahedra

TRACED_POINTS = 32
"""Points per axis if the accuracy cannot be tested, because the arguments are traced"""
_SIZES = (12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


def region_rule(n: int, operations: np.ndarray, periodic: tuple[bool, bool, bool], region: str) -> Quadrature:
    """The rule with `n` points per axis over a region, reduced by operations on k.

    Raises:
        InputError: for a region that is not in `REGIONS` and an unusable n.
    """
    check(region in REGIONS, "region", f"must be one of {', '.join(REGIONS)}, but got {region!r}")
    return zone(n, operations, periodic) if region == "zone" else gamma_cube(n, operations=operations)


def region_rules(
    operations: np.ndarray, periodic: tuple[bool, bool, bool], region: str, last: int = 256
) -> Iterator[Quadrature]:
    """Ever finer rules, up to `last` points per axis."""
    for n in _SIZES:
        if n <= last:
            yield region_rule(n, operations, periodic, region)


def region_grid(n: int, operations: np.ndarray, periodic: tuple[bool, bool, bool], region: str) -> Tetrahedra:
    """The grid of tetrahedra with `n` intervals per axis over a region."""
    return tetrahedra(n, operations, periodic, None if region == "zone" else GAMMA_CUBE)
