"""Fits of small models to the bands of larger published ones: the right gap, edges and masses, or said to be wrong.

sp3s* to sp3d5s*, both without their spin–orbit coupling: GaAs of Jancu, Scholz, Beltram and Bassani, Phys. Rev. B 57,
6493 (1998), and Si of Boykin, Klimeck and Oyafuso, Phys. Rev. B 69, 115201 (2004). sp3 to sp3d5 with spin–orbit
coupling: PbTe of Lent, Bowen, Dow, Allgaier, Sankey and Ho, Superlattices Microstruct. 2, 491 (1986). Two-centre
integrals between Ti d to the t2g bands of SrTiO₃ of Zhong, Tóth and Held, Phys. Rev. B 87, 161102 (2013).
"""

import itertools

import numpy as np
import pytest
import scipy.constants as const

import chiraljax as cj

ANION, CATION = "As", "Ga"
GAAS = {
    ("3s", "3s"): (-1.6187,) * 2,
    ("4s", "4s"): (-3.6761,) * 2,
    ("4s", "3s"): (-1.9927, -1.5648),
    ("3s", "3p"): (2.4912, 2.9382),
    ("4s", "3p"): (2.1835, 2.2086),
    ("3s", "3d"): (-2.7333, -2.4095),
    ("4s", "3d"): (-0.6906, -0.6486),
    ("3p", "3p"): ((4.4094, -1.4572),) * 2,
    ("3p", "3d"): ((-1.7811, 1.7821), (-1.8002, 2.0709)),
    ("3d", "3d"): ((-1.1409, 2.2030, -1.9770),) * 2,
}
"""eV: first shell on As and second on Ga, and the other way round"""
SI = {
    ("3s", "3s"): -1.95933,
    ("4s", "4s"): -4.24135,
    ("4s", "3s"): -1.52230,
    ("3s", "3p"): 3.02562,
    ("4s", "3p"): 3.15565,
    ("3s", "3d"): -2.28485,
    ("4s", "3d"): -0.80993,
    ("3p", "3p"): (4.10364, -1.51801),
    ("3p", "3d"): (-1.35554, 2.38479),
    ("3d", "3d"): (-1.68136, 2.58880, -1.81400),
}
HBAR2_OVER_MASS = const.hbar**2 / const.m_e / const.e * 1e20
"""ħ²/m_e in eV Å²"""
LATTICE = {"GaAs": 5.6532, "Si": 5.43}
"""Å"""
ORBITALS = ("3s", "3p", "3d", "4s")
POINTS = {"L": (0.5, 0.5, 0.5), "Γ": (0.0, 0.0, 0.0), "X": (0.5, 0.0, 0.5), "U": (0.625, 0.25, 0.625)}


def tetrahedral(lattice, species, shells, hoppings):
    half = lattice / 2
    vectors = [[0, half, half], [half, 0, half], [half, half, 0]]
    crystal = cj.Crystal(vectors, species, [[0, 0, 0], [0.25, 0.25, 0.25]])
    return cj.slater_koster(crystal, shells, hoppings, filling=8)


def hopping(first, second, values):
    names = ("sigma", "pi", "delta")
    return cj.Hopping((first, second), 1, dict(zip(names, np.atleast_1d(values).tolist(), strict=False)))


def published_gallium_arsenide():
    energies = {ANION: (-5.9819, 3.5820, 13.1023, 19.4220), CATION: (-0.4028, 6.3853, 13.1023, 19.4220)}
    shells = [
        cj.Shell(label, orbital, {"energy": energy})
        for label, values in energies.items()
        for orbital, energy in zip(ORBITALS, values, strict=True)
    ]
    hoppings = []
    for (one, other), (forward, back) in GAAS.items():
        hoppings.append(hopping(f"{ANION}.{one}", f"{CATION}.{other}", forward))
        if one != other:
            hoppings.append(hopping(f"{CATION}.{one}", f"{ANION}.{other}", back))
    return tetrahedral(LATTICE["GaAs"], [ANION, CATION], shells, hoppings)


