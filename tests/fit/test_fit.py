"""Fits whose answer is known: the bands of a model, and what its symmetries and limits demand."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import optax
import optimistix as optx
import pytest

import chiraljax as cj
from chiraljax import Bands, InputError, MultiStart, Target, Variation, fit_bands, fit_spin_orbit
from chiraljax.fit import _spin_orbit

ONSITE = ("O.p.parallel", "O.p.perpendicular", "Ta.d.t2g", "Ta.d.eg")


def scrambled(electrons, seed=0):
    """The model with unrelated parameters, so that nothing of the answer is known."""
    random = np.random.default_rng(seed)
    return electrons.with_parameters({name: random.normal() for name in electrons.parameters})


def magnitudes(model):
    return {name: abs(float(value)) for name, value in model.parameters.items()}


@pytest.mark.slow
def test_recovers_table_1_from_nowhere(electrons, own_bands):
    """All 13 spinless parameters, up to the signs of (pdσ) and (pdπ), from random starts; ξ stays as it was."""
    start = scrambled(electrons)
    bounds = dict.fromkeys(ONSITE, (-10.0, 10.0))
    fit = fit_bands(start, own_bands, variation=Variation(bounds=bounds), search=MultiStart(8))
    assert fit.converged
    assert fit.signs == (("O-Ta.pd_sigma.1",), ("O-Ta.pd_pi.1",))
    assert fit.parameters["Ta.d.xi"] == float(start.parameters["Ta.d.xi"])
    found, true = magnitudes(fit.electrons), magnitudes(electrons)
    for name in fit.free:
        assert found[name] == pytest.approx(true[name], abs=1e-6)
        flipped = any(name in names for names in fit.signs)
        assert flipped or np.sign(fit.parameters[name]) == np.sign(float(electrons.parameters[name]))
        assert not flipped or np.sign(fit.parameters[name]) == np.sign(float(start.parameters[name]))
    assert max(fit.rms.values()) < 1e-8
    assert not fit.directions
    assert max(fit.standard_errors.values()) < 1e-6


def test_recovers_spin_orbit_coupling(ktao3, electrons):
    """All 14 at once from bands with spin–orbit coupling, about the answer."""
    k = ktao3.k_path(5).k
    bands = Bands(k, np.asarray(electrons.energies(k)), spin_orbit=True, filled=18)
    fit = fit_bands(
        scrambled(electrons),
        bands,
        search=MultiStart(8),
        variation=Variation(bounds=dict.fromkeys(ONSITE, (-10.0, 10.0))),
    )
    found, true = magnitudes(fit.electrons), magnitudes(electrons)
    assert found == pytest.approx(true, abs=1e-6)


@pytest.mark.slow
def test_second_stage(electrons, pbe_fit):
    """ξ alone: the t2g splitting at Γ is 3ξ/2 to first order in ξ over the distance of eg, 4 eV."""
    fit = fit_spin_orbit(pbe_fit, cj.read_bands("KTaO3_pbe_soc"), search=MultiStart(2, draw="noise"))
    # the on-site energies are fixed, so the energy zero between the two calculations is fitted
    assert set(fit.free) == {"Ta.d.xi", "offset"}
    levels = np.asarray(fit.electrons.energies(np.zeros(3)))
    assert levels[22] - levels[18] == pytest.approx(0.4335, abs=0.02)
    assert fit.parameters["Ta.d.xi"] == pytest.approx(2 / 3 * (levels[22] - levels[18]), rel=0.1)


@pytest.mark.slow
def test_default_fit_to_pbe(electrons, pbe):
    """The bounds are what SciPy's least squares reached from 25 starts (0.228, 0.094, 0.404)."""
    fit = fit_bands(scrambled(electrons), pbe)
    assert list(fit.rms) == ["O.p", "Ta.d.t2g", "Ta.d.eg"]
    assert fit.rms["O.p"] <= 0.23
    assert fit.rms["Ta.d.t2g"] <= 0.094
    assert fit.rms["Ta.d.eg"] <= 0.41
    assert fit.converged
    assert not fit.at_bounds


