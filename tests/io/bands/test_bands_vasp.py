"""Bands from VASP.

All files are synthetic: invented numbers for one Ta and two O at three k-points, the second of them twice as at a
corner of a path, in the layout that VASP 6 writes.
"""

import builtins
import re
import shutil

import numpy as np
import pytest

from chiraljax import read_bands

K = [[0, 0, 0], [0.5, 0, 0], [0.5, 0, 0]]
SCALAR = [[-5, -2, 3, 4], [-4.5, -2.5, 3.5, 5.25], [-4.5, -2.5, 3.5, 5.25]]
SPINORS = [[-5, -5, 3, 3], [-4.5, -4.5, 3.5, 3.5], [-4.5, -4.5, 3.5, 3.5]]
KINDS = [("vasp", False, SCALAR), ("vasp_soc", True, SPINORS)]


@pytest.fixture
def folder(files, tmp_path):
    """A copy of the files, to be changed."""
    shutil.copytree(files / "vasp", tmp_path / "run")
    return tmp_path / "run"


def _edit(path, old, new, count=1):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))
    return path


@pytest.mark.parametrize("name", ["vasprun.xml", "EIGENVAL"])
@pytest.mark.parametrize(("kind", "spin_orbit", "energies"), KINDS)
def test_all_is_read(files, kind, spin_orbit, energies, name):
    bands = read_bands(files / kind / name)
    np.testing.assert_array_equal(bands.k, K)
    np.testing.assert_array_equal(bands.energies, energies)
    np.testing.assert_array_equal(bands.weights, [0.25, 0.25, 0.5])
    assert bands.spin_orbit is spin_orbit
    assert bands.filled == 2
    valence_edge = np.max(np.array(energies)[:, 1])
    assert bands.reference == (valence_edge if name == "EIGENVAL" else -1.25)
    assert bands.source == ("EIGENVAL, VASP" if name == "EIGENVAL" else "vasprun.xml, VASP 6.4.2")


@pytest.mark.parametrize("name", ["vasprun.xml", "EIGENVAL"])
@pytest.mark.parametrize("kind", ["vasp", "vasp_soc"])
def test_projections_are_summed_over_the_sites_of_a_species(files, kind, name):
    """Orbital b + 2i of ion i holds (i + 1)/10 + b/100 + k/1000 in band b, to the digits of each file.

    xy of Ta holds 0.3 + b/100.
    """
    bands = read_bands(files / kind / name)
    b, k = np.arange(4), np.arange(3)[:, None]
    rounding = 0.5001e-3 if name == "EIGENVAL" else 1e-12
    np.testing.assert_allclose(bands.projections["Ta.d.xy"], np.broadcast_to(0.3 + b / 100, (3, 4)), atol=1e-12)
    np.testing.assert_allclose(bands.projection("Ta.p").sum(1), (0.36 + 3 * k / 1000)[:, 0], atol=3 * rounding)
    np.testing.assert_allclose(bands.projection("O"), 2 * b / 100 + 0.5 + 2 * k / 1000, atol=2 * rounding)
    names = ("s", "p.y", "p.z", "p.x", "d.xy", "d.yz", "d.3z2-r2", "d.zx", "d.x2-y2")
    assert list(bands.projections) == [f"{species}.{name}" for species in ("Ta", "O") for name in names]


@pytest.mark.parametrize("name", ["vasprun.xml", "EIGENVAL"])
def test_only_points_without_weight_count_if_there_are_some(folder, name):
    if name == "EIGENVAL":
        (folder / "PROCAR").unlink()
        _edit(folder / name, "  5.0000000E-01\n    1      -4.5", "  0.0000000E+00\n    1      -4.5")
    else:
        _edit(folder / name, "<v>       0.50000000 </v>", "<v>       0.00000000 </v>")
    bands = read_bands(folder / name)
    np.testing.assert_array_equal(bands.k, K[2:])
    np.testing.assert_array_equal(bands.energies, SCALAR[2:])
    np.testing.assert_array_equal(bands.weights, [1])


