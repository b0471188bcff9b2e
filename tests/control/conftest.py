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
