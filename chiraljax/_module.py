"""The base of all objects whose methods a user may compile."""

from collections import deque
from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS
from types import MethodType
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import numpy as np
from jax.core import Tracer

_ARRAYS = (jax.Array, np.ndarray, np.generic)


class Module(eqx.Module):
    """An `equinox.Module` that is compared by content, and whose methods `jax.jit` takes as they are.

    Two modules are equal if their static parts are equal and their arrays have the same shape, dtype and values. A
    traced array is equal to itself only. The hash is of structure, shapes and dtypes. JAX finds compiled functions by
    hash and equality, so it compiles `jax.jit(electrons.energies)` once for all equal models.
    """

    def __hash__(self) -> int:
        leaves, structure = jax.tree.flatten(self)
        return hash((structure, *map(_kind, leaves)))

    def __eq__(self, other: object) -> bool:
        if self is other or type(self) is not type(other):
            return self is other
        leaves, structure = jax.tree.flatten(self)
        others, other_structure = jax.tree.flatten(other)
        return structure == other_structure and all(map(_same, leaves, others))

    if not TYPE_CHECKING:

        def __getattribute__(self, name: str) -> Any:
            value = object.__getattribute__(self, name)
            bound = isinstance(value, MethodType) and value.__self__ is self and not name.startswith("__")
            return _Method(value.__func__, self) if bound else value


class _Method(eqx.Module):
    """A bound method as a pytree, like that of Equinox, but compared as `Module` is.

    Equinox compares arrays as JAX does, which fails for traced arrays.
    """

    __func__: Callable = eqx.field(static=True)
    __self__: Module

    def __post_init__(self) -> None:
        for name in WRAPPER_ASSIGNMENTS:
            if hasattr(self.__func__, name):
                setattr(self, name, getattr(self.__func__, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return self.__func__(self.__self__, *args, **kwargs)

    @property
    def __wrapped__(self) -> Callable:
        return self.__func__.__get__(self.__self__, type(self.__self__))

    def __hash__(self) -> int:
        value = hash((self.__func__, self.__self__))
        if not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(self)):
            _keep(value, self)
        return value

    def __eq__(self, other: object) -> bool:
        return type(other) is _Method and self.__func__ is other.__func__ and self.__self__ == other.__self__


_kept: deque[tuple[int, _Method]] = deque(maxlen=64)


def _keep(value: int, method: _Method) -> None:
    """Keep the last methods: JAX forgets a compiled method when it is deleted, and each access makes a new one."""
    if not any(value == other and method == kept for other, kept in list(_kept)):
        _kept.append((value, method))


def _kind(leaf: Any) -> Any:
    """Shape and dtype of an array; any other leaf itself."""
    return (leaf.shape, leaf.dtype) if isinstance(leaf, _ARRAYS) else leaf


def _same(leaf: Any, other: Any) -> bool:
    if leaf is other:
        return True
    if isinstance(leaf, Tracer) or isinstance(other, Tracer) or _kind(leaf) != _kind(other):
        return False
    return not isinstance(leaf, _ARRAYS) or np.array_equal(leaf, other, equal_nan=leaf.dtype.kind in "fc")
