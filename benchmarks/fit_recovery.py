"""Whether a fit finds the model behind bands from starts that know nothing of it, and how long that takes.

    python benchmarks/fit_recovery.py

The bands are those of the bundled model of KTaO₃ on the paper's path, 61 k-points, with and without spin–orbit
coupling. `fit_bands` with its defaults is given a model whose parameters are all random numbers, and boxes of ±10 eV
about zero for on-site energies and ±5 eV for all else, for 10 seeds. A seed counts as recovered if every parameter is
within 10⁻⁶ eV of the model's, up to the signs that no energy depends on. Beside it plain Levenberg–Marquardt
(optimistix) on all 61 k-points from starts drawn uniformly in the same boxes, each start on its own.

The fits run in turn in one process: the first of each kind includes compilation. Prints a table and writes
benchmarks/results/fit_recovery.json.
"""

import itertools
import time

import jax.numpy as jnp
import numpy as np
import optimistix as optx
from _results import write_results

import chiraljax as cj
from chiraljax.fit import Bands, MultiStart, Variation, default_targets, fit_bands
from chiraljax.fit._levels import Levels
from chiraljax.fit._search import refine, residuals
from chiraljax.fit._space import is_onsite, space
from chiraljax.fit._starts import starting_points
from chiraljax.fit._target import match

SEEDS, PLAIN_STARTS, PLAIN_STEPS = 10, 48, 400
TOLERANCE = 1e-6
"""eV"""
ONSITE, OTHERS = 10.0, 5.0
"""eV: half-widths of the boxes about zero"""


def bands_of(electrons, k, spin_orbit):
    model = electrons if spin_orbit else electrons.without_spin_orbit()
    energies = np.asarray(model.energies(k))[:, :: 1 if spin_orbit else 2]
    return Bands(k, energies, spin_orbit=spin_orbit, filled=electrons.filling // (1 if spin_orbit else 2))


def unrelated(electrons, seed):
    """The model with random numbers for its parameters: not even a sign of the answer is left."""
    random = np.random.default_rng(1000 + seed)
    return electrons.with_parameters({name: random.uniform(-1, 1) for name in electrons.parameters})


def largest_error(found, wanted, signs):
    """Over the parameters in `wanted`, eV, for the choice of the signs in which it is smallest."""
    errors = []
    for chosen in itertools.product((False, True), repeat=len(signs)):
        turned = [name for symmetry, use in zip(signs, chosen, strict=True) if use for name in symmetry]
        errors.append(max(abs(found[name] * (-1) ** turned.count(name) - wanted[name]) for name in wanted))
    return min(errors)


def by_fit_bands(electrons, bands, wanted, bounds):
    rows = []
    for seed in range(SEEDS):
        begin = time.perf_counter()
        fit = fit_bands(
            unrelated(electrons, seed), bands, variation=Variation(bounds=bounds), search=MultiStart(seed=seed)
        )
        seconds = time.perf_counter() - begin
        error = largest_error(fit.parameters, wanted, fit.signs)
        rows.append({"seed": seed, "seconds": seconds, "error": error, "loss": fit.loss, "converged": fit.converged})
    return rows, fit.signs


def by_plain_descent(electrons, bands, wanted, bounds, signs):
    """Largest error from each start, and the seconds of all."""
    model = unrelated(electrons if bands.spin_orbit else electrons.without_spin_orbit(), 0)
    begin = time.perf_counter()
    matched = match(electrons, bands, default_targets(electrons, bands))
    levels = Levels(model, bands.k)
    varied = space(model, levels.names, matched.energies, Variation(bounds=bounds))
    starts = jnp.asarray(starting_points("uniform", PLAIN_STARTS, model, varied, 0))
    solver = optx.LevenbergMarquardt(rtol=1e-8, atol=1e-8)
    ends = refine(residuals(levels, varied, matched, 0.1), starts, solver, PLAIN_STEPS, lambda done, best: None)
    seconds = time.perf_counter() - begin
    found = [dict(zip(varied.free, np.asarray(varied.inside(x)).tolist(), strict=True)) for x in ends.x]
    return np.array([largest_error(one, wanted, signs) for one in found]), seconds


def main():
    cj.enable_x64()
    material = cj.load_material("KTaO3")
    electrons, k = material.electrons, np.asarray(material.k_path(15).k)
    results = {}
    print(f"{'bands':24s}{'fit_bands':>12s}{'worst / eV':>12s}{'first / s':>11s}{'others / s':>15s}{'plain LM':>13s}")
    for spin_orbit in (False, True):
        bands = bands_of(electrons, k, spin_orbit)
        model = electrons if spin_orbit else electrons.without_spin_orbit()
        wanted = {name: float(value) for name, value in model.parameters.items()}
        bounds = {name: (-ONSITE, ONSITE) if is_onsite(name) else (-OTHERS, OTHERS) for name in wanted}
        rows, signs = by_fit_bands(electrons, bands, wanted, bounds)
        plain, plain_seconds = by_plain_descent(electrons, bands, wanted, bounds, signs)
        seconds, errors = [row["seconds"] for row in rows], np.array([row["error"] for row in rows])
        found, found_plainly = int(np.sum(errors < TOLERANCE)), int(np.sum(plain < TOLERANCE))
        name = f"{'with' if spin_orbit else 'no'} spin–orbit, {len(wanted)} p."
        print(
            f"{name:24s}{f'{found} of {SEEDS}':>12s}{errors.max():12.1e}{seconds[0]:11.1f}"
            f"{f'{min(seconds[1:]):.1f} to {max(seconds[1:]):.1f}':>15s}{f'{found_plainly} of {len(plain)}':>13s}"
        )
        results["with spin-orbit" if spin_orbit else "without spin-orbit"] = {
            "parameters": len(wanted),
            "seeds": rows,
            "recovered": found,
            "worst_error_eV": float(errors.max()),
            "signs": signs,
            "plain": {"starts": len(plain), "recovered": found_plainly, "seconds": plain_seconds},
        }
    write_results("fit_recovery", results)


if __name__ == "__main__":
    main()