def test_the_bands_of_kpoints_opt_come_before_the_mesh(folder):
    """The same energies at other k-points, in the block that VASP writes for a file KPOINTS_OPT."""
    path = folder / "vasprun.xml"
    text = path.read_text()
    k = text[text.index(" <kpoints>") : text.index(" <parameters>")].replace(
        "0.50000000       0.0", "0.25000000       0.0"
    )
    eigenvalues = text[text.index("  <eigenvalues>") : text.index("  <dos>")].replace("5.2500", "6.2500")
    block = f"  <eigenvalues_kpoints_opt>\n{k}{eigenvalues}  </eigenvalues_kpoints_opt>\n"
    bands = read_bands(_edit(path, "  <dos>", block + "  <dos>"))
    np.testing.assert_array_equal(bands.k, [[0, 0, 0], [0.25, 0, 0], [0.25, 0, 0]])
    assert bands.energies[1, 3] == 6.25
    assert bands.projections == {}


def test_projections_follow_energies_that_cross(folder):
    """Bands 2 and 3 at the first k-point change places."""
    before = read_bands(folder / "vasprun.xml").projections["O.p.x"][0]
    _edit(folder / "vasprun.xml", "-2.0000", " 3.3000")
    _edit(folder / "vasprun.xml", "       <r>    3.0000     0.0000", "       <r>   -2.0000     0.0000")
    bands = read_bands(folder / "vasprun.xml")
    np.testing.assert_array_equal(bands.energies[0], [-5, -2, 3.3, 4])
    np.testing.assert_array_equal(bands.projections["O.p.x"][0], before[[0, 2, 1, 3]])


def test_shells_alone(folder):
    """LORBIT = 10 writes a column for each shell."""
    lines = (folder / "PROCAR").read_text().splitlines()
    short = [" ".join(line.split()[:4]) if line[:5].strip().isdigit() else line for line in lines]
    (folder / "PROCAR").write_text("\n".join("ion s p d tot" if line.startswith("ion") else line for line in short))
    assert list(read_bands(folder / "EIGENVAL").projections) == [f"{x}.{l}" for x in ("Ta", "O") for l in "spd"]


def test_eigenval_alone_tells_its_spin_by_the_occupations(files, tmp_path, refused):
    for kind, spin_orbit, _ in KINDS:
        path = shutil.copy(files / kind / "EIGENVAL", tmp_path / "EIGENVAL")
        bands = read_bands(path)
        assert bands.spin_orbit is spin_orbit
        assert bands.projections == {}
        refused(path, f"spin_orbit must be {spin_orbit}, as the file says", spin_orbit=not spin_orbit)


def test_occupations_that_do_not_tell_the_spin(folder, refused):
    """At one of four weights the second band is empty: 1.75 of 4 electrons, or of 2 pairs."""
    (folder / "PROCAR").unlink()
    path = _edit(folder / "EIGENVAL", "-2.000000   1.000000", "-2.000000   0.000000")
    refused(path, "two, but is not given, and its occupations add up to neither all electrons nor half of them")
    for spin_orbit in (True, False):
        assert read_bands(path, spin_orbit=spin_orbit).spin_orbit is spin_orbit


def test_a_metal_has_no_filled_bands(folder):
    for name, old, new in [("EIGENVAL", "3.500000", "-2.20000"), ("vasprun.xml", "3.5000", "-2.200")]:
        (folder / "PROCAR").unlink(missing_ok=True)
        assert read_bands(_edit(folder / name, old, new)).filled is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    3    3    1    1\n", "    3    3    1    2\n", "must have 72 numbers for 3 k-points with 4 bands"),
        ("    3    3    1    1\n", "    3    3    1    3\n", "ISPIN must be 1 or 2, but got '3'"),
        ("    3    3    1    1\n", "    3    3\n", "must be EIGENVAL of VASP 5 or newer"),
        ("      3      4\n", "      3      5\n", "must have 57 numbers for 3 k-points with 5 bands"),
        ("      3      4\n", "      3      0\n", "NBANDS must be a positive number, but got '0'"),
        ("5.250000", "     nan", "eigenvalues must be finite numbers, but got 'nan'"),
        ("5.250000", "********", "eigenvalues must be finite numbers, but got '********'"),
        ("  5.0000000E-01", "  5.0000000E+00", "k must be fractional"),
    ],
)
def test_wrong_eigenval(folder, refused, old, new, message):
    (folder / "PROCAR").unlink()
    refused(_edit(folder / "EIGENVAL", old, new), message)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("PROCAR", "# of bands:    4", "# of bands:    5", "must have the 3 k-points and 4 bands of the energies"),
        ("PROCAR", "# of ions:    3", "# of ions:    4", "must have 9 projections for each of 4 ions"),
        ("PROCAR", "energy    5.25000000", "energy    5.35000000", "must have the same energies as the file beside it"),
        ("PROCAR", "  0.300", "  0.3**", "projections must be finite numbers, but got '0.3**'"),
        ("PROCAR", "# of k-points", "k-points", "must have the numbers of k-points, bands and ions"),
        ("PROCAR", "dxz  x2-y2", "dxz", "must have the same orbitals below each band"),
        ("PROCAR", "ion ", "atom ", "must have the names of orbitals below a band"),
        ("PROCAR", "PROCAR", "# of k-points: 3 # of bands: 4 # of ions: 3\n", "must be of one spin, as the energies"),
        ("POSCAR", "   Ta   O\n", "", "must have the symbols and numbers of ions in its lines 6 and 7"),
        ("POSCAR", "   1   2\n", "   1   3\n", "must have the 3 ions of PROCAR, but has 4"),
    ],
)
def test_wrong_file_beside_eigenval(folder, refused, name, old, new, message):
    refused(folder / "EIGENVAL", message, beside=_edit(folder / name, old, new))


