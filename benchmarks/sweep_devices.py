"""What JAX's default device and the CPU do a second of each part of a sweep.

    python benchmarks/sweep_devices.py

- points: largest |M(t)| at 201 times from Ω(t) and six coefficients,
- derivatives: the same with its derivatives in μ and the peak field,
- trajectories: Ω(t) at 201 times of a pulse,
- diagonalisations: 28×28 matrices of KTaO₃ with eigenvectors.
Each is one compiled call on arrays that are on the device, best of a few. Where the default device is the CPU, its
column is the only one. Prints a table and writes benchmarks/results/sweep_devices.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time

import jax
import jax.numpy as jnp
import numpy as np
from _results import write_results

import chiraljax as cj
from chiraljax.observables import RotationInterpolant
from chiraljax.sweeps import plan_sweep
from chiraljax.sweeps._motion import _outcome
from chiraljax.sweeps._points import _moments

FIELDS, TABLES, TIMES, NODES = 100, 400, 201, 6
DRIVES, MATRICES, ROUNDS = 2048, 4096, 5


def main():
    cj.enable_x64()
    default, cpu = jax.devices()[0], jax.devices("cpu")[0]
    devices = [default] if default == cpu else [default, cpu]
    rates = {name: [rate(device, way, count) for device in devices] for name, (count, way) in ways().items()}
    print(f"{'1/s':20s}" + "".join(f"{f'{device.platform}: {device.device_kind}':>32s}" for device in devices))
    for name, row in rates.items():
        print(f"{name:20s}" + "".join(f"{one:32.4g}" for one in row) + (f"{row[0] / row[-1]:9.2f}" if row[1:] else ""))
    if not devices[1:]:
        print("\nThis machine has no device besides its CPU.")
    columns = [f"{device.platform}: {device.device_kind}" for device in devices]
    write_results("sweep_devices", {"devices": columns, "per_second": rates})


def ways() -> dict:
    """How many of each there are in a call, the function, and its arguments."""
    material = cj.load_material("KTaO3")
    random = np.random.default_rng(0)
    rotation, turn = random.uniform(-1, 1, (2, FIELDS, 1, TIMES))
    table, change = random.normal(size=(2, 1, TABLES, NODES))
    plan = plan_sweep(material, axes={"pulse.peak_field": np.linspace(0.1, 3.0, DRIVES)}, outputs=["rotation"])
    drives = plan.values(plan.varied, {"pulse.peak_field": np.arange(DRIVES)}, ("pulse.peak_field",))
    k = random.uniform(-0.5, 0.5, (MATRICES, 3))
    H = jax.jit(material.electrons.hamiltonian)(k, 15.2)

    interpolant = RotationInterpolant(fastest=jnp.ones(()), nodes=NODES)

    def moments(interpolant, rotation, table, turns, others):
        return _moments(interpolant, rotation, table, turns, others, False)

    def trajectories(chain, drives, turns, times):
        return _outcome(chain, plan.varied, (), (), drives, turns, times, plan.substeps, True)

    n_points = FIELDS * TABLES
    return {
        "points": (n_points, (moments, (interpolant, rotation, table, [], []))),
        "derivatives": (n_points, (moments, (interpolant, rotation, table, [turn], [change]))),
        "trajectories": (DRIVES, (trajectories, (plan.chain, drives, np.zeros((DRIVES, 1, 0)), plan.times))),
        "diagonalisations": (MATRICES, (jax.jit(jnp.linalg.eigh), (H,))),
    }


def rate(device, way, count: int) -> float:
    """How many a second on that device."""
    function, arguments = way
    arguments = jax.tree.map(lambda leaf: jax.device_put(leaf, device), arguments)
    seconds = []
    for _ in range(1 + ROUNDS):
        begin = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        seconds.append(time.perf_counter() - begin)
    return count / min(seconds[1:])


if __name__ == "__main__":
    main()
