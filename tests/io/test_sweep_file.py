"""Sweep files: what they mean, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import InputError
from chiraljax.io import load_sweep
from chiraljax.sweeps import plan_sweep

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "scripts" / "configs" / "sweep.toml"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "sweep.toml"
        path.write_text('material = "KTaO3"\n' + text)
        return path

    return write


@pytest.mark.slow
def test_example_with_what_it_comments_out(tmp_path):
    """Each table and axis that is commented out works when it is not."""
    text = EXAMPLE.read_text()
    asked = load_sweep(EXAMPLE)
    assert [axis.size for axis in plan_sweep(asked.material, asked.pulse, **asked.options).axes] == [12, 9, 5, 2]
    for start in ('# "electrons', "# laser", "# draw = { random", "# [gradients]", "# peak_moment = [", "# duration"):
        assert text.count(f"\n{start}") == 1
        text = text.replace(f"\n{start}", f"\n{start.removeprefix('# ')}")
    text = text.replace('# [coupling]\n# name = "kin', '[coupling]\nname = "kin')
    for table in ("[pulse]", "[times]", "[electrons]", "start = 0.0", "end = 10", "rtol"):
        text = text.replace(f"\n# {table}", f"\n{table}")
    path = tmp_path / "sweep.toml"
    path.write_text(text)
    asked = load_sweep(path)
    plan = plan_sweep(asked.material, asked.pulse, **asked.options)
    assert [axis.name for axis in plan.axes] == [
        "pulse.peak_field",
        "pulse.frequency",
        "mu",
        "temperature",
        "electrons.Ta.d.xi",
        "laser",
        "draw",
    ]
    assert len(plan.derivatives) == 2


@pytest.mark.slow
def test_each_kind_of_axis(written, tmp_path):
    (tmp_path / "own.toml").write_text("[[gaussian]]\nduration = 0.4\n")
    path = written(
        """
outputs = ["peak_rotation"]
[axes]
"pulse.peak_field" = [0.5, 1.0]
"pulse.frequency" = { start = 1.0, stop = 4.0, count = 3, spacing = "log", units = "THz" }
"pulse.chirp" = { values = [0.0, 0.1], units = "THz/ps" }
both = { together = { "pulse.phase" = [0.0, 1.0], "phonon.damping" = [0.5, 0.6] }, units = { "pulse.phase" = "rad" } }
draw = { sobol = { "pulse.angle" = [0.0, 1.0] }, count = 8, seed = 2 }
other = { random = { "coupling.temperature" = [100.0, 300.0] }, count = 3 }
[pulse]
file = "own.toml"
[times]
end = 6.0
count = 31
"""
    )
    asked = load_sweep(path)
    assert float(asked.pulse.duration) == 0.4
    plan = plan_sweep(asked.material, asked.pulse, **asked.options)
    values = {one.name: column for axis in plan.axes for one, column in zip(axis.parameters, axis.values, strict=True)}
    np.testing.assert_allclose(values["pulse.frequency"], [1.0, 2.0, 4.0])
    np.testing.assert_array_equal(
        values["pulse.angle"], cj.sobol_samples({"pulse.angle": (0.0, 1.0)}, 8, 2)["pulse.angle"]
    )
    assert values["coupling.temperature"].shape == (3,)
    assert plan.times[-1] == 6.0
    assert plan.times.size == 31


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "axes is required, but missing"),
        ("[axes]\n", "axes must have at least 1 item"),
        ("[axes]\nmu = []\n", "axes.mu"),
        ("[axes]\nmu = 1.0\n", "axes.mu"),
        ("[axes]\nmu = { start = 0.0, stop = 1.0 }\n", "axes.mu.count is required, but missing"),
        ("[axes]\nmu = { start = 0.0, stop = 1.0, count = 0 }\n", "axes.mu.count"),
        ("[axes]\nmu = { start = 0.0, stop = 1.0, count = 1 }\n", "axes.mu.count must be at least 2"),
        ('[axes]\nmu = { start = 0.0, stop = 1.0, count = 3, spacing = "log" }\n', "axes.mu.start must be positive"),
        ("[axes]\nx = { sobol = { mu = [1.0, 0.0] }, count = 4 }\n", "axes.x.range of mu must increase"),
        ('[axes]\nx = { together = { mu = [1.0] }, units = { nu = "eV" } }\n', "units must be of mu"),
        ("[axes]\nmu = [0.0]\n[times]\nend = -1.0\n", "times.end must be after start"),
        ("[axes]\nmu = [0.0]\n[pulse]\nfile = 'no.toml'\n", "no.toml: must be a TOML file of a pulse"),
        ("[axes]\nmu = [0.0]\n[electrons]\nmue = 1.0\n", "electrons.mue is not a field of a sweep file"),
        ("[axes]\nmu = [0.0]\n[coupling]\nname = 'other'\n", "coupling"),
    ],
)
def test_bad_files_are_refused(written, text, message):
    path = written(text)
    with pytest.raises(InputError) as error:
        load_sweep(path)
    assert str(error.value).startswith(f"{path.parent}/")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
