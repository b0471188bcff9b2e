"""One chain for all: a coupling that resolves the sites in a simulation, a sweep and a search, to the same moment."""

import dataclasses

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError

TIMES = np.linspace(0, 6, 121)
FILLING = {"mu": 0.1, "temperature": 900.0}
FIELDS = [0.6, 1.0]
SAME = cj.Accuracy().rtol / 10
"""On one rule over the zone. Patterns of Ω_i that reach less than this part of the first are left out of M({Ω_i}).

M is nearly linear in Ω_i, and each calculation has patterns of its own."""


@pytest.fixture(scope="module")
def accuracy(electrons):
    return cj.Accuracy(rule=cj.quadrature(electrons.site_resolved(), 4))


@pytest.fixture(scope="module")
def simulated(ktao3, accuracy):
    """M(t) of a pulse, each atom with the Ω of its own motion."""
    return lambda pulse: cj.simulate(
        ktao3, pulse, times=TIMES, coupling=cj.SiteRotation(), steps=cj.FixedSteps(), accuracy=accuracy, **FILLING
    )


def test_simulation(ktao3, simulated, accuracy):
    """Against M at the rotations of a few times one by one."""
    found = simulated(cj.GaussianPulse())
    chosen = np.array([60, 75, 100])
    direct = cj.magnetization(
        ktao3.electrons, rotation=found.rotation[chosen], per_site=True, accuracy=accuracy, **FILLING
    )
    assert np.abs(found.moment[chosen] - direct.moment).max() < SAME * np.abs(direct.moment).max()


@pytest.mark.slow
def test_sweep(simulated, ktao3, accuracy, tmp_path):
    swept = cj.sweep(
        ktao3,
        axes={"pulse.peak_field": FIELDS},
        outputs=["moment", "peak_moment"],
        times=TIMES,
        coupling=cj.SiteRotation(),
        accuracy=accuracy,
        out=tmp_path / "s.zarr",
        **FILLING,
    )
    for i, field in enumerate(FIELDS):
        one = simulated(cj.GaussianPulse(peak_field=field))
        assert np.abs(swept.moment.values[i] - one.moment).max() < SAME * np.abs(one.moment).max()


@pytest.mark.slow
def test_search(simulated, ktao3, accuracy):
    found = cj.optimize_pulse(
        ktao3,
        cj.SplinePulse.zeros(0.0, 5.0, 2.42, 12),
        times=TIMES,
        objective=cj.PeakMoment(),
        coupling=cj.SiteRotation(),
        constraints=cj.Constraints(1.0),
        search=cj.Search(starts=1, steps=5),
        accuracy=accuracy,
        **FILLING,
    )
    one = simulated(found.pulse)
    assert found.outcome.rotation.shape == (len(TIMES), 5)
    assert found.objective == pytest.approx(np.abs(one.moment).max(), rel=SAME)


def test_parts_that_lack(ktao3, accuracy):
    bare = cj.Chain.of(dataclasses.replace(ktao3, phonon=None))
    assert bare.axis == (0.0, 0.0, 1.0)
    with pytest.raises(InputError, match="material must have a phonon to be driven"):
        bare.motion(TIMES)
    chain = cj.Chain.of(ktao3)
    with pytest.raises(InputError, match="mu and temperature must be given for a moment"):
        chain.moment(chain.rotation(chain.motion(TIMES)), accuracy)
