"""The figure of a fit: both forms, what is aligned with what, and what is left out."""

import dataclasses

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import plot
from chiraljax.fit._target import match

SHIFT = 3.7


def _bands(model, k):
    return cj.Bands(k, np.asarray(model.without_spin_orbit().energies(k))[:, ::2] + SHIFT, filled=9)


def _beside(fit, bands, targets):
    """The fit as if it had been made to these bands and targets."""
    found = match(fit.electrons, bands, targets)
    return dataclasses.replace(fit, bands=bands, targets=tuple(targets), match=found)


@pytest.fixture(scope="module")
def fit(ktao3):
    """To the model's own bands, so that its lines go through the circles."""
    fixed = [name for name in ktao3.electrons.parameters if name not in ("O.p.parallel", "Ta.d.t2g")]
    return cj.fit_bands(
        ktao3.electrons,
        _bands(ktao3.electrons, ktao3.k_path(3).k),
        variation=cj.Variation(fixed=fixed),
        search=cj.MultiStart(1, draw="noise"),
    )


@pytest.mark.slow
def test_everything_counts_from_the_edge_of_the_bands(fit, ktao3):
    """Another model too, which has its own energies there."""
    bands = plot.bands_from_edge(fit)
    edge = int(np.argmin(bands[:, 9]))
    assert bands[edge, 9] == 0
    np.testing.assert_allclose(plot.levels_from_edge(fit), bands, atol=1e-6)
    raised = ktao3.electrons.with_parameters({"Ta.d.t2g": 5.0})
    assert plot.levels_from_edge(fit, raised)[edge, 9] == pytest.approx(0, abs=1e-12)


def test_lines_and_circles_along_a_path(fit, ktao3):
    figure = plot.fit_figure(fit, {"Table I": ktao3.electrons}, bands="model")
    whole, edge = figure.axes
    assert [label.get_text() for label in whole.get_xticklabels()] == ["X", "R", "M", "Γ", "R"]
    assert "eV" in whole.get_ylabel()
    assert edge.get_ylim() == (-0.05, 0.5)
    circles = np.asarray(whole.collections[0].get_offsets())
    np.testing.assert_allclose(np.sort(circles[:, 1]), np.sort(plot.bands_from_edge(fit).ravel()))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["model", "fit", "Table I"]


def test_a_mesh_gives_energies_against_energies(fit, ktao3):
    mesh = np.stack(np.meshgrid(*[np.arange(3) / 3] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    bands = _bands(ktao3.electrons, mesh)
    above, below = plot.fit_figure(_beside(fit, bands, cj.default_targets(ktao3.electrons, bands))).axes
    x, y = np.asarray(above.collections[0].get_offsets()).T
    np.testing.assert_allclose(x, y, atol=1e-6)
    assert "eV" in below.get_xlabel()
    assert "eV" in below.get_ylabel()


def test_without_an_edge_energies_count_from_the_reference(fit):
    """Targets that hold filled levels only: no panel of the edge, and the model is shifted by the fitted offset."""
    fit = _beside(fit, fit.bands, [cj.Target("valence", (0, 9), (0, 9))])
    np.testing.assert_allclose(plot.levels_from_edge(fit)[:, :9], fit.bands.energies[:, :9], atol=1e-6)
    (axes,) = plot.fit_figure(fit).axes
    assert "ref" in axes.get_ylabel()
    assert axes.get_ylim()[1] < fit.bands.energies[:, 9].min()


def test_entangled_circles_fade(fit):
    """The upper bands count by a projection of 1, 0.5, 0, …: so opaque are their circles."""
    share = np.ones((len(fit.bands), 14))
    share[:, 12:] = np.resize([1.0, 0.5, 0.0], (len(fit.bands), 2))
    projected = dataclasses.replace(fit.bands, projections={"Ta.d.eg": share})
    targets = [cj.Target("low", (0, 12), (0, 12)), cj.Target("eg", (12, 14), (12, 14), projection="Ta.d.eg")]
    figure = plot.fit_figure(_beside(fit, projected, targets))
    opacity = figure.axes[0].collections[0].get_edgecolors()[:, 3]
    np.testing.assert_allclose(opacity.reshape(share.shape), share)
    assert "Ta $e_g$" in figure.legends[0].get_texts()[0].get_text()


def test_other_models_have_as_many_levels(fit, graphene):
    with pytest.raises(cj.InputError, match="28 levels"):
        plot.fit_figure(fit, {"graphene": graphene})
