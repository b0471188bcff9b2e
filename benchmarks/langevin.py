"""How much the steps of a Langevin bath heat a mode by themselves, and their cost: `HeatBath` and diffrax's ShARK.

    python benchmarks/langevin.py

ShARK's steps are a linear map of the harmonic motion, so its ⟨q²⟩ at equilibrium follows from a Lyapunov equation. The
ensembles have 500 motions over the paper's 10 ps. Written to benchmarks/results/langevin.json.
"""

import json
import time
from functools import partial
from pathlib import Path

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import expm, solve_discrete_lyapunov

from chiraljax.phonon import FixedSteps, HeatBath, Phonon, thermal_square
from chiraljax.pulse import GaussianPulse

FREQUENCY, WINDOW, SAMPLES = 2.42, 10.0, 500
OMEGA = 2 * np.pi * FREQUENCY


def bias_of_shark(damping, steps):
    """⟨q²⟩ over its exact value, minus one, in units where ω₀q and q̇ have the variance 1."""
    h = 1 / FREQUENCY / steps
    slope, noise = np.array([[0, OMEGA], [-OMEGA, -damping]]), np.array([[0.0], [np.sqrt(2 * damping)]])
    state = np.eye(2) + h * slope @ (np.eye(2) + h / 2 * slope)
    increment = noise + h / 2 * slope @ noise
    area = h * slope @ noise + h**2 / 2 * slope @ slope @ noise
    return solve_discrete_lyapunov(state, h * increment @ increment.T + h / 12 * area @ area.T)[0, 0] - 1


def bias_of_bath(damping, steps):
    phonon = Phonon(FREQUENCY, damping, 1.0, np.eye(2, 3)[None, :, None, :], [1.0])
    square = float(thermal_square(phonon, 300.0)[0])
    bath, end = HeatBath(300.0, jax.random.key(0)), jnp.array([1 / FREQUENCY / steps])
    noise = np.asarray(bath.noise(phonon, end, 1).amplitude)[0, -1].reshape(2, -1)
    free = expm(np.array([[0, 1], [-(OMEGA**2), -damping]]) / FREQUENCY / steps)
    return solve_discrete_lyapunov(free, noise @ noise.T)[0, 0] / square - 1


def seconds_of_shark(steps):
    number = int(np.ceil(WINDOW * FREQUENCY * steps))

    def slope(t, y, _):
        return jnp.stack([OMEGA * y[1], -OMEGA * y[0] - 0.64 * y[1]])

    def move(key):
        h = WINDOW / number
        noise = diffrax.VirtualBrownianTree(0.0, WINDOW, h / 2, (2,), key, diffrax.SpaceTimeLevyArea)
        diffusion = diffrax.ControlTerm(
            lambda t, y, _: jnp.stack([jnp.zeros((2, 2)), jnp.sqrt(1.28) * jnp.eye(2)]), noise
        )
        terms = diffrax.MultiTerm(diffrax.ODETerm(slope), diffusion)
        solution = diffrax.diffeqsolve(terms, diffrax.ShARK(), 0.0, WINDOW, h, jnp.zeros((2, 2)), max_steps=number + 9)
        return solution.ys[-1]

    return seconds(move)


def seconds_of_bath(steps):
    phonon = Phonon(FREQUENCY, 0.64, 1.0, np.eye(2, 3)[None, :, None, :], [1.0])
    times, substeps = np.array([0.0, WINDOW]), int(np.ceil(WINDOW * FREQUENCY * steps))
    dark = GaussianPulse(0.0)
    bath_of, fixed = partial(HeatBath, 300.0), FixedSteps(substeps)
    return seconds(lambda key: phonon.drive(dark, times, steps=fixed, bath=bath_of(key)).q[-1])


def seconds(move):
    """Of the faster of two runs after the first."""
    run, taken = jax.jit(jax.vmap(move)), []
    for seed in range(3):
        begin = time.perf_counter()
        jax.block_until_ready(run(jax.random.split(jax.random.key(seed), SAMPLES)))
        taken.append(time.perf_counter() - begin)
    return min(taken[1:])


def main():
    jax.config.update("jax_enable_x64", True)
    results = []
    print(f"{'steps per period':20s}{'bias of <q2>, eta = 0.64':>26s}{'eta = 0.1 rad/ps':>18s}{'s / 500 motions':>18s}")
    methods = {
        "HeatBath": (bias_of_bath, seconds_of_bath, (16,)),
        "ShARK": (bias_of_shark, seconds_of_shark, (32, 64, 128, 256)),
    }
    for name, (bias, cost, rates) in methods.items():
        for steps in rates:
            row = {"method": name, "steps": steps, "bias": [float(bias(eta, steps)) for eta in (0.64, 0.1)]}
            row["seconds"] = cost(steps)
            print(f"{name:14s}{steps:6d}{row['bias'][0]:26.1e}{row['bias'][1]:18.1e}{row['seconds']:18.2f}", flush=True)
            results.append(row)
    path = Path(__file__).parent / "results" / "langevin.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
