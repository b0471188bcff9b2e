"""Energies of KTaO₃ against an independent NumPy code (tests/data/tight_binding.json)."""

import numpy as np
import pytest

import chiraljax as cj

ROTATION = 2 * np.pi * 2.42


@pytest.fixture(scope="module")
def levels(reference):
    return reference("tight_binding.json")["levels"]


@pytest.mark.parametrize("point", ["G", "X", "M", "R", "k1", "k2"])
def test_energies(ktao3, levels, point):
    electrons, expected = ktao3.electrons, levels[point]
    found = {
        "no_soc": electrons.without_spin_orbit().energies(expected["k"]),
        "soc": electrons.energies(expected["k"]),
        "soc_rotation_z": electrons.energies(expected["k"], ROTATION),
    }
    for column, energies in found.items():
        np.testing.assert_allclose(energies, expected[column], rtol=0, atol=1e-8, err_msg=column)


def test_zero_spin_orbit_equals_the_half_size_problem(ktao3, levels):
    k = np.array([level["k"] for level in levels.values()])
    full = ktao3.electrons.with_parameters({"Ta.d.xi": 0.0}).energies(k)
    np.testing.assert_allclose(full, ktao3.electrons.without_spin_orbit().energies(k), atol=1e-12)


def test_band_edges(ktao3, reference):
    edge = cj.conduction_edge(ktao3.electrons)
    assert float(edge.energy) == pytest.approx(reference("tight_binding.json")["cbm"], abs=1e-8)
    np.testing.assert_allclose(edge.k, 0, atol=1e-12)
    top = cj.valence_edge(ktao3.electrons)
    np.testing.assert_allclose(np.abs(np.asarray(top.k)), 0.5, atol=1e-6)
    assert float(top.energy) == pytest.approx(-0.561384, abs=1e-6)
