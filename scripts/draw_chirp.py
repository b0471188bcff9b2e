"""Draw docs/figures/chirp.png: the best pulses of one fluence for a mode that hardens.

    python scripts/draw_chirp.py

KTaO₃'s soft mode with V = ¼A|q|⁴ turns at √(ω₀² + A|q|²): the further out, the faster. Prints the largest |L| of each
family; takes about two minutes.
"""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import chiraljax as cj
from chiraljax.plot import save_figure
from chiraljax.plot._style import COLORS, COLUMN, new_figure, panel_label, styled

QUARTIC = 150.0
TIMES = np.linspace(0, 10, 401)
FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "chirp.png"


def best_pulses():
    """Name → optimum, all of the fluence of the paper's pulse."""
    material = cj.load_material("KTaO3")
    hard = eqx.tree_at(lambda m: m.phonon.quartic_isotropic, material, jnp.full((1, 1), QUARTIC))
    options = {
        "times": TIMES,
        "objective": cj.PeakAngularMomentum(),
        "constraints": cj.Constraints(fluence=float(cj.GaussianPulse().fluence)),
    }
    gaussian = cj.GaussianPulse(duration=1.0)
    spline = cj.SplinePulse.zeros(0.0, 10.0, 2.8, 60)
    return {
        "Gaussian, no chirp": cj.optimize_pulse(
            hard, gaussian, search=cj.Search(steps=200, fixed=["chirp"]), **options
        ),
        "Gaussian, chirped": cj.optimize_pulse(hard, gaussian, search=cj.Search(steps=200), **options),
        "spline": cj.optimize_pulse(hard, spline, **options),
    }


@styled()
def chirp_figure(optima):
    """Field of the best, frequencies of the fields and of the mode, and angular momenta against time."""
    figure, axes = new_figure(COLUMN * 1.35, 5.4, nrows=3, sharex=True)
    colors = dict(zip(optima, (COLORS["sky"], COLORS["vermilion"], COLORS["black"]), strict=True))
    field, frequency, turning = axes[:, 0]
    fine = np.linspace(0, 10, 4001)
    for component, color, name in zip((0, 1), (COLORS["blue"], COLORS["orange"]), "xy", strict=True):
        values = np.asarray(optima["spline"].pulse(fine))[:, component]
        field.plot(fine, values, color=color, linewidth=0.8, label=rf"$E_{name}$")
    field.set_ylabel("field (MV/cm)")
    field.legend(loc="upper left", ncols=2)
    for name, optimum in optima.items():
        x, y = np.asarray(optimum.pulse(fine)).T
        turned = np.unwrap(np.angle(x + 1j * y))
        strong = np.hypot(x, y) > 0.15 * np.hypot(x, y).max()
        drawn = np.where(strong, abs(np.gradient(turned, fine)) / (2 * np.pi), np.nan)
        frequency.plot(fine, drawn, color=colors[name])
        turning.plot(TIMES, abs(optimum.outcome.motion.angular_momentum), color=colors[name], label=name)
    motion = optima["spline"].outcome.motion
    mode = np.sqrt(motion.phonon.angular_frequency[0] ** 2 + QUARTIC * np.sum(motion.q**2, axis=-1)) / (2 * np.pi)
    frequency.plot(TIMES, mode, color=COLORS["green"], linestyle=(0, (4, 1.5)), label="mode, under the spline")
    frequency.set(ylabel=r"frequency $\nu$ (THz)", ylim=(2.2, 3.6))
    frequency.legend(loc="upper left")
    turning.set(ylabel=r"$|L|$ ($\hbar$)", xlabel=r"time $t$ (ps)", xlim=(0, 10), ylim=(0, None))
    turning.legend(loc="upper left")
    for panel, letter in zip(axes[:, 0], "abc", strict=True):
        panel_label(panel, letter)
    return figure


def main():
    cj.enable_x64()
    optima = best_pulses()
    for name, optimum in optima.items():
        near = int(np.sum(optimum.reached > 0.99 * optimum.objective))
        print(f"{name:20s} |L| = {optimum.objective:.4f} ħ, {optimum.status}, {near} starts within 1 %")
    save_figure(chirp_figure(optima), FIGURE)


if __name__ == "__main__":
    main()
