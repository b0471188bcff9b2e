"""What the arguments of phonons have in common."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._checks import check_finite, check_positive
from .._errors import check
from .._types import ArrayLike
from ._base import AbstractModes


def shaped(name: str, value: ArrayLike | None, shape: tuple[int, ...]) -> Array:
    """`value` as an array of `shape`, zeros if None; a single number will do for a shape of ones.

    Raises `InputError` for another shape.
    """
    array = jnp.zeros(shape) if value is None else jnp.asarray(value, dtype=float)
    if array.ndim < len(shape) and array.size == 1:
        array = array.reshape(shape) if all(n == 1 for n in shape) else array
    check(array.shape == shape, name, f"must have the shape {shape}, but got {array.shape}")
    return array


def check_modes(phonon: AbstractModes) -> None:
    """Raise `InputError` for a number out of the range that every kind of phonon has for it."""
    modes = phonon.oscillators
    positive = {
        "frequency": modes.frequency,
        "masses": phonon.masses,
        "dielectric_constant": phonon.dielectric_constant,
    }
    if phonon.volume is not None:
        positive["volume"] = phonon.volume
    for name, value in positive.items():
        check_positive(name, value)
    check_positive("damping", modes.damping, zero=True)
    check_finite("eigenvectors", modes.eigenvectors)
    if phonon.born_charges is not None:
        check_finite("born_charges", phonon.born_charges)


def orthonormal(name: str, value: ArrayLike) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Two vectors (2, 3) as tuples; raises `InputError` unless they are orthonormal."""
    vectors = np.asarray(value, dtype=float)
    check(vectors.shape == (2, 3), name, f"must have the shape (2, 3), but got {vectors.shape}")
    check_finite(name, vectors)
    check(
        np.all(abs(vectors @ vectors.T - np.eye(2)) < 1e-8),
        name,
        f"must hold two orthonormal vectors, but got {vectors.tolist()}",
    )
    (a, b, c), (d, e, f) = vectors.tolist()
    return (a, b, c), (d, e, f)
