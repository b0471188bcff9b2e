"""How many 28×28 Hermitian matrices a second are diagonalised, eigenvectors included, on all cores.

    python benchmarks/throughput.py

Compares NumPy's stacked `eigh` as it comes with
- the same with one BLAS thread, and one compiled JAX call, as it comes and with one BLAS thread,
- the chunks on threads that every k-sum uses, which also build the matrices and average the results,
- the batch sharded over as many XLA host devices as there are cores, in a process that is given a minute and times
  threads as well, since a busy machine may leave it fewer cores than the rest,
- NumPy on chunks: on threads, on the same threads from inside `jax.pure_callback`, and in worker processes, to which
  the matrices and from which the results are sent,
- cyclic Jacobi rotations written in JAX, on a smaller batch, checked against NumPy.

All but the two that come as they are have one BLAS thread a core. Prints rates, best of a few rounds, and ratios;
writes benchmarks/results/throughput.json.
"""

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import chiraljax as cj
from chiraljax._parallel import _blas, cores
from chiraljax.brillouin import Quadrature, integrate

POINTS, FEW, ROUNDS, LIMIT = 4096, 256, 4, 60
SWEEPS = 8
SHARDED = "--sharded"
UNIT, THREADS, DEVICES = "NumPy, stacked", "NumPy on threads", "JAX, a host device a core"


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    k = np.random.default_rng(0).uniform(-0.5, 0.5, (POINTS, 3))
    H = np.asarray(jax.jit(electrons.hamiltonian)(k, 15.2))
    if SHARDED in sys.argv:
        with ThreadPoolExecutor(cores()) as threads:
            ways = {DEVICES: sharded(H), f"{THREADS}, beside these": (alone(partial(in_chunks, threads)), H)}
            print(json.dumps(best_rates(ways)))
        return
    check(jacobi, H[:FEW])
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(cores()) as threads, ProcessPoolExecutor(cores(), spawn, one_blas_thread) as workers:
        rates = best_rates(
            {
                UNIT: (np.linalg.eigh, H),
                "NumPy, stacked, one BLAS thread": (alone(np.linalg.eigh), H),
                "JAX, one call": (jax.jit(jnp.linalg.eigh), jnp.asarray(H)),
                "JAX, one call, one BLAS thread": (alone(jax.jit(jnp.linalg.eigh)), jnp.asarray(H)),
                "chiraljax k-sum (H included)": (partial(k_sum, electrons), k),
                THREADS: (alone(partial(in_chunks, threads)), H),
                f"{THREADS}, pure_callback": (alone(callback(threads)), jnp.asarray(H)),
                "NumPy in worker processes": (partial(in_chunks, workers), H),
                "Jacobi in JAX": (jacobi, jnp.asarray(H[:FEW])),
            }
        )
    rates |= in_own_process()
    for name, rate in rates.items():
        print(f"{name:32s}" + (f"{rate:9.0f} /s{rate / rates[UNIT]:7.2f} of {UNIT}" if rate else "    hangs"))
    environment = {
        "jax": jax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "cores": cores(),
        "device": jax.devices()[0].device_kind,
    }
    path = Path(__file__).parent / "results" / "throughput.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "matrices_per_second": rates}, indent=1) + "\n")


def best_rates(ways: dict) -> dict:
    """Matrices a second of each way, a function and its argument; the rounds alternate between the ways."""
    seconds = {name: [] for name in ways}
    for _ in range(1 + ROUNDS):
        for name, (way, argument) in ways.items():
            begin = time.perf_counter()
            jax.block_until_ready(way(argument))
            seconds[name].append(time.perf_counter() - begin)
    return {name: len(argument) / min(seconds[name][1:]) for name, (_, argument) in ways.items()}


def one_blas_thread():
    return _blas().limit(limits=1, user_api="blas")


def alone(way):
    def limited(argument):
        with one_blas_thread():
            return jax.block_until_ready(way(argument))

    return limited


def k_sum(electrons, k):
    rule = Quadrature(k, np.full(len(k), 1 / len(k)), np.full(len(k), 1 / len(k)))
    return integrate(_states, electrons, rule, 16 * 28**2 * 8)


