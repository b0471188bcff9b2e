"""Chunks of k-points as small as the rules of these tests."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    """64 k-points instead of 512, up to which a shorter rule is padded."""
    from chiraljax.brillouin import _integrate

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_integrate, "_CHUNK", 64)
        yield
