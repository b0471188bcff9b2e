"""Paths in words, such as "Γ-X|0.1 M-Γ"."""

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from .._errors import check
from .._types import ArrayLike, Float

_POINT = re.compile(r"(\d*\.?\d+)?\s*\*?\s*(\D.*)")
_CENTRE = {"G", "GAMMA", "Gamma", "gamma", "Γ"}


def route(
    text: str, corners: Mapping[str, ArrayLike]
) -> tuple[dict[str, Float[np.ndarray, "3"]], list[tuple[str, str]]]:
    """The k-points and segments of a path in words, for `k_path`.

    Args:
        text: named points with - between them, and | at a break; a number before a name is its distance from Γ, as in
            "0.1 M-Γ-0.1 R" for the middle tenth of the lines to M and to R.
        corners: name → fractional k-point; Γ is also G and GAMMA.

    Returns:
        name → fractional k-point, and pairs of these names.

    Raises:
        InputError: for a name that is not in `corners`, and a part with less than two points.
    """
    known = {"Γ" if name in _CENTRE else name: np.asarray(k, dtype=float) for name, k in corners.items()}
    known.setdefault("Γ", np.zeros(3))
    points, segments = {}, []
    for part in text.split("|"):
        names = []
        for word in re.split(r"[-–]", part):
            match = _POINT.fullmatch(word.strip())
            name = "" if match is None else "Γ" if match[2] in _CENTRE else match[2]
            check(name in known, "path", f"must go through {', '.join(known)}, as in Γ-0.1 X, but has {word.strip()!r}")
            assert match is not None
            label = f"{match[1]} {name}" if match[1] else name
            points[label] = float(match[1] or 1) * known[name]
            names.append(label)
        check(len(names) > 1, "path", f"must have two points or more between breaks, but got {part.strip()!r}")
        segments += list(pairwise(names))
    return points, segments
