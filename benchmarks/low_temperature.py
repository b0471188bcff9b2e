"""Error against diagonalisations of four ways to a moment at low temperature.

    python benchmarks/low_temperature.py

KTaO₃, Ω = 2π·2.42 rad/ps along z, at 10 and 100 K, 0.1 and 0.2 eV above the edge, on symmetry-reduced grids: the sum
over the points of a uniform mesh, over points drawn towards the planes k_i = 0, the sum between tetrahedra of these
points, extrapolated, and that between tetrahedra of a fine grid (192 intervals an axis) of bands interpolated from
meshes of 8 to 24 points; its 461 041 diagonalisations of 10×10 matrices are not counted. References:
benchmarks/data/brillouin_reference.json. Prints the curves, draws docs/figures/low_temperature.png and writes
benchmarks/results/low_temperature.json. Takes three minutes on two cores.
"""

import json
import os
import platform
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax.brillouin import BandGroup, at_nodes, extrapolated, frozen, interpolate, region_grid
from chiraljax.brillouin._quadrature import _zone
from chiraljax.observables import along, rotating
from chiraljax.plot._style import PAGE, new_figure, save_figure, styled

HERE = Path(__file__).parent
ROTATION, MU, TEMPERATURE = 2 * np.pi * 2.42, [0.1, 0.2], [10.0, 100.0]
NAMES = ("uniform mesh", "warped mesh", "tetrahedra", "interpolated bands")


def main():
    cj.enable_x64()
    electrons = cj.load_material("KTaO3").electrons
    known = json.loads((HERE / "data" / "brillouin_reference.json").read_text())
    at = np.ix_([known["mu"].index(mu) for mu in MU], [known["temperature"].index(t) for t in TEMPERATURE])
    exact, doubt = (np.array(known[name])[at] for name in ("moment", "error"))
    axis = np.array([0.0, 0.0, 1.0])
    bloch, *_ = rotating(electrons, axis, jnp.array([ROTATION]), [along(electrons.spin, axis)])
    operations = bloch.operations
    edge = cj.conduction_edge(electrons).energy
    pairs = [part.ravel() for part in jnp.meshgrid(jnp.array(MU) + edge, jnp.array(TEMPERATURE), indexing="ij")]
    curves = {name: [] for name in NAMES}

    def note(name, solves, moments):
        error = np.abs(np.asarray(moments).reshape(exact.shape) / exact - 1)
        curves[name].append({"solves": int(solves), "error": error.tolist()})
        print(f"{name:20s}{int(solves):8d}" + "".join(f"{value:10.1e}" for value in error.ravel()), flush=True)

    print(f"{'':20s}{'solves':>8s}" + "".join(f"{f'{mu}, {t:.0f} K':>10s}" for mu in MU for t in TEMPERATURE))
    for n in (16, 24, 32, 48, 64, 96):
        rule = _zone(n, frozen(operations), (True, True, True), 0.0)
        found = cj.magnetization(
            electrons, mu=MU, temperature=TEMPERATURE, rotation=ROTATION, accuracy=cj.Accuracy(rule=rule)
        )
        note("uniform mesh", len(rule.weights), found.moment)
    whole = BandGroup((0, electrons.size), (), electrons.harmonics, "zone")
    bands = interpolate(bloch, whole)
    for n in (16, 24, 32, 48, 64, 96):
        rule = region_grid(n, operations, electrons.periodic, "zone")
        found = at_nodes(bands.series, rule, electrons.filling, *pairs)
        note("warped mesh", rule.n_nodes, found.sums[0, 0])
        note("tetrahedra", rule.n_nodes, extrapolated(found, rule, electrons.filling, *pairs)[0][0])
    states, rule = (electrons.filling, electrons.size), region_grid(192, operations, electrons.periodic, "zone")
    trial = bloch.trial_orbitals(states)
    for n in (8, 12, 16, 20, 24):
        group = BandGroup(states, trial, (n, n, n), "zone")
        bands = interpolate(bloch, group)
        value, _ = extrapolated(at_nodes(bands.series, rule, 0, *pairs), rule, 0, *pairs)
        note("interpolated bands", group.solves(bloch), value[0] + bands.rest)
    draw(curves, doubt / np.abs(exact))
    environment = {"jax": jax.__version__, "python": platform.python_version(), "cpus": os.cpu_count()}
    path = HERE / "results" / "low_temperature.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "curves": curves}, indent=1) + "\n")


@styled()
def draw(curves, doubt):
    figure, axes = new_figure(PAGE, 2.9, ncols=2, sharey=True)
    for j, (panel, temperature) in enumerate(zip(axes[0], TEMPERATURE, strict=True)):
        for name, marker in zip(NAMES, "osv^", strict=True):
            solves = [point["solves"] for point in curves[name]]
            panel.loglog(solves, [point["error"][0][j] for point in curves[name]], marker=marker, ms=4, label=name)
        panel.axhline(doubt[0, j], color="0.6", linestyle=":", label="error of the reference")
        panel.set_title(f"μ = {MU[0]} eV, {temperature:.0f} K")
        panel.set_xlabel("diagonalisations of H (28×28)")
    axes[0, 0].set_ylabel("relative error of M")
    axes[0, 1].legend()
    save_figure(figure, HERE.parent / "docs" / "figures" / "low_temperature.png")


if __name__ == "__main__":
    main()