@pytest.mark.slow
def test_edge_weight(electrons, pbe):
    """t2g up to 0.3 eV above the edge within 0.02 eV."""
    targets = cj.default_targets(electrons, pbe, edge_weight=100.0)
    fit = fit_bands(electrons, pbe, targets=targets, search=MultiStart(16))
    assert fit.edge[1] <= 0.02


@pytest.mark.slow
def test_energy_zero_does_not_matter(electrons, pbe, pbe_fit):
    """Another zero of the file, without a reference, moves the on-site energies by it and nothing else."""
    moved = dataclasses.replace(pbe, energies=pbe.energies - pbe.reference + 0.7, reference=None)
    found = fit_bands(pbe_fit.electrons, moved, search=MultiStart(4, draw="noise"))
    for name, value in pbe_fit.parameters.items():
        shift = 0.7 if name in ONSITE else 0.0
        assert found.parameters[name] == pytest.approx(value + shift, abs=1e-5)
    assert found.offset == 0


@pytest.mark.slow
def test_offset_where_onsite_energies_are_fixed(electrons, own_bands):
    """With the on-site energies held, a shift of the bands is found as the energy zero."""
    moved = dataclasses.replace(own_bands, energies=own_bands.energies + 1.3)
    fit = fit_bands(electrons, moved, variation=Variation(fixed=ONSITE), search=MultiStart(4, draw="noise"))
    assert fit.offset == pytest.approx(1.3, abs=1e-8)
    assert magnitudes(fit.electrons) == pytest.approx(magnitudes(electrons), abs=1e-7)


@pytest.mark.slow
def test_ties_bounds_and_priors(electrons, own_bands):
    ties = {"O.p.perpendicular": "O.p.parallel", "O-O.pp_pi.1": ("O-O.pp_sigma.1", -0.25)}
    bounds = {"Ta.d.eg": (5.0, 6.0)}
    priors = {"Ta-Ta.dd_delta.1": (0.5, 1e-5)}
    fit = fit_bands(
        electrons,
        own_bands,
        variation=Variation(ties=ties, bounds=bounds, priors=priors),
        search=MultiStart(4, draw="noise"),
    )
    found = fit.parameters
    assert found["O.p.perpendicular"] == found["O.p.parallel"]
    assert found["O-O.pp_pi.1"] == pytest.approx(-0.25 * found["O-O.pp_sigma.1"])
    assert 5.0 <= found["Ta.d.eg"] <= 6.0
    assert found["Ta-Ta.dd_delta.1"] == pytest.approx(0.5, abs=1e-3)
    assert "O.p.perpendicular" not in fit.free


@pytest.mark.slow
@pytest.mark.parametrize("draw", ["uniform", "harrison", "noise"])
def test_strategies(electrons, own_bands, draw):
    """Harrison's rule and noise about a guess 0.1 eV off lead to the same answer as anywhere in the box."""
    random = np.random.default_rng(1)
    guess = electrons.with_parameters({n: float(v) + 0.1 * random.normal() for n, v in electrons.parameters.items()})
    fit = fit_bands(guess, own_bands, search=MultiStart(8, draw=draw))
    assert fit.loss < 1e-15


@pytest.mark.slow
@pytest.mark.parametrize(
    "solver", [optx.LBFGS(rtol=1e-6, atol=1e-8), optx.OptaxMinimiser(optax.adam(0.01), rtol=1e-3, atol=1e-5)]
)
def test_other_solvers(electrons, own_bands, solver):
    """They come to the answer from 0.02 eV beside it, less exactly than Levenberg and Marquardt."""
    random = np.random.default_rng(2)
    guess = electrons.with_parameters({n: float(v) + 0.02 * random.normal() for n, v in electrons.parameters.items()})
    fit = fit_bands(guess, own_bands, search=MultiStart(1, draw="noise", solver=solver))
    assert max(fit.rms.values()) < 0.01


