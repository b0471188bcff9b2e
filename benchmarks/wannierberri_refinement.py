"""How many diagonalisations the adaptive refinement of WannierBerri needs for a doped moment.

    python benchmarks/wannierberri_refinement.py

KTaO₃, Ω = 2π·2.42 rad/ps along z, 100 K, 0.1 and 0.2 eV above the conduction edge, all 16 magnetic point operations.
Each run starts from the uniform mesh of NKdiv·NKFFT points an axis and divides, in every iteration, the cells whose
moments are largest. With NKFFT = 1 a cell is one box in the zone, with NKFFT = n it is n³ of them. Prints the true
error after some iterations, and the counts of k-points at which it is first, and from which it stays, below 10⁻² and
10⁻³; writes all to benchmarks/results/wannierberri_refinement.json. Takes two minutes on one core.
"""

import json
import logging
import os
import platform
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import wannierberri
from scipy.special import expit
from wannierberri.calculators.calculator import Calculator
from wannierberri.fourier.rvectors import Rvectors
from wannierberri.result import EnergyResult
from wannierberri.symmetry.point_symmetry import transform_ident, transform_odd

import chiraljax as cj
from chiraljax.units import BOLTZMANN

HERE = Path(__file__).parent
ROTATION, TEMPERATURE = 2 * np.pi * 2.42, 100.0
WINDOW = np.linspace(-8, 8, 33)
"""Fermi levels about μ, in kT, at which the moment of a cell is large or steep if it is to be divided"""
RUNS = [(24, 1, 15, 100), (32, 1, 12, 100), (8, 4, 8, 5)]
"""NKdiv, NKFFT, iterations, cells divided per criterion and iteration"""


class Moment(Calculator):
    """Σ f(E) ⟨σ⟩: the static `Spin` of WannierBerri with its Fermi-Dirac smoother, without a grid of Fermi levels."""

    def __init__(self, levels):
        super().__init__(save_mode="")
        self.levels, self.points = levels, 0

    def __call__(self, data_K):
        self.points += data_K.nk
        occupation = expit((self.levels - data_K.E_K[..., None]) / (BOLTZMANN * TEMPERATURE))
        moment = np.einsum("knl,knni->li", occupation, data_K.Xbar("SS")).real / data_K.nk
        return EnergyResult(self.levels, moment, transformTR=transform_odd, transformInv=transform_ident, save_mode="")


def as_system(electrons):
    """The rotating crystal, its H(R) read off H(k) by a discrete Fourier transform."""
    size = np.array(electrons.harmonics)
    cells = np.stack(np.meshgrid(*[np.arange(n) - n // 2 for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
    H = np.asarray(electrons.hamiltonian(cells / size, ROTATION))
    hoppings = np.tensordot(np.exp(-2j * np.pi * cells @ (cells / size).T), H, axes=1) / len(cells)
    system = wannierberri.System_R(spinor=True, silent=True, force_internal_terms_only=True)
    system.set_real_lattice(np.asarray(electrons.crystal.lattice))
    system.num_wann = electrons.size
    system.set_wannier_centers()
    system.rvec = Rvectors(lattice=system.real_lattice, iRvec=cells, shifts_left_red=system.wannier_centers_red)
    system.set_R_mat("Ham", hoppings)
    system.set_R_mat("SS", np.moveaxis(np.asarray(electrons.spin), 0, -1), R=[0, 0, 0])
    system.set_pointgroup(["Inversion", "C4z", "TimeReversal*C2x"])
    return system


def refine(system, level, divisions, fft, iterations, cells):
    """Counts of k-points and M_z at the middle of the window, after every iteration."""
    calculator, counts, moments = Moment(level + WINDOW * BOLTZMANN * TEMPERATURE), [], []

    def record(result, *_, **__):
        counts.append(int(calculator.points))
        moments.append(result.data[len(WINDOW) // 2, 2])

    grid = wannierberri.Grid(system, NKdiv=divisions, NKFFT=fft)
    options = {"adpt_num_iter": iterations, "adpt_fac": cells, "parallel": False, "print_progress_step_time": np.inf}
    with patch.object(EnergyResult, "savedata", record):
        wannierberri.run(system, grid, {"moment": calculator}, **options)
    return np.array(counts), np.array(moments)


def first(counts, good):
    """The count at which `good` is first true, and that from which it stays so; None if there is none."""
    true = np.flatnonzero(good)
    last_false = np.flatnonzero(~good).max(initial=-1)
    return int(counts[true[0]]) if true.size else None, int(counts[last_false + 1]) if good[-1] else None


def main():
    logging.getLogger("wannierberri").setLevel(logging.ERROR)
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    known = json.loads((HERE / "data" / "brillouin_reference.json").read_text())
    edge, system, results = float(cj.conduction_edge(electrons).energy), as_system(electrons), []
    for mu in (0.1, 0.2):
        exact = known["moment"][known["mu"].index(mu)][known["temperature"].index(TEMPERATURE)]
        for divisions, fft, iterations, cells in RUNS:
            begin = time.perf_counter()
            counts, moments = refine(system, edge + mu, divisions, fft, iterations, cells)
            spent = time.perf_counter() - begin
            errors = np.abs(moments / exact - 1)
            print(f"μ = {mu} eV, {TEMPERATURE:.0f} K, NKdiv = {divisions}, NKFFT = {fft}: {spent:.0f} s")
            for index in np.unique(np.linspace(0, iterations, 13).astype(int)):
                print(f"{counts[index]:9d} k-points, true relative error {errors[index]:.1e}")
            row = {"mu": mu, "temperature": TEMPERATURE, "NKdiv": divisions, "NKFFT": fft, "adpt_fac": cells}
            row |= {"seconds": spent, "points": counts.tolist(), "relative_error": errors.tolist()}
            for tolerance in (1e-2, 1e-3):
                once, stays = first(counts, errors < tolerance)
                print(f"error below {tolerance:.0e}: first at {once}, from {stays} on")
                row |= {f"first_{tolerance:.0e}": once, f"stays_{tolerance:.0e}": stays}
            results.append(row)
    environment = {
        "wannierberri": wannierberri.__version__,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
    }
    path = HERE / "results" / "wannierberri_refinement.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
