"""The same best pulse without gradients: CMA-ES and Nelder–Mead beside L-BFGS at equal wall time.

    pip install cma
    python benchmarks/pulse_derivative_free.py

|L(8 ps)| of KTaO₃ for the fluence of the paper's pulse, by splines with 12, 40 and 400 amplitudes. All three climb the
same compiled function of the same coordinates, which meets the fluence by construction; CMA-ES has its populations
evaluated in one vectorised call. The others are given the time that all of `optimize_pulse` took when called again
(one random start, no compilation), and ten times that. Writes benchmarks/results/pulse_derivative_free.json.
"""

import contextlib
import time

import jax
import jax.numpy as jnp
import numpy as np
from _results import write_results
from scipy.optimize import minimize

import chiraljax as cj

TIMES = np.linspace(0, 10, 201)


class OutOfTime(Exception):
    """Raised by an objective whose time is over."""


class Counted:
    """The objective over its limit, with the best value and the number of simulations until `seconds` are over."""

    def __init__(self, problem, size, seconds):
        value = jax.jit(lambda x: problem(x)[0])
        self.one, self.many = value, jax.jit(jax.vmap(value))
        for population in (1, 4 + int(3 * np.log(size))):
            self.many(jnp.zeros((population, size))).block_until_ready()
        self.one(jnp.zeros(size)).block_until_ready()
        self.best, self.count, self.end = 0.0, 0, time.perf_counter() + seconds

    def record(self, values):
        self.best, self.count = max(self.best, float(np.max(values))), self.count + np.size(values)
        if time.perf_counter() > self.end:
            raise OutOfTime

    def __call__(self, x):
        value = float(self.one(jnp.asarray(x)))
        self.record(value)
        return -value

    def population(self, points):
        values = np.asarray(self.many(jnp.asarray(np.array(points))))
        self.record(values)
        return (-values).tolist()


def by_cma(counted, x):
    import cma

    search = cma.CMAEvolutionStrategy(x, 0.3, {"verbose": -9, "seed": 1})
    while not search.stop():
        points = search.ask()
        search.tell(points, counted.population(points))


def by_nelder_mead(counted, x):
    minimize(counted, x, method="Nelder-Mead", options={"maxfev": 10**9, "maxiter": 10**9, "adaptive": True})


def main():
    cj.enable_x64()
    material, fluence = cj.load_material("KTaO3"), float(cj.GaussianPulse().fluence)
    results = []
    for splines in (3, 10, 100):
        pulse = cj.SplinePulse.zeros(0.0, 8.2, 2.42, splines)
        options = {
            "objective": cj.AngularMomentumAt(8.0),
            "constraints": cj.Constraints(fluence),
            "times": TIMES,
        }
        cj.optimize_pulse(material, pulse, search=cj.Search(starts=1), **options)
        begin = time.perf_counter()
        found = cj.optimize_pulse(material, pulse, search=cj.Search(starts=1, seed=1), **options)
        seconds = time.perf_counter() - begin
        size = 4 * splines
        print(f"{size} amplitudes: L-BFGS {found.ratio:.3%} in {seconds:.2f} s, {len(found.history)} steps", flush=True)
        results.append({"amplitudes": size, "by": "L-BFGS", "ratio": found.ratio, "seconds": seconds})
        start = found.problem.starts(1, 1)[0]
        for search in (by_cma, by_nelder_mead):
            for factor in (1, 10):
                counted = Counted(found.problem, start.size, factor * seconds)
                with contextlib.suppress(OutOfTime):
                    search(counted, start)
                name, ratio, count = search.__name__[3:], counted.best, counted.count
                print(f"  {name:12s} {factor:2d} × the time: {ratio:.3%}, {count} simulations", flush=True)
                row = {"amplitudes": size, "by": name, "times": factor, "ratio": ratio, "simulations": count}
                results.append(row)
    write_results("pulse_derivative_free", results)


if __name__ == "__main__":
    main()
