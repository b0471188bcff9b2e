"""A million points in one sweep beside a loop over `simulate`.

    python benchmarks/sweep_points.py

The largest |M(t)| of KTaO₃ at 100 peak fields × 100 μ (−0.1 to 0.3 eV) × 100 T (300 to 1000 K), by the command line in
a fresh process, with an empty compilation cache and again with what the first run left there. Seconds count from the
start of the process to its end. Beside it, in this process and with the same tolerance,
- `simulate` of five points drawn at random (seed 0), as it stands,
- the same with the rule of k-points that the first of them found passed on to the others,
- `simulate` of a whole grid of (μ, T) at the first of their fields: what is left is a loop over 100 fields.
The first two run once at another point before they are timed, so that compilation does not count. The values are
compared: |difference| in units of the sum of both error estimates. Prints a table with ratios of points a
second and writes benchmarks/results/sweep_points.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import re
import tempfile
import time
from pathlib import Path

import jax
import numpy as np
from _process import CHIRALJAX, measured
from _results import write_results

import chiraljax as cj
from chiraljax.sweeps import open_sweep

FIELDS, MU, TEMPERATURE = np.linspace(0.03, 3.0, 100), np.linspace(-0.1, 0.3, 100), np.linspace(300.0, 1000.0, 100)
TIMES = np.linspace(0.0, 10.0, 201)
CONFIGURATION = """
material = "KTaO3"
outputs = ["peak_moment"]
[axes]
"pulse.peak_field" = { start = 0.03, stop = 3.0, count = 100 }
mu = { start = -0.1, stop = 0.3, count = 100 }
temperature = { start = 300.0, stop = 1000.0, count = 100 }
"""
DRAWN, LEAST = 5, 1000


def main():
    cj.enable_x64()
    random = np.random.default_rng(0)
    warm_up, *points = random.integers(0, 100, (1 + DRAWN, 3)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        rows = [swept(Path(folder), name) for name in ("empty cache", "warm cache")]
        known = open_sweep(Path(folder) / "empty cache.zarr").load()
    as_it_stands = looped(warm_up, points, known, None)
    rule = simulated(points[0]).rule
    rows += [as_it_stands, looped(warm_up, points, known, rule), at_a_field(points[0], known)]
    print(
        f"{'':36s}{'points':>9s}{'s':>8s}{'CPU s':>8s}{'GB':>6s}{'points/s':>11s}{'sweep/this':>12s}"
        f"{'off':>8s}{'load':>6s}"
    )
    slowest = min(row["points_per_s"] for row in rows[:2])
    for row in rows:
        row["sweep_is_faster_by"] = slowest / row["points_per_s"]
        print(
            f"{row['way']:36s}{row['points']:9d}{row['s']:8.1f}{row['cpu_s']:8.1f}{row.get('peak_GB', np.nan):6.2f}"
            f"{row['points_per_s']:11.3g}{row['sweep_is_faster_by']:12.3g}{row.get('off', np.nan):8.2f}"
            f"{row['load']:6.1f}"
        )
    print(f"\ndiagonalisations of the sweep: {rows[0]['eigensolves']:,}, and {rows[0]['interpolated']:,} small ones")
    print("off: largest |difference| from the sweep over the sum of both error estimates; must be at most 1")
    met = [row["sweep_is_faster_by"] >= LEAST for row in rows[2:4]]
    print(f"at least {LEAST} times as many points a second as both loops over points: {'yes' if all(met) else 'NO'}")
    write_results("sweep_points", rows)


def swept(folder: Path, name: str) -> dict:
    """The whole sweep by the command line."""
    (folder / "sweep.toml").write_text(CONFIGURATION)
    store = folder / f"{name}.zarr"
    taken = measured([CHIRALJAX, "sweep", folder / "sweep.toml", "--out", store], XDG_CACHE_HOME=str(folder / "cache"))
    data = open_sweep(store)
    assert data.peak_moment.size == 1_000_000
    assert bool(np.isfinite(data.peak_moment).all())
    eigensolves, small = re.search(r"([\d,]+) diagonalisations, and ([\d,]+) of interpolated", taken.output).groups()
    return {
        "way": f"sweep, {name}",
        "points": data.peak_moment.size,
        "s": taken.seconds,
        "cpu_s": taken.cpu_seconds,
        "peak_GB": taken.peak_GB,
        "points_per_s": data.peak_moment.size / taken.seconds,
        "eigensolves": int(eigensolves.replace(",", "")),
        "interpolated": int(small.replace(",", "")),
        "load": taken.load,
    }


def looped(warm_up, points, known, rule) -> dict:
    """`simulate` of each point, with its own rule or a given one."""
    simulated(warm_up, rule)
    begin, cpu = time.perf_counter(), time.process_time()
    results = [simulated(point, rule) for point in points]
    return row("simulate" if rule is None else "simulate, rule of the first", begin, cpu, len(points)) | {
        "off": max(
            off(known, point, result.moment, result.error) for point, result in zip(points, results, strict=True)
        ),
        "not_converged": sum(not bool(result.converged) for result in results),
    }


def at_a_field(point, known) -> dict:
    """`simulate` of all (μ, T) at once, at one field."""
    begin, cpu = time.perf_counter(), time.process_time()
    result = simulate(FIELDS[point[0]], MU, TEMPERATURE)
    taken = row("simulate, all (mu, T) at once", begin, cpu, MU.size * TEMPERATURE.size)
    return taken | {"off": off(known, (point[0], slice(None), slice(None)), result.moment, result.error)}


def row(way: str, begin: float, cpu: float, points: int) -> dict:
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    return {
        "way": way,
        "points": points,
        "s": seconds,
        "cpu_s": cpu_seconds,
        "points_per_s": points / seconds,
        "load": os.getloadavg()[0],
    }


def off(known, point, moment, error) -> float:
    """|difference| of the peaks over the sum of both error estimates, the largest."""
    own = np.abs(np.asarray(moment)).max(axis=-1)
    doubt = np.asarray(error).max(axis=-1) + known.moment_error.values[point[1:]]
    return float(np.max(np.abs(known.peak_moment.values[tuple(point)] - own) / doubt))


def simulated(point, rule=None):
    return simulate(FIELDS[point[0]], MU[point[1]], TEMPERATURE[point[2]], rule)


def simulate(field, mu, temperature, rule=None):
    result = cj.simulate(
        cj.load_material("KTaO3"),
        cj.GaussianPulse(peak_field=field),
        mu=mu,
        temperature=temperature,
        times=TIMES,
        accuracy=cj.Accuracy(rule=rule),
    )
    return jax.block_until_ready(result)


if __name__ == "__main__":
    main()
