"""How many diagonalisations a moment of given accuracy costs, and how honest its error estimate is.

    python benchmarks/brillouin.py [--reference]

KTaO₃, Ω = 2π·2.42 rad/ps along z, six chemical potentials and six temperatures. Every rule of the refinement is
evaluated once on the whole grid; the refinement itself is then replayed for each (μ, T) and tolerance, so the counts
are those of single calls. Beside them: the smallest uniform symmetry-reduced mesh with the same true error. With
`--reference` the reference moments in benchmarks/data/brillouin_reference.json are made anew, on 192 and 160 points
an axis (half an hour on one core). Prints a table and writes benchmarks/results/brillouin.json.
"""

import json
import os
import platform
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax.brillouin._quadrature import _zone, frozen
from chiraljax.crystal import magnetic_operations
from chiraljax.observables._refine import Estimate, refine
from chiraljax.observables._region import _LEVELS

HERE = Path(__file__).parent
MU, TEMPERATURE = [-0.1, 0.0, 0.05, 0.1, 0.2, 0.5], [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0]
ROTATION, ATOL, LARGEST = 2 * np.pi * 2.42, 1e-7, 128


def moments(electrons, rule):
    found = cj.magnetization(electrons, mu=MU, temperature=TEMPERATURE, rotation=ROTATION, quadrature=rule)
    return np.asarray(found.moment), np.asarray(found.error)


def reference(electrons):
    """Moments on 192 points an axis, and their distance from those on 160."""
    fine, coarse = (moments(electrons, cj.quadrature(electrons, n))[0] for n in (192, 160))
    content = {
        "about": "M_z (μ_B per cell) of KTaO3 on [mu][temperature], warped trapezoidal rule with 192 points an axis;"
        " error: distance from 160 points",
        "mu": MU,
        "temperature": TEMPERATURE,
        "moment": fine.tolist(),
        "error": np.abs(fine - coarse).tolist(),
    }
    (HERE / "data").mkdir(exist_ok=True)
    (HERE / "data" / "brillouin_reference.json").write_text(json.dumps(content, indent=1) + "\n")


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    if "--reference" in sys.argv:
        return reference(electrons)
    known = json.loads((HERE / "data" / "brillouin_reference.json").read_text())
    exact, uncertainty = np.array(known["moment"]), np.array(known["error"])
    group = frozen(magnetic_operations(electrons.crystal, electrons.operations, [0, 0, 1.0]))
    rules = [cj.quadrature(electrons, n) for n in _LEVELS if n <= LARGEST]
    values = {len(rule.weights): moments(electrons, rule) for rule in rules}
    uniform = {}
    for n in (8, 12, 16, 24, 32, 48, 64, 96):
        rule = _zone(n, group, (True, True, True), 0.0)
        uniform[len(rule.weights)] = moments(electrons, rule)[0]

    results = []
    titles = f"{'μ / eV':>7s}{'T / K':>7s}{'rtol':>7s}{'solves':>9s}{'status':>18s}"
    print(titles + f"{'true':>10s}{'estimated':>11s}{'uniform':>9s}{'ratio':>7s}")
    for i, mu in enumerate(MU):
        for j, temperature in enumerate(TEMPERATURE):
            for rtol in (1e-2, 1e-3):

                def evaluate(rule, at=(i, j)):
                    moment, error = (jnp.asarray(part[at]) for part in values[len(rule.weights)])
                    return Estimate(moment, moment, error, len(rule.weights), rule)

                def within(estimate, rtol=rtol):
                    return estimate.error <= ATOL + rtol * jnp.abs(estimate.moment)

                final = refine(evaluate, iter(rules), within, 10**9)
                true = abs(float(final.moment) - exact[i, j])
                same = [count for count, table in uniform.items() if abs(table[i, j] - exact[i, j]) <= max(true, ATOL)]
                row = {
                    "mu": mu,
                    "temperature": temperature,
                    "rtol": rtol,
                    "eigensolves": final.eigensolves,
                    "converged": bool(within(final)),
                    "tolerance": ATOL + rtol * abs(exact[i, j]),
                    "true_error": true,
                    "reference_error": uncertainty[i, j],
                    "estimated_error": float(final.error),
                    "uniform_eigensolves": min(same, default=None),
                }
                results.append(row)
                status = "converged" if row["converged"] else "budget_exhausted"
                more = row["uniform_eigensolves"]
                ratio = f"{more:9d}{more / final.eigensolves:7.1f}" if more else f"{'> ' + str(max(uniform)):>9s}"
                print(
                    f"{mu:7.2f}{temperature:7.0f}{rtol:7.0e}{final.eigensolves:9d}{status:>18s}"
                    f"{true:10.1e}{row['estimated_error']:11.1e}{ratio}"
                )
    done = [row for row in results if row["converged"]]
    kept = [row for row in done if row["true_error"] <= row["tolerance"] + row["reference_error"]]
    honest = [row for row in done if row["estimated_error"] >= row["true_error"] - row["reference_error"]]
    print(f"{len(done)} of {len(results)} converge; {len(kept)} of these are within their tolerance, ", end="")
    print(f"{len(honest)} have an estimate not below the true error")
    environment = {"jax": jax.__version__, "python": platform.python_version(), "cpus": os.cpu_count()}
    path = HERE / "results" / "brillouin.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
