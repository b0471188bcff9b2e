"""Chunks on several threads: the same sum, and no run that hangs."""

import subprocess
import sys

import numpy as np

import chiraljax as cj
from chiraljax import _parallel

_FIFTY = """
import numpy as np
import chiraljax as cj
cj.enable_x64()
crystal = cj.Crystal(4 * np.eye(3), ["Ta"], [[0, 0, 0]])
shell = cj.Shell("Ta", "d", {"t2g": 0.0, "eg": 3.0}, "cubic", spin_orbit=0.3)
hoppings = [cj.Hopping(("Ta.d", "Ta.d"), 1, {"sigma": -1.0, "pi": 0.5, "delta": 0.1})]
electrons = cj.slater_koster(crystal, [shell], hoppings, filling=0)
rule = cj.quadrature(electrons, 32)
moments = {
    float(cj.magnetization(electrons, mu=0.1, temperature=900.0, rotation=15.2, accuracy=cj.Accuracy(rule=rule)).moment)
    for _ in range(50)
}
assert len(moments) == 1, moments
"""


def test_threads_change_no_bit(electrons, monkeypatch):
    rule = cj.quadrature(electrons, 24)
    assert len(rule.weights) > 2 * 512

    def moment(cores):
        monkeypatch.setattr(_parallel, "cores", lambda: cores)
        return float(
            cj.magnetization(
                electrons, mu=0.1, temperature=900.0, rotation=15.2, accuracy=cj.Accuracy(rule=rule)
            ).moment
        )

    assert moment(1) == moment(2) == moment(4)
    assert np.isfinite(moment(2))


def test_fifty_runs_return():
    done = subprocess.run([sys.executable, "-c", _FIFTY], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
