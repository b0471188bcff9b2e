"""A list of k-points is recognised as the path that it follows."""

import numpy as np
import pytest

from chiraljax import k_path, load_material, read_bands
from chiraljax.crystal import as_path


def test_a_path_is_found_again(ktao3):
    """In its list of k-points alone, for a path that turns at every named point, and with corners listed twice."""
    path = ktao3.k_path(5)
    found = as_path(ktao3.crystal, path.k)
    np.testing.assert_allclose(found.distance, path.distance, atol=1e-12)
    assert [label for _, label in found.ticks] == [label for _, label in path.ticks]
    twice = as_path(ktao3.crystal, np.insert(path.k, [5, 10], path.k[[5, 10]], axis=0))
    assert [label for _, label in twice.ticks] == ["X", "R", "M", "Γ", "R"]


def test_a_break_does_not_advance():
    """The standard path of an fcc lattice breaks between U and K."""
    crystal = load_material("GaAs").crystal
    path = k_path(crystal, points=6)
    found = as_path(crystal, path.k)
    np.testing.assert_allclose(found.distance, path.distance, atol=1e-12)
    assert "U|K" in [label for _, label in found.ticks]
    np.testing.assert_allclose([where for where, _ in found.ticks], [where for where, _ in path.ticks], atol=1e-12)


def test_points_have_the_names_of_their_images(ktao3):
    """(½, 0, 0) is an image of X = (0, ½, 0) under a fourfold rotation; a turn elsewhere has no name."""
    line = np.linspace([0.5, 0, 0], [0, 0, 0], 5)
    away = np.linspace([0, 0, 0], [0.1, 0.2, 0.3], 5)[1:]
    found = as_path(ktao3.crystal, np.concatenate([line, away]))
    assert [label for _, label in found.ticks] == ["X", "Γ", ""]


@pytest.mark.parametrize("n", [3, 4])
def test_a_mesh_is_no_path(ktao3, n):
    mesh = np.stack(np.meshgrid(*[np.arange(n) / n] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    assert as_path(ktao3.crystal, mesh) is None
    assert as_path(ktao3.crystal, read_bands("KTaO3_pbe_mesh").k) is None
    assert as_path(ktao3.crystal, np.random.default_rng(0).uniform(size=(30, 3))) is None
    assert as_path(ktao3.crystal, np.zeros((3, 3))) is None


def test_a_path_in_words(ktao3):
    """Names of the file and of the standard path, shares of the way from Γ, and a break."""
    path = ktao3.k_path(1, path="0.1M – G-0.5 * R|X-M")
    np.testing.assert_allclose(
        path.k, [[0.05, 0.05, 0], [0, 0, 0], [0.25, 0.25, 0.25], ktao3.k_path(1, path="X-Γ").k[0], [0.5, 0.5, 0]]
    )
    assert [label for _, label in path.ticks] == ["0.1 M", "Γ", "0.5 R|X", "M"]
