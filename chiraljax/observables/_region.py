"""Rules for averages along an axis of rotation."""

import numpy as np

from .._door import door
from .._errors import check
from .._types import ArrayLike
from ..brillouin import Accuracy, FermiSurface, Quadrature, frozen, region_rule
from ..crystal import magnetic_operations
from ..electrons import Electrons


@door
def quadrature(
    electrons: Electrons, n: int, axis: ArrayLike | None = (0.0, 0.0, 1.0), region: str = "zone"
) -> Quadrature:
    """A symmetry-reduced rule for averages over the zone or a part of it.

    Args:
        electrons: if each site has its own Ω_i, `electrons.site_resolved()`.
        n: points per axis.
        axis: of the rotation; None for Ω = 0, where all symmetries remain.
        region: "zone", or "gamma_cube" (|k_i| ≤ 0.05 around Γ, normalised to that cube); docs/conventions.md says when
            to use which.

    Raises:
        InputError: for another region or an unusable n.
    """
    operations = magnetic_operations(electrons.crystal, electrons.operations, axis)
    return region_rule(n, operations, electrons.periodic, region)


def fixed_rule(
    rule: Quadrature | int, electrons: Electrons, axis: ArrayLike | None, region: str | None = None
) -> Quadrature:
    """The given `rule`, checked, or the rule with that number of points per axis."""
    if not isinstance(rule, Quadrature):
        return quadrature(electrons, rule, axis, region or "zone")
    check_rule(Accuracy(rule=rule, region=region), electrons, axis)
    return rule


def check_rule(accuracy: Accuracy, electrons: Electrons, axis: ArrayLike | None) -> None:
    """Raise `InputError` if `accuracy` has a rule that is for another axis or region."""
    if accuracy.rule is None:
        return
    rule = accuracy.rule.smooth if isinstance(accuracy.rule, FermiSurface) else accuracy.rule
    check(
        accuracy.region in {None, rule.region},
        "rule",
        f"must be one for region {accuracy.region!r}, but got one for {rule.region!r}",
    )
    kept = frozen(magnetic_operations(electrons.crystal, electrons.operations, axis))
    check(
        set(rule.group) <= {*kept, *frozen(None)},
        "rule",
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
