"""Chunks: they tile the grid of a stage, and none is larger than allowed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chiraljax.sweeps._stage import aligned, stage

SIZES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 40), min_size=0, max_size=4)


@given(SIZES, st.integers(1, 500))
def test_chunks_tile_the_grid(sizes, most):
    whole = stage("s", sizes, [(list(sizes), most)])
    seen = np.zeros(tuple(sizes.values()), int)
    for number in range(whole.n_chunks):
        chunk = whole.chunk(number)
        seen[tuple(chunk.slices.values())] += 1
        for axis, rows in chunk.indices.items():
            inside = chunk.slices[axis]
            assert len(rows) == whole.block[axis]
            assert list(rows[: inside.stop - inside.start]) == list(range(inside.start, inside.stop))
            assert np.all(rows[inside.stop - inside.start :] == sizes[axis] - 1)
    assert np.all(seen == 1)
    assert np.prod(list(whole.block.values()), dtype=int) <= most or most < 1


@given(SIZES, st.integers(1, 30), st.integers(1, 30))
def test_each_set_of_axes_has_its_own_limit(sizes, first, second):
    axes = list(sizes)
    whole = stage("s", sizes, [(axes[:2], first), (axes[2:], second)])
    for chosen, most in ((axes[:2], first), (axes[2:], second)):
        assert np.prod([whole.block[axis] for axis in chosen], dtype=int) <= most


def test_aligned_leaves_gaps_for_missing_axes():
    array = np.arange(24).reshape(2, 3, 4)
    assert aligned(array, ["a", "c"], ["a", "b", "c", "d"]).shape == (2, 1, 3, 1, 4)
    np.testing.assert_array_equal(aligned(array, ["a", "c"], ["a", "b", "c"])[1, 0, 2], array[1, 2])
