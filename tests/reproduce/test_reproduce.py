"""Each figure on small data, and the whole run."""

import json

import numpy as np
import pytest
from scipy import constants

import chiraljax as cj
from chiraljax.crystal import site_order
from chiraljax.reproduce import STEPS, reproduce
from chiraljax.reproduce._figure1 import figure1
from chiraljax.reproduce._figure2 import figure2
from chiraljax.reproduce._figure3a import _splittings, figure3a
from chiraljax.reproduce._figure3b import figure3b
from chiraljax.reproduce._figure4 import figure4, moments
from chiraljax.reproduce._figure5 import figure5
from chiraljax.reproduce._reproduce import ROTATION
from chiraljax.reproduce._soft_mode import driven


def _written(folder, name, tables=None):
    expected = {f"{name}.png", f"{name}.pdf", *(tables or [f"{name}.csv"])}
    assert {file.name for file in folder.iterdir()} == expected
    for table in tables or [f"{name}.csv"]:
        data = np.genfromtxt(folder / table, delimiter=",", names=True, dtype=None, encoding="utf-8")
        assert len(data) > 1


@pytest.fixture(scope="module")
def lattices():
    """The force constants of one cell, and of the supercell."""
    return cj.load_lattice("KTaO3"), cj.load_lattice("KTaO3_2x2x2")


@pytest.fixture(scope="module")
def motion(ktao3, lattices, pulse):
    return driven(ktao3, lattices[0], pulse)


