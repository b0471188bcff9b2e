"""Bands from Quantum ESPRESSO.

`qe_soc.xml` and `qe_nosoc.xml` are what pw.x 6.7 wrote for KTaO3 (PBE, 40 Ry, 6×6×6), cut down to X, R, M, Γ and one
point of Γ–R and to one symmetry.
"""

import numpy as np
import pytest

from chiraljax import read_bands
from chiraljax.units import HARTREE


# Gaps from R to Γ and at Γ of the whole path, by another analysis of the same file.
@pytest.mark.parametrize(
    ("name", "spin_orbit", "filled", "gap", "direct"),
    [("qe_soc", True, 54, 2.048357181, 2.599441461), ("qe_nosoc", False, 27, 2.211059768, 2.825051888)],
)
def test_ktao3(files, name, spin_orbit, filled, gap, direct):
    bands = read_bands(files / f"{name}.xml")
    assert bands.spin_orbit is spin_orbit
    assert bands.filled == filled
    # eV of a hartree differ by 1e-8 between years of CODATA
    assert bands.energies[3, filled] - bands.energies[1, filled - 1] == pytest.approx(gap, abs=1e-6)
    assert bands.energies[3, filled] - bands.energies[3, filled - 1] == pytest.approx(direct, abs=1e-6)
    assert bands.reference == pytest.approx(bands.energies[:, filled - 1].max(), abs=1e-6)
    np.testing.assert_allclose(bands.k[:4], [[0.5, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(bands.weights, bands.weights[0])
    assert bands.source == f"{name}.xml, Quantum ESPRESSO 6.7MaX"


def test_spin_orbit_splits_t2g(files):
    energies = read_bands(files / "qe_soc.xml").energies
    assert energies[3, 58] - energies[3, 54] == pytest.approx(0.412210239, abs=1e-6)


def test_k_points_count_in_the_reciprocal_basis(edited):
    """With b1 = (1, 1/√3, 0), b2 = (0, 2/√3, 0), the Cartesian (½, ½, ½) is ½ b1 + (√3/4 − ¼) b2 + ½ b3."""
    path = edited("qe_nosoc.xml", "<b1>1.000000000000057e0 0.000000000000000e0", f"<b1>1 {3**-0.5}")
    path.write_text(path.read_text().replace("<b2>0.000000000000000e0 1.000000000000057e0", f"<b2>0 {2 * 3**-0.5}"))
    np.testing.assert_allclose(read_bands(path).k[1], [0.5, 3**0.5 / 4 - 0.25, 0.5], atol=1e-12)


def test_spinors_without_spin_orbit(edited):
    path = edited("qe_soc.xml", "<spinorbit>true", "<spinorbit>false", -1)
    assert read_bands(path).spin_orbit


def test_only_points_without_weight_count_if_there_are_some(files, tmp_path):
    text = (files / "qe_nosoc.xml").read_text()
    head, *points = text.split("<ks_energies>")
    points[2:4] = [point.replace('weight="3.278688524590e-2"', 'weight="0.0"') for point in points[2:4]]
    (tmp_path / "qe.xml").write_text("<ks_energies>".join([head, *points]))
    bands, whole = read_bands(tmp_path / "qe.xml"), read_bands(files / "qe_nosoc.xml")
    np.testing.assert_array_equal(bands.k, whole.k[2:4])
    np.testing.assert_array_equal(bands.energies, whole.energies[2:4])
    np.testing.assert_array_equal(bands.weights, [1, 1])


def test_a_metal_and_its_fermi_level(edited):
    """With 56 electrons a band is half above the gap, with 55 half filled."""
    path = edited("qe_nosoc.xml", "<nelec>5.400000000000000e1", "<nelec>5.6e1")
    assert read_bands(path).filled is None
    path = edited("qe_nosoc.xml", "<nelec>5.400000000000000e1", "<nelec>5.5e1")
    text = path.read_text()
    start, end = text.index("      <highestOcc"), text.index("      <lowestUnocc")
    path.write_text(text[:start] + text[end:])
    bands = read_bands(path)
    assert bands.filled is None
    assert bands.reference == pytest.approx(0.4397468444 * HARTREE, abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<band_structure>\n      <lsda>false", "<band_structure>\n      <lsda>true", "nbnd_up must be there"),
        ("<nks>5<", "<nks>61<", "ks_energies must be given at nks = 61 k-points, but got 5"),
        ("<nks>5<", "<nks>many<", "nks must be a positive number, but got 'many'"),
        (
            "<nbnd>42</nbnd>\n      <nelec",
            "<nbnd>44</nbnd>\n      <nelec",
            "eigenvalues must be 44 numbers, but got 42",
        ),
        ('<eigenvalues size="42">\n          -', '<eigenvalues size="42"> nan -', "finite numbers, but got 'nan'"),
        ('<eigenvalues size="42">\n          -', '<eigenvalues size="42"> **** -', "finite numbers, but got '****'"),
        ("<b3>0.000000000000000e0", "<b3>", "reciprocal_lattice/b3 must be 3 numbers, but got 2"),
        ("1.000000000000057e0</b3>", "0.0</b3>", "reciprocal_lattice must be three independent vectors"),
        ("<output>", "<outputs>", "must be whole XML, but mismatched tag"),
        ("qes:espresso", "Root", "must be whole XML"),
        ("<nelec>5.400000000000000e1</nelec>", "", "nelec must be there, but is missing"),
    ],
)
def test_what_is_wrong_is_named(edited, refused, old, new, message):
    refused(edited("qe_nosoc.xml", old, new), message)


def test_other_files_of_the_program(tmp_path, files, refused):
    (tmp_path / "data-file.xml").write_text("<?xml version='1.0'?>\n<Root><!-- espresso --></Root>\n")
    refused(
        tmp_path / "data-file.xml", "must be data-file-schema.xml of Quantum ESPRESSO 6.3 or newer, but holds <Root>"
    )
    text = (files / "qe_soc.xml").read_text()
    (tmp_path / "cut.xml").write_text(text[: len(text) // 2])
    refused(tmp_path / "cut.xml", "must be whole XML, but no element found")
    start, end = text.index("  <output>"), text.index("  <status>")
    (tmp_path / "unfinished.xml").write_text(text[:start] + text[end:])
    refused(tmp_path / "unfinished.xml", "output/band_structure must be there, but is missing")


def test_the_file_knows_its_spin(files, refused):
    refused(files / "qe_soc.xml", "spin_orbit must be True, as the file says, but got False", spin_orbit=False)


def test_two_spins(files, edited, refused):
    """The 42 bands of each point as 20 of one spin and 22 of the other: those of up are all filled, or of down 7."""
    path = edited("qe_nosoc.xml", "<band_structure>\n      <lsda>false", "<band_structure>\n      <lsda>true")
    text = path.read_text().replace("<nbnd>42</nbnd>\n      <nelec", "<nbnd_up>20</nbnd_up><nbnd_dw>22</nbnd_dw><nelec")
    path.write_text(text)
    expected = read_bands(files / "qe_nosoc.xml").energies
    refused(path, 'spin must be "up" or "down"')
    up, down = (read_bands(path, spin=spin) for spin in ("up", "down"))
    np.testing.assert_array_equal(np.hstack([up.energies, down.energies]), expected)
    assert (up.filled, down.filled) == (20, 7)
    assert not up.spin_orbit


K = np.array([[0.0, 0.0, 0.0], [0.25, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5]])
ENERGIES = np.array([[-12.5, -3.25, 101.0], [-11.0, -3.0, 4.5], [-10.0, -100.125, 4.0], [-9.0, -2.0, 3.5]])


def _bands_x(path):
    """In an fcc lattice, columns of fixed width, as bands.x writes them: those of the third point touch."""
    cartesian = K @ np.array([[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])
    rows = [
        "".join(f"{x:10.6f}" for x in k) + "\n" + "".join(f"{e:9.3f}" for e in row)
        for k, row in zip(cartesian, ENERGIES, strict=True)
    ]
    path.write_text(" &plot nbnd=   3, nks=     4 /\n" + "\n".join(rows).replace("   -100.125", " -100.125") + "\n")
    return path


def test_bands_x_at_given_points(tmp_path, refused):
    path = _bands_x(tmp_path / "bands.dat")
    bands = read_bands(path, k=K, spin_orbit=False)
    np.testing.assert_array_equal(bands.k, K)
    np.testing.assert_array_equal(bands.energies, np.sort(np.round(ENERGIES, 3), axis=1))
    assert (bands.filled, bands.reference, bands.spin_orbit) == (None, None, False)
    refused(path, "k must be given: bands.x writes Cartesian k without the lattice")
    refused(path, "k must be those of the file in some lattice, in its order, but are not", k=K[::-1], spin_orbit=False)
    refused(path, "k must have the shape (4, 3), but got (3, 3)", k=K[:3], spin_orbit=False)
    refused(path, "spin_orbit must be True if a band holds one electron", k=K)
    path.write_text(path.read_text().replace("nks=     4", "nks=     5"))
    refused(path, "must be nks = 5 k-points with nbnd = 3 energies each, 30 numbers, but has 24", k=K)
