"""What a fit to very many k-points costs, more than fit into memory at once.

    python benchmarks/fit_chunks.py

The bands are those of the bundled model of KTaO₃ without spin–orbit coupling at 100 000 random k-points; the matrices
∂H/∂θ there would take 4 GB, so the fit makes them anew in chunks. It begins from parameters that are 0.05 eV off at
random (`draw="noise"`, one start) and is to find the 13 parameters of the model. Each number of k-points runs in a
process of its own, whose largest memory (resident set) is given beside that before the fit, when packages are loaded
and the bands are made; the smallest number needs no chunks. One evaluation of energies, and one of energies and
slopes, at all k-points are timed as well (second call), and the energies alone by NumPy with the same matrices made in
chunks of 4096 k-points. Prints a table with ratios and writes benchmarks/results/fit_chunks.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import resource
import subprocess
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _results import write_results

import chiraljax as cj
from chiraljax.fit import Bands, MultiStart, fit_bands
from chiraljax.fit._levels import Levels

POINTS = (2_000, 100_000)
NOISE = 0.05
"""eV"""
NUMPY_CHUNK = 4096
ONE = "--points"


def main():
    cj.enable_x64()
    if ONE in sys.argv:
        print(json.dumps(one(int(sys.argv[sys.argv.index(ONE) + 1]))))
        return
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    rows = []
    print(
        f"{'k-points':>9s}{'fit / s':>9s}{'MB':>7s}{'before':>8s}{'error / eV':>12s}{'energies / s':>14s}"
        f"{'NumPy':>8s}{'ratio':>7s}{'and slopes / s':>16s}"
    )
    for points in POINTS:
        command = [sys.executable, __file__, ONE, str(points)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        print(
            f"{points:9d}{row['fit_s']:9.1f}{row['peak_MB']:7.0f}{row['peak_before_MB']:8.0f}{row['error_eV']:12.1e}"
            f"{row['energies_s']:14.2f}{row['numpy_energies_s']:8.2f}{row['numpy_energies_s'] / row['energies_s']:7.2f}"
            f"{row['slopes_s']:16.2f}"
        )
    write_results("fit_chunks", rows)


def one(points: int) -> dict:
    """What a fit to so many k-points costs in this process."""
    electrons = cj.load_material("KTaO3").electrons
    bare = electrons.without_spin_orbit()
    random = np.random.default_rng(0)
    k = random.uniform(-0.5, 0.5, (points, 3))
    numpy_energies(bare, k[:2])
    begin = time.perf_counter()
    energies = numpy_energies(bare, k)
    numpy_seconds = time.perf_counter() - begin
    bands = Bands(k, energies, filled=electrons.filling // 2)
    wanted = {name: float(value) for name, value in bare.parameters.items()}
    off = {name: value + NOISE * random.normal() for name, value in wanted.items()}
    start = electrons.with_parameters(off)
    before = peak()
    begin = time.perf_counter()
    fit = fit_bands(start, bands, search=MultiStart(1, draw="noise"))
    seconds, after = time.perf_counter() - begin, peak()
    levels = Levels(bare, k)
    values = jnp.asarray([*wanted.values(), 0.0])
    return {
        "points": points,
        "fit_s": seconds,
        "peak_MB": after,
        "peak_before_MB": before,
        "error_eV": max(abs(fit.parameters[name] - value) for name, value in wanted.items()),
        "loss_eV2": fit.loss,
        "converged": fit.converged,
        "chunked": levels.elements is None,
        "energies_s": second_call(Levels.__call__, levels, values),
        "numpy_energies_s": numpy_seconds,
        "slopes_s": second_call(Levels.with_slopes, levels, values),
    }


def numpy_energies(electrons, k):
    """Eigenvalues of Σ_R e^{2πi k·R} H(R) by NumPy, in chunks."""
    cells, hoppings = electrons.hoppings()
    hoppings = np.asarray(hoppings)[:, ::2, ::2].reshape(len(cells), -1)
    n = electrons.size // 2

    def part(k):
        return np.linalg.eigvalsh((np.exp(2j * np.pi * k @ cells.T) @ hoppings).reshape(-1, n, n))

    return np.concatenate([part(k[i : i + NUMPY_CHUNK]) for i in range(0, len(k), NUMPY_CHUNK)])


def second_call(function, *arguments):
    compiled = eqx.filter_jit(function)
    for _ in range(2):
        begin = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
    return time.perf_counter() - begin


def peak() -> float:
    """Largest resident set of this process until now, MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
