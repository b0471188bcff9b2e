"""Memory that a sweep takes, beside one of a hundred times as many points.

    python benchmarks/sweep_memory.py

Each in a fresh process of the command line, with `memory` at the smallest that its outputs allow and at its default:
- "points": M(t) of KTaO₃ at 201 times for 10⁴ and 10⁶ points; the larger one is 1.6 GB on disk,
- "trajectories": Ω(t) for 10³ and 10⁵ pulses,
- "derivatives": ∂Ω(t)/∂ of four parameters for 10² and 10⁴ pulses,
- "pairs": one table of 200 and of 20 000 (μ, T), the most that one holds.
Prints the largest resident set beside `memory`, which it must not exceed, and the ratio of the larger sweep to the
smaller; writes benchmarks/results/sweep_memory.json. The stores lie in a temporary folder and need 2 GB.
"""

import tempfile
from pathlib import Path

from _process import CHIRALJAX, Taken, measured
from _results import write_results

DEFAULT = 4.0
POINTS = """
outputs = ["moment"]
[axes]
"pulse.peak_field" = {{ start = 0.1, stop = 3.0, count = {} }}
mu = {{ start = 0.0, stop = 0.2, count = 10 }}
temperature = {{ start = 600.0, stop = 1000.0, count = 10 }}
"""
TRAJECTORIES = """
outputs = ["rotation"]
[axes]
"pulse.peak_field" = {{ start = 0.1, stop = 3.0, count = {} }}
"pulse.frequency" = {{ start = 2.0, stop = 2.8, count = 10 }}
"""
DERIVATIVES = """
gradients = {{ rotation = ["pulse.chirp", "pulse.duration", "phonon.damping", "coupling.temperature"] }}
"""
PAIRS = """
[axes]
"pulse.peak_field" = [0.5, 1.0]
mu = {{ start = -0.1, stop = 0.2, count = {} }}
temperature = {{ start = 300.0, stop = 1000.0, count = 100 }}
"""
CASES = (
    ("points", 2.75, POINTS, 100, (100, 10_000)),
    ("trajectories", 1.25, TRAJECTORIES, 10, (100, 10_000)),
    ("derivatives", 1.25, DERIVATIVES + TRAJECTORIES, 10, (10, 1_000)),
    ("pairs", 2.75, PAIRS, 200, (2, 200)),
)
"""What varies, the least `memory`, the file, its points for each value of an axis, and the lengths of that axis."""


def main():
    rows = []
    print(
        f"{'':14s}{'memory':>8s}{'points':>11s}{'peak / GB':>11s}{'of memory':>11s}{'to small':>10s}"
        f"{'s':>7s}{'load':>6s}"
    )
    for name, least, text, each, lengths in CASES:
        for memory in (least, DEFAULT):
            before = None
            for length in lengths:
                points, configuration = each * length, text.format(length)
                taken = swept(configuration, memory)
                row = {
                    "case": name,
                    "memory_GB": memory,
                    "points": points,
                    "peak_GB": taken.peak_GB,
                    "of_memory": taken.peak_GB / memory,
                    "to_small": taken.peak_GB / (before or taken.peak_GB),
                    "s": taken.seconds,
                    "load": taken.load,
                }
                before = before or taken.peak_GB
                rows.append(row)
                print(
                    f"{name:14s}{memory:8.2f}{points:11,d}{taken.peak_GB:11.2f}{row['of_memory']:11.2f}"
                    f"{row['to_small']:10.2f}{taken.seconds:7.1f}{taken.load:6.1f}",
                    flush=True,
                )
    worst = max(row["of_memory"] for row in rows)
    print(f"\nlargest resident set over `memory`: {worst:.2f}; wanted: at most 1")
    write_results("sweep_memory", rows)


def swept(configuration: str, memory: float) -> Taken:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sweep.toml"
        file.write_text(f'material = "KTaO3"\nmemory = {memory}\n{configuration}')
        return measured([CHIRALJAX, "sweep", file, "--out", Path(folder) / "sweep.zarr"])


if __name__ == "__main__":
    main()