def test_not_converged_says_so(electrons, own_bands, monkeypatch):
    from chiraljax.fit import _search

    monkeypatch.setattr(_search, "_FINAL_STEPS", 1)
    monkeypatch.setattr(_search, "_SEARCH_STEPS", 1)
    fit = fit_bands(scrambled(electrons), own_bands, search=MultiStart(1, draw="noise"))
    assert not fit.converged
    assert np.isfinite(fit.loss)
    assert "NOT CONVERGED" in fit.report


def test_progress_is_shown_where_it_is_asked_for(electrons, own_bands, capsys, monkeypatch):
    """With the last of the searches and the best of the losses that `on_step` is told, too, in both stages."""
    steps = []
    quick = {"search": MultiStart(4, draw="noise"), "on_step": lambda *step: steps.append(step)}
    for progress in (False, True):
        steps.clear()
        fit = fit_bands(electrons, own_bands, progress=progress, **quick)
        done, total, _ = steps[-1]
        assert done == total
        best, printed = min(loss for *_, loss in steps), capsys.readouterr()
        assert printed.out == ""
        assert bool(printed.err) == progress
    assert f"Fitting, best loss {best:.6g} eV²" in printed.err
    assert f"{total}/{total}" in printed.err

    def second(*_, on_step, **__):
        on_step(2, 2, 0.25)
        return fit

    monkeypatch.setattr(_spin_orbit, "fit_bands", second)
    for progress in (False, True):
        fit_spin_orbit(fit, cj.read_bands("KTaO3_pbe_soc"), progress=progress, **quick)
        assert steps[-1] == (2, 2, 0.25)
        assert ("Fitting spin–orbit coupling, best loss 0.25 eV²" in capsys.readouterr().err) == progress


def test_one_compilation_for_all_seeds(electrons, own_bands):
    from chiraljax.fit import _search

    def run(seed):
        fit_bands(electrons, own_bands, search=MultiStart(4, draw="noise", seed=seed))

    run(0)
    before = _search._refine._cached._cache_size()
    run(1)
    assert _search._refine._cached._cache_size() == before


@pytest.mark.slow
def test_levels_that_are_not_targets_are_free(electrons, pbe):
    """Of O 2p alone neither the on-site energies of Ta nor its hoppings are determined; the report says so."""
    fit = fit_bands(electrons, pbe, targets=[Target("O 2p", (0, 9), (0, 9))], search=MultiStart(4))
    undetermined = [direction for direction in fit.directions if not direction.determined]
    assert undetermined
    named = {name for direction in undetermined for name in direction.components}
    assert named & {"Ta.d.eg", "Ta.d.t2g", "Ta-Ta.dd_sigma.1", "Ta-Ta.dd_pi.1", "Ta-Ta.dd_delta.1"}
    assert any(direction.level is not None and direction.level >= 9 for direction in undetermined)
    assert "not determined" in fit.report
    assert all(np.isfinite(list(fit.standard_errors.values())))


@pytest.mark.slow
def test_projection_chooses_among_bands(electrons, pbe):
    """At Γ the eg doublet lies above a K s state; by projection it is found nevertheless."""
    fit = fit_bands(electrons, pbe, targets=[Target("eg", (12, 14), projection="Ta.d.eg")], search=MultiStart(2))
    gamma = int(np.argmin(np.linalg.norm(pbe.k, axis=1)))
    np.testing.assert_allclose(fit.match.energies[gamma] + pbe.reference, pbe.energies[gamma, 13:15])


