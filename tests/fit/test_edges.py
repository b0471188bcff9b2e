"""What a fit says of gap, edges, masses and splittings, for two simple cubic s bands whose answers are known.

Na and Cl as in CsCl, a = 4 Å, each hopping only among its own kind: E = ε + 2t Σ cos(2πk_i). The filled band of Cl
has its top at Γ for t > 0, the empty band of Na its bottom at Γ for t < 0 and at R for t > 0; a second difference of
step q gives m* = ħ²q²/(2|t|·2(1 − cos qa)).
"""

import dataclasses

import numpy as np
import pytest
import scipy.constants as const

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.fit._comparison import compare
from chiraljax.fit._target import match
from chiraljax.io import fit_content, to_json, write_json

SIDE = 4.0
HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20


def two_bands(top=0.2, bottom=-0.3, middle=3.0):
    crystal = cj.Crystal(SIDE * np.eye(3), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shells = [cj.Shell("Na", "s", {"energy": middle}), cj.Shell("Cl", "s", {"energy": -2.0})]
    hoppings = [cj.Hopping(("Na.s", "Na.s"), 1, {"sigma": bottom}), cj.Hopping(("Cl.s", "Cl.s"), 1, {"sigma": top})]
    return cj.slater_koster(crystal, shells, hoppings, filling=2)


def bands_of(model, k=None, **others):
    """On the path R–Γ–X unless k is given."""
    if k is None:
        steps = np.linspace(0, 0.5, 17)[:, None]
        k = np.concatenate([(0.5 - steps) * [1, 1, 1], steps[1:] * [1, 0, 0]])
    return cj.Bands(k, np.asarray(model.energies(k))[:, ::2], filled=1, **others)


def comparison(model, bands):
    matched = match(model, bands, cj.default_targets(model, bands))
    return compare(model, bands, matched, np.asarray(model.energies(bands.k))[:, ::2], 0.0)


def test_edges_and_masses():
    """Of the model itself: nothing is wrong, and all values are those of the formula."""
    model = two_bands()
    found = comparison(model, bands_of(model))
    assert found.wrong == ()
    assert not found.another
    assert found.heading == ""
    assert found.bands.gap == pytest.approx((3.0 - 1.8) - (-2.0 + 1.2))
    for edge, hopping in ((found.bands.valence, -0.2), (found.bands.conduction, 0.3)):
        assert edge.k == (0, 0, 0)
        assert edge.degeneracy == 1
        assert set(edge.masses) == {"[100]", "[111]"}
        for direction, (mass,) in edge.masses.items():
            q = 2 * np.pi / SIDE / 32 * (1 if direction == "[100]" else np.sqrt(3))
            each = q / (1 if direction == "[100]" else np.sqrt(3))
            change = 2 * hopping * (1 - np.cos(each * SIDE)) * (1 if direction == "[100]" else 3)
            assert mass == pytest.approx(HBAR2_OVER_MASS * q**2 / (2 * change), rel=1e-9)
    assert found.model.gap == pytest.approx(found.bands.gap)


@pytest.mark.parametrize(
    ("changes", "sentence", "another"),
    [
        ({"middle": 3.3}, "the gap is 2.300 eV, of the bands 2.000 eV", True),
        ({"bottom": 0.3}, "the conduction edge is at k = 0.5, 0.5, 0.5, of the bands at 0, 0, 0", True),
        ({"bottom": -0.22, "middle": 2.52}, "a mass of the conduction edge along [", False),
        ({"bottom": -0.27, "middle": 2.82}, None, False),
        ({"middle": 3.15}, None, False),
    ],
)
def test_what_differs(changes, sentence, another):
    """The gap by 0.3 and 0.15 of 2 eV, the place of an edge, and masses by 36 % and 11 %."""
    found = comparison(two_bands(**changes), bands_of(two_bands()))
    assert any(text.startswith(sentence) for text in found.wrong) if sentence else found.wrong == ()
    assert found.another is another


def test_edge_beside_the_sampled_points():
    """The bands along Γ–X do not show that the model falls below its edge at R."""
    model = two_bands(bottom=0.3)
    k = np.linspace(0, 0.5, 9)[:, None] * [1, 0, 0]
    found = comparison(model, bands_of(model, k))
    assert found.bands.gap == found.model.gap
    assert "is 2.400 eV beyond that of its sampled k-points, at k = 0.5, 0.5, 0.5, where there are no" in found.wrong[0]


def test_another_character():
    """Bands of the same energies whose upper one is of Cl."""
    model = two_bands()
    bands = bands_of(model)
    shares = np.ones(bands.energies.shape) * [0.9, 0.1]
    right = dataclasses.replace(bands, projections={"Cl.s": shares, "Na.s": 1 - shares})
    assert comparison(model, right).wrong == ()
    wrong = dataclasses.replace(bands, projections={"Na.s": shares, "Cl.s": 1 - shares})
    assert "the valence edge is Cl.s 100%, of the bands Na.s 90%" in comparison(model, wrong).wrong


def test_spin_orbit_splitting(electrons):
    """3ξ/2 at Γ of the six t2g levels, to first order in ξ over the distance of eg; twice of it is wrong."""
    k = np.linspace(0, 0.5, 9)[:, None] * [1, 0, 0]
    bands = cj.Bands(k, np.asarray(electrons.energies(k)), spin_orbit=True, filled=18)
    matched = match(electrons, bands, cj.default_targets(electrons, bands))
    found = compare(electrons, bands, matched, bands.energies, 0.0)
    xi = float(electrons.parameters["Ta.d.xi"])
    assert found.bands.conduction.degeneracy == 4
    assert found.bands.conduction.splitting == pytest.approx(1.5 * xi, rel=0.1)
    twice = electrons.with_parameters({"Ta.d.xi": 2 * xi})
    found = compare(twice, bands, matched, np.asarray(twice.energies(k)), 0.0)
    assert any("spin–orbit splitting of the conduction edge" in text for text in found.wrong)


@pytest.fixture
def wrong_fit():
    """Two filled levels and no way to reach them: the integrals are fixed, and that of Na has the wrong sign."""
    fixed = ["Na-Na.ss_sigma.1", "Cl-Cl.ss_sigma.1"]
    options = {"variation": cj.Variation(fixed=fixed), "search": cj.MultiStart(1, draw="noise")}
    return cj.fit_bands(two_bands(bottom=0.3), bands_of(two_bands()), **options)


def test_told_first(wrong_fit):
    first = wrong_fit.report.splitlines()[0]
    assert first.startswith("WRONG: the gap is ")
    assert "the conduction edge is at k = 0.5, 0.5, 0.5, of the bands at 0, 0, 0" in first
    assert "Gap, edges, masses" in wrong_fit.report
    assert wrong_fit.status == "converged, but its edges are not those of the bands"
    assert "WRONG" in repr(wrong_fit)
    assert fit_content(wrong_fit)["gap"]["wrong"] == list(wrong_fit.comparison.wrong)


def test_told_by_the_command(tmp_path, monkeypatch, capsys):
    """Status 1, a line on standard error, and the first line of the report."""
    monkeypatch.chdir(tmp_path)
    cj.io.write_material("model.toml", cj.Material("NaCl", two_bands().crystal, two_bands(bottom=0.3), None, None))
    write_json(tmp_path / "bands.json", to_json(bands_of(two_bands()).to_xarray()))
    (tmp_path / "fit.toml").write_text('fixed = ["Na-Na.ss_sigma.1", "Cl-Cl.ss_sigma.1"]\n')
    command = ["fit", "model.toml", "--bands", "bands.json", "--config", "fit.toml", "--draw", "noise", "--starts", "1"]
    assert main([*command, "--out", "fitted.toml"]) == 1
    output = capsys.readouterr()
    assert output.out.splitlines()[1].startswith("WRONG: the gap is ")
    assert output.err.count("\n") == 1
    assert "another gap or other edges" in output.err