def test_ions_without_names(folder, refused):
    (folder / "POSCAR").rename(folder / "CONTCAR")
    assert "Ta.s" in read_bands(folder / "EIGENVAL").projections
    (folder / "CONTCAR").unlink()
    refused(
        folder / "EIGENVAL",
        "must have a POSCAR or CONTCAR beside it that names the ions, but has none",
        folder / "PROCAR",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name="ISPIN">     1', 'name="ISPIN">     2', "eigenvalues must be of ISPIN = 2, but are of 1"),
        ("5.2500     0.0000", "   nan     0.0000", "energies must be finite, but band 3 at k-point 1 is not"),
        ("5.2500     0.0000", "       ", "must be a whole vasprun.xml of VASP, but"),
        ('       <set comment="band 1">', "<!--", "must be a whole vasprun.xml of VASP, but"),
        ("<rc><c>O </c><c>   2</c></rc>", "", "must be a whole vasprun.xml of VASP, but"),
        ("<eigenvalues>", "<eigenvalue>", "must be a whole vasprun.xml of VASP, but"),
        ("<modeling>", "<model>", "nothing says of which format"),
    ],
)
def test_wrong_vasprun(folder, refused, old, new, message):
    refused(_edit(folder / "vasprun.xml", old, new), message)


@pytest.mark.parametrize(
    ("new", "message"),
    [("", "eigenvalues must be given at 2 k-points, but got 3"), ("<v> 3.5 0 0 </v>", "k must be fractional")],
)
def test_wrong_k_points_in_vasprun(folder, refused, new, message):
    path = folder / "vasprun.xml"
    head, tail = path.read_text().split("<kpoints>")
    old = "<v>       0.50000000       0.00000000       0.00000000 </v>"
    path.write_text(f"{head}<kpoints>{tail.replace(old, new, 1)}")
    refused(path, message)


def test_projections_that_do_not_match_in_vasprun(folder, refused):
    path = folder / "vasprun.xml"
    head, tail = path.read_text().split("<projected>")
    start, end = tail.index('      <set comment="kpoint 3">'), tail.index("     </set>\n    </set>\n   </array>")
    path.write_text(f"{head}<projected>{tail[:start]}{tail[end:]}")
    refused(path, "projected must be for [3, 4, 3] k-points, bands and ions, but is for [2, 4, 3]")
    row = tail.index("        <r>")
    path.write_text(f"{head}<projected>{tail[:row]}{tail[tail.index('</r>', row) + 5 :]}")
    refused(path, "must be a whole vasprun.xml of VASP, but")


def test_without_pymatgen(files, refused, monkeypatch):
    original = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("pymatgen"):
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    refused(files / "vasp" / "vasprun.xml", 'install it with: pip install "chiraljax[dft]"')
    assert read_bands(files / "vasp" / "EIGENVAL").filled == 2