def published_silicon():
    energies = (-2.15168, 4.22925, 13.78950, 19.11650)
    shells = [cj.Shell("Si", orbital, {"energy": e}) for orbital, e in zip(ORBITALS, energies, strict=True)]
    hoppings = [hopping(f"Si.{one}", f"Si.{other}", values) for (one, other), values in SI.items()]
    return tetrahedral(LATTICE["Si"], ["Si", "Si"], shells, hoppings)


def small_silicon():
    """sp3s* of Vogl, Hjalmarson and Dow, J. Phys. Chem. Solids 44, 365 (1983)."""
    shells = [cj.Shell("Si", name, {"energy": e}) for name, e in (("3s", -4.2), ("3p", 1.715), ("4s", 6.685))]
    values = {("3s", "3s"): -2.075, ("3p", "3p"): (2.7161, -0.7154), ("3s", "3p"): 2.4808, ("4s", "3p"): 2.3274}
    hoppings = [hopping(f"Si.{one}", f"Si.{other}", each) for (one, other), each in values.items()]
    return tetrahedral(LATTICE["Si"], ["Si", "Si"], shells, hoppings)


def ten_bands(model, steps=20):
    """On L–Γ–X–U."""
    corners = np.array(list(POINTS.values()))
    share = np.linspace(0, 1, steps, endpoint=False)[:, None]
    k = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(corners)] + [corners[-1:]])
    energies = np.asarray(model.energies(k))[:, ::2][:, :10]
    return cj.Bands(k, energies, filled=4, reference=float(energies[:, 3].max()))


def test_the_published_gaps():
    """Without spin–orbit coupling by a third of the splitting of the valence edge larger than published.

    Published: 1.519 eV at Γ with Δ = 0.34 eV (GaAs), 1.131 eV at 0.81 of Γ–X with Δ = 0.045 eV (Si).
    """
    assert float(cj.gap(published_gallium_arsenide())) == pytest.approx(1.519 + 0.34 / 3, abs=0.01)
    silicon = published_silicon()
    assert float(cj.gap(silicon)) == pytest.approx(1.131 + 0.045 / 3, abs=0.01)
    place = np.sort(np.abs(np.asarray(cj.conduction_edge(silicon).k)))
    np.testing.assert_allclose(place, [0, 0.81 / 2, 0.81 / 2], atol=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["GaAs", "Si"])
def test_gap_edges_and_masses(which):
    """Right, or named in the first line: the gap to a tenth, each inverse mass to a fifth.

    An inverse mass that changes the energy of the next k-point by less than 1 meV is right; the shortest step from an
    edge is a twentieth of Γ–L, √3π/a.
    """
    sources = {"GaAs": published_gallium_arsenide, "Si": published_silicon}
    model = cj.load_material("GaAs").electrons if which == "GaAs" else small_silicon()
    fit = cj.fit_bands(model, ten_bands(sources[which]()), search=cj.MultiStart(16))
    theirs, ours = fit.comparison.bands, fit.comparison.model
    first, step = fit.report.splitlines()[0], np.sqrt(3) * np.pi / LATTICE[which] / 20
    assert ours.gap is not None
    assert theirs.gap is not None
    assert abs(ours.gap - theirs.gap) <= 0.1 * theirs.gap or "the gap is" in first
    for side in ("valence", "conduction"):
        edges = getattr(theirs, side), getattr(ours, side)
        assert edges[0].degeneracy == edges[1].degeneracy or f"the {side} edge is" in first
        given, fitted = (np.array([1 / m for values in edge.masses.values() for m in values]) for edge in edges)
        apart = np.abs(fitted - given)
        wrong = np.any((apart > 0.2 * np.abs(given)) & (0.5 * HBAR2_OVER_MASS * step**2 * apart > 1e-3))
        assert not wrong or f"a mass of the {side} edge" in first
    if which == "GaAs":
        assert not fit.comparison.another


