"""Bands from Wannier90: a chain of two orbitals.

Orbital 1 has energy 1 and hops by t = 0.25 to its image in the next cells along the first axis; orbital 2 has energy 4
and v = 0.5i joins the two in a cell. So H(k) = [[1 + ½ cos 2πk₁, ½i], [−½i, 4]].
"""

import numpy as np
import pytest

from chiraljax import InputError, read_bands, read_hr, write_wannier90

K = np.array([[0, 0, 0], [0.25, 0, 0], [0.5, 0.5, 0], [-0.1, 0, 1]])
# H(±1, 0, 0) is written twice as large, for its degeneracy 2.
HR = """ written on 22Nov2026 at 17:46:51
           2
           3
    2    1    2
   -1    0    0    1    1    0.500000    0.000000
   -1    0    0    2    1    0.000000    0.000000
   -1    0    0    1    2    0.000000    0.000000
   -1    0    0    2    2    0.000000    0.000000
    0    0    0    1    1    1.000000    0.000000
    0    0    0    2    1    0.000000   -0.500000
    0    0    0    1    2    0.000000    0.500000
    0    0    0    2    2    4.000000    0.000000
    1    0    0    1    1    0.500000    0.000000
    1    0    0    2    1    0.000000    0.000000
    1    0    0    1    2    0.000000    0.000000
    1    0    0    2    2    0.000000    0.000000
"""


def expected(k):
    upper = 1 + 0.5 * np.cos(2 * np.pi * k[:, 0])
    middle, half = (upper + 4) / 2, np.sqrt(((upper - 4) / 2) ** 2 + 0.25)
    return np.stack([middle - half, middle + half], axis=1)


@pytest.fixture
def hr(tmp_path):
    (tmp_path / "chain_hr.dat").write_text(HR)
    return tmp_path / "chain_hr.dat"


@pytest.fixture
def plotted(tmp_path):
    """chain_band.dat with chain_band.kpt."""
    blocks = [
        "".join(f"  {i / 4:14.8E}  {energy:14.8E}\n" for i, energy in enumerate(column)) for column in expected(K).T
    ]
    (tmp_path / "chain_band.dat").write_text("\n".join(blocks) + "\n")
    points = "".join(f"{a:12.6f}{b:12.6f}{c:12.6f}   1.0\n" for a, b, c in K)
    (tmp_path / "chain_band.kpt").write_text(f"        {len(K)}\n{points}")
    return tmp_path / "chain_band.dat"


def test_hamiltonian(hr):
    cells, matrices = read_hr(hr)
    np.testing.assert_array_equal(cells, [[-1, 0, 0], [0, 0, 0], [1, 0, 0]])
    assert cells.dtype.kind == "i"
    hop = [[0.25, 0], [0, 0]]
    np.testing.assert_array_equal(matrices, [hop, [[1, 0.5j], [-0.5j, 4]], hop])


def test_bands_of_the_hamiltonian(hr):
    bands = read_bands(hr, k=K)
    np.testing.assert_array_equal(bands.k, K)
    np.testing.assert_allclose(bands.energies, expected(K), atol=1e-14)
    assert not bands.spin_orbit
    assert read_bands(hr, k=K, spin_orbit=True).spin_orbit
    assert bands.source == "chain_hr.dat, Wannier90"


def test_fortran_ignores_what_stands_behind_a_number(hr):
    hr.write_text(HR.replace("  2\n           3\n", "  2 ! num_wann\n           3  num_cells 3\n", 1))
    np.testing.assert_allclose(read_bands(hr, k=K).energies, expected(K), atol=1e-14)


def test_the_hamiltonian_may_have_another_name(hr):
    for name in ("chain_hr.dat_nsymm48", "wannier.txt"):
        path = hr.rename(hr.with_name(name)) if hr.exists() else hr.with_name(name)
        path.write_text(HR)
        for arguments in ({}, {"format": "wannier90"}):
            np.testing.assert_allclose(read_bands(path, k=K, **arguments).energies, expected(K), atol=1e-14)


def test_hamiltonian_with_positions(hr, tmp_path, refused):
    """The same H(R) as _tb.dat holds it: below the lattice, with R above its elements, and positions behind."""
    rows = [line.split() for line in HR.splitlines()[4:]]
    blocks = [rows[i : i + 4] for i in range(0, 12, 4)]
    hop = "".join("\n{} {} {}\n".format(*b[0][:3]) + "".join(" ".join(r[3:]) + "\n" for r in b) for b in blocks)
    zeros = " 0.0" * 6
    positions = "".join(
        "\n{} {} {}\n".format(*b[0][:3]) + "".join(f"{r[3]} {r[4]}{zeros}\n" for r in b) for b in blocks
    )
    text = f"chain\n 4.0 0.0 0.0\n 0.0 4.0 0.0\n 0.0 0.0 4.0\n  2\n  3\n    2    1    2\n{hop}{positions}"
    for name in ("chain_tb.dat", "model"):
        path = tmp_path / name
        path.write_text(text)
        for found, same in zip(read_hr(path), read_hr(hr), strict=True):
            np.testing.assert_array_equal(found, same)
        np.testing.assert_allclose(read_bands(path, k=K).energies, expected(K), atol=1e-14)
        path.write_text(text[:-10])
        refused(path, "must have 165 numbers for num_wann = 2 and nrpts = 3, but got 1", k=K)


