"""Chunks on several threads: the same sum, and no run that hangs."""

import subprocess
import sys

import numpy as np

import chiraljax as cj
from chiraljax import _parallel

_FIFTY = """
import chiraljax as cj
cj.enable_x64()
electrons = cj.load_material("KTaO3").electrons
rule = cj.quadrature(electrons, 24)
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
