"""How near the best pulse comes to the limit of all fields, and what it gains over the paper's pulse.

    python benchmarks/pulse_limit.py [seeds] [families] [gains]

KTaO₃'s harmonic mode, the fluence of the paper's Gaussian pulse; the moment at μ = 0.05 eV and 600 K. Writes
benchmarks/results/pulse_limit.json with what was run.
"""

import sys
import time

import numpy as np
from _results import write_results

import chiraljax as cj

TIMES = np.linspace(0, 10, 201)
PROBE = 8.0
BAND = (1.92, 2.92)
STATE = {"mu": 0.05, "temperature": 600.0}


def timed(material, pulse, limits, search, **options):
    """The best pulse and the seconds that it took."""
    begin = time.perf_counter()
    found = cj.optimize_pulse(
        material, pulse, times=TIMES, constraints=cj.Constraints(**limits), search=cj.Search(**search), **options
    )
    seconds = time.perf_counter() - begin
    violated = [name for name, entry in found.slack.items() if entry["slack"] < 0]
    assert not violated, violated
    return found, seconds


def seeds(material, fluence):
    """Ten single random starts of |L(8 ps)|: value over limit."""
    cases = {
        "fluence": (cj.SplinePulse.zeros(0.0, 8.2, 2.42, 200), {}),
        "fluence, 1 THz": (cj.SplinePulse.zeros(0.0, 10.0, 2.42, 100), {"band": BAND}),
        "fluence, 0.7 MV/cm": (cj.SplinePulse.zeros(0.0, 8.2, 2.42, 200), {"peak_field": 0.7}),
        "all three": (cj.SplinePulse.zeros(0.0, 10.0, 2.42, 100), {"peak_field": 0.7, "band": BAND}),
    }
    objective = cj.AngularMomentumAt(PROBE)
    for name, (pulse, others) in cases.items():
        limits, search = {"fluence": fluence, **others}, {"starts": 1, "steps": 600}
        runs = [timed(material, pulse, limits, search | {"seed": seed}, objective=objective) for seed in range(10)]
        ratios, seconds = [found.ratio for found, _ in runs], [taken for _, taken in runs]
        print(
            f"{name:20s} limit {runs[0][0].bound:.4f} ħ, reached {min(ratios):.4%} to {max(ratios):.4%},"
            f" {min(len(found.history) for found, _ in runs)} to {max(len(found.history) for found, _ in runs)} steps,"
            f" {seconds[0]:.1f} s, then {min(seconds[1:]):.1f} to {max(seconds[1:]):.1f} s",
            flush=True,
        )
        yield {"case": name, "limit": runs[0][0].bound, "ratios": ratios, "seconds": seconds}


def families(material, fluence):
    """Best of eight starts of each family."""
    gaussians = [cj.GaussianPulse(center=center) for center in (2.0, 4.5, 7.0)]
    cases = {
        "Gaussian": cj.GaussianPulse(),
        "three Gaussians": cj.SumPulse(gaussians),
        "Fourier, 1 to 4 THz": cj.FourierPulse.in_band(0.0, 10.0, (1.0, 4.0)),
        "shaped, 1 to 4 THz": cj.ShapedPulse.zeros((1.0, 4.0), 5.0, 40),
        "24 splines": cj.SplinePulse.zeros(0.0, 8.2, 2.42, 24),
        "100 splines": cj.SplinePulse.zeros(0.0, 8.2, 2.42, 100),
        "200 splines": cj.SplinePulse.zeros(0.0, 8.2, 2.42, 200),
    }
    for name, pulse in cases.items():
        found, seconds = timed(material, pulse, {"fluence": fluence}, {}, objective=cj.AngularMomentumAt(PROBE))
        print(
            f"{name:20s} {found.ratio:.3%}, {found.status} after {len(found.history)} steps, {seconds:.1f} s",
            flush=True,
        )
        yield {"family": name, "ratio": found.ratio, "seconds": seconds}


def gains(material, fluence):
    """The largest |M| over that of the paper's pulse."""
    for coupling in (cj.KinematicRotation(), cj.ConstantInertia()):
        paper = cj.simulate(material, cj.GaussianPulse(), times=TIMES, coupling=coupling, **STATE)
        reference = float(abs(paper.moment).max())
        for limits in (
            {"fluence": fluence},
            {"fluence": fluence, "peak_field": 1.0},
            {"fluence": fluence, "peak_field": 0.7},
        ):
            found, seconds = timed(
                material,
                cj.SplinePulse.zeros(0.0, 10.0, 2.42, 100),
                limits,
                {"starts": 16, "steps": 600},
                objective=cj.PeakMoment(),
                coupling=coupling,
                **STATE,
            )
            name = type(coupling).__name__
            print(
                f"{name:18s} {', '.join(limits):20s} {reference:.4e} → {found.objective:.4e} ± {found.error:.0e} μ_B,"
                f" gain {found.objective / reference:.4f}, {found.ratio:.3%} of bound, {found.status}, {seconds:.0f} s",
                flush=True,
            )
            yield {
                "coupling": name,
                "limits": limits,
                "paper": reference,
                "best": found.objective,
                "gain": found.objective / reference,
                "ratio": found.ratio,
                "reached": found.reached.tolist(),
            }


def main():
    cj.enable_x64()
    material, fluence = cj.load_material("KTaO3"), float(cj.GaussianPulse().fluence)
    parts = {function.__name__: function for function in (seeds, families, gains)}
    write_results("pulse_limit", {name: list(parts[name](material, fluence)) for name in sys.argv[1:] or parts})


if __name__ == "__main__":
    main()
