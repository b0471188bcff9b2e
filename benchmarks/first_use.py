"""What a person waits for: the README's example from the first call on, and everyday commands.

    python benchmarks/first_use.py

Fresh processes, without a cache of compiled programs, then twice with one. Counts of compilations and processor
seconds (all cores) are what to compare; wall time depends on what else runs. Prints a table and writes
benchmarks/results/first_use.json.
"""

import json
import sys
import tempfile
from pathlib import Path

from _process import CHIRALJAX, measured
from _results import write_results

STEPS = """
import json, os, sys, time

def cpu():
    times = os.times()
    return times.user + times.system

rows, compiled, begun = [], [0], [cpu(), time.perf_counter()]

def done(name):
    rows.append([name, cpu() - begun[0], time.perf_counter() - begun[1], compiled[0]])
    compiled[0], begun[:] = 0, [cpu(), time.perf_counter()]

import numpy as np
import chiraljax as cj
cj.enable_x64()
if sys.argv[1]:
    cj.enable_cache(sys.argv[1])
material = cj.load_material("KTaO3")
done("import, load_material")
import jax
def count(event, *_, **__):
    compiled[0] += event.endswith("cache_misses" if sys.argv[1] else "backend_compile_duration")
if sys.argv[1]:
    jax.monitoring.register_event_listener(count)
else:
    jax.monitoring.register_event_duration_secs_listener(count)
times = np.linspace(0, 10, 101)

def simulate(pulse, **options):
    return cj.simulate(material, pulse, mu=0.05, temperature=600.0, times=times, **options)

result = simulate(cj.GaussianPulse(peak_field=1.0, frequency=2.42))
done("first simulate")
simulate(cj.GaussianPulse(peak_field=0.9, frequency=2.42))
done("simulate again, another field")

def largest(pulse):
    return abs(simulate(pulse, accuracy=cj.Accuracy(rule=result.rule)).moment).max()

jax.grad(largest)(cj.GaussianPulse())
done("first gradient")
jax.grad(largest)(cj.GaussianPulse(peak_field=0.8))
done("gradient again")
options = {"mu": 0.1, "temperature": 300.0, "rotation": 15.2}
cj.magnetization(material.electrons, **options)
done("magnetization, 300 K")
cj.magnetization(material.electrons, **{**options, "mu": 0.11})
done("magnetization again, 300 K")
print(json.dumps(rows))
"""
COMMANDS = {
    "chiraljax --help": ["--help"],
    "phonons": ["phonons", "KTaO3"],
    "bands": ["bands", "KTaO3", "--out", "FOLDER/bands.csv"],
    "magnetization": [
        *("magnetization", "KTaO3", "--mu", "0.1", "--temperature", "300", "--rotation-thz", "2.42"),
        *("--out", "FOLDER/moment.csv"),
    ],
}


def main():
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        for title, place in (("no cache", ""), ("cache, cold", str(cache)), ("cache, warm", str(cache))):
            taken = measured([sys.executable, "-c", STEPS, place])
            rows = json.loads(taken.output.splitlines()[-1])
            print(f"\n{title}: {taken.cpu_seconds:.1f} CPU s, {taken.seconds:.1f} s, {taken.peak_GB:.2f} GB")
            for name, cpu, wall, compiled in rows:
                print(f"  {name:<32}{cpu:8.1f} CPU s{wall:8.1f} s{compiled:6d} compilations")
            results[title] = taken._asdict() | {"output": None, "steps": rows}
        print()
        for name, arguments in COMMANDS.items():
            home = {"XDG_CACHE_HOME": str(Path(folder) / name.split()[-1]), "COLUMNS": "120"}
            command = [CHIRALJAX, *(part.replace("FOLDER", folder) for part in arguments)]
            first = measured(command, **home)
            for written in ("bands.csv", "moment.csv"):
                (Path(folder) / written).unlink(missing_ok=True)
            second = measured(command, **home)
            print(f"{name:<18} first {first.cpu_seconds:6.1f} CPU s, again {second.cpu_seconds:6.1f} CPU s")
            results[name] = {"first": first.cpu_seconds, "again": second.cpu_seconds}
    write_results("first_use", results)


if __name__ == "__main__":
    main()
