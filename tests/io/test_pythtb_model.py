"""Models for PythTB: what is refused, and what the script holds."""

import os
import runpy
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import chiraljax as cj
from chiraljax import Crystal, InputError, Shell, slater_koster, to_pythtb, write_pythtb


def test_without_pythtb(electrons, monkeypatch):
    monkeypatch.setitem(sys.modules, "pythtb", None)
    with pytest.raises(InputError, match=r"^to_pythtb needs PythTB, which is not installed: pip install pythtb$"):
        to_pythtb(electrons)
    monkeypatch.setitem(sys.modules, "pythtb", SimpleNamespace(__version__="3.0"))
    with pytest.raises(InputError, match=r"^to_pythtb needs PythTB 1\.8 or 2, but got 3\.0$"):
        to_pythtb(electrons)


def test_left_handed_lattice(tmp_path):
    pytest.importorskip("pythtb", reason="PythTB is not installed")
    crystal = Crystal([[0, 3, 0], [3, 0, 0], [0, 0, 3]], ["C"], [[0, 0, 0]])
    electrons = slater_koster(crystal, [Shell("C", "s", {"energy": 1.0})], [], 0)
    for write in (to_pythtb, lambda model: write_pythtb(tmp_path / "model.py", model)):
        with pytest.raises(InputError, match="lattice must be right-handed for PythTB, but its triple product is -27"):
            write(electrons)
    assert os.listdir(tmp_path) == []


def test_script(tmp_path):
    """The script builds what `to_pythtb` builds: the same numbers in the same order."""
    pytest.importorskip("pythtb", reason="PythTB is not installed")
    for name, rotation in (("KTaO3", 0.0), ("GaAs", 0.0), ("GaAs", 15.0)):
        electrons = cj.load_material(name).electrons
        write_pythtb(tmp_path / "model.py", electrons, rotation)
        theirs = runpy.run_path(str(tmp_path / "model.py"))["model"]
        ours = to_pythtb(electrons, rotation)
        np.testing.assert_array_equal(theirs.get_orb(), ours.get_orb())
        k = np.random.default_rng(1).uniform(-1, 1, (3, 3))
        np.testing.assert_array_equal(theirs.solve_all(k), ours.solve_all(k))


def test_a_write_that_fails_leaves_the_older_script(tmp_path, electrons, monkeypatch):
    (tmp_path / "model.py").write_text("old")

    def full(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("chiraljax._atomic.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_pythtb(tmp_path / "model.py", electrons)
    assert os.listdir(tmp_path) == ["model.py"]
    assert (tmp_path / "model.py").read_text() == "old"
