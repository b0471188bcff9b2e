"""The part of the zone that an observable averages over, by name."""

from collections.abc import Iterator

import numpy as np

from .._errors import check
from .._types import ArrayLike
from ..brillouin import GAMMA_CUBE, Quadrature, Tetrahedra, frozen, gamma_cube, tetrahedra, zone
from ..crystal import magnetic_operations
from ..electrons import Electrons

_LEVELS = (12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


def quadrature(
    electrons: Electrons,
    n: int,
    axis: ArrayLike | None = (0.0, 0.0, 1.0),
    normalisation: str = "zone",
) -> Quadrature:
    """A symmetry-reduced rule with `n` points an axis for averages along the rotation `axis`.

    `axis` None is for Ω = 0, where all symmetries remain; where each site has its own Ω_i, the rule is that of
    `electrons.site_resolved()`. `normalisation` is `"zone"` (the whole zone) or `"gamma_cube"` (|k_i| ≤ 0.05
    around Γ, normalised to that cube); docs/conventions.md says what each is for. Raises `InputError` for another
    name or an unusable n.
    """
    operations = magnetic_operations(electrons.crystal, electrons.operations, axis)
    if normalisation == "zone":
        return zone(n, operations, electrons.periodic)
    check(normalisation == "gamma_cube", "normalisation", f"must be 'zone' or 'gamma_cube', but got {normalisation!r}")
    return gamma_cube(n, operations=operations)


def grid(n: int, operations: np.ndarray, periodic: tuple[bool, bool, bool], region: str) -> Tetrahedra:
    """A grid of tetrahedra with `n` intervals an axis over the zone or the cube around Γ."""
    return tetrahedra(n, operations, periodic, None if region == "zone" else GAMMA_CUBE)


def refinements(electrons: Electrons, axis, normalisation: str, last: int = 256) -> Iterator[Quadrature]:
    """Ever finer rules, up to `last` points an axis."""
    for n in (n for n in _LEVELS if n <= last):
        yield quadrature(electrons, n, axis, normalisation)


def check_rule(rule: Quadrature, electrons: Electrons, axis, normalisation: str | None = None) -> None:
    """Raise `InputError` unless a given rule is for this axis, and for this region if one is named."""
    check(
        normalisation in {None, rule.region},
        "quadrature",
        f"must be one for normalisation {normalisation!r}, but got one for {rule.region!r}",
    )
    kept = frozen(magnetic_operations(electrons.crystal, electrons.operations, axis))
    check(
        set(rule.group) <= {*kept, *frozen(None)},
        "quadrature",
        "must be one for this axis of rotation, but got one reduced by symmetries that it breaks;"
        " where each site has its own, take one for electrons.site_resolved()",
    )


def unit_vector(axis: ArrayLike) -> np.ndarray:
    """`axis` normalised, (3,); raises `InputError` for a zero or misshapen one."""
    vector = np.asarray(axis, dtype=float)
    check(vector.shape == (3,), "axis", f"must have 3 components, but got shape {vector.shape}")
    length = np.linalg.norm(vector)
    check(np.isfinite(length) and length > 0, "axis", f"must be a direction, but got {vector.tolist()}")
    return vector / length
