"""The PBE bands that come with the package, and a quick fit to them."""

import pytest


@pytest.fixture(scope="session")
def pbe():
    from chiraljax import read_bands

    return read_bands("KTaO3_pbe")


@pytest.fixture(scope="session")
def pbe_fit(electrons, pbe):
    from chiraljax import MultiStart, fit_bands

    return fit_bands(electrons, pbe, search=MultiStart(8, draw="noise"))


@pytest.fixture(scope="session")
def own_bands(ktao3):
    """The spinless bands of the bundled parameters on the paper's path, 25 points."""
    import numpy as np

    from chiraljax import Bands

    k = ktao3.k_path(6).k
    energies = np.asarray(ktao3.electrons.without_spin_orbit().energies(k))[:, ::2]
    return Bands(k, energies, filled=9, source="Table I")
