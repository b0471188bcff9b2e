"""Covariance against a Monte Carlo of noisy bands, propagation, and the k-fold check."""

import dataclasses

import jax
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import MultiStart, fit_bands

SIGMA = 0.02
"""eV"""


@pytest.fixture(scope="module")
def noisy_fits(electrons, own_bands):
    """24 fits to the bands of Table I, each with its own Gaussian noise."""
    random = np.random.default_rng(3)
    fits = []
    for _ in range(24):
        energies = np.sort(own_bands.energies + SIGMA * random.normal(size=own_bands.energies.shape), axis=1)
        targets = [cj.Target("all", (0, 14), (0, 14))]
        noisy = dataclasses.replace(own_bands, energies=energies)
        fits.append(fit_bands(electrons, noisy, targets=targets, search=MultiStart(1, draw="noise")))
    return fits


@pytest.mark.slow
def test_standard_errors(noisy_fits):
    """The scatter of 24 fits has a relative error 1/√48 = 14 %: within 3 of these of the estimate, in each parameter.

    Noise on sorted levels of degenerate groups is smaller than SIGMA, so the residual scale is compared, not SIGMA.
    """
    estimated = np.mean([list(fit.standard_errors.values()) for fit in noisy_fits], axis=0)
    scatter = np.std([[fit.parameters[name] for name in fit.free] for fit in noisy_fits], axis=0, ddof=1)
    np.testing.assert_allclose(scatter, estimated, rtol=3 * 0.145)


@pytest.mark.slow
def test_correlation(noisy_fits):
    for fit in noisy_fits[:2]:
        np.testing.assert_allclose(np.diag(fit.correlation), 1)
        assert np.max(np.abs(fit.correlation)) < 1 + 1e-12
        assert np.min(np.linalg.eigvalsh(fit.covariance)) > 0


@pytest.mark.slow
def test_scale_of_the_weights_does_not_matter(electrons, own_bands, noisy_fits):
    fit = noisy_fits[0]
    heavier = [dataclasses.replace(target, weight=7.0) for target in fit.targets]
    again = fit_bands(fit.electrons, fit.bands, targets=heavier, search=MultiStart(1, draw="noise"))
    np.testing.assert_allclose(again.covariance, fit.covariance, rtol=1e-3)


@pytest.mark.slow
def test_propagation(noisy_fits):
    """The error of a parameter, of a sum of two and of the gap: the first two by the covariance itself."""
    fit = noisy_fits[0]
    a, b = fit.free[:2]
    value, error = fit.uncertainty(lambda electrons: electrons.parameters[a])
    assert value == pytest.approx(fit.parameters[a])
    assert error == pytest.approx(fit.standard_errors[a])
    _, error = fit.uncertainty(lambda electrons: electrons.parameters[a] + electrons.parameters[b])
    assert error == pytest.approx(np.sqrt(fit.covariance[:2, :2].sum()))
    gaps = [float(cj.gap(each.electrons.without_spin_orbit())) for each in noisy_fits]
    _, error = fit.uncertainty(lambda electrons: cj.gap(electrons.without_spin_orbit()))
    assert np.std(gaps, ddof=1) == pytest.approx(float(error), rel=3 * 0.145)


@pytest.mark.slow
def test_moment_with_error_bar(pbe_fit):
    """First order against the exact change along the worst direction, one standard error long: to second order."""
    options = {"mu": 0.05, "temperature": 3000.0, "rotation": 15.2}
    rule = cj.quadrature(pbe_fit.electrons, 4)

    def moment(electrons):
        return cj.magnetization(electrons, **options, accuracy=cj.Accuracy(rule=rule)).moment

    value, error = pbe_fit.uncertainty(moment)
    assert value == pytest.approx(float(moment(pbe_fit.electrons)))
    slopes = jax.grad(lambda p: moment(pbe_fit.electrons.with_parameters(p)))(
        {name: pbe_fit.electrons.parameters[name] for name in pbe_fit.free}
    )
    g = np.array([float(slopes[name]) for name in pbe_fit.free])
    assert error == pytest.approx(np.sqrt(g @ pbe_fit.covariance @ g))


@pytest.mark.slow
def test_cross_validation(pbe_fit):
    """On the mesh, which it did not see, the fit is worse than refits there, and these worse on what they left out."""
    mesh = cj.read_bands("KTaO3_pbe_mesh")
    check = cj.cross_validate(pbe_fit, mesh, folds=4)
    assert set(check.elsewhere) == set(pbe_fit.rms)
    total = {part: sum(v**2 for v in getattr(check, part).values()) for part in ("elsewhere", "seen", "unseen")}
    assert total["seen"] < total["unseen"]
    assert total["seen"] < total["elsewhere"]
    assert check.status == "converged"
    assert check.report.startswith("k-fold check")
    assert set(check.to_xarray()["seen"].coords["target"].values.tolist()) == set(pbe_fit.rms)
    assert set(check.spread) == set(pbe_fit.free)
    with pytest.raises(cj.InputError, match="folds must be between 2 and"):
        cj.cross_validate(pbe_fit, folds=1)
    with pytest.raises(cj.InputError, match="bands must be with spin–orbit coupling if"):
        cj.cross_validate(pbe_fit, cj.read_bands("KTaO3_pbe_soc"))


def test_report(pbe_fit):
    text = pbe_fit.report
    for name in pbe_fit.parameters:
        assert name in text
    assert "not fitted: the bands have no spin–orbit coupling" in text
    assert "± " in text
    assert "largest" in text
    assert "Signs that no energy depends on" in text