@pytest.mark.slow
def test_window_chooses_bands(electrons, pbe):
    fit = fit_bands(electrons, pbe, targets=[Target("O 2p", (0, 9), window=(-6.0, 0.01))], search=MultiStart(1))
    np.testing.assert_allclose(fit.match.energies, pbe.energies[:, :9] - pbe.reference)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variation": Variation(fixed=["Ti.d.xi"])}, "fixed must name parameters among"),
        ({"variation": Variation(ties={"O.p.parallel": "Ti.d"})}, "ties must lead to free parameters"),
        ({"variation": Variation(priors={"Ta.d.nn": (2.0, 1.0)})}, "priors must name parameters among"),
        ({"targets": []}, "targets must not be empty"),
        ({"targets": [Target("a", (0, 15), (0, 15))]}, "levels must be a range within 0 to 14"),
        ({"targets": [Target("a", (0, 9), (30, 39))]}, "bands must be a range within 0 to"),
        ({"targets": [Target("a", (0, 9), window=(50.0, 60.0))]}, "at k-point 0 there are 0"),
        ({"targets": [Target("a", (0, 9), (0, 10))]}, "a projection must choose among them"),
        ({"targets": [Target("a", (0, 2), (0, 2)), Target("b", (1, 3), (1, 3))]}, "must not name a level twice"),
        ({"targets": [Target("a", (9, 12), projection="Ti.d")]}, "projection must be on orbitals of the model"),
        ({"targets": [Target("a", (9, 12), projection="Ta.d.f")]}, "projection must be on one of"),
    ],
)
def test_refused(electrons, pbe, options, message):
    with pytest.raises(InputError, match=message):
        fit_bands(electrons, pbe, **options)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Variation(bounds={"Ta.d.eg": (2.0, 1.0)}), "bounds.Ta.d.eg"),
        (lambda: Variation(bounds={"Ta.d.eg": (2.0, np.inf)}), "bounds.Ta.d.eg"),
        (lambda: Variation(priors={"Ta.d.eg": (2.0, 0.0)}), "priors.Ta.d.eg.width"),
        (lambda: Variation(noise=-1.0), "noise"),
        (lambda: MultiStart(0), "starts"),
        (lambda: MultiStart(draw="anywhere"), "draw"),
        (lambda: MultiStart(seed=-1), "seed"),
        (lambda: Target("a", (0, 9), weight=0.0), "weight"),
        (lambda: Target("a", (0, 9), edge_weight=-1.0), "edge_weight"),
    ],
)
def test_descriptions_are_checked_when_built(build, field):
    with pytest.raises(InputError) as refused:
        build()
    assert refused.value.field == field
    assert ", but got" in refused.value.message


def test_text_and_labels(pbe_fit):
    """What the prompt shows, and a data set whose axes bear the names of parameters and targets."""
    text = repr(pbe_fit)
    assert text.startswith("BandFit, converged")
    assert len(text.splitlines()) < 30
    assert all(name in text for name in pbe_fit.parameters)
    labelled = pbe_fit.to_xarray()
    assert labelled.attrs["status"] == "converged"
    for name, value in pbe_fit.parameters.items():
        assert float(labelled["parameters"].sel(parameter=name)) == value
    for name, value in pbe_fit.standard_errors.items():
        assert float(labelled["standard_errors"].sel(free=name)) == value
    assert labelled["rms"].sel(target="O.p") == pbe_fit.rms["O.p"]
    assert labelled["covariance"].attrs["units"] == "eV^2"
    assert pbe_fit == dataclasses.replace(pbe_fit)
    assert repr(pbe_fit.bands).startswith("Bands, ")


def test_refuses_bands_that_do_not_fit_the_model(electrons, pbe):
    few = dataclasses.replace(pbe, energies=pbe.energies[:, :11], projections={})
    with pytest.raises(InputError, match="bands must hold 9 filled and 5 empty ones"):
        fit_bands(electrons, few)
    with pytest.raises(InputError, match="do not say how many are filled"):
        fit_bands(electrons, dataclasses.replace(pbe, filled=None))
    with pytest.raises(InputError, match="bands must have projections on orbitals of the model"):
        fit_bands(cj.load_material("GaAs").electrons, pbe)
    spinor = cj.read_bands("KTaO3_pbe_soc")
    with pytest.raises(InputError, match="electrons must have a spin–orbit term"):
        fit_bands(electrons.without_spin_orbit(), spinor)
    single = Bands(pbe.k[:1], pbe.energies[:1], filled=9)
    with pytest.raises(InputError, match="at least as many energies as there are free parameters"):
        fit_bands(electrons, single, targets=[Target("a", (0, 9), (0, 9))])
    assert jnp.isfinite(electrons.energies(pbe.k)).all()
