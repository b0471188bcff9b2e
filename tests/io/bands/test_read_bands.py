"""Which file is of which format, what is bundled, and files that are of none."""

import contextlib
import gzip
import itertools

import numpy as np
import pytest

import chiraljax.io.bands as package
from chiraljax import InputError, band_formats, bundled_bands, read_bands
from chiraljax.io.bands import _format

TOY = """
import numpy as np

from chiraljax import Bands
from chiraljax.io.bands import BandFormat

FORMAT = BandFormat(
    "toy",
    "the word toy and an energy",
    lambda head: head.text.startswith("toy"),
    lambda path, spin_orbit: Bands(np.zeros((1, 3)), np.array([[path.read_text().split()[1]]], dtype=float)),
)
"""
SAMPLES = ["ase_soc.json", "qe_nosoc.xml", "vasp/vasprun.xml", "vasp_soc/EIGENVAL"]
G, X, R = (0, 0, 0), (0.5, 0, 0), (0.5, 0.5, 0.5)


# Gaps in eV, fundamental and at Γ, of the analysis that came with the calculation; the files are rounded to 1e-5 eV.
@pytest.mark.parametrize(
    ("name", "spin_orbit", "gap", "direct"),
    [
        ("KTaO3_pbe", False, 2.185008, 2.812640),
        ("KTaO3_pbe_soc", True, 2.011188, 2.545044),
        ("KTaO3_pbe_mesh", False, 2.185008, 2.812640),
        ("KTaO3_pbe_mesh_soc", True, 2.011188, 2.545044),
    ],
)
def test_bundled_bands(name, spin_orbit, gap, direct):
    bands = read_bands(name)
    filled, at_gamma = (18 if spin_orbit else 9), np.all(bands.k == 0, axis=1)
    assert bands.spin_orbit is spin_orbit
    assert bands.filled == filled
    valence, conduction = bands.energies[:, filled - 1], bands.energies[:, filled]
    assert conduction.min() - valence.max() == pytest.approx(gap, abs=1.1e-5)
    assert (conduction - valence)[at_gamma] == pytest.approx(direct, abs=1.1e-5)
    assert bands.reference == pytest.approx(valence.max(), abs=1.1e-5)
    assert bands.source.startswith("GPAW 26.7.0, PBE, plane waves to 600 eV")


def test_all_that_is_bundled_is_listed():
    assert bundled_bands() == ["KTaO3_pbe", "KTaO3_pbe_mesh", "KTaO3_pbe_mesh_soc", "KTaO3_pbe_soc"]


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_what_gzip_packed(files, tmp_path, name, renamed, refused):
    """The files beside are packed, too; the first bytes tell it, if the name does not."""
    for file in (files / name).parent.glob("*" if "/" in name else "qe_nosoc.xml" if "qe" in name else "ase_soc.json"):
        target = tmp_path / (file.name if renamed and file.name == "vasprun.xml" else f"{file.name}.gz")
        target.write_bytes(gzip.compress(file.read_bytes()))
    path = next(tmp_path.glob(f"{name.rpartition('/')[2]}*"))
    spin_orbit = True if "ase" in name else None
    bands, expected = (read_bands(file, spin_orbit=spin_orbit) for file in (path, files / name))
    np.testing.assert_array_equal(bands.energies, expected.energies)
    assert list(bands.projections) == list(expected.projections)
    path.write_bytes(path.read_bytes()[:-20])
    refused(path, "what gzip packed is not", spin_orbit=spin_orbit)


def test_what_gzip_packed_of_this_package(tmp_path, bands):
    bands.to_xarray().to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    (tmp_path / "b.nc.gz").write_bytes(gzip.compress((tmp_path / "b.nc").read_bytes()))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"0;0;0;1,5\n"))
    np.testing.assert_array_equal(read_bands(tmp_path / "b.nc.gz").energies, bands.energies)
    assert read_bands(tmp_path / "b.csv.gz", spin_orbit=False).energies == [[1.5]]


def test_spin_is_only_of_two(files, tmp_path, refused):
    (tmp_path / "b.csv").write_text("k1,k2,k3,e1\n0,0,0,1\n")
    refused(tmp_path / "b.csv", "spin must be left out, as a file of format csv has no two spins", spin="up")
    for name in SAMPLES:
        refused(files / name, "spin must be left out, as the calculation is of one spin, but got 'down'", spin="down")
    with pytest.raises(InputError, match="spin must be up or down, but got 'left'"):
        read_bands(tmp_path / "b.csv", spin="left")


def test_what_is_bundled_has_its_format_k_points_and_spin(refused):
    refused("KTaO3_pbe", "must be given without format, spin and k", k=np.zeros((1, 3)))
    refused("KTaO3_pbe", "must be given without format, spin and k", format="csv")
    refused("KTaO3_pbe", "spin_orbit must be False, as the file says, but got True", spin_orbit=True)


def test_a_mesh_weighs_its_stars():
    """On a 12×12×12 mesh Γ stands alone, and (1/12, 0, 0) for six points of 1728."""
    for name in ("KTaO3_pbe_mesh", "KTaO3_pbe_mesh_soc"):
        bands = read_bands(name)
        assert bands.weights.sum() == pytest.approx(1)
        np.testing.assert_allclose(bands.weights[:2], [1 / 1728, 6 / 1728])


