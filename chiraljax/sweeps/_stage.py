"""Stages of a sweep, and the chunks that are computed and stored one by one."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, prod
from typing import NamedTuple

import numpy as np


class Chunk(NamedTuple):
    """A block of the grid of a stage."""

    indices: dict[str, np.ndarray]
    """along each axis; the last index is repeated up to the length of a block"""
    slices: dict[str, slice]
    """of the grid"""
    first: dict[str, bool]
    """whether it is the first along each axis"""

    def inside(self, axes: Iterable[str]) -> tuple[slice, ...]:
        """Slices of a block along `axes` without the padding."""
        return tuple(slice(self.slices[axis].stop - self.slices[axis].start) for axis in axes)


class Stage(NamedTuple):
    """One part of the work: a grid over some axes of the sweep, in blocks."""

    name: str
    sizes: dict[str, int]
    """length of each axis, in the order of the sweep"""
    block: dict[str, int]
    """length of a block along each axis"""

    @property
    def blocks(self) -> dict[str, int]:
        """Number of blocks along each axis."""
        return {axis: ceil(size / self.block[axis]) for axis, size in self.sizes.items()}

    @property
    def n_chunks(self) -> int:
        return prod(self.blocks.values())

    @property
    def points(self) -> int:
        return prod(self.sizes.values())

    def chunk(self, number: int) -> Chunk:
        """The chunk of that number, from 0 to `n_chunks` − 1."""
        blocks = self.blocks
        place = dict(zip(blocks, np.unravel_index(number, tuple(blocks.values())), strict=True)) if blocks else {}
        slices, indices = {}, {}
        for axis, block in self.block.items():
            start = int(place[axis]) * block
            slices[axis] = slice(start, min(start + block, self.sizes[axis]))
            indices[axis] = np.minimum(np.arange(start, start + block), self.sizes[axis] - 1)
        return Chunk(indices, slices, {axis: place[axis] == 0 for axis in place})


def stage(name: str, sizes: Mapping[str, int], limits: Sequence[tuple[Sequence[str], int]]) -> Stage:
    """A stage in blocks; `limits` gives the most points of a block along sets of axes. Long axes are cut first."""
    block = dict(sizes)
    for axes, most in limits:
        own = [axis for axis in axes if axis in block]
        while prod(block[axis] for axis in own) > max(1, most):
            longest = max(own, key=block.__getitem__)
            block[longest] = _cut(block[longest], sizes[longest])
    return Stage(name, dict(sizes), block)


def _cut(block: int, size: int) -> int:
    """The next smaller block, for blocks of nearly equal length."""
    blocks = ceil(size / block)
    return min(block - 1, ceil(size / (blocks + max(1, blocks // 4))))


def aligned(array: np.ndarray, own: Sequence[str], all_axes: Sequence[str]) -> np.ndarray:
    """`array`, whose first axes are `own`, with one axis of length 1 for each of `all_axes` that it lacks."""
    shape = iter(array.shape[: len(own)])
    return array.reshape(*[next(shape) if axis in own else 1 for axis in all_axes], *array.shape[len(own) :])
