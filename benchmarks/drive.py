"""What one drive of the phonon costs, its derivatives, and other integrators of the same equation.

    python benchmarks/drive.py

Prints times as ratios to one compiled drive (`AutomaticSteps` choose only outside `jit`) and writes them to
benchmarks/results/drive.json.
"""

import json
import os
import platform
import time
from pathlib import Path

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from chiraljax.phonon import AdaptiveSteps, AutomaticSteps, FixedSteps, Phonon
from chiraljax.pulse import GaussianPulse
from chiraljax.units import FIELD_FORCE

OMEGA, DAMPING, FORCE = 2 * np.pi * 2.42, 0.64, 1.4 / 4.3 * FIELD_FORCE
TIMES = np.linspace(0, 10, 501)
START = np.array([1.0, 2.42, 0.5**0.5, 3.0, -1.0, 0.0, 0.0, 0.0, 0.0])


def by(steps):
    phonon = Phonon(OMEGA / 2 / np.pi, DAMPING, 1.4, np.eye(2, 3)[None, :, None, :], [1.0], 4.3)
    return lambda parameters: phonon.drive(GaussianPulse(*parameters), TIMES, steps=steps).q


def by_diffrax(solver, tolerance, adjoint):
    def solve(parameters):
        pulse = GaussianPulse(*parameters)

        def slope(t, y, _):
            return jnp.stack([y[1], FORCE * pulse(t) - DAMPING * y[1] - OMEGA**2 * y[0]])

        return diffrax.diffeqsolve(
            diffrax.ODETerm(slope),
            solver,
            0.0,
            10.0,
            None,
            jnp.zeros((2, 2)),
            saveat=diffrax.SaveAt(ts=jnp.asarray(TIMES)),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            adjoint=adjoint,
            max_steps=4096,
        ).ys[:, 0]

    return solve


def by_scipy(tolerance):
    def slope(t, y):
        envelope, angle = np.exp(-((t - 3) ** 2)), 2 * np.pi * 2.42 * t
        field = FORCE * envelope * np.array([np.sin(angle), np.cos(angle)])
        return np.concatenate([y[2:], field - DAMPING * y[2:] - OMEGA**2 * y[:2]])

    return solve_ivp(slope, (0, 10), np.zeros(4), "DOP853", TIMES, rtol=tolerance, atol=tolerance).y[:2].T


def measure(function, *arguments, repeats=10):
    """Seconds of the first call, and of the fastest later one."""
    seconds = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        seconds.append(time.perf_counter() - begin)
    return seconds[0], min(seconds[1:])


def rows():
    exact = by_scipy(3e-14)

    def error(q):
        return float(np.abs(np.asarray(q) - exact).max() / np.abs(exact).max())

    adaptive = by(AdaptiveSteps())
    families = {
        "chiraljax: AdaptiveSteps": adaptive,
        "chiraljax: FixedSteps": by(FixedSteps()),
        "Tsit5, DirectAdjoint, 1e-10": by_diffrax(diffrax.Tsit5(), 1e-10, diffrax.DirectAdjoint()),
        "Dopri8, RecursiveCheckpointAdjoint": by_diffrax(diffrax.Dopri8(), 1e-13, diffrax.RecursiveCheckpointAdjoint()),
    }
    for name, function in families.items():

        def loss(parameters, function=function):
            return jnp.sum(function(parameters) ** 2)

        yield name, "drive", *measure(jax.jit(function), START), error(function(START))
        yield name, "grad (9 parameters)", *measure(jax.jit(jax.grad(loss)), START), None
        if "Recursive" in name:
            continue  # which has no forward mode
        yield name, "jvp (1 direction)", *measure(jax.jit(lambda p, f=loss: jax.jvp(f, (p,), (p,))), START), None
        yield name, "jacfwd (9 parameters)", *measure(jax.jit(jax.jacfwd(loss)), START), None
    batch = np.tile(START, (64, 1))
    yield "chiraljax: AdaptiveSteps", "vmap of 64 drives", *measure(jax.jit(jax.vmap(adaptive)), batch), None
    for steps in (AutomaticSteps(), FixedSteps(), AdaptiveSteps()):
        name = f"chiraljax: {type(steps).__name__}, no jit"
        yield name, "drive", *measure(by(steps), START), error(by(steps)(START))
        yield name, "grad (9 parameters)", *measure(jax.grad(lambda p, s=steps: jnp.sum(by(s)(p) ** 2)), START), None
    yield "scipy DOP853, 1e-11", "drive", *measure(by_scipy, 1e-11, repeats=3), error(by_scipy(1e-11))


def main():
    jax.config.update("jax_enable_x64", True)
    results, reference, base = [], None, None
    titles = ("first / s", "time / ms", "/ drive", "/ own", "error")
    print(f"{'integrator':38s} {'what':22s}" + "".join(f"{title:>11s}" for title in titles))
    for name, what, first, seconds, error in rows():
        reference = reference or seconds
        base = seconds if what == "drive" else base
        own = seconds / (reference if what.startswith("vmap") else base)
        text, whole = "" if error is None else f"{error:.1e}", float(f"{seconds / reference:.2g}")
        print(
            f"{name:38s} {what:22s}{first:11.2f}{1e3 * seconds:11.2f}{whole:11g}{own:11.1f}{text:>11s}",
            flush=True,
        )
        results.append(
            {"integrator": name, "what": what, "first_s": first, "s": seconds, "per_own_drive": own, "error": error}
        )
    environment = {
        "jax": jax.__version__,
        "diffrax": diffrax.__version__,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "device": jax.devices()[0].device_kind,
    }
    path = Path(__file__).parent / "results" / "drive.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
