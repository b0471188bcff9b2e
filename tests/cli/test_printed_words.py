"""What the commands say at the prompt: version, results with their errors, and figures in every format."""

import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

import chiraljax as cj
from chiraljax.cli import main

SIMULATE = ["simulate", "KTaO3", "--mu", "0:0.05:2", "--temperature", "300", "--times", "0:8:41"]
SMALL = ["--region", "gamma_cube", "--rtol", "1e-2"]


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"chiraljax {version('chiraljax')}\n"
    assert cj.__version__ == version("chiraljax")


def test_as_a_module():
    run = subprocess.run([sys.executable, "-m", "chiraljax", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"chiraljax {version('chiraljax')}\n"


def test_simulate_prints_its_peaks(tmp_path, capsys, ktao3, pulse):
    """The lines of the largest |M|, Ω, L and |u| are those of the arrays, at their times."""
    out = tmp_path / "s.csv"
    assert main([*SIMULATE, *SMALL, "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Simulation, converged, [\d,]+ diagonalisations", lines[0])
    assert lines[-1] == f"{out}: written"
    found = {line[2:15].strip(): line[15:] for line in lines[1:-1]}
    times = np.linspace(0, 8, 41)
    run = cj.simulate(
        ktao3,
        pulse,
        mu=[0.0, 0.05],
        temperature=[300.0],
        times=times,
        accuracy=cj.Accuracy(rtol=1e-2, region="gamma_cube"),
    )
    moment = np.asarray(run.moment)
    assert np.abs(moment[1]).max() > np.abs(moment[0]).max()
    at = np.abs(moment[1, 0]).argmax()
    assert found["peak M"] == (
        f"{moment[1, 0, at]:.4g} ± {run.error[1, 0, at]:.1g} μ_B/cell at {times[at]:.6g} ps, μ = 0.05 eV, T = 300 K"
    )
    momentum = np.asarray(run.motion.angular_momentum)
    at = np.abs(momentum).argmax()
    assert found["peak L"] == f"{momentum[at]:.4g} ħ at {times[at]:.6g} ps"
    distance = np.linalg.norm(run.motion.displacements, axis=-1).max(axis=1)
    assert found["largest |u|"] == f"{distance.max():.4g} Å at {times[distance.argmax()]:.6g} ps"
    assert found["pulse"] == f"fluence {float(pulse.fluence):.4g} mJ/cm², peak field 1 MV/cm"


def test_magnetization_prints_its_result(tmp_path, capsys):
    command = ["magnetization", "KTaO3", "--mu", "0", "--temperature", "300", "--rotation-thz", "2.42", *SMALL]
    assert main([*command, "--out", str(tmp_path / "m.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Magnetization, converged, ")
    assert re.match(r"  moment +-?[\d.e-]+ ± [\d.e-]+ μ_B/cell", lines[1])
    assert re.match(r"  carriers +[\d.e-]+ ± [\d.e-]+ 1/cell", lines[2])


def test_phonons_prints_its_table_beside_a_file(tmp_path, capsys):
    assert main(["phonons", "KTaO3", "--out", str(tmp_path / "p.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("no  irrep")
    assert lines[-2].startswith("Light along [0, 0, 1] turns the pairs at ")
    assert lines[-1].endswith("p.csv: written")


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_figures_are_the_same_twice(tmp_path, suffix, start):
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        assert main(["bands", "KTaO3", "--points", "2", "--out", str(file)]) == 0
    first, second = (file.read_bytes() for file in files)
    assert first.startswith(start)
    assert first == second
