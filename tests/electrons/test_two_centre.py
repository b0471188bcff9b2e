"""The general two-centre form against the published table, and its behaviour under rotations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiraljax.electrons import angular_momentum, two_centre
from chiraljax.electrons._orbitals import names, rotation_onto

ROOT3 = np.sqrt(3)


def _slater_koster_table(l, m, n):
    """Table I of Slater and Koster, Phys. Rev. 94, 1498 (1954): (first, second) → coefficients of σ, π, δ."""
    x2y2, z2 = l**2 - m**2, n**2 - (l**2 + m**2) / 2
    return {
        ("s", "s"): [1],
        ("s", "x"): [l],
        ("s", "y"): [m],
        ("s", "z"): [n],
        ("x", "x"): [l**2, 1 - l**2],
        ("x", "y"): [l * m, -l * m],
        ("x", "z"): [l * n, -l * n],
        ("y", "z"): [m * n, -m * n],
        ("y", "y"): [m**2, 1 - m**2],
        ("z", "z"): [n**2, 1 - n**2],
        ("s", "xy"): [ROOT3 * l * m],
        ("s", "yz"): [ROOT3 * m * n],
        ("s", "zx"): [ROOT3 * n * l],
        ("s", "x2-y2"): [ROOT3 / 2 * x2y2],
        ("s", "3z2-r2"): [z2],
        ("x", "xy"): [ROOT3 * l**2 * m, m * (1 - 2 * l**2)],
        ("x", "yz"): [ROOT3 * l * m * n, -2 * l * m * n],
        ("x", "zx"): [ROOT3 * l**2 * n, n * (1 - 2 * l**2)],
        ("y", "xy"): [ROOT3 * m**2 * l, l * (1 - 2 * m**2)],
        ("y", "yz"): [ROOT3 * m**2 * n, n * (1 - 2 * m**2)],
        ("y", "zx"): [ROOT3 * l * m * n, -2 * l * m * n],
        ("z", "xy"): [ROOT3 * l * m * n, -2 * l * m * n],
        ("z", "yz"): [ROOT3 * n**2 * m, m * (1 - 2 * n**2)],
        ("z", "zx"): [ROOT3 * n**2 * l, l * (1 - 2 * n**2)],
        ("x", "x2-y2"): [ROOT3 / 2 * l * x2y2, l * (1 - x2y2)],
        ("y", "x2-y2"): [ROOT3 / 2 * m * x2y2, -m * (1 + x2y2)],
        ("z", "x2-y2"): [ROOT3 / 2 * n * x2y2, -n * x2y2],
        ("x", "3z2-r2"): [l * z2, -ROOT3 * l * n**2],
        ("y", "3z2-r2"): [m * z2, -ROOT3 * m * n**2],
        ("z", "3z2-r2"): [n * z2, ROOT3 * n * (l**2 + m**2)],
        ("xy", "xy"): [3 * l**2 * m**2, l**2 + m**2 - 4 * l**2 * m**2, n**2 + l**2 * m**2],
        ("yz", "yz"): [3 * m**2 * n**2, m**2 + n**2 - 4 * m**2 * n**2, l**2 + m**2 * n**2],
        ("zx", "zx"): [3 * n**2 * l**2, n**2 + l**2 - 4 * n**2 * l**2, m**2 + n**2 * l**2],
        ("xy", "yz"): [3 * l * m**2 * n, l * n * (1 - 4 * m**2), l * n * (m**2 - 1)],
        ("xy", "zx"): [3 * l**2 * m * n, m * n * (1 - 4 * l**2), m * n * (l**2 - 1)],
        ("yz", "zx"): [3 * m * n**2 * l, m * l * (1 - 4 * n**2), m * l * (n**2 - 1)],
        ("xy", "x2-y2"): [1.5 * l * m * x2y2, -2 * l * m * x2y2, l * m * x2y2 / 2],
        ("yz", "x2-y2"): [1.5 * m * n * x2y2, -m * n * (1 + 2 * x2y2), m * n * (1 + x2y2 / 2)],
        ("zx", "x2-y2"): [1.5 * n * l * x2y2, n * l * (1 - 2 * x2y2), -n * l * (1 - x2y2 / 2)],
        ("xy", "3z2-r2"): [ROOT3 * l * m * z2, -2 * ROOT3 * l * m * n**2, ROOT3 / 2 * l * m * (1 + n**2)],
        ("yz", "3z2-r2"): [
            ROOT3 * m * n * z2,
            ROOT3 * m * n * (l**2 + m**2 - n**2),
            -ROOT3 / 2 * m * n * (l**2 + m**2),
        ],
        ("zx", "3z2-r2"): [
            ROOT3 * l * n * z2,
            ROOT3 * l * n * (l**2 + m**2 - n**2),
            -ROOT3 / 2 * l * n * (l**2 + m**2),
        ],
        ("x2-y2", "x2-y2"): [0.75 * x2y2**2, l**2 + m**2 - x2y2**2, n**2 + x2y2**2 / 4],
        ("x2-y2", "3z2-r2"): [ROOT3 / 2 * x2y2 * z2, -ROOT3 * n**2 * x2y2, ROOT3 / 4 * (1 + n**2) * x2y2],
        ("3z2-r2", "3z2-r2"): [z2**2, 3 * n**2 * (l**2 + m**2), 0.75 * (l**2 + m**2) ** 2],
    }


directions = st.builds(
    lambda cosine, phi: np.array([np.sqrt(1 - cosine**2) * np.cos(phi), np.sqrt(1 - cosine**2) * np.sin(phi), cosine]),
    st.floats(-1, 1),
    st.floats(-np.pi, np.pi),
)
vectors = st.tuples(*[st.floats(-np.pi, np.pi)] * 3).map(np.array)
shells = [(l, l2) for l in range(4) for l2 in range(l, 4)]


@given(directions)
def test_table_of_slater_and_koster(direction):
    table = _slater_koster_table(*direction)
    for l in range(3):
        for l2 in range(l, 3):
            general = two_centre(l, l2, direction[None])[0]
            for a, first in enumerate(names(l)):
                for b, second in enumerate(names(l2)):
                    expected = table.get((first, second), table.get((second, first)))
                    np.testing.assert_allclose(general[:, a, b], expected, atol=1e-13, err_msg=f"{first} {second}")


@pytest.mark.parametrize(("l", "l2"), shells)
def test_along_z_only_equal_orders_couple(l, l2):
    along = two_centre(l, l2, np.array([[0.0, 0.0, 1.0]]))[0]
    for m, block in enumerate(along):
        assert np.linalg.norm(block) == pytest.approx(np.sqrt(1 if m == 0 else 2), abs=1e-13)


@pytest.mark.parametrize(("l", "l2"), shells)
@given(directions, vectors)
def test_rotation_covariance(l, l2, direction, turn):
    """A(Rd) = D(R) A(d) D(R)ᵀ with D = exp(−i φ·L), for every l up to f."""
    angle = np.linalg.norm(turn)
    rotated = _exponential(1, turn) @ direction
    expected = _exponential(l, turn) @ two_centre(l, l2, direction[None])[0] @ _exponential(l2, turn).T
    np.testing.assert_allclose(two_centre(l, l2, rotated[None])[0], expected, atol=1e-12 * (1 + angle))


@pytest.mark.parametrize(("l", "l2"), shells)
@given(directions)
def test_reversed_bond(l, l2, direction):
    """Inversion gives every orbital the parity (−1)^l."""
    forward, backward = two_centre(l, l2, np.array([direction, -direction]))
    np.testing.assert_allclose(backward, (-1) ** (l + l2) * forward, atol=1e-13)


@pytest.mark.parametrize("l", range(4))
@given(directions)
def test_orders_are_complete(l, direction):
    """With all V_m = 1 the two shells are one shell seen twice: Σ_m A_m = 1, and each A_m is a projector."""
    blocks = two_centre(l, l, direction[None])[0]
    np.testing.assert_allclose(blocks.sum(axis=0), np.eye(2 * l + 1), atol=1e-13)
    for block in blocks:
        np.testing.assert_allclose(block @ block, block, atol=1e-13)


@pytest.mark.parametrize("l", range(4))
def test_angular_momentum_algebra(l):
    """[L_x, L_y] = i L_z and cyclic, L² = l(l+1); time reversal (conjugation here) flips L."""
    L = angular_momentum(l)
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        np.testing.assert_allclose(L[a] @ L[b] - L[b] @ L[a], 1j * L[c], atol=1e-14)
    np.testing.assert_allclose(sum(x @ x for x in L), l * (l + 1) * np.eye(2 * l + 1), atol=1e-13)
    np.testing.assert_array_equal(L.conj(), -L)


@given(directions)
def test_p_orbitals_rotate_as_vectors(direction):
    np.testing.assert_allclose(rotation_onto(1, direction[None])[0][:, 2], direction, atol=1e-14)


def _exponential(l, turn):
    values, states = np.linalg.eigh(np.tensordot(turn, angular_momentum(l), axes=1))
    return ((states * np.exp(-1j * values)) @ states.conj().T).real


def test_gallium_arsenide():
    """Levels of the sp³s* model at Γ and X in closed form (Vogl, Hjalmarson and Dow 1983).

    At Γ s couples to s and p to p by V(s,s) and V(x,x); the s* of both atoms are alone. At X the s states
    of one atom couple to one p of the other: 3×3 blocks with V(s,p) and V(s*,p), and two p–p pairs with V(x,y).
    """
    import chiraljax as cj

    material = cj.load_material("GaAs")
    assert len(material.electrons.operations) == 24
    s_as, p_as, e_as, s_ga, p_ga, e_ga = -8.3431, 1.0414, 8.5914, -2.6569, 3.6686, 6.7386

    def pair(a, b, v):
        return np.linalg.eigvalsh([[a, v], [v, b]])

    gamma = [*pair(s_as, s_ga, 6.4513), *np.repeat(pair(p_as, p_ga, 1.9546), 3), e_as, e_ga]
    np.testing.assert_allclose(material.electrons.energies([0.0, 0.0, 0.0])[::2], np.sort(gamma), atol=1e-7)
    assert float(cj.valence_edge(material.electrons).energy) == pytest.approx(0.0, abs=1e-3)
    assert float(cj.conduction_edge(material.electrons).energy) == pytest.approx(1.55, abs=1e-3)

    arsenic = np.array([[s_as, 0, 4.48], [0, e_as, 4.8422], [4.48, 4.8422, p_ga]])
    gallium = np.array([[s_ga, 0, 5.7839], [0, e_ga, 4.8077], [5.7839, 4.8077, p_as]])
    x = [*np.linalg.eigvalsh(arsenic), *np.linalg.eigvalsh(gallium), *np.repeat(pair(p_as, p_ga, 5.0779), 2)]
    np.testing.assert_allclose(material.electrons.energies([0.5, 0.5, 0.0])[::2], np.sort(x), atol=1e-7)
