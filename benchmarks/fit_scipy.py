"""How much faster the restarts of a band fit are than `scipy.optimize.least_squares` on the same residuals.

    python benchmarks/fit_scipy.py

Two fits of the model of KTaO₃ to PBE bands, each from 32 starts: (a) 13 parameters to the 61 k-points of the paper's
path without spin–orbit coupling; (b) 14 parameters to the 84 irreducible points of a 12×12×12 mesh with it. What is
compared is the descent alone, on all k-points and without the screening of starts that `fit_bands` does.

The same on both sides: targets and weights; the coordinates x, in which the boxes of the parameters are the sines of
free numbers; the starting points, uniform in the boxes; the matrices ∂H/∂θ, real where inversion makes them so (made
in our time, given to SciPy); tolerances of 1e-8.

Not the same: SciPy stops as soon as one of ftol, xtol and gtol is met, which is looser than here, where the step and
the change of the loss must both be small (rtol and atol); here a descent ends after 400 steps at the latest. SciPy's
residuals are `numpy.linalg.eigvalsh` of all k-points at once; its Jacobian is that of finite differences, as it comes,
or the exact one (`numpy.linalg.eigh` and the theorem of Hellmann and Feynman). The method is "lm" (MINPACK); "trf"
takes about as long. SciPy's starts run on as many processes as there are cores with one BLAS thread each, started
before the clock; the sum of their seconds is what a loop over the starts would take. Of all times here CPU seconds
depend least on what else the machine does.

Our side is a fresh process with no compilation cache, so compilation is in its time; imports are not, on either side
(the time of the whole process is given as well). From one start two programs seldom end in the same of many local
minima, so the table gives the best and the median loss, the share of starts that end within 10⁻³ of the best one
known, and the share whose end is a minimum for SciPy with the exact Jacobian: from there it gains less than 10⁻³ of
the loss. Prints a table with ratios and writes benchmarks/results/fit_scipy.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import multiprocessing
import platform
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
import scipy
from scipy.optimize import least_squares

import chiraljax as cj
from chiraljax.brillouin._integrate import _cores
from chiraljax.fit import default_targets
from chiraljax.fit._levels import Levels
from chiraljax.fit._search import problem, refine
from chiraljax.fit._space import space
from chiraljax.fit._starts import starting_points
from chiraljax.fit._target import match
from chiraljax.io.bands import read_bands

CASES = {"KTaO3_pbe": (32, 32, 32), "KTaO3_pbe_mesh_soc": (32, 32, 32)}
"""starts: of ours, of SciPy with finite differences, and with the exact Jacobian; the ratios scale with them"""
TOLERANCE, STEPS = 1e-8, 400
SAME = 1e-3
"""relative difference of losses that count as the same"""
OURS = "--ours"


def main():
    cj.enable_x64()
    if OURS in sys.argv:
        print(json.dumps(ours(*sys.argv[sys.argv.index(OURS) + 1 :])))
        return
    results = []
    columns = f"{'starts':>7s}{'seconds':>9s}{'ratio':>7s}{'one loop':>10s}{'ratio':>7s}{'CPU s':>8s}{'ratio':>7s}"
    print(f"{'':34s}{columns}{'best eV²':>10s}{'median':>8s}{'at best':>9s}{'minimum':>9s}")
    for name in CASES:
        results += case(name)
    write(results)


def case(name: str) -> list[dict]:
    """One row for our side and one for each of SciPy's."""
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    command = [sys.executable, __file__, OURS, name, str(time.time())]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    row = json.loads(done.stdout.splitlines()[-1])
    rows, count = [{"bands": name, "what": "chiraljax", **row}], row["starts"]
    starts = np.asarray(build(name, count)[1])
    for what, some in (("finite differences", CASES[name][1]), ("exact Jacobian", CASES[name][2])):
        ends, seconds = by_scipy(name, starts[:some], what == "exact Jacobian")
        rows.append(
            {
                "bands": name,
                "what": f"SciPy, {what}",
                "starts": some,
                "seconds": seconds,
                "cpu_seconds": sum(end["cpu_seconds"] for end in ends),
                "loop_seconds": sum(end["seconds"] for end in ends),
                "evaluations": [end["evaluations"] for end in ends],
                "losses": [end["loss"] for end in ends],
                "x": [end["x"] for end in ends],
            }
        )
    best = min(min(row["losses"]) for row in rows)
    for row in rows:
        losses, scale = np.array(row["losses"]), count / row["starts"]
        again, _ = by_scipy(name, np.array(row.pop("x")), exact=True)
        row["minima"] = float(np.mean([end["loss"] for end in again] > losses * (1 - SAME)))
        row["at_best"] = float(np.mean(losses < best * (1 + SAME)))
        row["ratio"] = row["seconds"] * scale / rows[0]["seconds"]
        row["cpu_ratio"] = row["cpu_seconds"] * scale / rows[0]["cpu_seconds"]
        row["loop_ratio"] = row.get("loop_seconds", np.nan) * scale / rows[0]["seconds"]
        loop = f"{row['loop_seconds']:10.1f}{row['loop_ratio']:7.1f}" if "loop_seconds" in row else f"{'':17s}"
        label = f"{row['bands'].removeprefix('KTaO3_')}, {row['what']}"
        print(
            f"{label:34s}{row['starts']:7d}{row['seconds']:9.1f}{row['ratio']:7.1f}{loop}{row['cpu_seconds']:8.1f}"
            f"{row['cpu_ratio']:7.1f}"
            f"{losses.min():10.4f}{np.median(losses):8.3f}{row['at_best']:9.0%}{row['minima']:9.0%}"
        )
    print(f"{'':34s}the whole process of chiraljax, imports included: {rows[0]['process_seconds']:.1f} s", flush=True)
    return rows


