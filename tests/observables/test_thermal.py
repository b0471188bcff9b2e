"""The thermal trace and its derivative, against closed forms and high-precision arithmetic."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax.brillouin import divided_differences, fermi, thermal_trace
from chiraljax.units import BOLTZMANN


def _hermitian(rng, n=5):
    matrix = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return matrix + matrix.conj().T


def _one(value):
    return jnp.asarray(value, dtype=float).reshape(1)


@jax.jit
def _trace(H, A, mu, temperature):
    return thermal_trace(H, A[None], _one(mu), _one(temperature), 2).traces[0, 0]


@jax.jit
def _along(H, A, dH, *point):
    """The trace of H + x dH at (x, μ, T), and its derivatives by reverse and by forward mode."""

    def trace(x, mu, temperature):
        return _trace(H + x * dH, A, mu, temperature)

    return trace(*point), jax.grad(trace, (0, 1, 2))(*point), jax.jacfwd(trace, (0, 1, 2))(*point)


def test_value_is_the_matrix_function():
    """Tr[A f(H)] with f(H) = (exp((H − μ)/k_BT) + 1)⁻¹ from a matrix exponential."""
    import scipy.linalg

    rng = np.random.default_rng(1)
    H, A = _hermitian(rng), _hermitian(rng)
    mu, temperature = 0.3, 9000.0
    occupation = np.linalg.inv(
        scipy.linalg.expm((np.asarray(H) - mu * np.eye(5)) / (BOLTZMANN * temperature)) + np.eye(5)
    )
    assert float(_trace(H, A, mu, temperature)) == pytest.approx(np.trace(np.asarray(A) @ occupation).real, rel=1e-11)


def test_carriers_keep_their_digits_deep_in_the_gap():
    """Two levels ±1 eV at 100 K, μ = 0.2 eV: e^(−0.8 eV/k_BT) − e^(−1.2 eV/k_BT), of order 1e-41."""
    H = jnp.diag(jnp.array([-1.0, 1.0])).astype(complex)
    found = thermal_trace(H, jnp.eye(2, dtype=complex)[None], _one(0.2), _one(100.0), 1).carriers[0]
    with mpmath.workdps(60):
        thermal = mpmath.mpf(BOLTZMANN) * 100
        electrons = 1 / (mpmath.exp((1 - mpmath.mpf(0.2)) / thermal) + 1)
        holes = 1 / (mpmath.exp((1 + mpmath.mpf(0.2)) / thermal) + 1)
        expected = float(electrons - holes)
    assert float(found) == pytest.approx(expected, rel=1e-11)


@given(
    st.floats(-3, 3),
    st.sampled_from([0.0, 1e-15, 1e-14, 1e-9, 1e-4, 0.1, 2.0]),
    st.sampled_from([1.0, 10.0, 300.0, 20_000.0]),
)
def test_divided_differences_in_high_precision(a, gap, temperature):
    """(f(a) − f(b))/(a − b) with 60 digits, for all separations and 1 K to 20 000 K."""
    b = a + gap
    found = np.asarray(divided_differences(jnp.array([a, b]), _one(0.1), _one(temperature))[0])
    with mpmath.workdps(4000 if temperature < 5 else 600):
        thermal = mpmath.mpf(BOLTZMANN) * mpmath.mpf(temperature)

        def occupation(energy):
            return 1 / (mpmath.exp((mpmath.mpf(energy) - mpmath.mpf(0.1)) / thermal) + 1)

        if a == b:
            expected = -occupation(a) * (1 - occupation(a)) / thermal
        else:
            expected = (occupation(b) - occupation(a)) / (mpmath.mpf(b) - mpmath.mpf(a))
        expected = float(expected)
    # e^{-x} with x known to one rounding of E/k_BT: up to 3e4 roundings at 1 K.
    tolerance = 4e-16 * (4 + 3 / (BOLTZMANN * temperature))
    assert found[0, 1] == pytest.approx(expected, rel=tolerance, abs=1e-300)
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("gap", [0.0, 1e-14, 1e-7, 0.5])
@pytest.mark.parametrize("temperature", [300.0, 3000.0])
def test_gradient_at_planted_degeneracies(gap, temperature):
    """H = U diag(…) U† with two levels `gap` apart, exactly degenerate included, against central differences."""
    rng = np.random.default_rng(3)
    A, dH, U = _hermitian(rng), _hermitian(rng), np.linalg.eigh(_hermitian(rng))[1]
    H = U @ np.diag([-0.4, 0.1, 0.1 + gap, 0.3, 1.0]) @ U.conj().T
    point = (0.0, 0.12, temperature)
    steps = (2e-5 * temperature / 300, 2e-5 * temperature / 300, 1e-3 * temperature)
    _, reverse, forward = _along(H, A, dH, *point)
    for argument, step in enumerate(steps):
        exact = reverse[argument]
        assert float(forward[argument]) == pytest.approx(float(exact), rel=1e-12)

        def shifted(s, argument=argument):
            return float(_along(H, A, dH, *(x + s * (i == argument) for i, x in enumerate(point)))[0])

        difference = (8 * (shifted(step) - shifted(-step)) - shifted(2 * step) + shifted(-2 * step)) / (12 * step)
        assert difference == pytest.approx(float(exact), rel=1e-6)


def test_gradient_of_carriers_and_operator():
    rng = np.random.default_rng(5)
    H, A = _hermitian(rng), _hermitian(rng)

    @jax.jit
    @jax.value_and_grad
    def carriers(mu):
        return thermal_trace(jnp.asarray(H), jnp.asarray(A[None]), _one(mu), _one(2000.0), 2).carriers[0]

    step = 1e-4
    (_, slope), (up, _), (down, _) = (carriers(mu) for mu in (0.1, 0.1 + step, 0.1 - step))
    assert float(slope) == pytest.approx(float(up - down) / (2 * step), rel=1e-6)
    density = jax.grad(lambda scale: _trace(H, scale * A, 0.1, 2000.0))(1.0)
    assert float(density) == pytest.approx(float(_trace(H, A, 0.1, 2000.0)), rel=1e-13)


@given(st.integers(0, 2**31 - 1))
def test_basis_independence(seed):
    """Tr[A f(H)] and its gradient do not know the basis: both are unchanged by a common unitary."""
    rng = np.random.default_rng(seed)
    H, A, dH = _hermitian(rng), _hermitian(rng), _hermitian(rng)
    U = np.linalg.eigh(_hermitian(rng))[1]

    def turned(matrix):
        product = U @ matrix @ U.conj().T
        return (product + product.conj().T) / 2

    here, turned_here = _along(H, A, dH, 0.0, 0.1, 3000.0), _along(*map(turned, (H, A, dH)), 0.0, 0.1, 3000.0)
    for one, other in zip(jax.tree.leaves(here), jax.tree.leaves(turned_here), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-9, abs=1e-9)


def test_zero_temperature_is_the_step():
    assert [float(fermi(_one(x), _one(0.0))[0]) for x in (-0.1, 0.0, 0.1)] == [1.0, 0.5, 0.0]
    H = jnp.diag(jnp.array([-1.0, 0.2, 1.0])).astype(complex)
    A = jnp.diag(jnp.array([1.0, 10.0, 100.0])).astype(complex)
    assert float(_trace(H, A, 0.5, 0.0)) == 11.0


def test_many_pairs_from_one_diagonalisation():
    rng = np.random.default_rng(7)
    H, A = jnp.asarray([_hermitian(rng) for _ in range(3)]), jnp.asarray([_hermitian(rng) for _ in range(2)])
    mu, temperature = np.array([-0.5, 0.1, 2.0]), np.array([100.0, 300.0, 5000.0])
    traces = jax.jit(lambda mu, temperature: thermal_trace(H, A, mu, temperature).traces)
    together = traces(mu, temperature)
    assert together.shape == (3, 2, 3)
    for s in range(3):
        alone = traces(mu[s : s + 1], temperature[s : s + 1])
        np.testing.assert_allclose(together[..., s : s + 1], alone, rtol=1e-12)
    jaxpr = str(jax.make_jaxpr(lambda H: thermal_trace(H, A, jnp.asarray(mu), jnp.asarray(temperature)))(H))
    assert jaxpr.count("= eigh[") == 1


def test_second_derivative_is_refused():
    rng = np.random.default_rng(9)
    H, A = _hermitian(rng), _hermitian(rng)
    with pytest.raises(TypeError, match="differentiated once"):
        jax.grad(jax.grad(lambda x: _trace(H + x * A, A, 0.1, 300.0)))(0.0)


def test_exact_rational_limit():
    """At infinite temperature every state is half filled: Tr[A f] → Tr A/2."""
    H = jnp.diag(jnp.array([-1.0, 0.5])).astype(complex)
    A = jnp.diag(jnp.array([2.0, 5.0])).astype(complex)
    assert float(_trace(H, A, 0.0, 1e12)) == pytest.approx(float(Fraction(7, 2)), rel=1e-7)
