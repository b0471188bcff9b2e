"""The verdict follows from the numbers."""

import math

import pytest

from chiraljax.reproduce import Row


def _verdict(ours, paper, comparison):
    return Row("q", ours, "", "", paper, comparison).verdict


@pytest.mark.parametrize(
    ("ours", "paper", "comparison", "verdict"),
    [
        (2.42, 2.42, "input", "input"),
        (2.4, 2.42, "input", "disagrees"),
        (28, 28, "exact", "agrees"),
        (27, 28, "exact", "disagrees"),
        (0, 0, "exact", "agrees"),
        (1, 0, "exact", "disagrees"),
        (2.87, 2.8, "approximate", "agrees"),
        (2.53, 2.8, "approximate", "disagrees"),
        (-2.8, 2.8, "approximate", "disagrees"),
        (0.088, 0.1, "order of magnitude", "agrees"),
        (-0.05, 0.1, "order of magnitude", "agrees"),
        (1e-3, 0.1, "order of magnitude", "disagrees"),
        (0.31, 0.1, "order of magnitude", "disagrees"),
        (0.0, 0.1, "order of magnitude", "disagrees"),
        (math.nan, 2.8, "approximate", "disagrees"),
        (math.inf, 2.8, "order of magnitude", "disagrees"),
        (1.2, None, "approximate", "no value to compare"),
    ],
)
def test_verdict(ours, paper, comparison, verdict):
    assert _verdict(ours, paper, comparison) == verdict


def test_json_has_no_nan():
    assert Row("q", math.nan, "", "", 1.0).as_dict()["ours"] is None