def test_no_hamiltonian(tmp_path, refused):
    (tmp_path / "model.txt").write_text("nothing\nof this\nkind\n")
    refused(tmp_path / "model.txt", "must have num_wann and nrpts of H(R) on its first lines", format="wannier90", k=K)
    (tmp_path / "cut_tb.dat").write_text("chain\n 4.0 0.0 0.0\n")
    refused(tmp_path / "cut_tb.dat", "must have a comment, num_wann and nrpts on its first lines, but ends before", k=K)


def test_plotted_bands(plotted):
    bands = read_bands(plotted, spin_orbit=False)
    np.testing.assert_array_equal(bands.k, K)
    np.testing.assert_allclose(bands.energies, expected(K), atol=1e-7)
    assert not bands.spin_orbit
    assert bands.source == "chain_band.dat, Wannier90"


@pytest.mark.parametrize(
    ("lines", "spin_orbit"),
    [
        ("num_wann = 2\nspinors = .true.\n", True),
        ("  SPINORS : T ! as pw.x\n", True),
        ("num_wann 2\nspinors .false.", False),
        ("num_wann = 2\n! spinors = true\n", None),
    ],
)
def test_input_of_wannier90_tells_the_spin(plotted, hr, refused, lines, spin_orbit):
    win = plotted.with_name("chain.win")
    win.write_text(lines)
    if spin_orbit is None:
        assert not read_bands(plotted).spin_orbit  # by H(R), which is beside it
        hr.unlink()
        refused(plotted, "is not given, and neither chain_hr.dat nor a .win file with the keyword spinors is beside it")
        return
    for path, arguments in ((plotted, {}), (hr, {"k": K})):
        assert read_bands(path, **arguments).spin_orbit is spin_orbit
        message = f"spin_orbit must be {spin_orbit}, as the file says, but got {not spin_orbit}"
        refused(path, message, beside=win, spin_orbit=not spin_orbit, **arguments)


def test_an_odd_number_of_functions_has_not_both_spins(plotted):
    plotted.write_text("".join(plotted.read_text().splitlines(keepends=True)[: len(K)]))
    assert not read_bands(plotted).spin_orbit


def test_h_of_another_model_says_nothing(plotted, hr, refused):
    text = plotted.read_text()
    plotted.write_text(text + "\n" + text)
    refused(plotted, "but is not given, and neither chain_hr.dat nor")


@pytest.mark.parametrize("spin_orbit", [True, False])
def test_h_tells_the_spin(tmp_path, ktao3, spin_orbit, refused):
    """KTaO3 with ξ = 0.29 eV, and without. With ξ = 0 of each spin–orbital it may be two spins or two layers."""
    electrons = ktao3.electrons if spin_orbit else ktao3.electrons.without_spin_orbit()
    write_wannier90(tmp_path / "model", electrons)
    assert read_bands(tmp_path / "model_hr.dat", k=K).spin_orbit is spin_orbit
    write_wannier90(tmp_path / "double", ktao3.electrons.with_parameters({"Ta.d.xi": 0.0}))
    refused(tmp_path / "double_hr.dat", "H(R) may be that of two spins, or without spin that of two equal parts", k=K)
    assert read_bands(tmp_path / "double_hr.dat", k=K, spin_orbit=spin_orbit).spin_orbit is spin_orbit


def test_k_points_belong_to_the_hamiltonian_alone(hr, plotted, refused):
    refused(hr, "k must be k-points at which to compute the bands of H(R), but got none")
    refused(hr, "k must be finite and have shape (K, 3), but got shape (3,)", k=np.zeros(3))
    refused(hr, "k must be numbers of shape (K, 3)", k=[[0, 0], [0, 0, 0]])
    refused(plotted, "k must be left out", k=K)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("           2\n", "           3\n", "must have 192 numbers for num_wann = 3 and nrpts = 3, but got 87"),
        ("           2\n", "  two\n", "num_wann must be a positive number, but got 'two'"),
        ("    2    1    2\n", "    2    0    2\n", "degeneracies must be positive, but got 0"),
        ("    2    1    2\n", "    2    nan    2\n", "H(R) must be finite numbers, but got 'nan'"),
        ("4.000000", "4.0000**", "H(R) must be finite numbers, but got '4.0000**'"),
        ("   -1    0    0    2    1", "   -1    0    0    1    1", "must have each element m, n from 1 to 2 once"),
        ("   -1    0    0    2    1", "   -1    1    0    2    1", "must have all elements of one R together"),
        ("   -1    0    0    1    1", "   -1    0    0    9    1", "must have each element m, n from 1 to 2 once"),
        ("-0.500000", " 0.500000", "H(R) must be Hermitian, but H(k) differs from its adjoint by 1 eV"),
    ],
)
def test_wrong_hamiltonian(hr, refused, old, new, message):
    assert old in HR
    hr.write_text(HR.replace(old, new, 1))
    refused(hr, message, k=K)


