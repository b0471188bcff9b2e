"""Results of a benchmark as JSON, with what they were measured on."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import jax


def write_results(name: str, results) -> None:
    """Write benchmarks/results/NAME.json."""
    environment = {package: version(package) for package in ("jax", "numpy", "scipy", "optimistix")} | {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "device": jax.devices()[0].device_kind,
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS"),
    }
    path = Path(__file__).parent / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"environment": environment, "results": results}, indent=1, ensure_ascii=False) + "\n")
