"""The commands, on small inputs."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import chiraljax as cj
from chiraljax.cli import main

ROOT = Path(__file__).parents[2]
MOMENT = ["magnetization", "KTaO3", "--mu", "0:0.05:2", "--temperature", "300", "--region", "gamma_cube"]
SIMULATE = [
    "simulate",
    "KTaO3",
    "--mu",
    "0",
    "--temperature",
    "300",
    "--times",
    "0:8:9",
    "--region",
    "gamma_cube",
]


def _table(path):
    with path.open() as file:
        header, *rows = csv.reader(file)
    return header, np.array(rows, dtype=float)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["bands", "--help"], ["simulate", "-h"], ["-h"]])
def test_help(arguments, capsys):
    assert main(arguments) == 0
    assert "Usage: chiraljax" in capsys.readouterr().out


def test_bands_at_listed_points(tmp_path, electrons, capsys):
    (tmp_path / "k.csv").write_text("k1,k2,k3\n0,0,0\n0.1,0.2,0.3\n")
    out = tmp_path / "b.csv"
    command = ["bands", "KTaO3", "--kpoints", str(tmp_path / "k.csv"), "--rotation-thz", "2420GHz", "--out", str(out)]
    assert main(command) == 0
    found, wrote = capsys.readouterr().out.splitlines()
    header, rows = _table(out)
    assert header == ["k1", "k2", "k3", *(f"e{i}" for i in range(1, 29))]
    lowest, highest, filled, empty = (
        f"{x:.6g}" for x in (rows[:, 3:].min(), rows[:, 3:].max(), rows[:, 20].max(), rows[:, 21].min())
    )
    assert found == f"28 levels at 2 k-points, {lowest} … {highest} eV, filled up to {filled} eV, empty from {empty} eV"
    assert wrote == f"{out}: written"
    np.testing.assert_allclose(rows[:, 3:], electrons.energies(rows[:, :3], 2 * np.pi * 2.42), atol=1e-12)


def test_bands_along_the_path(tmp_path, ktao3):
    for name in ("b.json", "b.png"):
        assert main(["bands", "KTaO3", "--points", "3", "--out", str(tmp_path / name)]) == 0
    content = json.loads((tmp_path / "b.json").read_text())
    np.testing.assert_allclose(content["k"], ktao3.k_path(3).k)
    assert content["rotation_thz"] == 0
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_bands_coloured_by_spin(tmp_path):
    """In a rotating lattice the lowest empty level at Γ has a spin; at rest it is one of a pair, which has none."""
    near = ["bands", "KTaO3", "--spin", "--path", "0.1 M-G", "--points", "2", "--window", "-20meV:90meV"]
    assert main([*near, "--rotation-thz", "2.42", "--out", str(tmp_path / "b.png")]) == 0
    for name, rotation in (("turning", "2.42"), ("rest", "0")):
        assert main([*near, "--rotation-thz", rotation, "--out", str(tmp_path / f"{name}.csv")]) == 0
    header, turning = _table(tmp_path / "turning.csv")
    assert header == ["k1", "k2", "k3", *(f"{name}{i}" for name in "es" for i in range(1, 29))]
    np.testing.assert_allclose(turning[:, :3], [[0.05, 0.05, 0], [0.025, 0.025, 0], [0, 0, 0]])
    assert abs(turning[-1, 3 + 28 + 18]) > 0.1
    np.testing.assert_allclose(turning[:, 3 + 28 :].sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(_table(tmp_path / "rest.csv")[1][:, 3 + 28 :], 0, atol=1e-9)


def test_magnetization_on_standard_output(capsys, reference):
    assert main([*MOMENT, "--rotation-thz", "2.42", "--out", "-"]) == 0
    output = capsys.readouterr()
    content = json.loads(output.out)
    assert output.err == ""
    assert content["mu"] == [0.0, 0.05]
    assert content["temperature"] == [300.0]
    assert content["rotation_thz"] == [2.42]
    assert content["eigensolves"] > 0
    assert np.shape(content["moment"]) == np.shape(content["carriers"]) == np.shape(content["error"]) == (2, 1, 1)
    row = next(row for row in reference("magnetization.json")["rows"] if row["mu"] == 0.05 and row["T"] == 300)
    assert row["normalisation"].startswith("cube")
    np.testing.assert_allclose(content["moment"][1][0][0], row["moment"], rtol=5e-3)


def test_magnetization_files(tmp_path):
    rotations = ["--rotation-thz", "1:2:2"]
    for name in ("m.csv", "m.nc"):
        assert main([*MOMENT, *rotations, "--out", str(tmp_path / name)]) == 0
    assert main([*MOMENT, "--rotation-thz", "2", "--out", str(tmp_path / "m.png")]) == 0
    header, rows = _table(tmp_path / "m.csv")
    assert header == ["mu", "temperature", "rotation_thz", "moment", "carriers", "error"]
    with xr.open_dataset(tmp_path / "m.nc") as data:
        assert data.moment.dims == ("mu", "temperature", "rotation_thz")
        np.testing.assert_allclose(rows[:, 3], data.moment.values.ravel())
    assert {file.name for file in tmp_path.iterdir()} == {"m.csv", "m.nc", "m.png"}


@pytest.mark.parametrize("coupling", ["fixed", "kinematic", "constant-inertia"])
def test_simulate(tmp_path, coupling):
    out = tmp_path / "s.csv"
    assert main([*SIMULATE, "--coupling", coupling, "--rtol", "1e-2", "--out", str(out)]) == 0
    header, rows = _table(out)
    assert header == ["mu", "temperature", "time", "rotation", "moment", "error"]
    assert rows.shape == (9, 6)
    largest = np.argmax(np.abs(rows[:, 3]))
    assert np.abs(rows[largest, 4]) == np.abs(rows[:, 4]).max() > 1e-3


@pytest.mark.slow
def test_simulate_begins_with_the_trace(tmp_path):
    """From −3 ps, where the trace begins, the paper's pulse 3 ps earlier turns the lattice as it does from 0 ps."""
    samples, pulse = np.linspace(-3, 7, 2001), cj.GaussianPulse()
    trace = cj.SampledPulse(samples, np.asarray(pulse(samples + 3)))
    cj.write_field(tmp_path / "t.csv", trace, samples)
    options = [*SIMULATE[:6], *SIMULATE[8:], "--rtol", "1e-2", "--out", str(tmp_path / "s.csv")]
    assert main([*options, "--pulse", str(tmp_path / "t.csv")]) == 0
    early = _table(tmp_path / "s.csv")[1]
    assert main([*options, "--force"]) == 0
    paper = _table(tmp_path / "s.csv")[1]
    assert (early[0, 2], early[-1, 2], paper[0, 2], paper[-1, 2]) == (-3, 10, 0, 10)
    np.testing.assert_allclose(np.abs(early[:, 3]).max(), np.abs(paper[:, 3]).max(), rtol=2e-6)


