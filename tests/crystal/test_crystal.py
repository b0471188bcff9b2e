"""Lattices, neighbour shells, paths and point groups of known crystals."""

import numpy as np
import pytest

from chiraljax import Crystal, InputError, k_path
from chiraljax.crystal import bonds, magnetic_operations, point_operations

HEXAGONAL = Crystal(
    [[2.46, 0, 0], [-1.23, 2.46 * np.sqrt(0.75), 0], [0, 0, 20.0]],
    ["C", "C"],
    [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]],
)


def test_neighbour_shells_of_perovskite(ktao3):
    """O has 2 Ta at a/2, 8 O at a/√2 and 6 O at a; Ta has 6 Ta at a."""
    a = 3.988
    for first, second, shell, coordination, distance in [
        ("O", "Ta", 1, 2, a / 2),
        ("O", "O", 1, 8, a / np.sqrt(2)),
        ("O", "O", 2, 6, a),
        ("Ta", "Ta", 1, 6, a),
        ("Ta", "O", 1, 6, a / 2),
    ]:
        found = bonds(ktao3.crystal, first, second, shell)
        assert len(found.first) == coordination * len(ktao3.crystal.sites(first))
        np.testing.assert_allclose(np.linalg.norm(found.vector, axis=1), distance, rtol=1e-12)
        positions = np.array(ktao3.crystal.positions)
        vectors = (positions[found.second] + found.cell - positions[found.first]) @ ktao3.crystal.vectors
        np.testing.assert_allclose(vectors, found.vector, atol=1e-12)


def test_neighbour_shells_of_graphene():
    """3, 6, 3 and 6 neighbours at d, √3 d, 2d, √7 d with d = a/√3; the layers 20 Å apart do not count."""
    d = 2.46 / np.sqrt(3)
    for shell, (coordination, ratio) in enumerate([(3, 1), (6, 3), (3, 4), (6, 7)], start=1):
        found = bonds(HEXAGONAL, "C", "C", shell)
        assert len(found.first) == 2 * coordination
        np.testing.assert_allclose(np.linalg.norm(found.vector, axis=1), d * np.sqrt(ratio), rtol=1e-10)


def test_shells_of_rounded_and_strained_crystals(ktao3):
    """Graphene with 0.333 and 0.667 keeps its 3 bonds, KTaO₃ with c/a = 1.0005 the 6 of Ta; at 1.01 they part."""
    rounded = Crystal(HEXAGONAL.lattice, ["C", "C"], [[0.333, 0.667, 0.5], [0.667, 0.333, 0.5]])
    assert [len(bonds(rounded, "C", "C", shell).first) for shell in (1, 2, 3, 4)] == [6, 12, 6, 12]
    for strain, counts in ((1.0005, [6, 24]), (1.01, [4, 2])):
        strained = Crystal(np.diag([3.988, 3.988, 3.988 * strain]), ktao3.crystal.species, ktao3.crystal.positions)
        assert [len(bonds(strained, "Ta", "O", shell).first) for shell in (1, 2)] == counts


def test_shells_far_out_are_apart():
    """The n-th shell of a simple cubic lattice is that of the n-th sum of three squares."""
    squares = sorted({x * x + y * y + z * z for x in range(7) for y in range(7) for z in range(7)} - {0})
    cubic = Crystal(3 * np.eye(3), ["C"], [[0, 0, 0]])
    for shell in (1, 7, 15, 30):
        assert bonds(cubic, "C", "C", shell).length == pytest.approx(3 * np.sqrt(squares[shell - 1]))


def test_point_groups(ktao3):
    assert len(point_operations(ktao3.crystal)) == 48
    assert len(point_operations(HEXAGONAL)) == 24


@pytest.mark.parametrize(
    ("axis", "order"), [([0, 0, 1], 16), ([1, 0, 0], 16), ([1, 1, 1], 12), ([1, 1, 0], 8), ([1, 2, 3], 2), (None, 48)]
)
def test_magnetic_groups_of_a_cube(ktao3, axis, order):
    """On k: 4/mmm, 4/mmm, −3m, mmm, −1 and, without an axis, m−3m (its inversion doubles nothing)."""
    unit = None if axis is None else np.array(axis) / np.linalg.norm(axis)
    assert len(magnetic_operations(ktao3.crystal, point_operations(ktao3.crystal), unit)) == order


def test_standard_path(ktao3):
    path = k_path(ktao3.crystal, points=10)
    assert [label for _, label in path.ticks] == ["Γ", "X", "M", "Γ", "R", "X|R", "M"]
    assert np.all(np.diff(path.distance) >= 0)
    np.testing.assert_allclose(path.k[10], [0, 0.5, 0])


def test_reciprocal_lattice():
    np.testing.assert_allclose(HEXAGONAL.vectors @ HEXAGONAL.reciprocal.T, 2 * np.pi * np.eye(3), atol=1e-12)
    assert HEXAGONAL.volume == pytest.approx(2.46**2 * np.sqrt(0.75) * 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((3, 3)), ["O"], [[0, 0, 0]]), "lattice must span a volume"),
        ((np.eye(3), ["O", "O"], [[0, 0, 0]]), "one entry per site, but got 2 and 1"),
        ((np.eye(3), ["oxygen"], [[0, 0, 0]]), "chemical symbols like 'O' or 'O2', but got 'oxygen'"),
        ((np.eye(3), ["O", "O"], [[0, 0, 0], [1, 0, 0]]), "sites 0 and 1 are at the same place"),
        ((np.eye(3), ["O"], [[0, 0]]), "positions must be rows of 3 numbers"),
        ((np.eye(3) * np.nan, ["O"], [[0, 0, 0]]), "lattice must be finite"),
    ],
)
def test_bad_crystals(arguments, message):
    with pytest.raises(InputError, match=message):
        Crystal(*arguments)


def test_bad_paths(ktao3):
    with pytest.raises(InputError, match="named points, but 'Q' is not one of"):
        k_path(ktao3.crystal, {"G": [0, 0, 0]}, [("G", "Q")])
    with pytest.raises(InputError, match="shell must count from 1 to 30, but got 0"):
        bonds(ktao3.crystal, "O", "O", 0)


def test_text_at_the_prompt(ktao3):
    """Sites and vectors, ends of a path and lengths of bonds: lines that a person reads."""
    assert repr(ktao3.crystal).splitlines()[0] == "Crystal, 5 sites, 63.4257 Å³"
    assert repr(ktao3.crystal).splitlines()[-2].split() == ["Ta", "0.5", "0.5", "0.5"]
    path = ktao3.k_path(10)
    assert repr(path).splitlines()[0] == "KPath, X–R–M–Γ–R, 41 points"
    assert path == ktao3.k_path(10)
    assert path != ktao3.k_path(11)
    labelled = path.to_xarray()
    assert labelled["k"].dims == ("point", "component")
    assert labelled["distance"].attrs["units"] == "rad/angstrom"
    assert repr(bonds(ktao3.crystal, "O", "Ta", 1)) == "Bonds, 6 of 1.994 Å"