def _polarise(folder, shift):
    """A second spin, whose energies are higher by `shift`, in all files; its Ta xy is 0.5 larger."""
    header, *rest = (folder / "EIGENVAL").read_text().splitlines()
    for i, line in enumerate(rest):
        if len(words := line.split()) == 3 and i > 5:
            rest[i] = f"{words[0]} {words[1]} {float(words[1]) + shift:.6f} {words[2]} {words[2]}"
    (folder / "EIGENVAL").write_text("\n".join([header[:-1] + "2", *rest]))
    title, up = (folder / "PROCAR").read_text().split("\n", 1)
    down = re.sub(r"energy +(\S+)", lambda match: f"energy {float(match[1]) + shift:.8f}", up)
    down = re.sub(r"  0\.3(\d\d)(  0.000  0.000  0.000  0.000  0.4)", r"  0.8\1\2", down)
    (folder / "PROCAR").write_text(f"{title}\n{up}{down}")
    path = folder / "vasprun.xml"
    text = path.read_text().replace('name="ISPIN">     1', 'name="ISPIN">     2')
    start = text.index('     <set comment="spin 1">')
    end = text.index("    </set>\n   </array>\n  </eigenvalues>")
    up = text[start:end].replace("spin 1", "spin 2")
    down = re.sub(r"<r> *(\S+)", lambda match: f"<r> {float(match[1]) + shift:.4f}", up)
    text = text[:end] + down + text[end:]
    start = text.index('     <set comment="spin1">')
    end = text.index("    </set>\n   </array>", start)
    down = re.sub(r'("band \d">\s+<r>(?: +\S+){4} +)0\.3', r"\g<1>0.8", text[start:end].replace("spin1", "spin2"))
    path.write_text(text[:end] + down + text[end:])


@pytest.mark.parametrize("shift", [0.0, 0.9e-3])
@pytest.mark.parametrize("name", ["vasprun.xml", "EIGENVAL"])
def test_two_equal_spins_are_bands_without_spin(folder, files, name, shift):
    """Within 1 meV, in which those of up are taken."""
    _polarise(folder, shift)
    bands, expected = read_bands(folder / name), read_bands(files / "vasp" / name)
    np.testing.assert_array_equal(bands.energies, expected.energies)
    np.testing.assert_array_equal(bands.projection("Ta"), expected.projection("Ta"))
    assert (bands.spin_orbit, bands.filled, bands.reference) == (False, 2, expected.reference)


@pytest.mark.parametrize("name", ["vasprun.xml", "EIGENVAL"])
def test_two_spins_that_differ(folder, name, refused):
    _polarise(folder, 0.25)
    message = 'spin must be "up" or "down", as the calculation is spin-polarised and its bands differ by 0.25 eV'
    refused(folder / name, message)
    for spin, shift in (("up", 0), ("down", 0.25)):
        bands = read_bands(folder / name, spin=spin)
        np.testing.assert_array_equal(bands.energies, np.array(SCALAR) + shift)
        assert (bands.spin_orbit, bands.filled) == (False, 2)
        of_ta = np.arange(30, 34) / 100 + 2 * shift
        np.testing.assert_allclose(bands.projections["Ta.d.xy"], np.broadcast_to(of_ta, (3, 4)), atol=1e-12)
    refused(folder / name, "spin_orbit must be False, as the file says", spin="up", spin_orbit=True)


def test_projections_follow_energies_of_their_own_spin(folder):
    """Bands 2 and 3 of down alone change places at the first k-point."""
    _polarise(folder, 0.25)
    before = {spin: read_bands(folder / "EIGENVAL", spin=spin).projections["Ta.d.xy"][0] for spin in ("up", "down")}
    _edit(folder / "EIGENVAL", "-1.750000", " 3.500000")
    _edit(folder / "EIGENVAL", "3.250000", "-1.750000")
    _edit(folder / "PROCAR", "energy -1.75000000", "energy  3.50000000")
    _edit(folder / "PROCAR", "energy 3.25000000", "energy -1.75000000")
    up, down = (read_bands(folder / "EIGENVAL", spin=spin) for spin in ("up", "down"))
    np.testing.assert_array_equal(up.projections["Ta.d.xy"][0], before["up"])
    np.testing.assert_array_equal(down.energies[0], [-4.75, -1.75, 3.5, 4.25])
    np.testing.assert_array_equal(down.projections["Ta.d.xy"][0], before["down"][[0, 2, 1, 3]])


def test_projections_of_one_spin_beside_energies_of_two(folder, refused):
    procar = (folder / "PROCAR").read_text()
    _polarise(folder, 0.25)
    (folder / "PROCAR").write_text(procar)
    message = "must be of two spins, as the energies are, but has 1 blocks"
    refused(folder / "EIGENVAL", message, folder / "PROCAR", spin="up")
