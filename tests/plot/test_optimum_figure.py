"""The figures of a best pulse: what each panel holds, and what the dashed lines are."""

from dataclasses import replace

import equinox as eqx
import numpy as np
import optax
import pytest

import chiraljax as cj
from chiraljax import plot

SLOPE = 1e-5


@pytest.fixture(scope="module")
def optimum(ktao3):
    """For L, after ten steps, with a limit of the field and a band that are not met by construction."""
    return cj.optimize_pulse(
        ktao3,
        cj.SplinePulse.zeros(0.0, 5.0, 2.42, 4),
        times=np.linspace(0, 5, 101),
        objective=cj.PeakAngularMomentum(),
        constraints=cj.Constraints(fluence=1.0, peak_field=0.5, band=(2.0, 2.8)),
        search=cj.Search(starts=2, steps=10, optimizer=optax.adam(0.05)),
    )


@pytest.fixture(scope="module")
def magnetic(optimum):
    """The same for M at 4 ps, as if M were proportional to Ω."""
    problem = eqx.tree_at(
        lambda p: (p.forecast.curve, p.objective),
        optimum.problem,
        (lambda rotation: SLOPE * rotation, cj.MomentAt(4.0)),
        is_leaf=lambda leaf: leaf is None,
    )
    return replace(optimum, problem=problem, units="mu_B/cell", bound=2e-4)


def _labelled(axes):
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


@pytest.mark.slow
def test_panels(optimum):
    """The 4001 drawn times hold the 101 of the outcome; fixed and adaptive steps agree to 10⁻⁷ of the largest |q|."""
    figure = plot.optimum_figure(optimum)
    field, field_orbit, lattice, lattice_orbit, rotation, spectrum = figure.axes
    labels = " ".join(axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes)
    for unit in ("MV/cm", "hbar", "rad/ps", "THz", "Å√u", "MV ps/cm", "(ps)"):
        assert unit in labels
    times, x = _labelled(field)["$E_x$"].get_data()
    np.testing.assert_allclose(x, optimum.pulse(times)[:, 0])
    assert set(_labelled(field)["limit"].get_ydata()) == {0.5}
    np.testing.assert_array_equal(field_orbit.lines[0].get_xdata(), x)
    at = np.asarray(optimum.outcome.times)
    np.testing.assert_allclose(
        np.interp(at, *lattice.lines[0].get_data()), optimum.outcome.motion.angular_momentum, atol=1e-6
    )
    np.testing.assert_allclose(np.interp(at, *rotation.lines[0].get_data()), optimum.outcome.rotation, atol=1e-6)
    np.testing.assert_allclose(np.abs(_labelled(lattice)["bound"].get_ydata()), optimum.bound)
    assert lattice_orbit.get_xlim() == lattice_orbit.get_ylim()
    assert set(_labelled(spectrum)) == {"band", "mode"}
    assert _labelled(spectrum)["mode"].get_xdata()[0] == 2.42


@pytest.mark.slow
def test_the_bound_of_a_probe_ends_there(magnetic):
    moment = plot.optimum_figure(magnetic).axes[4]
    times, values = moment.lines[0].get_data()
    np.testing.assert_allclose(np.interp(4.0, times, values), SLOPE * magnetic.outcome.rotation[80], atol=1e-7)
    assert "per cell" in moment.get_ylabel()
    bound = _labelled(moment)["bound"]
    np.testing.assert_allclose(bound.get_xdata(), [0, 4])
    np.testing.assert_allclose(np.abs(bound.get_ydata()), 2e-4)
    assert _labelled(moment)["probe"].get_xdata()[0] == 4


@pytest.mark.parametrize("objective", [cj.Switching(3.0, 5.0), cj.MeanMoment(2.0, 4.0), cj.PeakMoment()])
def test_what_other_objectives_look_at(magnetic, objective):
    problem = eqx.tree_at(
        lambda p: p.objective, magnetic.problem, objective, is_leaf=lambda leaf: leaf is magnetic.problem.objective
    )
    shown = _labelled(plot.optimum_figure(replace(magnetic, problem=problem)).axes[4])
    span = {"Switching": [0, 3], "MeanMoment": [2, 4], "PeakMoment": [0, 5]}[type(objective).__name__]
    np.testing.assert_allclose(shown["bound"].get_xdata(), span)


def test_convergence(optimum):
    figure = plot.convergence_figure(optimum)
    above, below = figure.axes
    best = int(np.argmin(np.abs(optimum.reached - optimum.objective)))
    np.testing.assert_allclose(_labelled(above)["best start"].get_ydata(), optimum.history[:, best] / optimum.bound)
    np.testing.assert_allclose(_labelled(above)["true value"].get_ydata(), optimum.reached / optimum.bound)
    assert set(_labelled(above)["bound"].get_ydata()) == {1}
    assert below.get_yscale() == "log"
    np.testing.assert_allclose(
        _labelled(below)["best start"].get_ydata(), np.maximum(optimum.violations[:, best], 1e-6)
    )


def test_convergence_without_a_bound_or_violations(optimum):
    """In the unit of the objective; one start has no others, and what is not finite is left out."""
    history = optimum.history[:, :1].copy()
    history[3:] = np.nan
    free = replace(
        optimum, bound=None, violations=0 * optimum.violations[:, :1], history=history, reached=optimum.reached[:1]
    )
    (axes,) = plot.convergence_figure(free).axes
    assert "hbar" in axes.get_ylabel()
    assert set(_labelled(axes)) == {"best start", "true value"}