@pytest.mark.slow
def test_simulate_animated(tmp_path):
    """Ten frames a period, at times far coarser than a period too."""
    film = ["--animate", str(tmp_path / "s.gif")]
    assert main([*SIMULATE, "--rtol", "1e-2", "--times", "0:2:3", *film]) == 0
    with Image.open(tmp_path / "s.gif") as picture:
        assert picture.n_frames == np.ceil(10 * 2.42 * 2) + 1
    assert {file.name for file in tmp_path.iterdir()} == {"s.gif"}


@pytest.mark.slow
def test_simulate_with_the_example_is_the_default(tmp_path, capsys):
    assert main(["simulate", "--example"]) == 0
    (tmp_path / "pulse.toml").write_text(capsys.readouterr().out)
    options = [["--pulse", str(tmp_path / "pulse.toml")], []]
    contents = []
    for option in options:
        assert main([*SIMULATE, *option, "--out", "-"]) == 0
        contents.append(json.loads(capsys.readouterr().out))
    assert contents[0] == contents[1]
    assert {"mu", "temperature", "time", "moment", "error", "rotation", "status", "eigensolves"} <= set(contents[0])
    assert main([*SIMULATE, "--out", str(tmp_path / "s.nc")]) == 0
    assert main([*SIMULATE, "--out", str(tmp_path / "s.png")]) == 0
    with xr.open_dataset(tmp_path / "s.nc") as data:
        np.testing.assert_array_equal(data.moment, contents[0]["moment"])


def test_the_files_in_scripts_are_what_is_printed():
    """In a process of its own, since the classes that other tests declare would be printed too."""
    files = sorted((ROOT / "scripts" / "configs").glob("*.toml"))
    code = "import sys; from chiraljax.cli._examples import example; print(*map(example, sys.argv[1:]), sep='', end='')"
    names = [file.name for file in files]
    printed = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True).stdout
    assert printed == "".join(file.read_text(encoding="utf-8") for file in files)


def test_figures_need_no_backend_of_a_notebook(tmp_path):
    """As `!chiraljax` inherits it, here one that is not installed."""
    code = "import sys; from chiraljax.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "bands", "KTaO3", "--out", str(tmp_path / "bands.png")]
    subprocess.run(command, check=True, env=os.environ | {"MPLBACKEND": "module://nobody_has.this"})
    assert (tmp_path / "bands.png").stat().st_size > 1000
