"""Coordinates of pulses: round trips, bounds, and the metric of the whitened ones."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control._meter import FieldMeter
from chiraljax.control._parameters import PulseSpace

SETTINGS = settings(derandomize=True, deadline=None, max_examples=8)
TIMES = jnp.linspace(0.0, 6.0, 61)
NODES = jnp.linspace(0.0, 6.0, 1200)
METER = FieldMeter(NODES, jnp.full(1200, 6 / 1199))
GAUSSIAN = cj.GaussianPulse(0.8, center=2.5, ellipticity=-0.4, phase=0.3, chirp=0.1, angle=-0.7, delay=0.2)


def random_spline(splines=12, seed=0):
    rng = np.random.default_rng(seed)
    return cj.SplinePulse(rng.normal(size=(splines, 2, 2)), 0.0, 6.0, 2.42)


def random_trace():
    t = np.linspace(0, 6, 40)
    return cj.SampledPulse(t, np.random.default_rng(1).normal(size=(40, 2)))


def space(pulse, fixed=(), bounds=None):
    return PulseSpace(pulse, METER, TIMES, cj.Search(fixed=fixed, bounds=bounds or {}))


def same(one, other, rtol):
    np.testing.assert_allclose(one(NODES), other(NODES), atol=rtol * float(jnp.abs(other(NODES)).max()))


@pytest.mark.parametrize(
    "pulse",
    [
        GAUSSIAN,
        cj.GaussianPulse(0.5, ellipticity=0.2) + cj.GaussianPulse(0.2, 1.4, 1.5, ellipticity=0.9),
        random_spline(),
        random_trace(),
        cj.FourierPulse(np.random.default_rng(2).normal(size=(5, 2, 2)), 0.0, 6.0, 10),
        GAUSSIAN + random_spline(),
    ],
    ids=["gaussian", "sum", "spline", "sampled", "fourier", "mixed"],
)
def test_round_trip(pulse):
    """To roundoff times the square root of the condition number of S, at most 10²; phases turn by 2π·10 ps·THz."""
    made = space(pulse)
    x = made.of_template()
    assert x.shape == (made.size,)
    same(made.pulse(jnp.asarray(x)), pulse, 1e-11)


def test_a_start_on_a_bound_is_moved_inside():
    """A circular pulse has ε = ±1, and begins at ±0.98: 0.01 of the range inside."""
    made = space(cj.GaussianPulse(ellipticity=-1.0, center=0.0))
    begun = made.pulse(jnp.asarray(made.of_template()))
    assert float(begun.ellipticity) == pytest.approx(-0.98, rel=1e-12)
    assert float(begun.center) == pytest.approx(0.01 * 6, rel=1e-12)


def test_free_parameters():
    """One Gaussian has 7, its strength being the problem's and its delay nobody's; one of a sum has its strength."""
    names = ["angle", "center", "chirp", "duration", "ellipticity", "frequency", "phase"]
    assert sorted(c.name for c in space(GAUSSIAN).coordinates) == names
    assert space(GAUSSIAN + GAUSSIAN).size == 16
    assert space(random_spline()).size == 12 * 4
    assert space(random_trace()).size == 80
    assert space(GAUSSIAN, fixed=("center", "phase")).size == 5


@pytest.mark.parametrize(
    ("template", "leaf"),
    [(random_spline(), 0), (random_trace(), None), (GAUSSIAN + random_spline(), 9)],
    ids=["spline", "sampled", "mixed"],
)
def test_square_of_x_is_the_energy(template, leaf):
    """x·x = ∫|E|²dt on the meter's rule, less the 10⁻⁴/λ of the regularisation: with condition κ at most 10⁻⁴ κ."""
    made = space(template)
    x = np.random.default_rng(5).normal(size=made.size)
    if leaf is not None and len(made.coordinates) > 1:
        x[: -12 * 4] = made.of_template()[: -12 * 4]
    pulse = made.pulse(jnp.asarray(x))
    part = pulse.pulses[1] if isinstance(pulse, cj.SumPulse) else pulse
    linear = x[-12 * 4 :] if leaf is not None else x
    (root,) = (root for root in made.roots if root is not None)
    smallest = np.linalg.eigvalsh(root)
    bias = 1e-4 * (smallest[-1] / smallest[0]) ** 2
    assert bias < 0.1
    energy = float(METER.energy(part(NODES)))
    assert (1 - 1.1 * bias) * linear @ linear <= energy <= linear @ linear * (1 + 1e-12)


def test_wrong_names():
    known = r"\['angle', 'center', 'chirp', 'duration', 'ellipticity', 'frequency', 'phase'\]"
    for wrong in ({"fixed": ("colour",)}, {"bounds": {"colour": (0.0, 1.0)}}, {"fixed": ("peak_field",)}):
        with pytest.raises(InputError, match=f"{next(iter(wrong))} must name free parameters among {known}, but got"):
            space(GAUSSIAN, **wrong)
    with pytest.raises(InputError, match=r"among \['amplitudes'\], but got \['frequency'\]"):
        space(random_spline(), fixed=("frequency",))


def test_wrong_bounds():
    with pytest.raises(InputError, match=r"bounds\.frequency must increase, but got 3 to 2"):
        space(GAUSSIAN, bounds={"frequency": (3.0, 2.0)})
    with pytest.raises(InputError, match="bounds must not hold amplitudes"):
        space(random_spline(), bounds={"amplitudes": (0.0, 1.0)})
    with pytest.raises(InputError, match=r"begin within the bounds of frequency, 3 to 4, but has 2.42"):
        space(GAUSSIAN, bounds={"frequency": (3.0, 4.0)}).of_template()
    with pytest.raises(InputError, match="fixed must leave some of"):
        space(random_spline(), fixed=("amplitudes",))


def test_a_pulse_of_a_sum_without_strength():
    with pytest.raises(InputError, match="positive peak_field in each Gaussian of a sum"):
        space(GAUSSIAN + cj.GaussianPulse(0.0))


@SETTINGS
@given(seed=st.integers(0, 2**32 - 1), size=st.floats(0.01, 1e3))
def test_bounds_hold_everywhere(seed, size):
    bounds = {"frequency": (2.0, 2.5), "center": (1.0, 5.0)}
    made = space(GAUSSIAN, bounds=bounds)
    pulse = made.pulse(jnp.asarray(size * np.random.default_rng(seed).normal(size=made.size)))
    limits = bounds | {
        "duration": (0.5**0.5 / 4, 4 * 0.5**0.5),
        "ellipticity": (-1.0, 1.0),
        "chirp": (-2.42 / (4 * 0.5**0.5), 2.42 / (4 * 0.5**0.5)),
    }
    for name, (low, high) in limits.items():
        assert low - 1e-12 <= float(getattr(pulse, name)) <= high + 1e-12
    assert (float(pulse.peak_field), float(pulse.delay)) == (0.8, 0.2)


@SETTINGS
@given(seed=st.integers(0, 2**32 - 1))
def test_random_starts_are_inside(seed):
    made = space(GAUSSIAN + random_spline())
    x = made.random(np.random.default_rng(seed))
    pulse = made.pulse(jnp.asarray(x)).pulses[0]
    assert x.shape == (made.size,)
    assert 0 < float(pulse.peak_field) < 1.6
    assert 1.21 < float(pulse.frequency) < 4.84
