"""An output that exists is kept, unless --force is given; what is resumed goes on."""

import pytest

from chiraljax.cli import main

MODEL = ["KTaO3", "--mu", "0", "--temperature", "300"]


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["bands", "KTaO3", "--out"], "o.csv"),
        (["phonons", "KTaO3", "--out"], "o.json"),
        (["magnetization", *MODEL, "--rotation-thz", "1", "--out"], "o.png"),
        (["simulate", *MODEL, "--out"], "o.svg"),
        (["simulate", *MODEL, "--animate"], "o.gif"),
        (["export", "s.zarr", "--out"], "o.nc"),
        (["report", "s.zarr", "--out"], "o.html"),
        (["fit", "KTaO3", "--bands", "KTaO3_pbe", "--out"], "o.toml"),
    ],
)
def test_a_file_is_kept(tmp_path, monkeypatch, capsys, command, file):
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_text("mine")
    assert main([*command, file]) == 2
    option = command[-1]
    assert (
        capsys.readouterr().err
        == f"chiraljax: {option} must not exist, but {file} does; give --force to overwrite it\n"
    )
    assert (tmp_path / file).read_text() == "mine"


def test_force(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.csv").write_text("mine")
    assert main(["bands", "KTaO3", "--points", "1", "--out", "b.csv", "--force"]) == 0
    assert (tmp_path / "b.csv").read_text().startswith("k1,k2,k3,")


def test_the_second_file_of_wannier90(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x_centres.xyz").write_text("mine")
    assert main(["fit", "KTaO3", "--bands", "KTaO3_pbe", "--out", "x_hr.dat"]) == 2
    assert "--out must not exist, but x_centres.xyz does; give --force" in capsys.readouterr().err


def test_a_search_that_is_done_is_kept_and_one_that_is_not_goes_on(tmp_path, monkeypatch, capsys):
    """With a checkpoint the command goes on to read its configuration, which is missing here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "optimum.json").write_text("{}")
    command = ["optimize", "none.toml", "--out", "best"]
    refusal = "chiraljax: --out must not exist, but best/optimum.json does; give --force to overwrite it\n"
    assert main(command) == 2
    assert capsys.readouterr().err == refusal
    for more in (["--force"], []):
        assert main([*command, *more]) == 2
        assert capsys.readouterr().err.startswith("chiraljax: none.toml: must be a TOML file of an optimisation")
        (tmp_path / "best" / "checkpoint.npz").write_text("")
