"""Sweeps that are cheap: few times, a fixed rule over the zone, a folder of their own."""

import hashlib
import itertools
import signal
from pathlib import Path

import numpy as np
import pytest

import chiraljax as cj

TIMES = np.linspace(0, 8, 41)


@pytest.fixture(autouse=True, scope="session")
def ctrl_c():
    """A shell that starts the tests in the background lets them, and what they start, ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def rule(electrons):
    return cj.quadrature(electrons, 8)


@pytest.fixture
def sweep(ktao3, rule, tmp_path):
    """Runs `cj.sweep` of KTaO3; what is given goes over the defaults."""
    numbers = itertools.count()

    def run(pulse=None, material=ktao3, **options):
        options = {
            "times": TIMES,
            "accuracy": cj.Accuracy(rule=rule),
            "out": tmp_path / f"{next(numbers)}.zarr",
        } | options
        return cj.sweep(material, pulse, **options)

    return run


@pytest.fixture
def plan(ktao3):
    """Runs `cj.plan_sweep` of KTaO3."""
    return lambda pulse=None, material=ktao3, **options: cj.plan_sweep(material, pulse, **{"times": TIMES} | options)


@pytest.fixture(scope="session")
def contents():
    """The digest of each file of a folder; the lock, which says nothing, left out."""

    def read(folder):
        files = (file for file in Path(folder).rglob("*") if file.is_file() and file.name != "lock")
        return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    return read