def _states(electrons, k):
    energies, vectors = jnp.linalg.eigh(electrons.hamiltonian(k, 15.2))
    return energies, jnp.abs(vectors[..., 0]) ** 2


def in_chunks(pool: Executor, matrices):
    parts = pool.map(np.linalg.eigh, np.array_split(np.asarray(matrices), 4 * cores()))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def callback(pool: Executor):
    def eigh(H):
        shapes = jax.ShapeDtypeStruct(H.shape[:-1], float), jax.ShapeDtypeStruct(H.shape, complex)
        return jax.pure_callback(partial(in_chunks, pool), shapes, H)

    return jax.jit(eigh)


def sharded(H):
    split = NamedSharding(jax.make_mesh((jax.device_count(),), ("k",)), PartitionSpec("k"))
    eigh = jax.jit(
        jax.shard_map(lambda H: tuple(jnp.linalg.eigh(H)), mesh=split.mesh, in_specs=split.spec, out_specs=split.spec)
    )
    return alone(eigh), jax.device_put(H, split)


def in_own_process() -> dict:
    """Rates of `sharded`, whose number of devices is fixed when JAX starts, and of threads; None if that hangs."""
    flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={cores()}"}
    command = [sys.executable, __file__, SHARDED]
    try:
        done = subprocess.run(command, env=os.environ | flags, timeout=LIMIT, check=True, stdout=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return {DEVICES: None}
    return json.loads(done.stdout)


@jax.jit
def jacobi(H):
    """Eigenvalues, unsorted, and eigenvectors: n/2 disjoint rotations at a time, each pair once a sweep.

    Real and imaginary parts are the first axis and the matrices of the batch the last, which the compiler vectorises.
    """
    n = H.shape[-1]
    m = n // 2
    top, bottom, diagonal = np.arange(m), np.arange(m, n), np.arange(n)
    order = np.array([0, m, *top[1:-1], *bottom[1:], m - 1])  # the pairs (j, m + j) of the next step: a round robin

    def step(_, state):
        A, V = state
        gap, (x, y) = A[0, bottom, bottom] - A[0, top, top], A[:, top, bottom]
        size = jnp.sqrt(x**2 + y**2)
        x, y = jnp.where(size > 0, jnp.stack([x, y]) / size, jnp.array([1.0, 0.0])[:, None, None])
        tangent = jnp.where(gap < 0, -2, 2) * size / (jnp.abs(gap) + jnp.sqrt(gap**2 + 4 * size**2) + 1e-300)
        cosine = 1 / jnp.sqrt(1 + tangent**2)
        sine = tangent * cosine

        def rotate(X):
            p, q = X[:, :, :m], X[:, :, m:]
            q = x * q + y * jnp.stack([q[1], -q[0]])
            return jnp.concatenate([cosine * p - sine * q, sine * p + cosine * q], axis=2)

        A = rotate(adjoint(rotate(A)))
        return A[:, order][:, :, order], rotate(V)[:, :, order]

    def adjoint(X):
        return jnp.stack([X[0].swapaxes(0, 1), -X[1].swapaxes(0, 1)])

    A = jnp.moveaxis(jnp.stack([H.real, H.imag]), 1, -1)
    V = jnp.zeros_like(A).at[0, diagonal, diagonal].set(1)
    A, V = jax.lax.fori_loop(0, SWEEPS * (n - 1), step, (A, V))
    return A[0, diagonal, diagonal].T, jnp.moveaxis(V[0] + 1j * V[1], -1, 0)


def check(eigh, H):
    energies, vectors = map(np.asarray, eigh(H))
    scale = np.abs(H).max()
    np.testing.assert_allclose(np.sort(energies), np.linalg.eigvalsh(H), rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(H @ vectors, energies[:, None] * vectors, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(vectors.conj().mT @ vectors, np.broadcast_to(np.eye(28), H.shape), rtol=0, atol=1e-12)


if __name__ == "__main__":
    main()