def test_figure1(tmp_path, ktao3, lattices):
    """Lydane, Sachs and Teller: the squared LO over the squared TO frequencies are ε(0)/ε∞, here with Δε of Born."""
    rows = {row.quantity: row for row in figure1(ktao3, *lattices, tmp_path, points=3)}
    one_cell, supercell = lattices
    _written(tmp_path, "fig1", ["fig1_dispersion.csv", "fig1_gamma.csv", "fig1_mode.csv"])
    branches = np.genfromtxt(tmp_path / "fig1_dispersion.csv", delimiter=",", names=True)
    at_gamma = np.array([float(branches[0][f"nu{i}_THz"]) for i in range(1, 16)])
    transverse = [one.frequency for one in supercell.modes if one.infrared]
    share = sum(one.dielectric_share(supercell.crystal.volume)[0, 0] for one in supercell.modes if one.infrared)
    known = np.array([0.0, *(one.frequency for one in supercell.modes)])
    longitudinal = at_gamma[np.abs(at_gamma[:, None] - known).min(axis=1) > 0.05]
    ratio = 1 + share / supercell.dielectric_tensor[0, 0]
    assert np.prod(longitudinal / transverse) ** 2 == pytest.approx(ratio, rel=1e-3)
    modes = np.genfromtxt(tmp_path / "fig1_gamma.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    np.testing.assert_allclose(modes["nu_THz"][:4], [one.frequency for one in one_cell.modes])
    table = np.genfromtxt(tmp_path / "fig1_mode.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert tuple(table["species"]) == ktao3.crystal.species
    assert np.sum(table["e_x"] ** 2) == pytest.approx(1)
    masses = np.array([15.999, 15.999, 15.999, 180.94788, 39.0983])
    np.testing.assert_allclose(table["e_over_sqrt_m_x_per_sqrt_u"], table["e_x"] / np.sqrt(masses), rtol=1e-4)
    assert rows["mode effective charge Z̃, first principles"].verdict == "agrees"
    assert rows["T1u at Γ, 1 of 4"].ours == one_cell.modes[0].frequency
    assert rows["imaginary frequencies"].ours == 0


@pytest.mark.slow
def test_figure2(tmp_path, ktao3, lattices, motion, pulse):
    """The rows are those of the driven oscillator: |q| 1.2048 Å√u, and |L| below ω₀ q²/ħ = 3.4756 ħ.

    The ionic moment is that of the displacements written, differentiated to (ωh)²/6 = 10⁻³.
    """
    rows = {row.quantity: row.ours for row in figure2(motion, pulse, ktao3.crystal, tmp_path)}
    _written(tmp_path, "fig2")
    assert rows["largest |q|"] == pytest.approx(1.2048, abs=1e-4)
    assert rows["largest |L| (signed)"] == pytest.approx(-2 * np.pi * 2.42 * 1.2048**2 / 6.350780, rel=2e-3)
    table = np.genfromtxt(tmp_path / "fig2.csv", delimiter=",", names=True)
    moment = np.zeros(len(table))
    names = [f"{label}{n}" for n, label in enumerate(ktao3.crystal.species, 1)]
    for name, site in zip(names, site_order(ktao3.crystal, lattices[0].crystal), strict=True):
        (xx, yy, _) = np.diagonal(lattices[0].born_charges[site])
        x, y = (table[f"u_{axis}_{name}_A"] for axis in "xy")
        moment += (xx * x * np.gradient(y, table["t_ps"]) - yy * y * np.gradient(x, table["t_ps"])) / 2
    magnetons = moment * constants.e * 1e-8 / constants.physical_constants["nuclear magneton"][0]
    np.testing.assert_allclose(table["ionic_moment_muN"], magnetons, atol=2e-3 * abs(magnetons).max())
    assert rows["largest ionic moment (signed)"] == pytest.approx(magnetons.max(), rel=2e-3)
    ratio = rows["largest ionic moment (signed)"] / rows["largest |L| (signed)"]
    assert rows["gyromagnetic ratio of the soft mode"] == pytest.approx(ratio, rel=1e-6)


def test_figure3a(tmp_path, ktao3):
    """J = S − l_eff in pure t₂g: 5/3 ħΩ in j = 1/2; ±1/2 and ±1/6 ħΩ in j = 3/2, whose inner levels e_g moves."""
    rows = {row.quantity: row for row in figure3a(ktao3, ROTATION, tmp_path, points=3)}
    _written(tmp_path, "fig3a")
    assert rows["matrix size"].verdict == "agrees"
    assert rows["direct gap at Γ"].verdict == "agrees"
    assert rows["fundamental gap"].verdict == "disagrees"
    assert rows["splitting ħΩ"].ours == pytest.approx(10.008, abs=1e-3)
    assert rows["splitting of the j = 1/2 doublet at Γ"].ours == pytest.approx(5 / 3 * 10.008, rel=1e-2)
    assert rows["outer splitting of the j = 3/2 quartet at Γ"].ours == pytest.approx(10.008, rel=1e-3)
    assert rows["inner splitting of the j = 3/2 quartet at Γ"].ours > 2 / 3 * 10.008
    assert rows["degenerate pairs, Ω = 0"].ours == 14
    assert rows["degenerate pairs, Ω = 2π·2.42 rad/ps"].ours == 0


def test_without_e_g_the_quartet_is_evenly_spaced(electrons):
    """e_g 10⁴ eV away leaves t₂g alone; the rest is second order, ħΩ over the spin–orbit splitting, 2 %."""
    pure = electrons.with_parameters({"Ta.d.eg": 1e4})
    rows = {row.quantity: row.ours for row in _splittings(pure, ROTATION)}
    assert rows["inner splitting of the j = 3/2 quartet at Γ"] == pytest.approx(10.008 / 3, rel=0.02)


@pytest.mark.slow
def test_figure3b(tmp_path, ktao3):
    errors = figure3b(ktao3, ROTATION, tmp_path, zone_points=4, cube_points=4)
    _written(tmp_path, "fig3b", ["fig3b_bands.csv", "fig3b_dos.csv"])
    assert set(errors) == {"zone", "gamma_cube"}


@pytest.mark.slow
def test_figure4(tmp_path, electrons):
    cube = moments(electrons, ROTATION, "gamma_cube", rtol=1e-2, temperature=np.array([100.0, 300.0]))
    rows = figure4({"zone": cube, "gamma_cube": cube}, -2e-4, tmp_path)
    _written(tmp_path, "fig4")
    assert [row.verdict for row in rows] == ["agrees"] * 8
    assert rows[-1].ours == pytest.approx(rows[0].ours / 2e-4)
    assert rows[0].ours == pytest.approx(0.088366, rel=5e-3)


@pytest.mark.slow
def test_figure5(tmp_path, ktao3):
    """Table I is not refitted, so its rows are energies of the bundled material; PBE's gap is 2.185 eV, R to Γ."""
    rows = {row.quantity: row for row in figure5(ktao3, tmp_path, starts=4, stride=5)}
    assert {file.name for file in tmp_path.iterdir()} == {"fig5.png", "fig5.pdf", "fig5.csv", "fit.txt"}
    table = np.genfromtxt(tmp_path / "fig5.csv", delimiter=",", names=True)
    assert min(table["e10_PBE_eV"]) == 0
    assert table["e10_fit_eV"][np.argmin(table["e10_PBE_eV"])] == pytest.approx(0, abs=1e-12)
    bare = ktao3.electrons.without_spin_orbit()
    level = [float(bare.energies(np.array(k))[18]) for k in ([0.5, 0.0, 0.0], [0.0, 0.0, 0.0])]
    assert rows["first empty level at X, Table I"].ours == pytest.approx(level[0] - level[1], abs=1e-9)
    assert "PBE 2.185 eV" in rows["gap, fit"].reading
    assert "PBE 0.4335 eV" in rows["spin–orbit splitting at Γ, fit"].reading
    assert rows["ξ of Ta d, fit"].paper == 0.28868
    assert "Parameters, eV" in (tmp_path / "fit.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_whole_run(tmp_path):
    begun = []
    rows = reproduce(tmp_path / "new" / "folder", begun.append)
    assert begun == list(STEPS)
    verdicts = {row.quantity: row.verdict for row in rows}
    assert verdicts["M_z, zone"] == "disagrees"
    assert verdicts["M_z, gamma_cube"] == "agrees"
    assert verdicts["|M_z| over the ionic moment, gamma_cube"] == "agrees"
    assert verdicts["|M_z| over the ionic moment, zone"] == "disagrees"
    values = {row.quantity: row.ours for row in rows}
    for target in ("O 2p", "Ta t₂g", "Ta e_g"):
        assert values[f"rms error of {target}, fit"] < values[f"rms error of {target}, Table I"]
    report = json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    assert len(report["rows"]) == len(rows)
    assert report["k_sums"]["M_z, zone"]["status"] == "converged"
    for name in ("fig1", "fig2", "fig3a", "fig3b", "fig4", "fig5"):
        assert (tmp_path / "new" / "folder" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
