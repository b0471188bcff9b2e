"""The modes that light of one direction drives, and their ellipses."""

import numpy as np
from jaxtyping import Float

from .._checks import check_finite
from .._errors import check
from .._types import ArrayLike
from ._modes import ModeSet

Plane = Float[np.ndarray, "2 3"]

_SAME = 1e-4
"""relative difference of oscillator strengths up to which they are equal by symmetry"""


def plane_across(axis: ArrayLike, x: ArrayLike | None = None) -> Plane:
    """Unit vectors of the field's x and y for light along `axis`, right-handed about it.

    Args:
        axis: (3,), of any length.
        x: (3,); its part across the axis is the direction of x. Unless given, the Cartesian x, or y if the axis is x.

    Raises:
        InputError: for a zero vector and an `x` along the axis.
    """
    vectors = {}
    for name, value in ({"axis": axis} if x is None else {"axis": axis, "x": x}).items():
        vector = np.asarray(value, dtype=float)
        check(vector.shape == (3,), name, f"must have the shape (3,), but got {vector.shape}")
        check_finite(name, vector)
        check(vector.any(), name, "must not be zero")
        vectors[name] = vector / np.linalg.norm(vector)
    along = vectors["axis"]
    first = vectors.get("x", np.eye(3)[0] if abs(along[0]) < 1 - 1e-6 else np.eye(3)[1])
    across = first - (first @ along) * along
    check(np.linalg.norm(across) > 1e-6, "x", f"must not point along the axis, but both are along {along.tolist()}")
    across /= np.linalg.norm(across)
    return np.array([across, np.cross(along, across)])


def strength(modes: ModeSet, plane: Plane) -> Float[np.ndarray, "2 2"]:
    """The oscillator strength S (e²/u) of a set in the plane of the field.

    Raises `InputError` for a set that light along the axis cannot drive: it is not infrared-active, it is polarised
    along the axis, or it is polarised obliquely, so that the light is not transverse.
    """
    check(modes.infrared, "modes", f"must be infrared-active, but {modes.name} is not, so light cannot drive it")
    whole = modes.oscillator_strength
    axis = np.cross(*plane)
    shown = np.round(axis, 4).tolist()
    size = np.trace(whole)
    check(size > 0, "modes", f"must have a mode effective charge, but {modes.name} has none, so light cannot drive it")
    across = plane @ whole @ plane.T
    check(
        np.trace(across) > _SAME * size,
        "axis",
        f"must not point along the modes, but {modes.name} is polarised along {shown}, where such light has no field",
    )
    check(
        np.linalg.norm(plane @ whole @ axis) < _SAME * size,
        "axis",
        f"must be an axis of symmetry, but light along {shown} cannot be transverse to {modes.name}, which is"
        " polarised aslant to it",
    )
    return across


def turns(across: Float[np.ndarray, "2 2"]) -> bool:
    """Whether a strength in the plane is that of a degenerate pair, which moves in a circle in circular light."""
    small, large = np.linalg.eigvalsh(across)
    return bool(large - small < _SAME * large)


def polarised(modes: ModeSet, plane: Plane) -> tuple[Float[np.ndarray, "C atoms 3"], Float[np.ndarray, "C 2"]]:
    """The C modes of a set that the field drives, and their charges (e/√u) along the plane's vectors.

    A degenerate pair is polarised along the two vectors, with positive charges. For a set that the field does not drive
    the result is all modes.
    """
    assert modes.charges is not None
    charges = modes.charges @ plane.T
    left, sizes, right = np.linalg.svd(charges, full_matrices=False)
    if sizes.max() <= _SAME * np.linalg.norm(modes.charges):
        return modes.eigenvectors, np.zeros((modes.degeneracy, 2))
    kept = sizes > _SAME * sizes.max()
    if turns(charges.T @ charges):
        return np.einsum("mc,mix->cix", left @ right, modes.eigenvectors), sizes.mean() * np.eye(2)
    signs = np.sign([row[np.argmax(abs(row))] for row in right])
    vectors = np.einsum("mc,mix->cix", left * signs, modes.eigenvectors)
    return vectors[kept], ((sizes * signs)[:, None] * right)[kept]


def ellipticity(
    strengths: tuple[float, float], frequencies: tuple[float, float], dampings: tuple[float, float]
) -> tuple[float, float]:
    """The largest ratio of axes of two perpendicular modes in circular light, and the frequency of that light (THz).

    Each coordinate is a_j = √S_j/(ω_j² − ω² − iη_jω), the second a quarter period late. The ellipse of two oscillations
    with amplitudes a, b and phase δ has |sin 2χ| = 2ab|sin δ|/(a² + b²) and the ratio tan χ.
    """
    low, high = min(frequencies), max(frequencies)
    nu = np.linspace(low, high, 2001)
    omega = 2 * np.pi * nu
    rows = [
        np.sqrt(s) / ((2 * np.pi * nu_j) ** 2 - omega**2 - 1j * eta * omega)
        for s, nu_j, eta in zip(strengths, frequencies, dampings, strict=True)
    ]
    first, second = rows[0], 1j * rows[1]
    sine = 2 * abs(np.imag(first.conj() * second)) / (abs(first) ** 2 + abs(second) ** 2)
    best = int(np.argmax(sine))
    return float(np.tan(np.arcsin(min(sine[best], 1.0)) / 2)), float(nu[best])