LEAD_TELLURIDE = {
    ("Te.5s", "Pb.6s"): -0.474,
    ("Pb.6s", "Te.5p"): 0.705,
    ("Te.5s", "Pb.6p"): 0.633,
    ("Te.5p", "Pb.6p"): (2.066, -0.430),
    ("Pb.6p", "Te.5d"): (-1.29, 0.835),
    ("Te.5p", "Pb.6d"): (-1.59, 0.531),
    ("Te.5d", "Pb.6d"): (-1.35, 0.0, 0.668),
}
"""eV"""


def rocksalt(shells, hoppings):
    """PbTe, a = 6.462 Å."""
    half = 6.462 / 2
    vectors = [[0, half, half], [half, 0, half], [half, half, 0]]
    crystal = cj.Crystal(vectors, ["Te", "Pb"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return cj.slater_koster(crystal, shells, hoppings, filling=10)


def published_lead_telluride():
    shells = [
        cj.Shell("Te", "5s", {"energy": -11.002}),
        cj.Shell("Te", "5p", {"energy": -0.237}, spin_orbit=0.428),
        cj.Shell("Te", "5d", {"energy": 7.73}),
        cj.Shell("Pb", "6s", {"energy": -7.612}),
        cj.Shell("Pb", "6p", {"energy": 3.195}, spin_orbit=1.5),
        cj.Shell("Pb", "6d", {"energy": 7.73}),
    ]
    return rocksalt(shells, [hopping(*between, values) for between, values in LEAD_TELLURIDE.items()])


def small_lead_telluride():
    """Without d shells, with p–p hoppings between second neighbours."""
    shells = [
        cj.Shell("Te", "5s", {"energy": -10.0}),
        cj.Shell("Te", "5p", {"energy": 0.0}, spin_orbit=0.4),
        cj.Shell("Pb", "6s", {"energy": -7.0}),
        cj.Shell("Pb", "6p", {"energy": 3.0}, spin_orbit=1.2),
    ]
    kept = {between: values for between, values in LEAD_TELLURIDE.items() if "d" not in between[0][-1] + between[1][-1]}
    hoppings = [hopping(*between, values) for between, values in kept.items()]
    return rocksalt(shells, hoppings + [hopping(name, name, (0.1, -0.02)) for name in ("Te.5p", "Pb.6p")])


def lead_telluride_bands(projected):
    """The lowest 24 on L–Γ–X–W–L."""
    model = published_lead_telluride()
    corners = np.array([(0.5, 0.5, 0.5), (0, 0, 0), (0.5, 0, 0.5), (0.5, 0.25, 0.75), (0.5, 0.5, 0.5)])
    share = np.linspace(0, 1, 20, endpoint=False)[:, None]
    k = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(corners)] + [corners[-1:]])
    energies, vectors = np.linalg.eigh(np.asarray(model.hamiltonian(k)))
    weights = np.abs(vectors[:, :, :24]) ** 2
    projections = {}
    for species, letter in itertools.product(("Te", "Pb"), "sp"):
        own = [full.startswith(species) and full[-1] == letter for _, full, _ in model.orbitals]
        projections[f"{species}.{letter}"] = np.einsum("kan,a->kn", weights, np.repeat(own, 2) * 1.0)
    others = {"projections": projections} if projected else {}
    reference = float(energies[:, 9].max())
    return cj.Bands(k, energies[:, :24], filled=10, spin_orbit=True, reference=reference, **others)


