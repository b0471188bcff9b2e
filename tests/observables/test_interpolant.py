"""The error that is estimated of M(Ω) through a few rotations, on random curves whose true error is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from chiraljax.observables import RotationInterpolant

DENSE = np.linspace(0, 1, 1001)
RTOL, MOST = 1e-3, 81


def curve(random, width):
    """Saturation, a maximum, or a step of either sign on a line, all over `width` of the largest Ω."""
    place, size = random.uniform(0, 0.9), random.choice([-1, 1]) * 10 ** random.uniform(-3, 1)
    return [
        lambda x: np.tanh(x / width),
        lambda x: x / (1 + (x / width) ** 2),
        lambda x: x + size * (np.tanh((x - place) / width) + np.tanh((x + place) / width)),
    ][random.integers(3)]


def interpolated(function):
    """As `magnetization_curve` does: estimated and true error, relative to the largest value, and the rotations."""
    interpolant = RotationInterpolant(fastest=jnp.ones(()), nodes=3)
    while True:
        values = function(np.asarray(interpolant.points))
        coefficients = interpolant.coefficients(jnp.asarray(values))
        at = np.asarray(coefficients @ interpolant.basis(interpolant.tested))
        deviation = np.abs(at - function(np.asarray(interpolant.tested))).max()
        largest = np.abs(np.append(values, function(1.0))).max()
        error = (float(interpolant.tail(coefficients)) + 2 * deviation) / largest
        if error <= RTOL or 3 * interpolant.nodes > MOST:
            break
        interpolant = interpolant.with_nodes(3 * interpolant.nodes)
    true = np.abs(np.asarray(coefficients @ interpolant.basis(jnp.asarray(DENSE))) - function(DENSE)).max()
    return error, true / largest, interpolant.nodes


@pytest.mark.parametrize("width", [0.1, 0.3, 1.0, 3.0])
def test_what_is_called_resolved_is(width):
    """None of 40 curves of each width; wider ones need fewer rotations."""
    random = np.random.default_rng(0)
    found = [interpolated(curve(random, width)) for _ in range(40)]
    assert all(true <= RTOL for error, true, _ in found if error <= RTOL)
    assert all(error <= RTOL for error, _, _ in found)
    assert (np.median([nodes for *_, nodes in found]) == 3) == (width == 3.0)
