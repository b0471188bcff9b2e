"""Several quantities from one pass over k."""

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax.brillouin import thermal_averages
from chiraljax.observables import along, rotating

AXIS, ROTATION = np.array([0.0, 0.0, 1.0]), jnp.array([2 * np.pi * 2.42, 5.0])


@pytest.fixture(scope="module")
def operators(insulator):
    """σ_z, and the projector on the orbitals of Na, which every symmetry keeps."""
    sodium = [float(shell == "Na.s") for _, shell, _ in insulator.orbitals for _ in range(2)]
    return [along(insulator.spin, AXIS), jnp.diag(jnp.array(sodium, complex))]


def _pairs(electrons, mu, temperature):
    return cj.Filling(mu, temperature).pairs(electrons)


@pytest.mark.slow
@pytest.mark.parametrize(("temperature", "rtol"), [(3000.0, 1e-2), (100.0, 3e-2)])
def test_two_operators_at_once(insulator, operators, temperature, rtol):
    """Over points and in interpolated bands: each as alone, from the diagonalisations of one; the first steers.

    Sums of the same terms: roundoff of 10⁻¹⁵ of values up to 8, the number of states.
    """
    pairs, accuracy = _pairs(insulator, [0.05, 0.1], temperature), cj.Accuracy(rtol=rtol)
    both, converged = thermal_averages(rotating(insulator, AXIS, ROTATION, operators), *pairs, accuracy)
    alone, _ = thermal_averages(rotating(insulator, AXIS, ROTATION, operators[:1]), *pairs, accuracy)
    assert bool(converged)
    assert (both.eigensolves, both.interpolated) == (alone.eigensolves, alone.interpolated)
    assert (alone.interpolated > 0) == (temperature == 100.0)
    assert both.values.shape == both.errors.shape == (3, 2, 2)
    for name in ("values", "errors"):
        np.testing.assert_allclose(np.asarray(getattr(both, name))[[0, 2]], getattr(alone, name), rtol=1e-9, atol=1e-13)
    fixed = cj.Accuracy(rule=both.rule)
    second, _ = thermal_averages(rotating(insulator, AXIS, ROTATION, operators[1:]), *pairs, fixed)
    again, _ = thermal_averages(rotating(insulator, AXIS, ROTATION, operators), *pairs, fixed)
    np.testing.assert_allclose(again.values[1:], second.values, rtol=1e-9, atol=1e-13)


def test_sum_rule(insulator, operators):
    """The projectors on Na and on Cl add up to the unit matrix, whose average is the number of electrons."""
    sodium = operators[1]
    projectors = [sodium, jnp.eye(insulator.size, dtype=complex) - sodium]
    accuracy = cj.Accuracy(rule=cj.quadrature(insulator, 8))
    found, _ = thermal_averages(
        rotating(insulator, AXIS, ROTATION, projectors), *_pairs(insulator, 0.1, 900.0), accuracy
    )
    np.testing.assert_allclose(found.values[0] + found.values[1], insulator.filling + found.values[2], rtol=1e-12)


@pytest.mark.slow
def test_any_quantity_may_steer(insulator, operators):
    """The carriers alone, to 10⁻³; the moment, known worse, is not asked for."""
    blochs = rotating(insulator, AXIS, ROTATION[:1], operators[:1])
    found, converged = thermal_averages(blochs, *_pairs(insulator, 0.1, 300.0), cj.Accuracy(), steering=(1,))
    finer, _ = thermal_averages(blochs, *_pairs(insulator, 0.1, 300.0), cj.Accuracy(rule=cj.quadrature(insulator, 64)))
    assert bool(converged)
    assert float(found.errors[1, 0, 0]) <= 1e-7 + 1e-3 * float(found.values[1, 0, 0])
    assert abs(float(found.values[1, 0, 0] - finer.values[1, 0, 0])) < float(found.errors[1, 0, 0])


def test_error_of_the_carriers(insulator):
    """It covers the distance to a rule that has converged to 10⁻⁶ at this temperature, and is no dummy."""
    options = {"mu": [0.0, 0.1], "temperature": 600.0, "rotation": 15.0}
    found = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rtol=1e-2))
    finer = cj.magnetization(insulator, **options, accuracy=cj.Accuracy(rule=cj.quadrature(insulator, 48)))
    off = np.abs(found.carriers - finer.carriers)
    assert np.all(off < found.carriers_error + finer.carriers_error)
    assert np.all(found.carriers_error < 0.1 * np.abs(found.carriers))
