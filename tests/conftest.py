"""64-bit arithmetic, strict promotion, a compilation cache, and the phonon of the paper."""

import gc
import json
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # most of the time goes into compilation

import jax
import numpy as np
import pytest
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_compilation_cache_dir", str(Path(__file__).parents[1] / ".jax_cache"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

settings.register_profile("chiraljax", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("chiraljax")

MAPPED = 20_000
"""Mapped regions of a process; Linux allows 65 530, each compiled program takes a few, and one too many is a crash"""


@pytest.fixture(autouse=True)
def few_programs():
    """Compiled programs are dropped after the test that makes them too many."""
    yield
    maps = Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > MAPPED:
        jax.clear_caches()
        gc.collect()


@pytest.fixture(scope="session")
def ktao3():
    import chiraljax as cj

    return cj.load_material("KTaO3")


@pytest.fixture(scope="session")
def electrons(ktao3):
    return ktao3.electrons


@pytest.fixture(scope="session")
def reference():
    """Reads a file of tests/data."""
    return lambda name: json.loads((Path(__file__).parent / "data" / name).read_text())


@pytest.fixture(scope="session")
def insulator():
    """Na and Cl as in CsCl: an empty s band with its minimum at Γ, 1.75 eV above filled p bands with spin–orbit."""
    from chiraljax import Crystal, Hopping, Shell, slater_koster

    crystal = Crystal(4 * np.eye(3), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    shells = [Shell("Na", "s", {"energy": 1.0}), Shell("Cl", "p", {"energy": -2.0}, spin_orbit=0.1)]
    hoppings = [Hopping(("Na.s", "Cl.p"), 1, {"sigma": 0.5}), Hopping(("Na.s", "Na.s"), 1, {"sigma": -0.2})]
    return slater_koster(crystal, shells, hoppings, filling=6)


def ktao3_arguments() -> dict:
    """The soft mode of KTaO₃: figures of the paper, eigenvectors of `gamma_phonons.json` turned to x and y.

    Atoms: O(0,½,½), O(½,0,½), O(½,½,0), Ta, K. The O whose Ta–O bond is parallel to the
    polarisation moves by −0.398214, the other two by −0.489984.
    """
    along, across, tantalum, potassium = -0.398214, -0.489984, 0.536118, -0.271725
    eigenvectors = np.zeros((1, 2, 5, 3))
    eigenvectors[0, 0, :, 0] = [along, across, across, tantalum, potassium]
    eigenvectors[0, 1, :, 1] = [across, along, across, tantalum, potassium]
    return {
        "frequency": 2.42,
        "damping": 0.64,
        "mode_effective_charge": 1.4,
        "eigenvectors": eigenvectors,
        "masses": [15.999, 15.999, 15.999, 180.94788, 39.0983],
        "dielectric_constant": 4.3,
    }


@pytest.fixture(scope="session")
def phonon():
    from chiraljax.phonon import Phonon

    return Phonon(**ktao3_arguments())


@pytest.fixture(scope="session")
def make_phonon():
    """A KTaO₃ phonon with some arguments replaced."""
    from chiraljax.phonon import Phonon

    return lambda **changes: Phonon(**(ktao3_arguments() | changes))


@pytest.fixture(scope="session")
def pulse():
    from chiraljax.pulse import GaussianPulse

    return GaussianPulse()


@pytest.fixture(scope="session")
def window():
    """The paper's ten picoseconds."""
    return np.linspace(0, 10, 501)


@pytest.fixture(scope="session")
def graphene():
    """Two C atoms with a whole p shell, spin–orbit coupling made strong enough to see."""
    from chiraljax import Crystal, Hopping, Shell, slater_koster

    a = 2.46
    lattice = [[a, 0, 0], [-a / 2, a * np.sqrt(0.75), 0], [0, 0, 20.0]]
    crystal = Crystal(lattice, ["C", "C"], [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]])
    shell = Shell("C", "p", {"energy": 0.0}, spin_orbit=0.5)
    return slater_koster(crystal, [shell], [Hopping(("C.p", "C.p"), 1, {"sigma": 5.0, "pi": -2.7})], filling=6)
