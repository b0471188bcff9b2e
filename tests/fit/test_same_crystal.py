"""Bands of another crystal are refused where their file says it, and fitted if one insists."""

import dataclasses

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.cli import main
from chiraljax.fit import check_crystal
from chiraljax.io import to_json, write_json

OTHER = 5.75 / 5.653
"""the lattice of a functional beside a measured one"""


@pytest.fixture(scope="module")
def gallium():
    return cj.load_material("GaAs").electrons


@pytest.fixture(scope="module")
def bands(gallium):
    k = np.linspace(0, 0.5, 9)[:, None] * [1.0, 0.0, 1.0]
    energies = np.asarray(gallium.energies(k))[:, ::2]
    lattice = OTHER * gallium.crystal.vectors
    return cj.Bands(k, energies, filled=4, species=("Ga", "As"), lattice=lattice)


def test_the_same_crystal(gallium, bands):
    """Atoms in another order, a lattice 2 % larger and turned, ten d electrons below, or nothing said."""
    turned = bands.lattice @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    deeper = np.concatenate([np.full((9, 5), -20.0), bands.energies], axis=1)
    check_crystal(gallium, bands)
    check_crystal(gallium, dataclasses.replace(bands, lattice=turned))
    check_crystal(gallium, dataclasses.replace(bands, energies=deeper, filled=9))
    check_crystal(gallium, dataclasses.replace(bands, species=(), lattice=None, filled=None))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"species": ("In", "As")}, "with As Ga, but their file has In As; insist=True fits them all the same"),
        ({"species": ("Ga", "As", "Ga", "As")}, "of a cell with As Ga, but their file has Ga2 As2"),
        ({"lattice": 5.653 * np.eye(3)}, "at 60°, 60°, 60°, but their file has 5.653, 5.653, 5.653 Å at 90°, 90°"),
        ({"filled": 3}, "the model's 8 electrons per cell and filled shells below, but hold 6"),
    ],
)
def test_another_crystal(gallium, bands, changes, message):
    with pytest.raises(cj.InputError) as refused:
        cj.fit_bands(gallium, dataclasses.replace(bands, **changes))
    assert message in refused.value.message


def test_refused_by_the_command(tmp_path, monkeypatch, capsys, bands):
    """What JSON says is kept; --insist fits it all the same."""
    monkeypatch.chdir(tmp_path)
    indium = dataclasses.replace(bands, species=("In", "As"))
    write_json(tmp_path / "bands.json", to_json(indium.to_xarray()))
    again = cj.read_bands("bands.json")
    assert again.species == ("In", "As")
    np.testing.assert_allclose(again.lattice, bands.lattice)
    command = ["fit", "GaAs", "--bands", "bands.json", "--draw", "noise", "--starts", "1", "--out", "f.toml"]
    assert main(command) == 2
    assert "but their file has In As; --insist fits them all the same" in capsys.readouterr().err
    assert main([*command, "--insist"]) == 0


def test_k_and_format(tmp_path, monkeypatch, capsys, bands, gallium):
    """H(R) of the model with k-points from a file, under a name that says nothing: nothing is wrong."""
    monkeypatch.chdir(tmp_path)
    cj.io.write_wannier90(str(tmp_path / "model"), gallium)
    (tmp_path / "model_hr.dat").rename("hamiltonian")
    rows = ["k1,k2,k3", *(",".join(f"{x:.6f}" for x in k) for k in bands.k)]
    (tmp_path / "k.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "fit.toml").write_text(
        '[[target]]\nname = "valence"\nlevels = [0, 4]\nbands = [0, 4]\n[[target]]\nname = "conduction"\n'
        "levels = [4, 10]\nbands = [4, 10]\n"
    )
    command = ["fit", "GaAs", "--bands", "hamiltonian", "--config", "fit.toml", "--draw", "noise", "--starts", "1"]
    command += ["--out", "f.toml", "--force"]
    assert main([*command, "--format", "wannier90", "--k", "k.csv"]) == 0
    capsys.readouterr()
    assert main([*command, "--format", "wannier90"]) == 2
    assert "--k must be" in capsys.readouterr().err
    assert main([*command, "--format", "no"]) == 2
    assert "--format must be one of" in capsys.readouterr().err
