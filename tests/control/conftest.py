"""One shape of search for all tests, so that it is compiled once."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj

TIMES = np.linspace(0, 10, 201)


@pytest.fixture(scope="session")
def times():
    return TIMES


@pytest.fixture(scope="session")
def fluence(pulse):
    """Of the paper's pulse, mJ/cm²."""
    return float(pulse.fluence)


@pytest.fixture(scope="session")
def optimize(ktao3, fluence):
    """`optimize_pulse` of KTaO₃ with what many tests have in common; fields of constraints and search as they are."""
    options = {"times": TIMES, "objective": cj.AngularMomentumAt(8.0), "fluence": fluence, "starts": 2}
    return _optimizer(ktao3, cj.SplinePulse.zeros(0.0, 8.2, 2.42, 160), options)


@pytest.fixture(scope="session")
def optimize_soon(ktao3, fluence, soon):
    """The same for L at 5 ps, in half of the steps."""
    options = {"times": soon, "objective": cj.AngularMomentumAt(5.0), "fluence": fluence, "starts": 2}
    return _optimizer(ktao3, cj.SplinePulse.zeros(0.0, 5.2, 2.42, 150), options)


@pytest.fixture(scope="session")
def soon():
    """Times of `optimize_soon`, the hundredth 5 ps."""
    return np.linspace(0, 5.2, 105)


def _optimizer(material, start, options):
    def run(pulse=start, material=material, **changes):
        return cj.optimize_pulse(material, pulse, **grouped(options | changes))

    return run


def grouped(options):
    """The fields of `Constraints` and `Search` among `options` as one object each."""
    for name, kind in (("constraints", cj.Constraints), ("search", cj.Search)):
        fields = {field.name for field in dataclasses.fields(kind)} & set(options)
        options = options | {name: kind(**{field: options.pop(field) for field in fields})}
    return options


@pytest.fixture(scope="session")
def make_curve():
    """M(Ω) of given coefficients of T₁, T₃, … up to the largest Ω, without a k-sum."""
    from chiraljax.observables import RotationInterpolant

    def make(coefficients, fastest):
        zero = jnp.asarray(0.0)
        return cj.MagnetizationCurve(
            interpolant=RotationInterpolant(fastest=jnp.asarray(fastest), nodes=len(coefficients)),
            resolved=jnp.asarray(True),
            coefficients=jnp.asarray(coefficients),
            error=zero,
            carriers=zero,
            mu=zero,
            temperature=zero,
            eigensolves=jnp.asarray(0),
            interpolated=jnp.asarray(0),
            converged=jnp.asarray(True),
            rule=cj.brillouin.zone(4),
        )

    return make


@pytest.fixture(scope="session")
def make_forecast(electrons):
    """What pulses do to a phonon at equally spaced times."""
    from chiraljax.control._forecast import Forecast
    from chiraljax.control._steps import Steps

    def make(phonon, times, curve=None):
        chain = cj.Chain(electrons, phonon, cj.GaussianPulse(), cj.KinematicRotation(), None)
        return Forecast(chain, curve, Steps.of(phonon, times), phonon.harmonic)

    return make


@pytest.fixture(scope="session")
def make_problem(make_forecast):
    """The function that is climbed, on a small grid of times."""
    from chiraljax.control._parameters import PulseSpace, widest_support
    from chiraljax.control._problem import PulseProblem

    def make(phonon, pulse, objective, constraints, *, times=None, deviations=None, curve=None):
        times = jnp.linspace(0.0, 4.0, 81) if times is None else jnp.asarray(times)
        forecast = make_forecast(phonon, times, curve)
        nodes, weights, before = forecast.steps.rule(*widest_support(pulse, times))
        meter = constraints.meter(nodes, weights, 3 * forecast.highest)
        space = PulseSpace(pulse, meter, times, cj.Search())
        drawn = None if deviations is None else jnp.asarray(deviations.drawn())
        return PulseProblem(space, forecast, meter, before, constraints, objective, jnp.ones(()), drawn)

    return make
