"""Rules over the zone and the cube: exactness, convergence, symmetry."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.brillouin import Quadrature, gamma_cube, integrate, zone
from chiraljax.crystal import magnetic_operations

_TURN = np.array([[1, -1, 0], [1, 0, 0], [0, 0, 1]])
_SIXFOLD = np.array([np.linalg.matrix_power(_TURN, n) for n in range(6)])


@pytest.mark.parametrize("rule", [zone(8), zone(8, _SIXFOLD), gamma_cube(8)])
def test_weights_are_normalised(rule):
    assert rule.weights.sum() == pytest.approx(1, abs=1e-14)
    assert rule.coarse.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(rule.weights > 0)


@given(st.tuples(*[st.integers(-7, 7)] * 3))
def test_uniform_rule_is_exact_for_low_harmonics(R):
    """Σ w e^{2πi k·R} = δ_R for |R_i| < n on the unwarped mesh, which a group with a sixfold axis forces."""
    rule = zone(8, _SIXFOLD)
    harmonics = [_SIXFOLD[n].T @ np.array(R) for n in range(6)]
    average = np.mean([rule.weights @ np.exp(2j * np.pi * rule.k @ turned) for turned in harmonics])
    expected = 1 if R == (0, 0, 0) else 0
    if np.abs(harmonics).max() < 8:
        assert average == pytest.approx(expected, abs=1e-13)


def test_warped_rule_converges_beyond_all_orders():
    """⟨exp(3 cos 2πk)⟩ = I₀(3): the error falls by more than 100 from one doubling to the next."""
    from scipy.special import i0

    errors = []
    for n in (8, 16, 32):
        rule = zone(n, periodic=(True, False, False))
        errors.append(abs(rule.weights @ np.exp(3 * np.cos(2 * np.pi * rule.k[:, 0])) - i0(3)))
    assert errors[1] < 1e-2 * errors[0]
    assert errors[2] < 1e-12


def test_clenshaw_curtis_is_exact_for_polynomials():
    """⟨k_x⁴ k_y² k_z²⟩ over |k_i| ≤ h is h⁸/(5·3·3); the embedded rule is exact for it as well."""
    h = 0.05
    rule = gamma_cube(8, h)
    x, y, z = rule.k.T
    for weights in (rule.weights, rule.coarse):
        assert weights @ (x**4 * y**2 * z**2) == pytest.approx(h**8 / 45, rel=1e-12)
    assert np.abs(rule.k).max() == pytest.approx(h)


def test_reduction_keeps_invariant_averages(electrons):
    operations = magnetic_operations(electrons.crystal, electrons.operations, [0, 0, 1.0])
    for make in (zone, gamma_cube):
        reduced, full = make(8, operations=operations), make(8)
        assert len(reduced.k) < len(full.k) / 5

        def invariant(k):
            x, y, z = np.cos(2 * np.pi * k).T
            return np.exp(x + y) * (1 + z) ** 3 / (3 + x * y)

        assert reduced.weights @ invariant(reduced.k) == pytest.approx(full.weights @ invariant(full.k), rel=1e-13)


def test_components_without_dispersion_get_one_point():
    rule = zone(6, periodic=(True, True, False))
    assert len(rule.k) == 36
    assert np.all(rule.k[:, 2] == 0)


def test_integrate_pads_without_changing_the_sum():
    rng = np.random.default_rng(0)
    k, weights = rng.normal(size=(1201, 3)), rng.uniform(size=1201)
    rule = Quadrature(k, weights, 2 * weights)
    value, error = integrate(lambda scale, k: scale * jnp.sum(k**2, axis=1), jnp.asarray(2.0), rule, 100)
    expected = 2 * weights @ (k**2).sum(axis=1)
    assert float(value) == pytest.approx(expected, rel=1e-12)
    assert float(error) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("make", "n"), [(zone, 7), (zone, 2), (gamma_cube, 6)])
def test_bad_number_of_points(make, n):
    with pytest.raises(InputError, match="n must be"):
        make(n)


def test_bad_cube():
    with pytest.raises(InputError, match=r"half_width must be in \(0, 0.5\], but got 0.7"):
        gamma_cube(8, 0.7)