def test_the_published_gap_of_lead_telluride():
    """At L; 0.19 eV in experiments at low temperature, to which the parameters were adjusted."""
    model = published_lead_telluride()
    assert float(cj.gap(model)) == pytest.approx(0.19, abs=0.01)
    for edge in (cj.valence_edge(model), cj.conduction_edge(model)):
        at = np.abs(np.asarray(edge.k))
        assert np.any(np.all(np.isclose(np.sort(at), [[0, 0, 0.5], [0.5, 0.5, 0.5]], atol=1e-4), axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_lead_telluride(seed):
    """Gap and edges at L, Te below and Pb above, and the masses; or the first line says what is wrong."""
    search = cj.MultiStart(16, seed=seed)
    fit = cj.fit_bands(small_lead_telluride(), lead_telluride_bands(projected=True), search=search)
    theirs, ours, first = fit.comparison.bands, fit.comparison.model, fit.report.splitlines()[0]
    assert not fit.comparison.another
    assert abs(ours.gap - theirs.gap) < 0.025
    for side in ("valence", "conduction"):
        edges = getattr(theirs, side), getattr(ours, side)
        np.testing.assert_allclose(edges[1].k, edges[0].k, atol=1e-3)
        given, fitted = (np.array([1 / m for values in edge.masses.values() for m in values]) for edge in edges)
        assert np.all(np.abs(fitted - given) <= 0.2 * np.abs(given)) or f"a mass of the {side} edge" in first
    assert fit.parameters["Te.5p.energy"] < fit.parameters["Pb.6p.energy"]
    assert fit.parameters["Te.5p.xi"] < fit.parameters["Pb.6p.xi"]
    assert fit.exchanges[0].decided
    bare = cj.fit_bands(small_lead_telluride(), lead_telluride_bands(projected=False), search=search)
    assert not bare.exchanges[0].decided
    gap = bare.comparison.model.gap
    assert bare.report.startswith("WRONG") or (gap is not None and abs(gap - theirs.gap) < 0.025)


def strontium_titanate_bands():
    """ε = −2t₁(cos x + cos y) − 2t₂ cos z − 4t₃ cos x cos y of xy, and of yz and zx likewise, on Γ–X–M–Γ–R."""
    corners = np.array([(0, 0, 0), (0, 0.5, 0), (0.5, 0.5, 0), (0, 0, 0), (0.5, 0.5, 0.5)])
    share = np.linspace(0, 1, 20, endpoint=False)[:, None]
    k = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(corners)] + [corners[-1:]])
    t1, t2, t3 = 0.277, 0.031, 0.076
    x, y, z = np.cos(2 * np.pi * k).T
    energies = [-2 * t1 * (a + b) - 2 * t2 * c - 4 * t3 * a * b for a, b, c in ((x, y, z), (y, z, x), (z, x, y))]
    return cj.Bands(k, np.sort(np.array(energies).T, axis=1), filled=0)


@pytest.mark.slow
def test_strontium_titanate():
    """The conduction edge at Γ, threefold, every mass within a fifth, though Γ–X is nearly flat in one band."""
    crystal = cj.Crystal(3.905 * np.eye(3), ["Ti"], [[0, 0, 0]])
    shells = [cj.Shell("Ti", "d", {"t2g": 0.0, "eg": 2.5}, crystal_field="cubic")]
    names = ("sigma", "pi", "delta")
    hoppings = [cj.Hopping(("Ti.d", "Ti.d"), n, dict(zip(names, (-0.1, -0.1, 0.0), strict=True))) for n in (1, 2)]
    model = cj.slater_koster(crystal, shells, hoppings, filling=0)
    targets = [cj.Target("t2g", (0, 3), (0, 3))]
    variation = cj.Variation(fixed=["Ti.d.eg"])
    bands = strontium_titanate_bands()
    fit = cj.fit_bands(model, bands, targets=targets, variation=variation, search=cj.MultiStart(8))
    theirs, ours = fit.comparison.bands.conduction, fit.comparison.model.conduction
    assert not fit.comparison.wrong
    np.testing.assert_allclose(ours.k, [0, 0, 0], atol=1e-6)
    assert ours.degeneracy == theirs.degeneracy == 3
    assert fit.rms["t2g"] < 0.02
