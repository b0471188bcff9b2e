"""Fits of sp3s* models to the bands of published sp3d5s* models of GaAs and Si: the right gap, or said to be wrong.

Jancu, Scholz, Beltram and Bassani, Phys. Rev. B 57, 6493 (1998) for GaAs, and Boykin, Klimeck and Oyafuso, Phys.
Rev. B 69, 115201 (2004) for Si; both without their spin–orbit coupling.
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