def build(name: str, count: int):
    """The problem of a case and its starting points."""
    electrons = cj.load_material("KTaO3").electrons
    bands = read_bands(name)
    model = electrons if bands.spin_orbit else electrons.without_spin_orbit()
    matched = match(electrons, bands, default_targets(electrons, bands))
    levels = Levels(model, bands.k)
    varied = space(model, levels.names, matched.energies, [], {}, {}, {})
    starts = starting_points("uniform", count, model, varied, seed=0)
    return problem(levels, varied, matched, 0.1), jnp.asarray(starts)


def ours(name: str, begun: str) -> dict:
    """Seconds of `refine` from all starts, those since this process was `begun`, and where they end."""
    solver = optx.LevenbergMarquardt(rtol=TOLERANCE, atol=TOLERANCE)
    begin, spent = time.perf_counter(), time.process_time()
    whole, starts = build(name, CASES[name][0])
    ends = jax.block_until_ready(refine(whole, starts, solver, STEPS, lambda done, best: None))
    seconds, cpu, process = time.perf_counter() - begin, time.process_time() - spent, time.time() - float(begun)
    return {
        "starts": len(starts),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "process_seconds": process,
        "losses": np.asarray(ends.loss).tolist(),
        "steps": np.asarray(ends.steps).tolist(),
        "converged": int(np.sum(ends.converged)),
        "x": np.asarray(ends.x).tolist(),
    }


class Residuals:
    """√w (E_n(k; θ(x)) − ε_nk) and its Jacobian, with NumPy."""

    def __init__(self, name: str):
        whole, _ = build(name, 1)
        varied = whole.space
        self.matrices = np.asarray(whole.levels.matrices)
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


def prepare(name: str):
    """Make the residuals in a worker process, and let it evaluate them once."""
    global residuals
    cj.enable_x64()
    residuals = Residuals(name)
    residuals(np.zeros(residuals.matrix.shape[1]))


def descend(exact: bool, start):
    """Where a start ends, its loss, seconds and evaluations."""
    begin, spent = time.perf_counter(), time.process_time()
    jacobian = {"jac": residuals.jacobian} if exact else {}
    tolerances = {"ftol": TOLERANCE, "xtol": TOLERANCE, "gtol": TOLERANCE}
    end = least_squares(residuals, start, method="lm", **jacobian, **tolerances)
    return {
        "x": end.x.tolist(),
        "loss": 2 * float(end.cost),
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - spent,
        "evaluations": int(end.nfev),
    }


def by_scipy(name: str, starts, exact: bool):
    """What `descend` gives from each start, and the seconds of all on as many processes as there are cores."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_cores(), spawn, prepare, (name,)) as workers:
        list(workers.map(time.sleep, [1.0] * _cores()))  # every process is up and prepared
        begin = time.perf_counter()
        ends = list(workers.map(partial(descend, exact), starts))
        return ends, time.perf_counter() - begin


def write(results):
    environment = {
        "jax": jax.__version__,
        "optimistix": optx.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
        "cores": _cores(),
        "device": jax.devices()[0].device_kind,
        "OPENBLAS_NUM_THREADS": os.environ["OPENBLAS_NUM_THREADS"],
    }
    path = Path(__file__).parent / "results" / "fit_scipy.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
