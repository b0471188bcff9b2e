"""Compiled programs are kept where the documentation says, quietly, and found by the next process."""

import os
import subprocess
import sys

SCRIPT = """
import jax, numpy as np, chiraljax as cj
cj.enable_x64()
cj.enable_cache({folder})
compiled = []
jax.monitoring.register_event_listener(lambda name, **_: compiled.append(name))
cj.GaussianPulse()(np.linspace(0, 1, 7))
print(jax.config.jax_compilation_cache_dir, sum(name.endswith("cache_misses") for name in compiled))
"""


def run(folder, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "TF_CPP"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(folder=folder)],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    place, misses = done.stdout.split()
    return place, int(misses)


def test_found_by_the_next_process(tmp_path):
    place, misses = run("", XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path))
    assert place.startswith(str(tmp_path))
    assert place.endswith(os.path.join("chiraljax", "jax"))
    assert misses > 0
    assert run("", XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path)) == (place, 0)


def test_a_folder_of_ones_own(tmp_path):
    assert run(repr(str(tmp_path / "mine")))[0] == str(tmp_path / "mine")
    assert run("", JAX_COMPILATION_CACHE_DIR=str(tmp_path / "theirs"))[0] == str(tmp_path / "theirs")
