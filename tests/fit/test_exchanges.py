"""Exchanges of atoms that change no energy: rocksalt with p shells on both, and crystals that have none."""

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.fit._exchanges import site_exchanges
from chiraljax.fit._levels import Levels
from chiraljax.fit._space import space

K = np.random.default_rng(0).random((40, 3)) - 0.5
TE, PB = "Te.5p.energy", "Pb.6p.energy"


def rocksalt(tellurium=-1.0, lead=2.0):
    crystal = cj.Crystal([[0, 3, 3], [3, 0, 3], [3, 3, 0]], ["Te", "Pb"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shells = [cj.Shell("Te", "5p", {"energy": tellurium}), cj.Shell("Pb", "6p", {"energy": lead})]
    hoppings = [cj.Hopping(("Te.5p", "Pb.6p"), 1, {"sigma": 1.5, "pi": -0.3})]
    return cj.slater_koster(crystal, shells, hoppings, filling=6)


def bands(lower=None, **others):
    """Of the true model; with `lower` its lower three bands are projected on that species."""
    energies = np.asarray(rocksalt().energies(K))[:, ::2]
    if lower is None:
        return cj.Bands(K, energies, filled=3, **others)
    below = np.where(np.arange(6) < 3, 0.9, 0.1) * np.ones_like(energies)
    upper = {"Te": "Pb", "Pb": "Te"}[lower]
    return cj.Bands(K, energies, filled=3, projections={f"{lower}.p": below, f"{upper}.p": 1 - below}, **others)


def found(electrons, **variation):
    levels = Levels(electrons, K[:2])
    return site_exchanges(electrons, space(electrons, levels.names, np.array([-5.0, 5.0]), cj.Variation(**variation)))


def test_rocksalt():
    """The translation by half the cube's diagonal exchanges the two atoms."""
    assert found(rocksalt()) == [
        {TE: PB, PB: TE, "Te-Pb.5p6p_sigma.1": "Te-Pb.5p6p_sigma.1", "Te-Pb.5p6p_pi.1": "Te-Pb.5p6p_pi.1"}
    ]


def test_none_without_the_symmetry(electrons, graphene):
    """KTaO₃ has one site of Ta and three of O; the sites of graphene are of one species."""
    assert found(electrons.without_spin_orbit()) == []
    assert found(graphene.without_spin_orbit()) == []


def test_zincblende():
    """Inversion exchanges the atoms of GaAs and turns k into −k."""
    (renamed,) = found(cj.load_material("GaAs").electrons)
    assert renamed["As.4s.energy"] == "Ga.4s.energy"
    assert renamed["As-Ga.4s4p_sigma.1"] == "Ga-As.4s4p_sigma.1"


@pytest.mark.parametrize("variation", [{"fixed": [TE]}, {"bounds": {TE: (-2.0, 0.0)}}, {"priors": {TE: (-1.0, 0.1)}}])
def test_none_if_the_variation_tells_them_apart(variation):
    assert found(rocksalt(), **variation) == []


@pytest.mark.parametrize("seed", range(6))
def test_projections_decide(seed):
    """Te below, whatever the start: the misfit is that of 0.9 from the model's share, exchanged 1 minus it."""
    start = rocksalt(2.0, -1.0) if seed % 2 else rocksalt()
    fit = cj.fit_bands(start, bands("Te"), search=cj.MultiStart(8, seed=seed))
    assert fit.parameters[TE] == pytest.approx(-1.0, abs=1e-6)
    assert fit.parameters[PB] == pytest.approx(2.0, abs=1e-6)
    (exchange,) = fit.exchanges
    assert exchange.decided
    assert exchange.pairs == (("Te.5p", "Pb.6p"),)
    assert "decided by the projections" in fit.report


def test_nearest_to_the_start_without_projections():
    for start in (rocksalt(), rocksalt(2.0, -1.0)):
        fit = cj.fit_bands(start, bands(), search=cj.MultiStart(4))
        for name in (TE, PB):
            assert fit.parameters[name] == pytest.approx(float(start.parameters[name]), abs=1e-6)
        assert not fit.exchanges[0].decided
        assert "Te.5p for Pb.6p: kept nearest to the model given; projections of the bands would decide" in fit.report


def test_two_targets_of_one_name():
    """Two rows, each with its own error."""
    targets = [cj.Target("a", (0, 3), (0, 3)), cj.Target("a", (3, 6), (3, 6))]
    fit = cj.fit_bands(rocksalt(), bands(), targets=targets, search=cj.MultiStart(1, draw="noise"))
    assert list(fit.rms) == ["a", "a (2)"]
    assert list(fit.largest) == ["a", "a (2)"]
    assert fit.to_xarray()["rms"].shape == (2,)


@pytest.mark.parametrize("lower", ["Te", "Pb"])
def test_projections_choose_between_minima(lower):
    """Bounds that differ forbid the exchange; both minima have the loss 0, and that of the projections is kept."""
    variation = cj.Variation(bounds={TE: (-5.0, 5.0), PB: (-6.0, 6.0)})
    fit = cj.fit_bands(rocksalt(), bands(lower), variation=variation, search=cj.MultiStart(12))
    assert fit.exchanges == ()
    assert fit.parameters[TE] == pytest.approx(-1.0 if lower == "Te" else 2.0, abs=1e-6)
    assert fit.misfit is not None
    assert fit.misfit < 0.3
    assert f"{fit.misfit:.1%} of the levels in other shells than in the bands" in fit.report
