"""The files of Wannier90, read line by line and by ASE."""

import os

import ase.io
import equinox as eqx
import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError, write_wannier90


def _read(prefix):
    """Cells, H(R) and degeneracies, by the description of seedname_hr.dat in the user guide of Wannier90."""
    lines = (prefix.parent / f"{prefix.name}_hr.dat").read_text().splitlines()
    size, count = int(lines[1]), int(lines[2])
    rows = -(-count // 15)
    degeneracies = np.array(" ".join(lines[3 : 3 + rows]).split(), dtype=int)
    assert all(len(line.split()) == 15 for line in lines[3 : 2 + rows])
    table = np.array([line.split() for line in lines[3 + rows :]], dtype=float).reshape(count, size, size, 7)
    assert np.all(table[..., :3] == table[:, :1, :1, :3])
    np.testing.assert_array_equal(table[0, :, :, 3], np.tile(np.arange(size) + 1, (size, 1)))
    np.testing.assert_array_equal(table[0, :, :, 4], np.tile(np.arange(size) + 1, (size, 1)).T)
    return table[:, 0, 0, :3], (table[..., 5] + 1j * table[..., 6]).swapaxes(1, 2), degeneracies


@pytest.mark.parametrize(
    ("name", "rotation"), [("KTaO3", 0.0), ("GaAs", 0.0), ("GaAs", [1.0, 2.0, 15.0]), ("GaAs", [[0, 0, 1], [0, 0, -1]])]
)
def test_hoppings(tmp_path, name, rotation):
    electrons = cj.load_material(name).electrons
    write_wannier90(tmp_path / "model", electrons, rotation)
    cells, matrices, degeneracies = _read(tmp_path / "model")
    ours = electrons.hoppings(rotation)
    np.testing.assert_array_equal(cells, ours[0])
    spinless = not electrons.has_spin_orbit and rotation == 0.0
    np.testing.assert_allclose(matrices, ours[1][:, ::2, ::2] if spinless else ours[1], atol=1e-14)
    assert np.all(degeneracies == 1)


def test_degeneracies_are_fifteen_a_line(tmp_path):
    """Hoppings to all neighbours of a cubic cell within two shells: 19 cells."""
    crystal = cj.Crystal(np.eye(3) * 3, ["Po"], [[0, 0, 0]])
    hoppings = [cj.Hopping(("Po.s", "Po.s"), shell, {"sigma": 1e6}) for shell in (1, 2)]
    write_wannier90(tmp_path / "po", cj.slater_koster(crystal, [cj.Shell("Po", "s", {"energy": 0.0})], hoppings, 0))
    cells, matrices, _ = _read(tmp_path / "po")
    assert len(cells) == 19
    assert np.all(matrices[np.any(cells != 0, axis=1)] == 1e6)


def test_centres(tmp_path, ktao3, graphene):
    for electrons in (ktao3.electrons, graphene):
        write_wannier90(tmp_path / "model", electrons)
        atoms = ase.io.read(tmp_path / "model_centres.xyz")
        crystal, size = electrons.crystal, electrons.size
        assert atoms.get_chemical_symbols() == ["X"] * size + list(crystal.symbols)
        np.testing.assert_array_equal(atoms.cell, crystal.vectors)
        np.testing.assert_allclose(atoms.positions[size:], crystal.positions @ crystal.vectors, atol=1e-14)
        for orbital, (site, _, _) in enumerate(electrons.orbitals):
            for spin in (0, 1):
                np.testing.assert_array_equal(atoms.positions[2 * orbital + spin], atoms.positions[size + site])


def test_a_write_that_fails_leaves_both_older_files(tmp_path, electrons, monkeypatch):
    write_wannier90(tmp_path / "model", electrons)
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert sorted(before) == ["model_centres.xyz", "model_hr.dat"]
    nan = electrons.parameters | {"Ta.d.eg": np.array(np.nan)}
    broken = eqx.tree_at(lambda model: model.parameters, electrons, nan)
    with pytest.raises(InputError, match=r"H\(R\) must be finite") as caught:
        write_wannier90(tmp_path / "model", broken)
    assert "\n" not in str(caught.value)

    def full(file, table, **_):
        file.write("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chiraljax.io._wannier90.np.savetxt", full)
    with pytest.raises(OSError, match="No space left"):
        write_wannier90(tmp_path / "model", electrons.with_parameters({"Ta.d.xi": 1.0}))
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before
    with pytest.raises(FileNotFoundError):
        write_wannier90(tmp_path / "none" / "model", electrons)
    assert sorted(os.listdir(tmp_path)) == sorted(before)
