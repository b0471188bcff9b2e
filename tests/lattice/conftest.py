"""The lattices that the tests share."""

from pathlib import Path

import pytest

import chiraljax as cj

DATA = Path(__file__).parents[1] / "data" / "phonons"
FILES = {
    "KTaO3": "KTaO3",
    "KTaO3_2x2x2": "KTaO3_2x2x2",
    "MgO": DATA / "MgO" / "phonopy_disp.yaml",
    "ZnO": DATA / "ZnO" / "phonopy_params.yaml",
}


@pytest.fixture(scope="session")
def lattices():
    return {name: cj.load_lattice(path) for name, path in FILES.items()}


@pytest.fixture(scope="session", params=FILES)
def lattice(request, lattices):
    return lattices[request.param]


@pytest.fixture(scope="session")
def tantalate(lattices):
    return lattices["KTaO3"]


@pytest.fixture(scope="session")
def magnesia(lattices):
    return lattices["MgO"]


@pytest.fixture(scope="session")
def wurtzite(lattices):
    return lattices["ZnO"]
