"""What a Bands object accepts and refuses."""

import numpy as np
import pytest

from chiraljax import Bands, InputError

K = np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
ENERGIES = np.array([[0.0, 1.0], [0.5, 2.0]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": K[0]}, "k must have shape"),
        ({"energies": ENERGIES[:1]}, "one row for each of the 2 k-points"),
        ({"energies": np.array([[0.0, np.nan], [0.5, 2.0]])}, "band 1 at k-point 0 is not"),
        ({"energies": ENERGIES[:, ::-1]}, "band 1 lies below band 0 at k-point 0"),
        ({"k": K * 6.0}, "k must be fractional"),
        ({"k": np.full((2, 3), np.inf)}, "k must be finite"),
        ({"weights": np.array([1.0, 0.0])}, "weights must be finite and positive"),
        ({"weights": np.ones(3)}, "weights must have shape"),
        ({"projections": {"O.p": np.ones((2, 3))}}, "projections.O.p must have the shape"),
        ({"projections": {"O.p": -np.ones((2, 2))}}, "projections.O.p must be zero or positive"),
        ({"filled": 3}, "filled must be between 0 and 2"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(InputError, match=message):
        Bands(**({"k": K, "energies": ENERGIES} | changes))


def test_projections_add_up():
    parts = {f"Ta.d.{name}": np.full((2, 2), i + 1.0) for i, name in enumerate(["xy", "yz", "zx", "x2-y2", "3z2-r2"])}
    bands = Bands(K, ENERGIES, projections=parts)
    assert bands.projection("Ta.d.t2g")[0, 0] == 6
    assert bands.projection("Ta.d.eg")[0, 0] == 9
    assert bands.projection("Ta.d")[0, 0] == bands.projection("Ta")[0, 0] == 15
    with pytest.raises(InputError, match=r"projection must be on one of .* but got 'Ti.d'"):
        bands.projection("Ti.d")


def test_arrays_are_copies():
    energies = ENERGIES.copy()
    bands = Bands(K, energies)
    energies[0, 0] = 7.0
    assert bands.energies[0, 0] == 0.0
