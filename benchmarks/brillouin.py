"""How many diagonalisations a moment of given accuracy costs, and how honest its error estimate is.

    python benchmarks/brillouin.py [--reference]

KTaO₃, Ω = 2π·2.42 rad/ps along z, six chemical potentials and six temperatures: one call for each with rtol 10⁻² and
10⁻³, and one call for the whole table. Beside them the smallest uniform symmetry-reduced mesh with the same true error.
With `--reference` the reference moments in benchmarks/data/brillouin_reference.json are made anew, in two ways, of
which the more accurate counts: as sums over 192 points an axis of H itself (error: distance from 160 points), and
below 300 K by extrapolating the sums between tetrahedra of nine grids with up to 384 intervals of bands interpolated
on 32 points an axis (error: that of the fit). That takes an hour on one core and 20 GB. Prints a table and writes
benchmarks/results/brillouin.json.
"""

import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax.brillouin import BandGroup, at_nodes, between_tetrahedra, extrapolate, frozen, interpolate, region_grid
from chiraljax.brillouin._quadrature import _zone
from chiraljax.crystal import magnetic_operations
from chiraljax.observables import along, rotating

HERE = Path(__file__).parent
MU, TEMPERATURE = [-0.1, 0.0, 0.05, 0.1, 0.2, 0.5], [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0]
ROTATION, ATOL = 2 * np.pi * 2.42, 1e-7
SHARP = sum(t < 300 for t in TEMPERATURE)
GRIDS = (32, 48, 64, 96, 128, 192, 256, 320, 384)


def moments(electrons, rule):
    found = cj.magnetization(
        electrons, mu=MU, temperature=TEMPERATURE, rotation=ROTATION, accuracy=cj.Accuracy(rule=rule)
    )
    return np.asarray(found.moment)


def reference(electrons):
    """Moments and their errors on [mu][temperature]."""
    fine, coarse = (moments(electrons, cj.quadrature(electrons, n)) for n in (192, 160))
    error = np.abs(fine - coarse)
    sharp, doubt = cold(electrons)
    better = doubt < error[:, :SHARP]
    fine[:, :SHARP][better], error[:, :SHARP][better] = sharp[better], doubt[better]
    content = {
        "about": "M_z (μ_B per cell) of KTaO3 on [mu][temperature]; see benchmarks/brillouin.py for how it was made",
        "mu": MU,
        "temperature": TEMPERATURE,
        "moment": fine.tolist(),
        "error": error.tolist(),
    }
    (HERE / "data").mkdir(exist_ok=True)
    (HERE / "data" / "brillouin_reference.json").write_text(json.dumps(content, indent=1) + "\n")


