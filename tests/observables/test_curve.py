"""M(Ω) as a polynomial: against single values, its slope against the susceptibility, its error, its crossover."""

import jax
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError

FASTEST = 2 * np.pi * 2.42


@pytest.fixture(scope="module")
def rule(electrons):
    return cj.quadrature(electrons, 16)


@pytest.fixture(scope="module")
def curve(electrons, rule):
    options = {"mu": [0.0, 0.1], "temperature": [600.0, 900.0]}
    return cj.magnetization_curve(electrons, **options, rotation=FASTEST, accuracy=cj.Accuracy(rule=rule, nodes=6))


def test_values(electrons, rule, curve):
    rotation = np.array([[-14.0, -3.0], [0.0, 7.7]])
    direct = cj.magnetization(
        electrons, mu=[0.0, 0.1], temperature=[600.0, 900.0], rotation=rotation, accuracy=cj.Accuracy(rule=rule)
    ).moment
    assert curve(rotation).shape == (2, 2, 2, 2)
    np.testing.assert_allclose(curve(rotation), direct, atol=1e-8 * float(np.abs(direct).max()))
    assert int(curve.eigensolves) == 7 * len(rule.weights)  # and at the largest Ω


@pytest.mark.slow
def test_slope_is_the_susceptibility(electrons):
    """On rules that are converged to 10⁻⁵, which differ as the symmetry of Ω = 0 is higher."""
    options = {"mu": [0.0, 0.1], "temperature": 900.0}
    rule = cj.quadrature(electrons, 32)
    curve = cj.magnetization_curve(electrons, **options, rotation=FASTEST, accuracy=cj.Accuracy(rule=rule, nodes=4))
    chi = cj.susceptibility(electrons, **options, accuracy=cj.Accuracy(rule=cj.quadrature(electrons, 32, axis=None)))
    np.testing.assert_allclose(curve.slope, chi.tensor[:, 2, 2], rtol=1e-4)


@pytest.mark.slow
def test_denser_nodes_where_the_moment_bends(electrons):
    """At 60 K ħΩ passes k_BT: two nodes are not enough, six agree with single values within the errors."""
    options = {"mu": 0.0, "temperature": 60.0}
    found = cj.magnetization_curve(electrons, **options, rotation=3 * FASTEST, accuracy=cj.Accuracy(rtol=3e-2, nodes=2))
    assert found.coefficients.shape == (6,)
    assert bool(found.converged)
    for rotation in (9.0, 31.0):
        one = cj.magnetization(electrons, **options, rotation=rotation, accuracy=cj.Accuracy(rtol=3e-2))
        assert abs(float(found(rotation) - one.moment)) < float(found.error + one.error)


def test_crossover(curve):
    """Where M = χΩ is wrong by a tenth: later in a hotter crystal, and at infinity if not before `fastest`."""
    early, late = curve.crossover(1e-4), curve.crossover(1e-3)
    assert np.all(early < late)
    assert np.all(early[:, 0] <= early[:, 1])
    assert np.all(np.isinf(curve.crossover(10.0)))
    at = float(late[1, 0])
    if np.isfinite(at):
        off = abs(float(curve(at)[1, 0] / (curve.slope[1, 0] * at)) - 1)
        assert off == pytest.approx(1e-3, rel=0.02)


@pytest.mark.slow
def test_derivative_and_jit(electrons, rule, curve):
    @jax.jit
    @jax.value_and_grad
    def value(mu):
        return cj.magnetization_curve(
            electrons, mu=mu, temperature=900.0, rotation=FASTEST, accuracy=cj.Accuracy(rule=rule)
        )(10.0)

    h = 1e-5
    (here, slope), (up, _), (down, _) = (value(mu) for mu in (0.1, 0.1 + h, 0.1 - h))
    assert float(slope) == pytest.approx(float(up - down) / (2 * h), rel=1e-6)
    assert float(here) == pytest.approx(float(curve(10.0)[1, 1]), rel=1e-10)


def test_bad_input(electrons, rule, curve):
    for change, message in (
        ({"rotation": np.nan}, "rotation must be finite"),
        ({"temperature": -1.0}, "temperature must be zero or positive"),
    ):
        options = {"mu": 0.1, "temperature": 900.0, "rotation": 1.0, "accuracy": cj.Accuracy(rule=rule)} | change
        with pytest.raises(InputError, match=message):
            cj.magnetization_curve(electrons, **options)
    with pytest.raises(InputError, match="fraction must be positive"):
        curve.crossover(0.0)


def test_numbers_compile_nothing_new(curve):
    """Neither another Ω nor another time: plain numbers are arrays to the compiled functions."""
    pulse, compiled = cj.GaussianPulse(), []
    jax.block_until_ready((curve(1.0), pulse(0.1)))
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, _, **__: compiled.append(event) if event.endswith("backend_compile_duration") else None
    )
    jax.block_until_ready((curve(2.5), pulse(0.7), curve(3.5), pulse(1.7)))
    assert not compiled
