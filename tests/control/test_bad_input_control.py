"""What `optimize_pulse` refuses, and that it says why."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.control import Constraints
from chiraljax.control._feasible import check_feasible

SPLINE = cj.SplinePulse.zeros(0.0, 8.2, 2.42, 160)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fluence": 0.0}, "fluence must be positive"),
        ({"fluence": None}, "fluence or peak_field must be given"),
        ({"band": (3.0, 4.0)}, r"band must hold a frequency of the phonon, \[2.42\] THz, but is 3 to 4 THz"),
        (
            {"band": (2.3, 2.5), "pulse": cj.SplinePulse.zeros(0.0, 3.0, 2.42, 20)},
            "band must leave a field within the pulse",
        ),
        ({"band": (1.92, 2.92), "window": (2.0, 2.6)}, "band must leave a field within the window, but one of 0.6 ps"),
        ({"band": (1.92, 2.92), "window": (-9.0, 0.6)}, "band must leave a field within the window, but one of 0.6 ps"),
        (
            {"band": (1.92, 2.92), "window": (2.0, 2.6), "pulse": cj.GaussianPulse()},
            "band must leave a field within the window, but one of 0.6 ps",
        ),
        ({"window": (11.0, 12.0)}, "window must overlap the times, 0 to 10 ps, but is 11 to 12 ps"),
        ({"window": (8.3, 9.0)}, "window must overlap the pulse, 0 to 8.2 ps, but is 8.3 to 9 ps"),
        ({"times": np.linspace(0, 10, 81)}, "times must resolve the phonon with 4 points per period"),
        ({"times": np.linspace(0, 10, 201) ** 1.01}, "times must be equally spaced"),
        ({"times": 3.0}, "times"),
        ({"times": [0.0]}, "times"),
        ({"objective": cj.AngularMomentumAt(8.01)}, "time must be one of the times, but got 8.01 ps"),
        ({"objective": cj.AngularMomentumAt(0.0)}, "after"),
        ({"objective": cj.MomentAt(8.0)}, "mu and temperature must be numbers"),
        ({"objective": cj.MomentAt(8.0), "mu": 0.05}, "mu and temperature must be numbers"),
        ({"objective": cj.MomentAt(8.0), "mu": 0.1, "temperature": 300.0, "coupling": cj.FixedRotation()}, "coupling"),
        ({"ellipticity": 0.0}, "ellipticity must not be 0"),
        ({"pulse": cj.SplinePulse.zeros(10.5, 18.0, 2.42, 160)}, "pulse must act between .* but acts from 10.5 to 18"),
        ({"pulse": cj.SplinePulse.zeros(-5.0, -0.5, 2.42, 80)}, "pulse must act between .* but acts from -5 to -0.5"),
        ({"starts": 0}, "starts must be a whole number between 1 and 10000, but got 0"),
        ({"steps": 0}, "steps must be a whole number of at least 1, but got 0"),
        ({"fixed": ("amplitudes",)}, "fixed must leave some of"),
        ({"fixed": ("frequency",)}, "fixed must name free parameters"),
        ({"bounds": {"frequency": (1.0, 2.0)}, "pulse": cj.GaussianPulse()}, "begin within the bounds of frequency"),
    ],
)
def test_refusals(optimize, changes, message):
    with pytest.raises(InputError, match=message) as error:
        optimize(**changes)
    assert "\n" not in str(error.value)


def test_a_material_without_a_phonon(ktao3, times):
    still = eqx.tree_at(lambda material: material.phonon, ktao3, None)
    with pytest.raises(InputError, match="material must have a phonon to be driven, but has none"):
        cj.optimize_pulse(still, SPLINE, times=times, constraints=Constraints(1.0))


def test_window_and_band_of_an_anharmonic_phonon(make_phonon, times):
    """The band may lie elsewhere, as such a mode moves; it must still leave a field."""
    hard = make_phonon(quartic_isotropic=30.0)
    check_feasible(Constraints(1.0, band=(3.0, 4.0)), hard, jnp.asarray(times), (0.0, 8.2))
    with pytest.raises(InputError, match="within the window"):
        check_feasible(Constraints(1.0, band=(3.0, 4.0), window=(1.0, 1.3)), hard, jnp.asarray(times), None)


def test_the_leakage_that_would_do(phonon, times):
    """Twice the angle: of λ = 0.88056, c = πWT = 2 (Slepian and Pollak), 2 arcsin √δ = arcsin √(1 − λ)."""
    band, window = (0.0, 0.5), (0.0, 4 / np.pi)
    low = phonon if phonon.frequency[0] < 0.5 else eqx.tree_at(lambda p: p.frequency, phonon, jnp.array([0.3]))
    enough = np.sin(np.arcsin(np.sqrt(1 - 0.88056)) / 2) ** 2
    limits = {"fluence": 1.0, "band": band, "window": window}
    check_feasible(Constraints(**limits, leakage=1.001 * enough), low, jnp.asarray(times))
    with pytest.raises(InputError, match=f"leakage above {enough:.3g}"):
        check_feasible(Constraints(**limits, leakage=0.999 * enough), low, jnp.asarray(times))
    check_feasible(Constraints(1.0, band=band, leakage=1.001 * (1 - 0.88056)), low, jnp.asarray(times), window)
    with pytest.raises(InputError, match="within the pulse"):
        check_feasible(Constraints(1.0, band=band, leakage=0.999 * (1 - 0.88056)), low, jnp.asarray(times), window)


def test_a_search_needs_some_leakage(optimize):
    with pytest.raises(InputError, match="leakage must be positive in a search, but is 0"):
        optimize(leakage=0.0)


@pytest.mark.slow
def test_times_that_cut_the_pulse(ktao3):
    """A trace that begins before the times is refused; a Gaussian is moved, and a warning says what is left out."""
    times, samples = np.linspace(0, 10, 201), np.linspace(-3, 7, 401)
    trace = cj.SampledPulse(samples, np.asarray(cj.GaussianPulse()(samples + 3)))
    options = {"objective": cj.PeakAngularMomentum(), "constraints": Constraints(1.0)}
    with pytest.raises(InputError, match=r"times must begin at -2\.6\d ps or before"):
        cj.optimize_pulse(ktao3, trace, times=times, **options)
    gaussian, search = cj.GaussianPulse(center=0.5), cj.Search(starts=1, steps=1)
    with pytest.warns(UserWarning, match=r"times must begin at .* the best pulse counts from there on"):
        cj.optimize_pulse(ktao3, gaussian, times=times, search=search, **options)
