"""A composite loss, minimised by first-order optimisers."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import chiraljax as cj
from chiraljax import InputError, fit_loss

K = jnp.asarray(np.random.default_rng(8).uniform(-0.5, 0.5, (4, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", [None, optax.lbfgs()])
def test_bands_gap_and_mass(insulator, optimizer):
    """From 0.03 eV beside them the parameters come back to where the loss is zero."""
    energies = insulator.energies(K)
    gap, masses = cj.gap(insulator), cj.effective_masses(insulator, count=2)

    def loss(model):
        return (
            jnp.mean((model.energies(K) - energies) ** 2)
            + (cj.gap(model) - gap) ** 2
            + jnp.sum((cj.effective_masses(model, count=2) - masses) ** 2)
        )

    random = np.random.default_rng(9)
    start = insulator.with_parameters({n: float(v) + 0.03 * random.normal() for n, v in insulator.parameters.items()})
    fit = fit_loss(start, loss, optimizer=optimizer, steps=25)
    assert fit.status == "finished"
    assert repr(fit).startswith("LossFit, finished, 25 steps")
    assert fit.loss < 0.1 * fit.history[0]
    assert fit.loss == pytest.approx(float(loss(fit.electrons)))


def test_fixed_and_bounds(electrons):
    def loss(model):
        return (model.parameters["Ta.d.eg"] - 9.0) ** 2 + (model.parameters["Ta.d.t2g"] - 9.0) ** 2

    bounds = {"Ta.d.eg": (5.0, 6.5)}
    fit = fit_loss(electrons, loss, optimizer=optax.sgd(0.1), fixed=["Ta.d.t2g"], bounds=bounds, steps=30)
    assert float(fit.electrons.parameters["Ta.d.eg"]) == 6.5
    assert fit.electrons.parameters["Ta.d.t2g"] == electrons.parameters["Ta.d.t2g"]


def test_stops_where_the_loss_is_not_finite(electrons):
    """log(6.2 − x) ends at 6.2; the best before that is kept."""

    def loss(model):
        return jnp.log(6.2 - model.parameters["Ta.d.eg"])

    fit = fit_loss(electrons, loss, optimizer=optax.sgd(0.01), steps=50)
    assert fit.status == "not finite"
    assert np.isfinite(fit.loss)
    assert float(fit.electrons.parameters["Ta.d.eg"]) < 6.2
    with pytest.raises(InputError, match="loss must be finite at the start"):
        fit_loss(electrons, lambda model: jnp.log(-(model.parameters["Ta.d.eg"] ** 2)))
    with pytest.raises(InputError, match="fixed must name parameters"):
        fit_loss(electrons, loss, fixed=["x"])
