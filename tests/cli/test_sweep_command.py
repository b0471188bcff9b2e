"""`chiraljax sweep`, `report` and `export`, from a file to a page and a table."""

import csv
import json

import numpy as np
import pytest
import xarray as xr

from chiraljax.cli import main

MOTION = """
material = "KTaO3"
outputs = ["peak_angular_momentum", "rotation"]
[axes]
"pulse.peak_field" = { start = 0.75, stop = 1.25, count = 3, units = "MV/cm" }
"pulse.frequency" = [2.3, 2.42]
[times]
end = 6.0
count = 31
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder; gives the exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text(MOTION)

    def command(*arguments):
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_from_a_file_to_a_page_and_a_table(run, tmp_path):
    status, out, err = run("sweep", "sweep.toml", "--out", "s.zarr")
    assert status == 0
    assert "6 drives of the phonon" in err
    assert out.startswith("s.zarr: 6 points, of which 0 did not converge and 0 failed")
    data = xr.open_zarr(tmp_path / "s.zarr")
    assert data.rotation.dims == ("pulse.peak_field", "pulse.frequency", "time")
    assert data.attrs["toml"] == MOTION
    assert json.loads(data.attrs["configuration"])["material"] == "KTaO3"

    assert run("export", "s.zarr", "--out", "s.csv") == (0, "s.csv: written\n", "")
    with open("s.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2 * 31
    chosen = next(row for row in rows if row["pulse.frequency"] == "2.42" and row["pulse.peak_field"] == "1.0")
    point = data.sel({"pulse.frequency": 2.42, "pulse.peak_field": 1.0})
    assert float(chosen["peak_angular_momentum"]) == float(point.peak_angular_momentum)
    assert float(chosen["rotation"]) == float(point.rotation[0])

    assert run("export", "s.zarr", "--out", "s.nc")[0] == 0
    with xr.open_dataset("s.nc") as copy:
        np.testing.assert_array_equal(copy.rotation, data.rotation)
        assert copy.rotation.attrs["units"] == "rad/ps"

    assert run("report", "s.zarr", "--out", "s.html") == (0, "s.html: written\n", "")
    page = (tmp_path / "s.html").read_text()
    assert "Sweep of KTaO3" in page
    assert "MV/cm" in page


def test_dry_run_says_what_would_be_done(run, tmp_path):
    status, out, _ = run("sweep", "sweep.toml", "--out", "s.zarr", "--dry-run")
    assert status == 0
    assert "pulse.peak_field (3) × pulse.frequency (2)" in out
    assert "trajectories" in out
    assert "memory" in out
    assert not (tmp_path / "s.zarr").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "no.toml", "--out", "s.zarr"], "no.toml: must be a TOML file of a sweep"),
        (["sweep", "sweep.toml", "--out", "no/s.zarr"], "no folder no"),
        (["sweep", "sweep.toml", "--out", "sweep.toml"], "must not exist, but sweep.toml does; give --resume"),
        (["sweep", "sweep.toml", "--out", "sweep.toml", "--resume"], "must be the store of a sweep, but is not"),
        (["sweep", "sweep.toml", "--out", "s.zarr", "--memory", "0.1"], "memory must be at least"),
        (["report", "no.zarr", "--out", "s.html"], "no.zarr: must be the store of a sweep, but is not"),
        (["report", "no.zarr", "--out", "s.png"], "must end in one of .html"),
        (["export", "no.zarr", "--out", "s.csv"], "no.zarr: must be the store of a sweep, but is not"),
    ],
)
def test_bad_input_is_one_line(run, arguments, message):
    status, _, err = run(*arguments)
    assert status == 2
    assert message in err
    assert err.strip().count("\n") <= 6  # the plan may have been printed before
    assert "Traceback" not in err


def test_wrong_axis_names_the_file_and_the_nearest(run, tmp_path):
    (tmp_path / "bad.toml").write_text(MOTION.replace("pulse.peak_field", "pulse.peakfield"))
    status, _, err = run("sweep", "bad.toml", "--out", "s.zarr")
    assert status == 2
    assert err.startswith("chiraljax: bad.toml: axes.pulse.peakfield must be a parameter")
    assert "did you mean pulse.peak_field?" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "s.zarr").exists()