def cold(electrons):
    states, axis = (electrons.filling, electrons.size), np.array([0.0, 0.0, 1.0])
    bloch, *_ = rotating(electrons, axis, jnp.array([ROTATION]), [along(electrons.spin, axis)])
    group = BandGroup(states, bloch.trial_orbitals(states), (32, 32, 32), "zone")
    bands = interpolate(bloch, group)
    edge = cj.conduction_edge(electrons).energy
    pairs = [part.ravel() for part in jnp.meshgrid(jnp.array(MU) + edge, jnp.array(TEMPERATURE[:SHARP]), indexing="ij")]
    sums = {}
    for n in GRIDS:
        rule = region_grid(n, bloch.operations, electrons.periodic, "zone")
        value, thermal = between_tetrahedra(at_nodes(bands.series, rule, 0, *pairs), rule, 0, 0, *pairs)
        sums[n] = np.asarray(value)
    (moment, _), (error, _) = extrapolate(sums)
    shape = (len(MU), SHARP)
    return (moment + float(bands.rest[0])).reshape(shape), (error + np.asarray(thermal[0])).reshape(shape)


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    if "--reference" in sys.argv:
        return reference(electrons)
    known = json.loads((HERE / "data" / "brillouin_reference.json").read_text())
    exact, uncertainty = np.array(known["moment"]), np.array(known["error"])
    group = frozen(magnetic_operations(electrons.crystal, electrons.operations, [0, 0, 1.0]))
    uniform = {}
    for n in (8, 12, 16, 24, 32, 48, 64, 96):
        rule = _zone(n, group, (True, True, True), 0.0)
        uniform[len(rule.weights)] = moments(electrons, rule)

    rows = []
    titles = f"{'rtol':>6s}{'T / K':>7s}{'μ / eV':>7s}{'solves':>8s}{'small':>9s}{'true/tol':>9s}{'est./tol':>9s}"
    print(titles + f"{'uniform':>9s}{'ratio':>8s}{'s':>7s}")
    for rtol in (1e-2, 1e-3):
        for j, temperature in enumerate(TEMPERATURE):
            for i, mu in enumerate(MU):
                start = time.perf_counter()
                found = cj.magnetization(
                    electrons, mu=mu, temperature=temperature, rotation=ROTATION, accuracy=cj.Accuracy(rtol=rtol)
                )
                seconds = time.perf_counter() - start
                true = abs(float(found.moment) - exact[i, j])
                same = [count for count, table in uniform.items() if abs(table[i, j] - exact[i, j]) <= max(true, ATOL)]
                row = {
                    "mu": mu,
                    "temperature": temperature,
                    "rtol": rtol,
                    "status": found.status,
                    "eigensolves": int(found.eigensolves),
                    "interpolated": int(found.interpolated),
                    "tolerance": ATOL + rtol * abs(exact[i, j]),
                    "true_error": true,
                    "reference_error": uncertainty[i, j],
                    "estimated_error": float(found.error),
                    "uniform_eigensolves": min(same, default=None),
                    "seconds": seconds,
                }
                rows.append(row)
                more = row["uniform_eigensolves"]
                ratio = (
                    f"{more / row['eigensolves']:8.1f}"
                    if more
                    else f"{'> ' + format(max(uniform) / row['eigensolves'], '.1f'):>8s}"
                )
                print(
                    f"{rtol:6.0e}{temperature:7.0f}{mu:7.2f}{row['eigensolves']:8d}{row['interpolated']:9d}"
                    f"{true / row['tolerance']:9.2f}{row['estimated_error'] / row['tolerance']:9.2f}"
                    f"{more or '> ' + str(max(uniform)):>9}{ratio}{seconds:7.1f}",
                    flush=True,
                )
    for rtol in (1e-2, 1e-3):
        for temperature in TEMPERATURE:
            own = [row["eigensolves"] for row in rows if (row["rtol"], row["temperature"]) == (rtol, temperature)]
            print(
                f"rtol {rtol:.0e} at {temperature:.0f} K: median {statistics.median(own):.0f}, worst {max(own)} solves"
            )
    done = [row for row in rows if row["status"] == "converged"]
    kept = [row for row in done if row["true_error"] <= row["tolerance"] + row["reference_error"]]
    honest = [row for row in done if row["estimated_error"] >= row["true_error"] - row["reference_error"]]
    close = [row for row in honest if row["estimated_error"] <= 10 * (row["true_error"] + row["reference_error"])]
    print(f"{len(done)} of {len(rows)} converge; {len(kept)} of these are within their tolerance, ", end="")
    print(f"{len(honest)} have an estimate not below the true error, {len(close)} of them within a factor of 10 of it")

    start = time.perf_counter()
    table = cj.magnetization(electrons, mu=MU, temperature=TEMPERATURE, rotation=ROTATION)
    whole = {
        "seconds": time.perf_counter() - start,
        "status": table.status,
        "eigensolves": int(table.eigensolves),
        "interpolated": int(table.interpolated),
        "worst": float(np.max(np.abs(table.moment - exact) / (ATOL + 1e-3 * np.abs(exact)))),
    }
    print(f"whole table in one call, rtol 1e-3: {whole}")
    environment = {"jax": jax.__version__, "python": platform.python_version(), "cpus": os.cpu_count()}
    path = HERE / "results" / "brillouin.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": rows, "table": whole}, indent=1) + "\n")


if __name__ == "__main__":
    main()
