"""A doped moment from WannierBerri, an independent code for Brillouin-zone integrals of Wannier models."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit

import chiraljax as cj
from chiraljax.brillouin import Quadrature
from chiraljax.units import BOLTZMANN

wannierberri = pytest.importorskip("wannierberri", reason="WannierBerri is not installed")
ROTATION, MU, TEMPERATURE = 2 * np.pi * 2.42, 0.1, 300.0


@pytest.fixture
def system(electrons):
    """KTaO₃ that rotates about z, its H(R) read off H(k) by a discrete Fourier transform."""
    size = np.array(electrons.harmonics)
    cells = np.stack(np.meshgrid(*[np.arange(n) - n // 2 for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
    H = np.asarray(electrons.hamiltonian(cells / size, ROTATION))
    hoppings = np.tensordot(np.exp(-2j * np.pi * cells @ (cells / size).T), H, axes=1) / len(cells)
    system = wannierberri.System_R(spinor=True, silent=True, force_internal_terms_only=True)
    system.set_real_lattice(np.asarray(electrons.crystal.lattice))
    system.num_wann = electrons.size
    system.set_wannier_centers()
    system.rvec = wannierberri.fourier.rvectors.Rvectors(
        lattice=system.real_lattice, iRvec=cells, shifts_left_red=system.wannier_centers_red
    )
    system.set_R_mat("Ham", hoppings)
    system.set_R_mat("SS", np.moveaxis(np.asarray(electrons.spin), 0, -1), R=[0, 0, 0])
    system.set_pointgroup(["Inversion", "C4z", "TimeReversal*C2x"])
    return system


def test_same_sum_in_wannierberri(electrons, system):
    """Σ f(E) ⟨σ⟩ of its energies and spin matrices, by its own mesh of 16×16×16 points, symmetry and weights."""
    from wannierberri.symmetry.point_symmetry import transform_ident, transform_odd

    levels = float(cj.conduction_edge(electrons).energy) + np.array([-0.1, 0.1, 0.2, 0.5])

    def moment(data):
        occupation = expit((levels - data.E_K[..., None]) / (BOLTZMANN * TEMPERATURE))
        total = np.einsum("knl,knni->li", occupation, data.Xbar("SS")).real / data.nk
        return wannierberri.result.EnergyResult(levels, total, None, transform_odd, transform_ident, save_mode="")

    moment.allow_grid, moment.comment = True, ""
    grid = wannierberri.Grid(system, NKdiv=4, NKFFT=4)
    theirs = wannierberri.run(system, grid, {"moment": moment}, parallel=False).results["moment"].data
    points = wannierberri.Grid(system, NKdiv=16, NKFFT=1).get_K_list()
    weights = np.array([point.factor for point in points])
    mesh = Quadrature(np.array([point.K for point in points]), weights, coarse=weights)
    options = {"temperature": TEMPERATURE, "rotation": ROTATION, "reference": "absolute"}
    ours = cj.magnetization(electrons, mu=levels, **options, accuracy=cj.Accuracy(rule=mesh)).moment
    np.testing.assert_allclose(theirs[:, 2], ours, rtol=1e-9)


@pytest.mark.slow
def test_moment_of_doped_ktao3_in_wannierberri(electrons, system, monkeypatch, tmp_path):
    """The moment at 0.1 eV above the edge and 300 K against a uniform mesh of 64×64×64 points there.

    WannierBerri's `Spin` calculator gives Tr σ over the states below each Fermi level, which is convolved with −f′.
    Budget of relative errors: that mesh 2·10⁻⁵ (3·10⁻⁵ on 72³, 6·10⁻⁶ on 80³), the Fermi levels kT/2000 apart, which
    round the steps, 4·10⁻⁵ (halving the number of levels: 1.5·10⁻⁴), their window of ±14 kT 10⁻⁶, chiraljax 10⁻⁴.
    """
    # WannierBerri imports its tetrahedron weights, which are not used here but decorated by Numba.
    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=lambda function: function))
    monkeypatch.chdir(tmp_path)
    scaled = np.arange(-14 * 2000, 14 * 2000 + 1) / 2000
    levels = float(cj.conduction_edge(electrons).energy) + MU + scaled * BOLTZMANN * TEMPERATURE
    spin = wannierberri.calculators.static.Spin(Efermi=levels, save_mode="")
    grid = wannierberri.Grid(system, NKdiv=16, NKFFT=4)
    occupied = wannierberri.run(system, grid, {"spin": spin}, parallel=False).results["spin"].data
    theirs = np.tensordot(0.25 / np.cosh(scaled / 2) ** 2 / 2000, occupied, axes=1)
    ours = cj.magnetization(
        electrons, mu=MU, temperature=TEMPERATURE, rotation=ROTATION, accuracy=cj.Accuracy(rtol=1e-4)
    )
    assert ours.status == "converged"
    np.testing.assert_allclose(theirs, [0, 0, float(ours.moment)], rtol=2e-4, atol=1e-15)


@pytest.mark.parametrize("rotation", [0.0, ROTATION])
def test_bands_from_its_reader_of_wannier90_files(electrons, rotation, tmp_path, monkeypatch):
    """Files of `write_wannier90`, 14 decimals of 28 × 28 × 13 matrix elements; its own Fourier sum."""
    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=lambda function: function))
    prefix, crystal = tmp_path / "KTaO3", electrons.crystal
    cj.write_wannier90(prefix, electrons, rotation)
    centres = np.loadtxt(f"{prefix}_centres.xyz", skiprows=2, usecols=(1, 2, 3), max_rows=electrons.size)
    system = wannierberri.System_R.from_hr_file(
        str(prefix), wannier_centers_cart=centres, real_lattice=crystal.vectors, silent=True
    )
    for k in np.random.default_rng(0).uniform(-1, 1, (3, 3)):
        theirs = wannierberri.evaluate_k(system, k=k, quantities=["energy"])
        np.testing.assert_allclose(theirs, electrons.energies(k, rotation), atol=1e-10)
