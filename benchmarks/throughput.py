"""How many 28×28 Hermitian matrices a second are diagonalised, eigenvectors included, on all cores.

    python benchmarks/throughput.py

Compares one compiled JAX call, the chunks on threads that every k-sum uses, NumPy's stacked `eigh` as it comes, and
the same on threads with one BLAS thread each. Prints rates and ratios; writes benchmarks/results/throughput.json.
"""

import json
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

import chiraljax as cj
from chiraljax.brillouin import Quadrature, integrate
from chiraljax.brillouin._integrate import _cores

POINTS, ROUNDS = 8192, 5


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    k = np.random.default_rng(0).uniform(-0.5, 0.5, (POINTS, 3))
    H = jax.block_until_ready(jax.jit(electrons.hamiltonian)(k, 15.2))
    stacked, parts = np.asarray(H), np.array_split(np.asarray(H), POINTS // 512)
    rule = Quadrature(k, np.full(POINTS, 1 / POINTS), np.full(POINTS, 1 / POINTS))
    eigh = jax.jit(jnp.linalg.eigh)

    def k_sum():
        return integrate(_states, electrons, rule, 16 * 28**2 * 8)

    def numpy_threads():
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_cores()) as pool:
            return list(pool.map(np.linalg.eigh, parts))

    ways = {
        "JAX, one call": lambda: jax.block_until_ready(eigh(H)),
        "chiraljax k-sum (H included)": k_sum,
        "NumPy, stacked": lambda: np.linalg.eigh(stacked),
        "NumPy, stacked, on threads": numpy_threads,
    }
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    rates = {name: POINTS / float(np.median(spent)) for name, spent in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:32s}{rate:9.0f} /s{rate / rates['NumPy, stacked']:7.2f} of NumPy, stacked")
    environment = {
        "jax": jax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "cores": _cores(),
        "device": jax.devices()[0].device_kind,
    }
    path = Path(__file__).parent / "results" / "throughput.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "matrices_per_second": rates}, indent=1) + "\n")


def _states(electrons, k):
    energies, vectors = jnp.linalg.eigh(electrons.hamiltonian(k, 15.2))
    return energies, jnp.abs(vectors[..., 0]) ** 2


if __name__ == "__main__":
    main()