def test_the_path_and_the_mesh_project_alike():
    """t2g, O p and s of the bands up to t2g at Γ, X and R, summed as only that is unique where bands are degenerate."""
    path, mesh = read_bands("KTaO3_pbe"), read_bands("KTaO3_pbe_mesh")
    for point, (shell, bands) in itertools.product((G, X, R), itertools.product(mesh.projections, (9, 12))):
        one, other = (
            b.projection(shell)[np.flatnonzero(np.all(np.abs(b.k - point) < 1e-6, axis=1))[0], :bands].sum()
            for b in (path, mesh)
        )
        # each of up to 36 numbers is rounded to 1e-4, and the two calculations converged apart
        assert one == pytest.approx(other, abs=5e-3)


def test_conduction_bands_at_gamma_are_t2g():
    bands = read_bands("KTaO3_pbe")
    t2g, eg = (bands.projection(f"Ta.d.{group}")[45] for group in ("t2g", "eg"))
    assert np.all(bands.k[45] == 0)
    assert np.all(t2g[9:12] > 1)
    assert np.all(eg[9:12] == 0)


def test_the_name_need_not_tell_the_format(files, tmp_path):
    for i, name in enumerate(SAMPLES):
        path = tmp_path / f"file{i}"
        path.write_bytes((files / name).read_bytes())
        spin_orbit = True if "ase" in name else None
        bands = read_bands(path, spin_orbit=spin_orbit)
        np.testing.assert_array_equal(bands.energies, read_bands(files / name, spin_orbit=spin_orbit).energies)
    (tmp_path / "table").write_text("# by hand\nk1,k2,k3,e1\n0,0,0,1\n")
    assert read_bands(tmp_path / "table", spin_orbit=False).energies == [[1]]


def test_the_argument_names_the_format(files, refused):
    assert read_bands(files / "ase_soc.json", format="ase", spin_orbit=True).spin_orbit
    refused(files / "ase_soc.json", "path is not a field of a band file", format="json")
    refused(files / "ase_soc.json", "must be whole XML, but", format="espresso")
    refused(files / "ase_soc.json", "must be a whole EIGENVAL of VASP", format="vasp")
    refused(files / "ase_soc.json", "must be a NetCDF file", format="netcdf")
    refused(files / "ase_soc.json", "row 1 must be the header k1,k2,k3,e1,e2,…", format="csv")
    beside = files / "ase_soc.kpt"
    refused(files / "ase_soc.json", "but there is no such file", beside=beside, format="wannier90")
    refused(files / "qe_soc.xml", "must be a band structure of ASE", format="ase")
    refused(files / "qe_soc.xml", "must be a whole vasprun.xml of VASP, but", format="vasp")
    with pytest.raises(InputError, match=r"format must be one of ase, castep, csv, .*, but got 'abinit'"):
        read_bands(files / "ase_soc.json", format="abinit")
    refused(files / "ase_soc.json", "k must be left out", k=[[0, 0, 0]])


def test_a_new_format_is_one_file(tmp_path, monkeypatch):
    """A file in the folder of formats is all that it takes; here the folder is lent a second place."""
    (tmp_path / "_toy.py").write_text(TOY)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    _format.formats.cache_clear()
    try:
        (tmp_path / "levels").write_text("toy 1.5")
        bands = read_bands(tmp_path / "levels")
        assert "toy" in band_formats()
    finally:
        monkeypatch.undo()
        _format.formats.cache_clear()
    assert bands.energies == [[1.5]]
    assert "toy" not in band_formats()
    assert all(band_formats().values())


def test_files_of_no_format(tmp_path, refused):
    refused(tmp_path / "none.json", "must be a file of bands or bundled bands (KTaO3_pbe, KTaO3_pbe_mesh")
    refused(tmp_path, "must be a file of bands, but")
    for text, message in [
        ("", "must be a file of bands, but it is empty"),
        ("<svg></svg>", "nothing says of which format; give one of ase, castep, csv, "),
        ("1 2 3\n", "nothing says of which format; give one of ase, castep, csv, "),
    ]:
        (tmp_path / "file").write_text(text)
        refused(tmp_path / "file", message)


@pytest.mark.parametrize("name", ["b.json", "EIGENVAL", "b.csv", "b_band.dat", "b_hr.dat", "b.xml", "ase.json"])
def test_bytes_that_are_no_text(tmp_path, refused, name):
    start = {"b.json": b"{", "b.xml": b"<qes:espresso", "ase.json": b'{"__ase_objtype__'}.get(name, b"1\n")
    (tmp_path / name).write_bytes(start + b"\xff\xfe\x00\xe9")
    (tmp_path / "b_band.kpt").write_text("1\n0 0 0 1\n")
    refused(tmp_path / name, "it is not UTF-8 text", k=[[0, 0, 0]] if "hr" in name else None)


@pytest.mark.parametrize("name", SAMPLES)
def test_broken_files_never_give_a_traceback(files, tmp_path, name):
    """Files cut anywhere and files with a few bytes changed, seeded: bands, or one line."""
    data = (files / name).read_bytes()
    random = np.random.default_rng(1)
    path = tmp_path / name.rpartition("/")[2]
    spin_orbit = True if "ase" in name else None
    cut = [data[:n] for n in random.integers(0, int(0.98 * len(data)), 12)]
    changed = []
    for _ in range(12):
        copy = bytearray(data)
        for place in random.integers(0, len(data), 4):
            copy[place] = random.choice(list(b"0x-.< \n*\xff"))
        changed.append(bytes(copy))
    for content in cut:
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_bands(path, spin_orbit=spin_orbit)
        assert "\n" not in str(caught.value)
    for content in changed:
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            read_bands(path, spin_orbit=spin_orbit)
