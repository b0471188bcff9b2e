"""One shape of search for all tests, so that it is compiled once."""

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
    """`optimize_pulse` of KTaO₃ with what most tests have in common."""

    def run(pulse=None, **changes):
        options = {"times": TIMES, "objective": cj.AngularMomentumAt(8.0), "fluence": fluence, "starts": 2}
        start = cj.SplinePulse.zeros(0.0, 8.2, 2.42, 160) if pulse is None else pulse
        return cj.optimize_pulse(ktao3, start, **(options | changes))

    return run


@pytest.fixture(scope="session")
def make_problem():
    """The function that is climbed, on a small grid of times."""
    import jax.numpy as jnp

    from chiraljax.control._chain import Chain
    from chiraljax.control._parameters import PulseSpace, widest_support
    from chiraljax.control._problem import Problem
    from chiraljax.phonon._propagate import STAGES

    def make(phonon, pulse, objective, constraints, *, times=None, fixed=(), bounds=None, ensemble=None, curve=None):
        times = jnp.linspace(0.0, 4.0, 81) if times is None else jnp.asarray(times)
        chain = Chain(phonon, cj.KinematicRotation(), curve, times, phonon.substeps(times), phonon.harmonic)
        before, after = chain.steps(*widest_support(pulse, times))
        meter = constraints.meter(*chain.rule(before, after), 3 * float(phonon.frequency.max()))
        space = PulseSpace(pulse, meter, times, fixed, bounds or {})
        deviations = None if ensemble is None else jnp.asarray(ensemble.deviations)
        return Problem(space, chain, meter, before * STAGES, constraints, objective, jnp.ones(()), deviations)

    return make
