"""How much faster the local searches of a band fit are than `scipy.optimize.least_squares` on the same residuals.

    python benchmarks/fit_scipy.py

Two fits of the model of KTaO₃ to PBE bands, each from 32 starts: (a) 13 parameters to the 61 k-points of the paper's
path without spin–orbit coupling; (b) 14 parameters to the 84 irreducible points of a 12×12×12 mesh with it. What is
compared is the descent alone, on all k-points and without the screening of starts that `fit_bands` does.

The same on both sides: targets, weights, starting points, and the coordinates x in which the boxes of the parameters
are the sines of free numbers. SciPy is used as one would: H(k) = Σ θ_p ∂H/∂θ_p from matrices made beforehand (not in
its time), `numpy.linalg.eigvalsh` of all k-points at once, the default method "trf" and "lm" (MINPACK), the default
Jacobian of finite differences and the exact one, one start after another. Here the exact Jacobian, and a start a core.

SciPy stops as soon as the loss, the parameters or the gradient change by less than 10⁻⁸ relatively (its default); here
loss and parameters must both change by less than 10⁻⁴, the rule of the search in `fit_bands`. The last column says
whether that comes to the same: the share of ends from which SciPy with the exact Jacobian and tolerances of 10⁻¹²
gains less than 10⁻⁵ of the loss. From one start two programs seldom end in the same of many local minima, so best and
median loss are given.

Our side is a fresh process with no compilation cache; its clock runs from the model and the bands in memory to the
last end, all compilation included. Imports are in no time.
Prints a table with ratios and writes benchmarks/results/fit_scipy.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from _results import write_results
from scipy.optimize import least_squares

import chiraljax as cj
from chiraljax.fit._levels import Levels, _matrices
from chiraljax.fit._search import refine, residuals
from chiraljax.fit._space import space
from chiraljax.fit._starts import starting_points
from chiraljax.fit._target import default_targets, match
from chiraljax.fit._variation import Variation

BANDS = ("KTaO3_pbe", "KTaO3_pbe_mesh_soc")
STARTS, STEPS = 32, 400
TOLERANCE, SCIPY_TOLERANCE = 1e-4, 1e-8
GAIN = 1e-5
OURS = "--ours"


def main():
    cj.enable_x64()
    if OURS in sys.argv:
        print(json.dumps(ours(sys.argv[-1])))
        return
    header = f"{'':44s}{'seconds':>9s}{'ratio':>7s}{'best eV²':>10s}{'median':>8s}{'at minimum':>11s}"
    print(header)
    results = [row for name in BANDS for row in case(name)]
    write_results("fit_scipy", results)


def case(name: str) -> list[dict]:
    """One row for our side and one for each of SciPy's."""
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    done = subprocess.run([sys.executable, __file__, OURS, name], env=environment, check=True, stdout=subprocess.PIPE)
    rows = [{"bands": name, "what": "chiraljax", **json.loads(done.stdout.splitlines()[-1])}]
    residuals, starts = Residuals(name), np.asarray(build(*load(name))[1])
    residuals(starts[0])
    report(rows[0], rows[0], residuals)
    for method, exact in (("trf", False), ("lm", False), ("lm", True)):
        begin = time.perf_counter()
        ends = [descend(residuals, start, method, exact, SCIPY_TOLERANCE) for start in starts]
        seconds = time.perf_counter() - begin
        what = f"SciPy {method}, {'exact Jacobian' if exact else 'finite differences'}"
        row = {
            "bands": name,
            "what": what,
            "seconds": seconds,
            "losses": [2 * end.cost for end in ends],
            "x": [end.x.tolist() for end in ends],
            "evaluations": [int(end.nfev) for end in ends],
        }
        report(row, rows[0], residuals)
        rows.append(row)
    return rows


def report(row: dict, first: dict, residuals) -> None:
    """Add the ratio and the share of ends that are minima, and print the row."""
    losses = np.array(row["losses"])
    further = [2 * descend(residuals, np.array(x), "lm", True, 1e-12).cost for x in row.pop("x")]
    row["ratio"] = row["seconds"] / first["seconds"]
    row["at_minimum"] = float(np.mean(np.array(further) > losses * (1 - GAIN)))
    label = f"{row['bands'].removeprefix('KTaO3_')}, {row['what']}"
    print(
        f"{label:44s}{row['seconds']:9.1f}{row['ratio']:7.1f}{losses.min():10.4f}{np.median(losses):8.3f}"
        f"{row['at_minimum']:11.0%}",
        flush=True,
    )


def load(name: str):
    """The model and the bands of a case."""
    return cj.load_material("KTaO3").electrons, cj.read_bands(name)


def build(electrons, bands):
    """The problem of a case and its starting points."""
    model = electrons if bands.spin_orbit else electrons.without_spin_orbit()
    matched = match(electrons, bands, default_targets(electrons, bands))
    levels = Levels(model, bands.k)
    varied = space(model, levels.names, matched.energies, Variation())
    starts = starting_points("uniform", STARTS, model, varied, seed=0)
    return residuals(levels, varied, matched, 0.1), jnp.asarray(starts)


def ours(name: str) -> dict:
    """Seconds of building the problem and of `refine` from all starts, and where they end."""
    solver = optx.LevenbergMarquardt(rtol=TOLERANCE, atol=TOLERANCE)
    loaded = load(name)
    begin = time.perf_counter()
    whole, starts = build(*loaded)
    ends = jax.block_until_ready(refine(whole, starts, solver, STEPS, lambda done, best: None))
    return {
        "seconds": time.perf_counter() - begin,
        "losses": np.asarray(ends.loss).tolist(),
        "steps": np.asarray(ends.steps).tolist(),
        "converged": int(np.sum(ends.converged)),
        "x": np.asarray(ends.x).tolist(),
    }


class Residuals:
    """√w (E_n(k; θ(x)) − ε_nk) and its Jacobian, with NumPy."""

    def __init__(self, name: str):
        whole, _ = build(*load(name))
        varied, levels = whole.space, whole.levels
        self.matrices = np.asarray(_matrices(levels.electrons, levels.names, jnp.asarray(levels.k)))
        self.matrix, self.base = np.asarray(varied.matrix), np.asarray(varied.base)
        self.centre, self.half = np.asarray(varied.centre), np.asarray(varied.half)
        self.columns, self.energies, self.root_weights = whole.columns, whole.energies, whole.root_weights

    def hamiltonian(self, x):
        return self.matrices @ (self.matrix @ (self.centre + self.half * np.sin(x)) + self.base)

    def __call__(self, x):
        found = np.linalg.eigvalsh(self.hamiltonian(x))[:, self.columns]
        return (self.root_weights * (found - self.energies)).ravel()

    def jacobian(self, x):
        _, vectors = np.linalg.eigh(self.hamiltonian(x))
        turned = np.tensordot(self.matrices, self.matrix * (self.half * np.cos(x)), axes=1)
        n, free = vectors.shape[-1], len(x)
        moved = (vectors.conj().swapaxes(1, 2) @ turned.reshape(len(vectors), n, n * free)).reshape(-1, n, n, free)
        slopes = np.einsum("knbf,kbn->knf", moved, vectors).real
        return (self.root_weights[:, :, None] * slopes[:, self.columns]).reshape(-1, free)


def descend(residuals: Residuals, start, method: str, exact: bool, tolerance: float):
    """SciPy's result from a start."""
    jacobian = {"jac": residuals.jacobian} if exact else {}
    return least_squares(residuals, start, method=method, **jacobian, ftol=tolerance, xtol=tolerance, gtol=tolerance)


if __name__ == "__main__":
    main()
