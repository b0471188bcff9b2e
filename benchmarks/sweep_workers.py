"""Two workers of a Dask cluster beside one, on a sweep that is bound by its diagonalisations.

    python benchmarks/sweep_workers.py

Twelve strengths of the spin–orbit coupling of KTaO₃, one table of two (μ, T) and the moments of two pulses for each. A
scheduler and its workers run in processes of their own, each worker with one thread, one BLAS thread and one core that
it is bound to, as XLA's own threads would take the other. One sweep in this process, with its threads on all cores,
comes first and leaves the compiled programs that the workers find; before a time is taken each worker computes other
models. One and two workers alternate; the best is given, with the processor time of the workers, which other
work on the machine blurs less. Prints a table with the ratio to one worker and writes
benchmarks/results/sweep_workers.json. Linux only.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from _results import write_results
from distributed import Client

import chiraljax as cj

MODELS, ROUNDS = 12, 1
LEAST, SAME = 1.6, 1e-12
CACHE = "JAX_COMPILATION_CACHE_DIR"
DASK = Path(sys.executable).with_name("dask")


def main():
    if CACHE not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            kept = {CACHE: folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
            sys.exit(subprocess.run([sys.executable, __file__], env=os.environ | kept).returncode)
    cj.enable_x64()
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder))


def compare(folder: Path):
    swept(folder / "compiling.zarr", warming(2))
    rows, moments = {}, {}
    rows["this process"], moments["this process"] = timed(folder / "here.zarr", None, [psutil.Process()])
    for turn in range(ROUNDS):
        for number in (1, 2):
            with cluster(folder / f"cluster {number} {turn}", number) as (address, workers):
                swept(folder / f"warm {number} {turn}.zarr", warming(2 * number), address)
                row, moment = timed(folder / f"{number} {turn}.zarr", address, workers)
            name = f"{number} worker{'s'[: number - 1]}"
            if name not in rows or row["s"] < rows[name]["s"]:
                rows[name], moments[name] = row, moment
    one = rows["1 worker"]["s"]
    print(f"{'':14s}{'s':>8s}{'one/this':>10s}{'CPU s':>8s}{'load':>6s}")
    for name, row in rows.items():
        row["faster_than_one"] = one / row["s"]
        print(f"{name:14s}{row['s']:8.1f}{row['faster_than_one']:10.2f}{row['cpu_s']:8.1f}{row['load']:6.1f}")
    scale = np.abs(moments["1 worker"]).max()
    apart = max(float(np.abs(moment - moments["1 worker"]).max() / scale) for moment in moments.values())
    identical = all(moment.tobytes() == moments["1 worker"].tobytes() for moment in moments.values())
    ratio = rows["2 workers"]["faster_than_one"]
    print(f"\ntwo workers are {ratio:.2f} times as fast as one; wanted: {LEAST}")
    print(
        f"results apart by {apart:.1e} of the largest |M|; wanted: {SAME:g}; {'' if identical else 'not '}byte for byte"
    )
    write_results("sweep_workers", {"rows": rows, "apart": apart, "identical": identical})


def timed(store: Path, address: str | None, workers: list) -> tuple[dict, np.ndarray]:
    before = sum(sum(worker.cpu_times()[:2]) for worker in workers)
    begin = time.perf_counter()
    moment = swept(store, np.linspace(0.25, 0.35, MODELS), address)
    seconds = time.perf_counter() - begin
    cpu = sum(sum(worker.cpu_times()[:2]) for worker in workers) - before
    return {"s": seconds, "cpu_s": cpu, "load": os.getloadavg()[0]}, moment


def swept(store: Path, couplings, address: str | None = None) -> np.ndarray:
    data = cj.sweep(
        cj.load_material("KTaO3"),
        axes={"electrons.Ta.d.xi": couplings, "pulse.peak_field": [1.0, 2.0], "mu": [0.1, 0.2]},
        temperature=1000.0,
        out=store,
        scheduler=address,
    )
    return data.peak_moment.values


def warming(models: int):
    return np.linspace(0.255, 0.345, models)


@contextlib.contextmanager
def cluster(folder: Path, number: int):
    """Address of a scheduler, and the processes of its workers, each bound to a core of its own."""
    folder.mkdir()
    file = folder / "scheduler.json"
    started = []

    def start(*arguments, core=None):
        bound = [] if core is None else ["taskset", "-c", str(core)]
        with open(folder / f"{len(started)}.log", "w") as log:
            started.append(subprocess.Popen([*bound, DASK, *arguments], stdout=log, stderr=log, cwd=folder))

    try:
        start("scheduler", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file))
        address = eventually(lambda: json.loads(file.read_text())["address"])
        for core in sorted(os.sched_getaffinity(0))[:number]:
            start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", core=core)
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=60)
        yield address, [psutil.Process(process.pid) for process in started[1:]]
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def eventually(read):
    for _ in range(600):
        with contextlib.suppress(OSError, ValueError):
            return read()
        time.sleep(0.1)
    raise TimeoutError("the scheduler did not start")


if __name__ == "__main__":
    main()
