"""Which states are filled: shapes, and the edge that is added once."""

import jax
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError


def test_grid(electrons):
    filling = cj.Filling([0.0, 0.1], [[100.0, 200.0, 300.0]])
    assert filling.shape == (2, 1, 3)
    mu, temperature = filling.pairs(electrons)
    edge = float(cj.conduction_edge(electrons).energy)
    np.testing.assert_allclose(mu, edge + np.repeat([0.0, 0.1], 3), rtol=1e-15)
    np.testing.assert_array_equal(temperature, np.tile([100.0, 200.0, 300.0], 2))


def test_paired_and_absolute(electrons):
    filling = cj.Filling(0.1, [100.0, 200.0], paired=True, reference="absolute")
    assert filling.shape == (2,)
    np.testing.assert_array_equal(np.stack(filling.pairs(electrons)), [[0.1, 0.1], [100.0, 200.0]])


def test_the_edge_moves_with_the_parameters(electrons):
    """A shift of all on-site energies shifts μ as much, and so the derivative is 1."""
    onsite = [name for name in electrons.parameters if name.startswith(("O.p.", "Ta.d."))]
    onsite.remove("Ta.d.xi")

    def mu(shift):
        moved = electrons.with_parameters({name: electrons.parameters[name] + shift for name in onsite})
        return cj.Filling(0.1, 300.0).pairs(moved)[0][0]

    assert float(jax.grad(mu)(0.0)) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mu": np.nan}, "mu must be finite"),
        ({"temperature": -1.0}, "temperature must be zero or positive"),
        ({"reference": "valence"}, "reference must be one of conduction, absolute, but got 'valence'"),
        ({"mu": [0.1, 0.2], "temperature": [1.0, 2.0, 3.0], "paired": True}, "must have one shape to be paired"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        cj.Filling(**{"mu": 0.1, "temperature": 300.0} | arguments)
