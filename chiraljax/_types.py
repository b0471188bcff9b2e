"""Array types used in signatures, named once."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp
import jaxtyping
from jaxtyping import Array, Bool, Complex, Float, Int

ArrayLike: TypeAlias = jaxtyping.ArrayLike | Sequence[Any]
"""What `jnp.asarray` takes: arrays, numbers and nested sequences of them."""

Scalar = Float[Array, ""]
Vector3 = Float[Array, "3"]
Energies = Float[Array, "*batch n"]
Operator = Complex[Array, "n n"]
Operators = Complex[Array, "a n n"]
BatchOperators = Operators | Complex[Array, "*batch a n n"]
"""The same operators for all matrices of a batch, or different ones for each."""
Hamiltonian = Complex[Array, "*batch n n"]
HermitianMatrix = Hamiltonian | Float[Array, "*batch n n"]


def real(value: ArrayLike) -> Array:
    """`value` as a 64-bit real array."""
    return jnp.asarray(value, dtype=float)


__all__ = [
    "Array",
    "ArrayLike",
    "BatchOperators",
    "Bool",
    "Complex",
    "Energies",
    "Float",
    "Hamiltonian",
    "HermitianMatrix",
    "Int",
    "Operator",
    "Operators",
    "Scalar",
    "Vector3",
    "real",
]
