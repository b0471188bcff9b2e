"""The base of everything that a user may compile a method of."""

import equinox as eqx
import jax


class Module(eqx.Module):
    """An `equinox.Module` whose methods are arguments of `jax.jit` as they are, as in `jax.jit(electrons.energies)`.

    JAX looks compiled functions up by hash and equality. Two modules are equal here if their static parts
    are, and if they hold the same arrays: the same objects, whatever their values.
    """

    def __hash__(self) -> int:
        leaves, structure = jax.tree.flatten(self)
        return hash((structure, *map(id, leaves)))

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        leaves, structure = jax.tree.flatten(self)
        others, other_structure = jax.tree.flatten(other)
        return structure == other_structure and all(a is b for a, b in zip(leaves, others, strict=True))
