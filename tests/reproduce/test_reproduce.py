"""Each figure on small data, and the whole run."""

import json

import numpy as np
import pytest

from chiraljax.reproduce import STEPS, reproduce
from chiraljax.reproduce._figure2 import figure2
from chiraljax.reproduce._figure3a import _splittings, figure3a
from chiraljax.reproduce._figure3b import figure3b
from chiraljax.reproduce._figure4 import figure4, moments
from chiraljax.reproduce._figure5 import figure5
from chiraljax.reproduce._reproduce import ROTATION


def _written(folder, name, tables=None):
    expected = {f"{name}.png", f"{name}.pdf", *(tables or [f"{name}.csv"])}
    assert {file.name for file in folder.iterdir()} == expected
    for table in tables or [f"{name}.csv"]:
        data = np.genfromtxt(folder / table, delimiter=",", names=True, dtype=None, encoding="utf-8")
        assert len(data) > 1


def test_figure2(tmp_path, ktao3, pulse):
    """The rows are those of the driven oscillator: |q| 1.2048 Å√u, and |L| below ω₀ q²/ħ = 3.4756 ħ."""
    rows = {row.quantity: row.ours for row in figure2(ktao3, pulse, tmp_path)}
    _written(tmp_path, "fig2")
    assert rows["largest |q|"] == pytest.approx(1.2048, abs=1e-4)
    assert rows["largest |L| (signed)"] == pytest.approx(-2 * np.pi * 2.42 * 1.2048**2 / 6.350780, rel=2e-3)


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


def test_figure3b(tmp_path, ktao3):
    errors = figure3b(ktao3, ROTATION, tmp_path, zone_points=4, cube_points=4)
    _written(tmp_path, "fig3b", ["fig3b_bands.csv", "fig3b_dos.csv"])
    assert set(errors) == {"zone", "gamma_cube"}


def test_figure4(tmp_path, electrons):
    cube = moments(electrons, ROTATION, "gamma_cube", rtol=1e-2, temperature=np.array([100.0, 300.0]))
    rows = figure4({"zone": cube, "gamma_cube": cube}, tmp_path)
    _written(tmp_path, "fig4")
    assert [row.verdict for row in rows] == ["agrees"] * 4
    assert rows[0].ours == pytest.approx(0.088366, rel=5e-3)


def test_figure5(tmp_path, ktao3):
    """Table I is not refitted, so its rows are energies of the bundled material; PBE's gap is 2.185 eV, R to Γ."""
    rows = {row.quantity: row for row in figure5(ktao3, tmp_path, restarts=4, stride=5)}
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
    values = {row.quantity: row.ours for row in rows}
    for target in ("O 2p", "Ta t₂g", "Ta e_g"):
        assert values[f"rms error of {target}, fit"] < values[f"rms error of {target}, Table I"]
    report = json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    assert len(report["rows"]) == len(rows)
    assert report["k_sums"]["M_z, zone"]["status"] == "converged"
    for name in ("fig2", "fig3a", "fig3b", "fig4", "fig5"):
        assert (tmp_path / "new" / "folder" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
