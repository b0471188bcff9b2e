"""What one k-point costs: building H, diagonalising it, one thermal trace, and its gradient.

    python benchmarks/electrons.py

Compares with plain NumPy on the same matrices in the same run, prints times per k-point and ratios, and
writes them to benchmarks/results/electrons.json.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax.units import BOLTZMANN

POINTS, REPEATS = 2000, 7
ROTATION, MU, TEMPERATURE = 2 * np.pi * 2.42, 2.1, 300.0


def numpy_hamiltonian(electrons, k):
    """Σ_R e^{2πi k·R} H(R) ⊗ 1 plus the terms of spin, as one would write it with NumPy."""
    form = electrons._structure
    values = np.array([float(electrons.parameters[name]) for name in form.names])
    hoppings = np.zeros((len(form.cells), form.n_orbitals, form.n_orbitals))
    np.add.at(hoppings, (form.cell, form.row, form.column), form.coefficient * values[form.parameter])
    half = np.tensordot(np.exp(2j * np.pi * k @ form.cells.T), hoppings, axes=1)
    spin = np.asarray(
        electrons.hamiltonian(np.zeros(3), ROTATION) - electrons.without_spin_orbit().hamiltonian(np.zeros(3))
    )
    return np.kron(half + half.conj().swapaxes(-1, -2), np.eye(2)[None]) + spin


def numpy_trace(H, sigma):
    energies, vectors = np.linalg.eigh(H)
    occupation = 1 / (np.exp(np.clip((energies - MU) / (BOLTZMANN * TEMPERATURE), -700, 700)) + 1)
    return np.einsum("kai,ab,kbi,ki->k", vectors.conj(), sigma, vectors, occupation, optimize=True).real


def seconds(function, *arguments):
    """First call, and the fastest of some later ones."""
    spent = []
    for _ in range(REPEATS + 1):
        begin = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        spent.append(time.perf_counter() - begin)
    return spent[0], min(spent[1:])


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    k = np.random.default_rng(0).uniform(-0.5, 0.5, (POINTS, 3))
    sigma, mu, temperature = electrons.spin[2:], jnp.array([MU]), jnp.array([TEMPERATURE])
    build = jax.jit(lambda model, k: model.hamiltonian(k, ROTATION))
    H = build(electrons, k)
    trace = jax.jit(lambda H: cj.thermal_trace(H, sigma, mu, temperature, 18).traces.sum())

    def moment(parameters):
        model = electrons.with_parameters(parameters)
        return cj.thermal_trace(model.hamiltonian(jnp.asarray(k), ROTATION), sigma, mu, temperature, 18).traces.sum()

    by_numpy = np.asarray(H), np.asarray(sigma[0])
    assert np.allclose(numpy_hamiltonian(electrons, k), H, atol=1e-12)
    assert np.isclose(numpy_trace(*by_numpy).sum(), float(trace(H)), rtol=1e-9)
    rows = [
        ("build H", seconds(build, electrons, k), seconds(numpy_hamiltonian, electrons, k)),
        ("diagonalise", seconds(jax.jit(jnp.linalg.eigh), H), seconds(np.linalg.eigh, by_numpy[0])),
        ("thermal trace of given H", seconds(trace, H), seconds(numpy_trace, *by_numpy)),
        ("its gradient in H", seconds(jax.jit(jax.grad(trace)), H), None),
        ("moment (H and trace)", seconds(jax.jit(moment), electrons.parameters), None),
        ("its gradient in 14 parameters", seconds(jax.jit(jax.grad(moment)), electrons.parameters), None),
    ]
    print(f"{'28x28 complex, per k-point':32s}{'first / s':>11s}{'µs':>9s}{'NumPy µs':>10s}{'ratio':>8s}")
    results = []
    for name, (first, ours), theirs in rows:
        best = theirs[1] if theirs else None
        print(
            f"{name:32s}{first:11.2f}{1e6 * ours / POINTS:9.1f}"
            + (f"{1e6 * best / POINTS:10.1f}{best / ours:8.2f}" if best else "")
        )
        results.append(
            {"what": name, "first_s": first, "s_per_k": ours / POINTS, "numpy_s_per_k": best and best / POINTS}
        )
    by_name = {row["what"]: row["s_per_k"] for row in results}
    ratios = {
        "gradient in H / trace": by_name["its gradient in H"] / by_name["thermal trace of given H"],
        "gradient in parameters / moment": by_name["its gradient in 14 parameters"] / by_name["moment (H and trace)"],
    }
    for name, ratio in ratios.items():
        print(f"{name:40s}{ratio:6.2f}")
    environment = {
        "jax": jax.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "device": jax.devices()[0].device_kind,
        "OPENBLAS_NUM_THREADS": os.environ["OPENBLAS_NUM_THREADS"],
    }
    path = Path(__file__).parent / "results" / "electrons.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results, "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main()