def test_cut_hamiltonian(hr, refused):
    hr.write_text(HR[:-100])
    refused(hr, "must have 87 numbers for num_wann = 2 and nrpts = 3, but got", k=K)
    hr.write_text(HR[:50])
    refused(hr, "must have a comment, num_wann and nrpts on its first lines, but ends before", k=K)


def test_wrong_bands(plotted, refused):
    text = plotted.read_text()
    for new, message in [
        ("".join(text.splitlines(keepends=True)[:-2]), "must have 4 lines per band, as its .kpt file has, but got"),
        (text[:-20], "must have two columns distance and energy, but a line has 1"),
        (text.replace("E+00\n", "E+00 0.5\n", 1), "must have two columns distance and energy, but a line has 3"),
        (text.replace("5.00000000E-01", "6.00000000E-01", 1), "must have the same 4 distances for each band"),
        (text.replace("2.50000000E-01  ", "2.50000000E-01  NaN", 1), "must be finite numbers, but got 'NaN"),
    ]:
        plotted.write_text(new)
        refused(plotted, message)


def test_wrong_k_points(plotted, refused):
    kpt = plotted.with_suffix(".kpt")
    text = kpt.read_text()
    for new, message in [
        (text[:-30], "must have 4 lines k1 k2 k3 weight, but got"),
        (text.replace("4", "four", 1), "number of k-points must be a positive number, but got 'four'"),
        ("", "number of k-points must be a positive number, but got ''"),
    ]:
        kpt.write_text(new)
        refused(plotted, message, beside=kpt)
    kpt.write_text(text.replace("0.250000", "3.250000"))
    refused(plotted, "k must be fractional", spin_orbit=False)
    kpt.unlink()
    refused(plotted, "must be the k-points beside the bands of Wannier90, but there is no such file", beside=kpt)


def wsvec(entries, name="chain"):
    """A file with vectors T for some (R, m, n), and T = 0 for the others of `HR`."""
    lines = ["## written by hand  with use_ws_distance=.true."]
    for x in (-1, 0, 1):
        for m, n in ((1, 1), (1, 2), (2, 1), (2, 2)):
            vectors = entries.get((x, m, n), [(0, 0, 0)])
            lines += [f"{x} 0 0 {m} {n}", f"{len(vectors)}", *(" ".join(map(str, vector)) for vector in vectors)]
    return "\n".join(lines) + "\n"


def test_shorter_vectors(hr):
    """Half of v = ½i in the home cell goes to R = −1, so it is ¼i (1 + e^{−2πik}), with |v| = ½ |cos πk|."""
    (hr.parent / "chain_wsvec.dat").write_text(
        wsvec({(0, 1, 2): [(0, 0, 0), (-1, 0, 0)], (0, 2, 1): [(0, 0, 0), (1, 0, 0)]})
    )
    upper = 1 + 0.5 * np.cos(2 * np.pi * K[:, 0])
    half = np.sqrt(((upper - 4) / 2) ** 2 + 0.25 * np.cos(np.pi * K[:, 0]) ** 2)
    expected = np.stack([(upper + 4) / 2 - half, (upper + 4) / 2 + half], axis=1)
    np.testing.assert_allclose(read_bands(hr, k=K).energies, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0 0 0 1 2\n1\n0 0 0\n", "", "must have 12 entries, one per element of H(R), but has 11"),
        ("1 0 0 2 2", "2 0 0 2 2", r"must belong to the H\(R\) beside it, but has R = \[2, 0, 0\], m, n = 2, 2"),
        ("1 0 0 2 2\n1", "1 0 0 2 2\n2", "must belong to the H"),
        ("1 0 0 2 2\n1\n0 0 0\n", "1 0 0 2 2\n1\n0 0 0.5\n", "vectors must be whole numbers"),
        ("1 0 0 2 2\n1\n0 0 0\n", "1 0 0 2 2\n1\nx\n", "vectors"),
    ],
)
def test_wrong_vectors(hr, old, new, message):
    text = wsvec({})
    at = text.rindex(old)
    (hr.parent / "chain_wsvec.dat").write_text(text[:at] + new + text[at + len(old) :])
    with pytest.raises(InputError, match=message.replace("H(R), but", r"H\(R\), but")) as error:
        read_hr(hr)
    assert "chain_wsvec.dat: " in str(error.value)
